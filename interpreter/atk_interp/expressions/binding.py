"""Which argument goes to which parameter: by place first, then by name, as in a call of Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions import ast
from atk_interp.expressions.functions import Function, Parameter, signature

__all__ = ["BindingError", "Bound", "bind"]

Bound: TypeAlias = "list[tuple[Parameter, ast.Node | None]]"
"""Every parameter in order, with its argument; None where the default holds."""


class BindingError(Exception):
    """Arguments do not fit a function. `start` and `end` are those of the culprit, or None for the whole call."""

    def __init__(self, message: str, place: tuple[int, int] | None = None, help: str | None = None) -> None:
        super().__init__(message)
        self.message, self.place, self.help = message, place, help


def bind(function: Function, args: Sequence[ast.Node], keywords: Sequence[ast.Keyword]) -> Bound:
    """The argument of each parameter. Raises `BindingError`."""
    parameters = function.parameters
    usage = f"it is written `{signature(function)}`"
    if len(args) > len(parameters):
        surplus = args[len(parameters)]
        most = f"takes {_counted(len(parameters))}" if parameters else "takes no arguments"
        raise BindingError(f"`{function.name}` {most}, not {len(args)}", (surplus.start, args[-1].end), usage)
    given: dict[str, ast.Node] = {parameter.name: node for parameter, node in zip(parameters, args, strict=False)}
    for keyword in keywords:
        if keyword.name in given:
            raise BindingError(f"`{keyword.name}` is given twice", (keyword.start, keyword.end), usage)
        if all(parameter.name != keyword.name for parameter in parameters):
            help = did_you_mean(keyword.name, [parameter.name for parameter in parameters]) or usage
            message = f"`{function.name}` has no parameter `{keyword.name}`"
            raise BindingError(message, (keyword.start, keyword.end), help)
        given[keyword.name] = keyword.value
    missing = [parameter.name for parameter in parameters if parameter.is_required and parameter.name not in given]
    if missing:
        raise BindingError(f"`{function.name}` needs its argument `{missing[0]}`", None, usage)
    return [(parameter, given.get(parameter.name)) for parameter in parameters]


def _counted(number: int) -> str:
    return "1 argument" if number == 1 else f"{number} arguments"

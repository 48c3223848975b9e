"""The functions that the language adds to Jinja's, as filters and tests for Jinja itself.

With them an expression means the same in a prompt as in a spec. Functions of chance are left out: a template
has no place from which a draw could follow. Where Jinja's own filters hand out a generator, templates keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions import FILTERS, TESTS, Form, Function, accepts, signature
from atk_interp.expressions.kinds import in_words, value_in_words

__all__ = ["added_filter", "added_test", "language_filters", "template_filters", "template_tests"]


def template_filters() -> dict[str, Callable[..., object]]:
    """Filters by name. They raise `OperandError`, a `ValueError`, for what they cannot work on."""
    return {name: _checked(function) for name, function in FILTERS.own.items() if _is_added(function)}


def language_filters(names: Iterable[str]) -> dict[str, Callable[..., object]]:
    """Filters that Jinja has too, as the language has them: bounded in what they make."""
    return {name: _checked(FILTERS[name]) for name in names}


def template_tests() -> dict[str, Callable[..., object]]:
    """Tests by name, as `template_filters`."""
    return {name: _checked(function) for name, function in TESTS.own.items() if _is_added(function)}


def _is_added(function: Function) -> bool:
    return not function.in_jinja and function.form is Form.PLAIN


def added_filter(name: str) -> Callable[..., object] | None:
    """A filter that an installed package adds, as `template_filters`; None where there is none."""
    function = FILTERS.get(name)
    return _checked(function) if function is not None and _is_added(function) else None


def added_test(name: str) -> Callable[..., object] | None:
    """A test that an installed package adds, as `template_filters`; None where there is none."""
    function = TESTS.get(name)
    return _checked(function) if function is not None and _is_added(function) else None


def _checked(function: Function) -> Callable[..., object]:
    """The function with its arguments put in place and looked at, as the compiler does it for expressions."""
    names = [parameter.name for parameter in function.parameters]

    def call(value: object, *args: object, **keywords: object) -> object:
        given = {**dict(zip(names, args, strict=False)), **keywords}
        if len(args) > len(names) or len(given) < len(args) + len(keywords) or not given.keys() <= set(names):
            raise OperandError(f"it is written `{signature(function)}`")
        if type(value) not in function.types:
            raise OperandError(f"`{function.name}` works on {accepts(function)}, not {value_in_words(value)}")
        return function.apply(value, *_operands(function, given))

    return call


def _operands(function: Function, given: dict[str, object]) -> list[object]:
    operands: list[object] = []
    for parameter in function.parameters:
        if parameter.name not in given and parameter.is_required:
            raise OperandError(f"it is written `{signature(function)}`")
        operand = given.get(parameter.name, parameter.default)
        if type(operand) not in {kind.python for kind in parameter.kinds}:
            wanted, found = in_words(parameter.kinds), value_in_words(operand)
            raise OperandError(f"`{parameter.name}` of `{function.name}` is {wanted}, not {found}")
        refusal = parameter.refusal(operand)
        if refusal is not None:
            raise OperandError(refusal)
        operands.append(operand)
    return operands

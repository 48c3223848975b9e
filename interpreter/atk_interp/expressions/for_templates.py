"""The functions of the language that Jinja does not have, as Jinja filters and tests, for use in templates.

Those that draw (`pick`, `chance`, `shuffled`) depend on the place of the expression, which a template has not; they
are for expressions only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from atk_interp.expressions.functions import FILTERS, TESTS, Form, Function

__all__ = ["template_filters", "template_tests"]


def template_filters() -> dict[str, Callable[..., object]]:
    """Filters by name: `value | name(arguments)`."""
    return dict(_added(FILTERS.items()))


def template_tests() -> dict[str, Callable[..., object]]:
    """Tests by name: `value is name(arguments)`."""
    return dict(_added(TESTS.items()))


def _added(functions: Iterable[tuple[str, Function]]) -> Iterable[tuple[str, Callable[..., object]]]:
    for name, function in functions:
        if not function.in_jinja and function.form is Form.PLAIN:
            yield name, _callable(name, function)


def _callable(name: str, function: Function) -> Callable[..., object]:
    names = [parameter.name for parameter in function.parameters]
    defaults = {parameter.name: parameter.default for parameter in function.parameters if not parameter.is_required}

    def call(value: object, *arguments: object, **keywords: object) -> object:
        given = {**defaults, **dict(zip(names, arguments, strict=False)), **keywords}
        lacking = [wanted for wanted in names if wanted not in given]
        if lacking or len(arguments) > len(names) or given.keys() - set(names):
            raise TypeError(f"`{name}` takes {', '.join(f'`{wanted}`' for wanted in names) or 'no arguments'}")
        return function.apply(value, *(given[wanted] for wanted in names))

    return call

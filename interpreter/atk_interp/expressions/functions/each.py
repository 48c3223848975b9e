"""Filters that apply another filter or test to each item, and `default`. All of them are Jinja's."""

from __future__ import annotations

from atk_interp.expressions.functions.model import Example, Form, Function, Parameter
from atk_interp.expressions.functions.paths import MISSING
from atk_interp.expressions.kinds import ALL_KINDS, Kind
from atk_interp.expressions.types import ANY, ListType, Type, join_types

__all__ = ["EACH_FILTERS"]

_LIST = frozenset([Kind.LIST])


def _default(value: object, default: object, boolean: object) -> object:
    return default if value is MISSING or (boolean and not value) else value


def _or_default(value: Type, parameters: tuple[Type, ...]) -> Type:
    return join_types([value, parameters[0]])


def _listed(value: Type, _: tuple[Type, ...]) -> Type:
    return value if isinstance(value, ListType) else ListType()


def _only_by_form(*_: object) -> object:
    raise TypeError("applied by the compiler, item by item")


def _choosing(name: str, doc: str, example: Example) -> Function:
    return Function(name, _LIST, _listed, _only_by_form, doc, example, form=Form.CHOSEN, lazy=True)


EACH_FILTERS = (
    Function(
        "default",
        ALL_KINDS,
        _or_default,
        _default,
        "The value, or `default_value` when the field is missing; with `boolean`, also for none, false, 0 and empty.",
        Example('none | default("nothing", true)', "nothing"),
        (Parameter("default_value", ALL_KINDS, ""), Parameter("boolean", ALL_KINDS, False)),
        form=Form.LENIENT,
        aliases=("d",),
    ),
    Function(
        "map",
        _LIST,
        ListType(ANY),
        _only_by_form,
        'A field of each item (`attribute="name"`, with a `default`), or each item through a filter (`"upper"`).',
        Example('["a", "b"] | map("upper") | list', ["A", "B"]),
        form=Form.EACH,
        lazy=True,
    ),
    _choosing(
        "select",
        "The items that are true, or pass a test.",
        Example('[1, 2, 3, 4] | select("gt", 2) | list', [3, 4]),
    ),
    _choosing(
        "reject",
        "The items that are not true, or do not pass a test.",
        Example('[1, 2, 3, 4] | reject("gt", 2) | list', [1, 2]),
    ),
    _choosing(
        "selectattr",
        "The items of which a field is true, or passes a test.",
        Example('[{"n": 1}, {"n": 2}] | selectattr("n", "gt", 1) | list', [{"n": 2}]),
    ),
    _choosing(
        "rejectattr",
        "The items of which a field is not true, or does not pass a test.",
        Example('[{"n": 1}, {"n": 2}] | rejectattr("n", "gt", 1) | list', [{"n": 1}]),
    ),
)

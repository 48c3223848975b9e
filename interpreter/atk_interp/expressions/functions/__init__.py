"""Every filter, test and function of the language, as tables. Adding one is a table entry in its module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from atk_interp.expressions.functions.added import ADDED_CALLS, ADDED_FILTERS
from atk_interp.expressions.functions.apart import APART_FILTERS
from atk_interp.expressions.functions.each import EACH_FILTERS
from atk_interp.expressions.functions.guarded import guarded
from atk_interp.expressions.functions.lists import LIST_FILTERS
from atk_interp.expressions.functions.model import (
    PROBABILITY,
    REQUIRED,
    Example,
    Form,
    Function,
    Limit,
    Parameter,
    Role,
    accepts,
    signature,
)
from atk_interp.expressions.functions.numbers import NUMBER_FILTERS
from atk_interp.expressions.functions.paths import MISSING, path_getter, path_parts
from atk_interp.expressions.functions.predicates import TESTS_LISTED
from atk_interp.expressions.functions.quality import QUALITY_FILTERS
from atk_interp.expressions.functions.text import TEXT_FILTERS
from atk_interp.installed import Extended

__all__ = [
    "CALLS",
    "FILTERS",
    "MISSING",
    "PROBABILITY",
    "REQUIRED",
    "TESTS",
    "Example",
    "Form",
    "Function",
    "Limit",
    "Parameter",
    "Role",
    "accepts",
    "path_getter",
    "path_parts",
    "signature",
]


def _by_name(functions: Iterable[Function]) -> Mapping[str, Function]:
    return {name: function for function in functions for name in (function.name, *function.aliases)}


def _wrong(name: str, function: Any) -> str | None:
    if not isinstance(function, Function):
        return "is no `Function`"
    if function.name != name:
        return f"calls itself `{function.name}`"
    if function.form is not Form.PLAIN or function.lazy or function.can_miss:
        return "is of a form that is for the language itself"
    return "says that Jinja has it too; say `in_jinja=False`" if function.in_jinja else None


_FILTERS = (
    *TEXT_FILTERS,
    *NUMBER_FILTERS,
    *LIST_FILTERS,
    *EACH_FILTERS,
    *APART_FILTERS,
    *QUALITY_FILTERS,
    *ADDED_FILTERS,
)

FILTERS = Extended(_by_name(_FILTERS), "atk_interp.filters", _wrong, guarded)
"""`value | name(…)`, by name; an alias leads to the entry of the name proper."""

TESTS = Extended(_by_name(TESTS_LISTED), "atk_interp.tests", _wrong, guarded)
"""`value is name(…)`, by name; the signs (`==`) are names only for `select` and its kin."""

CALLS = _by_name(ADDED_CALLS)
"""`name(…)`, by name; their `apply` gets none for the value."""

"""The filters, tests and methods that templates have, each within the bounds of `work`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, TypeAlias

from atk_interp.expressions.for_templates import (
    added_filter,
    added_test,
    language_filters,
    template_filters,
    template_tests,
)
from atk_interp.templates.work import RenderError, bounded, check_size, compared, counted, size, spend, spend_on

__all__ = ["METHODS", "bounded_call", "bounded_filters", "bounded_tests"]

_Function: TypeAlias = Callable[..., Any]

_UNWANTED = ("random", "urlize", "pprint", "xmlattr", "forceescape", "escape", "e", "safe", "filesizeformat")
"""Filters of Jinja that are unseeded, or that write HTML."""
_UNBOUNDED = ("format", "striptags")
"""Filters of Jinja whose cost cannot be told beforehand."""
_LANGUAGE = ("center", "indent", "replace", "truncate", "tojson")
"""Filters that are taken from the language of expressions, which bounds them itself."""
_QUICK = ("default", "d", "length", "count", "attr", "first", "abs", "float")
"""Filters that take no longer for a larger value."""
_SHALLOW = ("map", "select", "reject", "selectattr", "rejectattr", "batch", "slice", "list", "reverse", "items", "last")
"""Filters that look at the parts of a list, not into them."""
_BY_PART = ("sort", "groupby", "unique", "list", "min", "max", "join", "batch", "slice", "sum")
"""Filters that take a text letter by letter."""
_COMPARING = ("in", "==", "eq", "equalto", "!=", "ne", "<", "lt", "lessthan", "<=", "le", ">", "gt", "greaterthan")
_COMPARING_TESTS = (*_COMPARING, ">=", "ge", "lower", "upper", "sameas")

_TEXT_METHODS = """
    capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit isidentifier islower
    isnumeric isspace istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind rindex
    rpartition rsplit rstrip split splitlines startswith strip swapcase title upper
"""
METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(_TEXT_METHODS.split()),
    list: frozenset(["count", "index"]),
    tuple: frozenset(["count", "index", "grouper", "list"]),
    dict: frozenset(["get", "items", "keys", "values"]),
    int: frozenset(),
    float: frozenset(["is_integer"]),
    range: frozenset(["count", "index"]),
    bytes: frozenset(),
}
"""What a template may reach of each kind of value. The two odd ones of tuples belong to the groups of `groupby`."""


class _Words(dict[str, _Function]):
    """The filters, or the tests, that there are in templates; those of installed packages once one is asked for."""

    def __init__(self, known: Mapping[str, _Function], find: Callable[[str], _Function | None]) -> None:
        super().__init__(known)
        self._find = find

    def __missing__(self, name: str) -> _Function:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        self[name] = found
        return found

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None


def bounded_filters(jinja: Mapping[str, _Function]) -> dict[str, _Function]:
    """All filters of templates, from those of Jinja."""
    without = {*_UNWANTED, *_UNBOUNDED}
    every = {name: function for name, function in jinja.items() if name not in without}
    every.update(template_filters())
    every.update(language_filters(_LANGUAGE))
    known = {name: function if name in _QUICK else _bounded(name, function) for name, function in every.items()}
    removed = {name for name in jinja if name not in known}

    def find(name: str) -> _Function | None:
        function = added_filter(name) if name not in removed else None
        return _bounded(name, function) if function is not None else None

    return _Words(known, find)


def bounded_tests(jinja: Mapping[str, _Function]) -> dict[str, _Function]:
    """All tests of templates, from those of Jinja."""
    added = template_tests()
    every = {**jinja, **added}
    costly = {*_COMPARING_TESTS, *added}
    known = {name: _compared(function) if name in costly else function for name, function in every.items()}

    def find(name: str) -> _Function | None:
        function = added_test(name)
        return _compared(function) if function is not None else None

    return _Words(known, find)


def _bounded(name: str, function: _Function) -> _Function:
    at = 1 if hasattr(function, "jinja_pass_arg") else 0
    check = _CHECKS.get(name)
    keeps_iterator = name in _SHALLOW
    by_part = name in _BY_PART
    in_parts = name in ("batch", "slice")

    @wraps(function)
    def call(*args: Any, **keywords: Any) -> Any:
        if by_part and isinstance(args[at], str):
            spend(len(args[at]))
        if len(args) == at + 1 and type(args[at]) is str and check is None and not in_parts and not keywords:
            result = function(*args)  # most filters of most prompts: a text, which is within bounds, and nothing else
            return bounded(result) if type(result) is str else counted(bounded(result))
        passed, value, rest = args[:at], args[at], args[at + 1 :]
        value = _paid(value, keeps_iterator)
        if check is not None:
            check(value, *rest, **keywords)
        for given in rest:
            spend_on(given)
        result = function(*passed, value, *rest, **keywords)
        if isinstance(result, Iterator):
            return map(bounded, result) if in_parts else counted(result)
        return bounded(result)

    return call


def _paid(value: Any, keeps_iterator: bool) -> Any:
    """The value that a filter is given; one that comes bit by bit is a list to filters that look into it."""
    if isinstance(value, str):
        spend_on(value)
    elif isinstance(value, Iterator):
        value = counted(value)
        return value if keeps_iterator else list(value)
    elif isinstance(value, range | tuple) and not keeps_iterator:
        return list(counted(value))
    elif keeps_iterator:
        return counted(value)
    else:
        spend_on(value)
    return value


def _compared(function: _Function) -> _Function:
    @wraps(function)
    def test(*args: Any, **keywords: Any) -> Any:
        for given in args:
            compared(given)
        return function(*args, **keywords)

    return test


def _check_join(value: Any, d: Any = "", attribute: Any = None) -> None:
    check_size(size(value) + len(value) * len(str(d)))


def _check_sum(value: Any, attribute: Any = None, start: Any = 0) -> None:
    """Jinja also adds lists to a list, each time copying all before it."""
    if not isinstance(start, int | float):
        raise RenderError("`sum` adds numbers")


def _check_round(value: Any, precision: Any = 0, method: Any = "common") -> None:
    if isinstance(precision, int) and abs(precision) > 300:
        raise RenderError("`round` takes a precision of at most 300 digits")


def _check_batch(value: Any, linecount: Any, fill_with: Any = None) -> None:
    if isinstance(linecount, int):
        check_size(linecount)
        spend(max(linecount, 0))


def _check_wordwrap(
    value: Any, width: Any = 79, break_long_words: Any = True, wrapstring: Any = None, break_on_hyphens: Any = True
) -> None:
    if isinstance(value, str) and isinstance(width, int):
        spend(len(value) >> 3)
        lines = len(value) // max(width, 1) + len(value.split()) + len(value.splitlines())
        check_size(len(value) + lines * len(str(wrapstring or "")))


_CHECKS: Mapping[str, _Function] = {
    "join": _check_join,
    "sum": _check_sum,
    "round": _check_round,
    "batch": _check_batch,
    "wordwrap": _check_wordwrap,
}
"""What is looked at before a filter of Jinja is called, with its own parameters."""


def bounded_call(call: _Function, method: Any, args: tuple[Any, ...]) -> Any:
    """The result of a call of a function, or of a method of a value, that is no macro."""
    of = getattr(method, "__self__", None)
    if isinstance(of, dict):
        return call(*args)  # it hands out what is there already
    name = getattr(method, "__name__", "")
    args = tuple(list(counted(given)) if isinstance(given, Iterator) else given for given in args)
    for value in (of, *args):
        spend_on(value)
    if isinstance(of, str) and name == "join" and args and isinstance(args[0], list | tuple | dict | str):
        check_size(size(args[0]) + len(of) * len(args[0]))
    if isinstance(of, str) and name == "replace" and len(args) >= 2:
        check_size(len(of) + of.count(args[0]) * len(args[1]))
    return bounded(call(*args))

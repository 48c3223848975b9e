"""Spellings of other languages that can be read but mean something else here: calls and methods."""

from __future__ import annotations

from collections.abc import Set

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions import ast
from atk_interp.expressions.codes import FOREIGN_SPELLING, UNKNOWN_FILTER
from atk_interp.expressions.errors import Problem
from atk_interp.expressions.functions import CALLS, FILTERS, TESTS
from atk_interp.expressions.functions.counts import COUNTS

__all__ = ["FOREIGN_NAMES", "call_problem", "field_hint", "instead_of_filter", "instead_of_test", "method_problem"]

FOREIGN_NAMES = {
    "null": "none",
    "NULL": "none",
    "Null": "none",
    "nil": "none",
    "undefined": "none",
    "NONE": "none",
    "TRUE": "true",
    "FALSE": "false",
    "yes": "true",
    "no": "false",
}
"""Words that people write for `none`, `true` and `false`."""

_CALLS = {
    "len": "length",
    "size": "length",
    "str": "string",
    "lowercase": "lower",
    "uppercase": "upper",
    "sorted": "sort",
    "reversed": "reverse",
    "strip": "trim",
    "set": "unique",
    "average": "share",
    "random": "pick",
    "choice": "pick",
    "shuffle": "shuffled",
    "loads": "fromjson",
    "parse_json": "fromjson",
    "sub": "replaced",
}
_METHODS = {
    "length": "length",
    "size": "length",
    "len": "length",
    "strip": "trim",
    "trim": "trim",
    "lower": "lower",
    "toLowerCase": "lower",
    "upper": "upper",
    "toUpperCase": "upper",
    "toString": "string",
    "sorted": "sort",
    "shuffle": "shuffled",
    "loads": "fromjson",
    "sub": "replaced",
    "replaceAll": "replace",
    "rsplit": "split",
}
_CONTAINMENT = ("contains", "includes", "__contains__", "has", "hasOwnProperty")
_REGEX = ("match", "test", "search", "matches")


def call_problem(called: ast.Name, inside: str, calls: Set[str]) -> Problem | None:
    """What is wrong with calling this name on `inside`; None for a function of the language.

    `calls` are the functions that this place has beside those.
    """
    name = called.name
    if name in CALLS:
        return None
    target = inside if inside and len(inside) <= 40 else "…"
    if filter_name := _CALLS.get(name) or (name if name in FILTERS else None):
        message = f"`{name}` is not called like a function"
        return Problem(FOREIGN_SPELLING, called.start, called.end, message, f"write `{_piped(target, filter_name)}`")
    if name in TESTS:
        message = f"`{name}` is a test and follows `is`"
        return Problem(FOREIGN_SPELLING, called.start, called.end, message, f"write `… is {name}`")
    help = did_you_mean(name, (*sorted(calls), *CALLS)) or did_you_mean(name, FILTERS)
    if name in COUNTS:
        help = "it counts what became of the rows of a step: write it below `checks`"
    return Problem(UNKNOWN_FILTER, called.start, called.end, f"there is no function `{name}`", help)


def _piped(arguments: str, name: str) -> str:
    """`f(a, b)` as a filter: `a | f(b)`; only a comma outside brackets and quotes would tell, so be careful."""
    first, comma, rest = arguments.partition(",")
    if comma and not any(bracket in arguments for bracket in "([{'\""):
        return f"{first.strip()} | {name}({rest.strip()})"
    return f"{arguments} | {name}" if not comma else f"… | {name}(…)"


def method_problem(called: ast.Attribute, target: str, inside: str) -> Problem:
    """Methods cannot be called; the message says what does the same."""
    target = target if len(target) <= 40 else "…"
    argument = inside if inside and len(inside) <= 40 else "…"
    start = called.end - len(called.name)
    message = f"`.{called.name}(…)` is a method call, and there are none"
    return Problem(FOREIGN_SPELLING, start, called.end, message, _instead(called.name, target, argument))


def _instead(name: str, target: str, argument: str) -> str:
    if name in _CONTAINMENT:
        return f"write `{argument} in {target}`"
    if name in _REGEX:
        return f"write `{target} is matching({argument})`"
    if name in ("startswith", "startsWith"):
        return f'write `{target} is matching("^…")`'
    if name in ("endswith", "endsWith"):
        return f'write `{target} is matching("…$")`'
    if name == "splitlines":
        return f'write `{target} | split("\\n")`'
    if name == "get":
        return f"write `{target}[{argument}]`"
    if name == "keys":
        return f"write `{target} | list`"
    if name == "join":
        return f"write `{argument} | join({target})`"
    if filter_name := _METHODS.get(name) or (name if name in FILTERS else None):
        takes_arguments = argument != "…" and FILTERS[filter_name].parameters
        return f"write `{target} | {filter_name}{f'({argument})' if takes_arguments else ''}`"
    return "use a filter: `value | filter`"


def field_hint(target: str, name: str) -> str | None:
    """What was meant by `.name` on a value without fields: `x.length`."""
    filter_name = _METHODS.get(name) or (name if name in FILTERS else None)
    return None if filter_name is None else f"write `{target} | {filter_name}`"


_FILTERS_OF_JINJA = {
    "random": "use `pick`, which draws the same on every run",
    "dictsort": "use `| list | sort` for the sorted keys",
    "items": "use `| list` for the keys",
    "groupby": "use a step of kind `group`",
    "format": "join the parts with `~`",
    "attr": 'write `.field` or `["field"]`',
    "striptags": "read documents with a step of kind `read`, which drops tags",
    "escape": "nothing is escaped here",
    "e": "nothing is escaped here",
    "safe": "nothing is escaped here",
    "from_json": "write `| fromjson`",
    "regex_replace": "write `| replaced(regex, with)`",
    "regex_search": "write `is matching(…)`",
    "splitlines": 'write `| split("\\n")`',
    "lines": 'write `| split("\\n")`',
}
"""Filters of Jinja, and of those who extend it, that do not exist here, and what to do instead."""

_TESTS_MEANT = {
    "empty": 'write `== ""` for text, `== []` for a list, or `not …`',
    "null": "write `is none`",
    "blank": 'write `| trim == ""`',
    "text": "write `is string`",
    "list": "write `is sequence and … is not string`",
    "record": "write `is mapping`",
    "bool": "write `is boolean`",
    "int": "write `is integer`",
    "containing": "write `… in …`",
    "contains": "write `… in …`",
    "match": "write `is matching(…)`",
    "search": "write `is matching(…)`",
    "regex": "write `is matching(…)`",
    "sameas": "write `==`",
}


def instead_of_filter(name: str) -> str | None:
    """What to write for a filter that does not exist, if it is a habit from elsewhere."""
    if name in TESTS:
        return f"`{name}` is a test: write `is {name}`"
    if name in _FILTERS_OF_JINJA:
        return _FILTERS_OF_JINJA[name]
    known = {**_CALLS, **_METHODS}.get(name)
    return None if known is None else f"write `| {known}`"


def instead_of_test(name: str) -> str | None:
    """What to write for a test that does not exist, if it is a habit from elsewhere."""
    if name in _TESTS_MEANT:
        return _TESTS_MEANT[name]
    return f"`{name}` is a filter: write `| {name}`" if name in FILTERS else None

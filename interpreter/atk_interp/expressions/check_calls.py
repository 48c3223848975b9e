"""Filters, tests and functions: do they exist, do their arguments fit, and what do they give."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.diagnostics import Code, did_you_mean
from atk_interp.expressions import ast
from atk_interp.expressions.binding import BindingError, bind
from atk_interp.expressions.check_base import Checking
from atk_interp.expressions.check_operators import check_comparison, check_item_comparison
from atk_interp.expressions.codes import (
    BACKSPACE_IN_REGEX,
    INVALID_REGEX,
    MAYBE_MISSING,
    UNKNOWN_FILTER,
    UNKNOWN_NAME,
    UNKNOWN_TEST,
    WRONG_ARGUMENTS,
)
from atk_interp.expressions.each import Plan, plan_of
from atk_interp.expressions.foreign import instead_of_filter, instead_of_test
from atk_interp.expressions.functions import CALLS, FILTERS, TESTS, Form, Function, Parameter, Role, path_parts
from atk_interp.expressions.kinds import ALL_KINDS, Kind, in_words, kinds_of, type_in_words
from atk_interp.expressions.literals import characters
from atk_interp.expressions.regex import RegexError, compile_regex
from atk_interp.expressions.types import (
    ANY,
    BOOL,
    ListType,
    MaybeType,
    RecordType,
    Type,
    join_types,
    type_of,
    without_null,
)

__all__ = ["checked_call", "checked_filter", "checked_test"]

_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "in": "in"}
"""Tests that say the same as an operator."""


def checked_filter(checker: Checking, node: ast.Filter) -> Type:
    """The type of `target | name(…)`."""
    target = checker.check(node.target)
    function = FILTERS.get(node.name)
    if function is None:
        _unknown(
            checker, node, UNKNOWN_FILTER, f"there is no filter `{node.name}`", instead_of_filter(node.name), FILTERS
        )
        _check_all(checker, node)
        return ANY
    if function.form in (Form.EACH, Form.CHOSEN):
        return _checked_each(checker, node, function, target)
    if function.name == "default" and len(node.args) + len(node.keywords) < 2 and isinstance(target, MaybeType):
        message = "`default` stands in for a missing field, not for none"
        shown = checker.source(node.target)
        checker.report(MAYBE_MISSING, node, message, f"write `{shown} | default(…, true)` or `{shown} or …`")
    if function.name == "default":
        target = without_null(target)
    return _applied(checker, node, function, node.target, target)


def checked_test(checker: Checking, node: ast.Test) -> Type:
    """The type of `target is name(…)`."""
    target = checker.check(node.target)
    function = TESTS.get(node.name)
    if function is None:
        _unknown(checker, node, UNKNOWN_TEST, f"there is no test `{node.name}`", instead_of_test(node.name), TESTS)
        _check_all(checker, node)
    elif function.name in _SIGNS and len(node.args) == 1 and not node.keywords:
        other = node.args[0]
        check_comparison(checker, _SIGNS[function.name], (node.target, target), (other, checker.check(other)))
    else:
        _applied(checker, node, function, node.target, target)
    return BOOL


def checked_call(checker: Checking, node: ast.Call) -> Type:
    """The type of `name(…)`."""
    function = CALLS[node.name]
    types = _check_arguments(checker, node, function, node.args, node.keywords)
    return ANY if types is None else _result(function, ANY, types)


def _unknown(
    checker: Checking,
    node: ast.Filter | ast.Test,
    code: Code,
    message: str,
    instead: str | None,
    table: Mapping[str, Function],
) -> None:
    place = (node.name_start, node.name_start + len(node.name))
    names = [name for name in table if name.isidentifier()]
    checker.report(code, place, message, instead or did_you_mean(node.name, names))


def _check_all(checker: Checking, node: ast.Filter | ast.Test) -> None:
    for argument in ast.children(node)[1:]:
        checker.check(argument)


def _applied(checker: Checking, node: ast.Filter | ast.Test, function: Function, target: ast.Node, type_: Type) -> Type:
    """A function on a value of this type: value, items, arguments; then its result."""
    types = _check_arguments(checker, node, function, node.args, node.keywords)
    if function.form is not Form.LENIENT and not checker.expect(target, type_, function.kinds, f"`{function.name}`"):
        return ANY
    inner = type_ if function.form is Form.LENIENT else without_null(type_)
    _check_items(checker, function, target, inner)
    return ANY if types is None else _result(function, inner, types)


def _check_items(checker: Checking, function: Function, target: ast.Node, type_: Type) -> None:
    if function.items is None or not isinstance(type_, ListType):
        return
    kinds = kinds_of(type_.item)
    if not kinds & function.items:
        wanted, given = in_words(function.items), type_in_words(type_.item)
        message = f"`{function.name}` needs each item to be {wanted}, and here each is {given}"
        checker.report(WRONG_ARGUMENTS, target, message)


def _result(function: Function, value: Type, parameters: tuple[Type, ...]) -> Type:
    return function.result if isinstance(function.result, Type) else function.result(value, parameters)


def _check_arguments(
    checker: Checking,
    node: ast.Node,
    function: Function,
    args: tuple[ast.Node, ...],
    keywords: tuple[ast.Keyword, ...],
) -> tuple[Type, ...] | None:
    """The types of the parameters; None when the arguments do not fit them."""
    try:
        bound = bind(function, args, keywords)
    except BindingError as error:
        _report_binding(checker, node, error)
        for argument in (*args, *(keyword.value for keyword in keywords)):
            checker.check(argument)
        return None
    return tuple(_check_argument(checker, function, parameter, argument) for parameter, argument in bound)


def _report_binding(checker: Checking, node: ast.Node, error: BindingError) -> None:
    name_start = getattr(node, "name_start", node.start)
    place = error.place or (name_start, node.end)
    checker.report(WRONG_ARGUMENTS, place, error.message, error.help)


def _check_argument(checker: Checking, function: Function, parameter: Parameter, argument: ast.Node | None) -> Type:
    if argument is None:
        return type_of(parameter.default)
    type_ = checker.check(argument)
    kinds = kinds_of(type_)
    if kinds != ALL_KINDS and not kinds & parameter.kinds:
        wanted, given = in_words(parameter.kinds), type_in_words(type_)
        message = f"`{parameter.name}` of `{function.name}` is {wanted}, not {given}"
        checker.report(WRONG_ARGUMENTS, argument, message)
    elif Kind.NULL in kinds - parameter.kinds and kinds != ALL_KINDS:
        shown = checker.source(argument)
        message = f"`{shown}` may be none here, where `{function.name}` fails"
        checker.report(MAYBE_MISSING, argument, message, f"ask first: `{shown} is not none and …`")
    if parameter.role is Role.REGEX and isinstance(argument, ast.Literal) and isinstance(argument.value, str):
        _check_regex(checker, argument, argument.value)
    return type_


def _check_regex(checker: Checking, node: ast.Literal, pattern: str) -> None:
    if "\b" in pattern:
        message = "`\\b` is a backspace character in a text"
        checker.report(BACKSPACE_IN_REGEX, node, message, "write `\\\\b` for a word boundary")
    try:
        compile_regex(pattern)
    except RegexError as error:
        place = _place_in_literal(checker.literal(node), node, error)
        checker.report(INVALID_REGEX, place, f"not a regular expression: {error.message}")


def _place_in_literal(written: str, node: ast.Literal, error: RegexError) -> tuple[int, int]:
    """Where the culprit stands, through quotes and escapes; all of the literal when that is not known."""
    if error.start is None or error.end is None:
        return node.start, node.end
    places: list[tuple[int, int]] = []
    for text, start, end in characters(written):
        places.extend((start, end) for _ in text)
    if error.end > len(places) or error.start >= error.end:
        return node.start, node.end
    return node.start + places[error.start][0], node.start + places[error.end - 1][1]


def _checked_each(checker: Checking, node: ast.Filter, filter_: Function, target: Type) -> Type:
    """`map`, `select` and their kin: the field, and the filter or test, are checked against the items."""
    checker.expect(node.target, target, filter_.kinds, f"`{node.name}`")
    inner = without_null(target)
    try:
        plan = plan_of(node)
    except BindingError as error:
        _report_binding(checker, node, error)
        _check_all(checker, node)
        return ListType() if node.name == "map" else inner
    item = inner.item if isinstance(inner, ListType) else ANY
    if plan.attribute is not None:
        checker.check(plan.attribute)
        item = _field(checker, plan.attribute, item)
    if plan.default is not None:
        item = join_types([item, checker.check(plan.default)])
    result = _each_result(checker, node, plan, item)
    return ListType(result) if node.name == "map" else inner


def _each_result(checker: Checking, node: ast.Filter, plan: Plan, item: Type) -> Type:
    function = plan.function
    if function is None or plan.function_node is None:
        return item
    types = _check_arguments(checker, node, function, plan.args, plan.keywords)
    kinds = kinds_of(item)
    if kinds != ALL_KINDS and not kinds & function.kinds:
        message = f"`{function.name}` needs {in_words(function.kinds)}, and each item is {type_in_words(item)}"
        checker.report(WRONG_ARGUMENTS, plan.function_node, message)
        return ANY
    if function is TESTS.get(function.name) and function.name in _SIGNS and len(plan.args) == 1:
        field = plan.attribute.value if isinstance(plan.attribute, ast.Literal) else None
        shown = f"an item of `{checker.source(node.target)}`" if field is None else f"`{field}` of an item"
        argument = plan.args[0], checker.check_quietly(plan.args[0])
        check_item_comparison(checker, _SIGNS[function.name], (node.target, item), argument, shown)
    return ANY if types is None else _result(function, without_null(item), types)


def _field(checker: Checking, attribute: ast.Node, item: Type) -> Type:
    """The type of a field of each item; a step that a closed record does not have is reported."""
    if not isinstance(attribute, ast.Literal) or isinstance(attribute.value, bool | float | None):
        return ANY
    for part in path_parts(attribute.value):
        record = without_null(item)
        if not isinstance(record, RecordType) or not isinstance(part, str):
            return ANY
        if part not in record.fields:
            if not record.open:
                help = did_you_mean(part, record.fields)
                checker.report(UNKNOWN_NAME, attribute, f"the items have no field `{part}`", help)
            return ANY
        item = record.fields[part]
    return item

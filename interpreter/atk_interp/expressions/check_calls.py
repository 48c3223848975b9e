"""Filters, tests and functions: do they exist, do their arguments fit, and what do they give."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.diagnostics import Code, did_you_mean
from atk_interp.expressions import ast
from atk_interp.expressions.binding import BindingError, bind
from atk_interp.expressions.check_arguments import check_arguments, field_type, result_type
from atk_interp.expressions.check_base import Checking
from atk_interp.expressions.check_each import checked_each
from atk_interp.expressions.check_operators import SIGNS, check_comparison
from atk_interp.expressions.codes import MAYBE_MISSING, UNKNOWN_FILTER, UNKNOWN_TEST, WRONG_ARGUMENTS
from atk_interp.expressions.foreign import instead_of_filter, instead_of_test
from atk_interp.expressions.functions import CALLS, FILTERS, TESTS, Form, Function, Role
from atk_interp.expressions.kinds import ALL_KINDS, Kind, in_words, kinds_of, type_in_words
from atk_interp.expressions.types import ANY, BOOL, ListType, MaybeType, Type, without_null
from atk_interp.installed import why_refused

__all__ = ["checked_call", "checked_filter", "checked_test"]


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
        return checked_each(checker, node, function, target)
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
    elif function.name in SIGNS and len(node.args) == 1 and not node.keywords:
        other = node.args[0]
        check_comparison(checker, SIGNS[function.name], (node.target, target), (other, checker.check(other)))
    else:
        _applied(checker, node, function, node.target, target)
    return BOOL


def checked_call(checker: Checking, node: ast.Call) -> Type:
    """The type of `name(…)`."""
    function = CALLS[node.name]
    types = check_arguments(checker, node, function, node.args, node.keywords)
    return ANY if types is None else result_type(function, ANY, types)


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
    checker.report(code, place, why_refused(table, node.name) or message, instead or did_you_mean(node.name, names))


def _check_all(checker: Checking, node: ast.Filter | ast.Test) -> None:
    for argument in ast.children(node)[1:]:
        checker.check(argument)


def _applied(checker: Checking, node: ast.Filter | ast.Test, function: Function, target: ast.Node, type_: Type) -> Type:
    """A function on a value of this type: value, items, arguments; then its result."""
    types = check_arguments(checker, node, function, node.args, node.keywords)
    if function.form is not Form.LENIENT and not checker.expect(target, type_, function.kinds, f"`{function.name}`"):
        return ANY
    inner = type_ if function.form is Form.LENIENT else without_null(type_)
    _check_items(checker, node, function, inner)
    return ANY if types is None else result_type(function, inner, types)


def _check_items(checker: Checking, node: ast.Filter | ast.Test, function: Function, type_: Type) -> None:
    """Report a field that the items do not have, and items (or fields of them) that the function cannot work on."""
    if not isinstance(type_, ListType):
        return
    item = type_.item
    for field in _attributes(node, function):
        item = field_type(checker, field, type_.item)
    kinds = kinds_of(item)
    if function.items is None or kinds == ALL_KINDS:
        return
    if not kinds & function.items:
        wanted, given = in_words(function.items), type_in_words(item)
        message = f"`{function.name}` needs each item to be {wanted}, and here each is {given}"
        checker.report(WRONG_ARGUMENTS, node.target, message)
    elif Kind.NULL in kinds - function.items:
        message = f"an item may be none here, where `{function.name}` fails"
        checker.report(MAYBE_MISSING, node.target, message, "leave those out first")


def _attributes(node: ast.Filter | ast.Test, function: Function) -> list[ast.Node]:
    """The literal arguments that name a field of each item; several in one text are none here."""
    try:
        bound = bind(function, node.args, node.keywords)
    except BindingError:
        return []
    return [
        argument
        for parameter, argument in bound
        if parameter.role is Role.ATTRIBUTE
        and isinstance(argument, ast.Literal)
        and "," not in str(argument.value)
        and argument.value is not None
    ]

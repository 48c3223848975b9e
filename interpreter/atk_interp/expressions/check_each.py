"""`map`, `select` and their kin: what is applied to each item is checked against the type of the items."""

from __future__ import annotations

from atk_interp.expressions import ast
from atk_interp.expressions.binding import BindingError
from atk_interp.expressions.check_arguments import check_arguments, field_type, report_binding, result_type
from atk_interp.expressions.check_base import Checking
from atk_interp.expressions.check_operators import SIGNS, check_item_comparison
from atk_interp.expressions.codes import MAYBE_MISSING, WRONG_ARGUMENTS
from atk_interp.expressions.each import Plan, plan_of
from atk_interp.expressions.functions import TESTS, Function
from atk_interp.expressions.kinds import ALL_KINDS, Kind, in_words, kinds_of, type_in_words
from atk_interp.expressions.narrow import NULL_PASSES
from atk_interp.expressions.types import ANY, ListType, RecordType, Type, join_types, without_null

__all__ = ["checked_each"]


def checked_each(checker: Checking, node: ast.Filter, filter_: Function, target: Type) -> Type:
    """`map`, `select` and their kin: the field, and the filter or test, are checked against the items."""
    checker.expect(node.target, target, filter_.kinds, f"`{node.name}`")
    inner = without_null(target)
    try:
        plan = plan_of(node)
    except BindingError as error:
        report_binding(checker, node, error)
        for argument in ast.children(node)[1:]:
            checker.check(argument)
        return ListType() if node.name == "map" else inner
    item = inner.item if isinstance(inner, ListType) else ANY
    if plan.attribute is not None:
        checker.check(plan.attribute)
        item = field_type(checker, plan.attribute, item)
    if plan.default is not None:
        item = join_types([item, checker.check(plan.default)])
    result = _each_type(checker, node, plan, item)
    if node.name == "map":
        return ListType(result)
    return _chosen(node.name, plan, inner) if isinstance(inner, ListType) else inner


def _chosen(name: str, plan: Plan, items: ListType) -> Type:
    """The type of the items that are left: those without none where none would not have passed."""
    test = None if plan.function is None else plan.function.name
    is_there = test not in NULL_PASSES if name.startswith("select") else test == "none"
    if not is_there:
        return items
    if plan.attribute is None:
        return ListType(without_null(items.item))
    record, field = items.item, plan.attribute.value if isinstance(plan.attribute, ast.Literal) else None
    if not isinstance(record, RecordType) or not isinstance(field, str) or field not in record.fields:
        return items
    return ListType(RecordType({**record.fields, field: without_null(record.fields[field])}, record.open))


def _without_none(plan: Plan) -> str:
    field = plan.attribute.value if isinstance(plan.attribute, ast.Literal) else None
    left_out = 'reject("none")' if field is None else f'rejectattr("{field}", "none")'
    return f"leave those out first: `| {left_out}`"


def _each_type(checker: Checking, node: ast.Filter, plan: Plan, item: Type) -> Type:
    function = plan.function
    if function is None or plan.function_node is None:
        return item
    types = check_arguments(checker, node, function, plan.args, plan.keywords)
    kinds = kinds_of(item)
    if kinds != ALL_KINDS and not kinds & function.kinds:
        message = f"`{function.name}` needs {in_words(function.kinds)}, and each item is {type_in_words(item)}"
        checker.report(WRONG_ARGUMENTS, plan.function_node, message)
        return ANY
    if kinds != ALL_KINDS and Kind.NULL in kinds - function.kinds:
        message = f"an item may be none here, where `{function.name}` fails"
        checker.report(MAYBE_MISSING, plan.function_node, message, _without_none(plan))
    if function.name in SIGNS and len(plan.args) == 1 and function is TESTS.get(function.name):
        field = plan.attribute.value if isinstance(plan.attribute, ast.Literal) else None
        shown = f"an item of `{checker.source(node.target)}`" if field is None else f"`{field}` of an item"
        argument = plan.args[0], checker.check_quietly(plan.args[0])
        check_item_comparison(checker, SIGNS[function.name], (node.target, item), argument, shown)
    return ANY if types is None else result_type(function, without_null(item), types)

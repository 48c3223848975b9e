"""Closures of `map`, `select`, `reject`, `selectattr` and `rejectattr`: a filter or a test for each item of a list."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import TypeAlias

from atk_interp.expressions import ast
from atk_interp.expressions.arguments import operands, unary, unfit
from atk_interp.expressions.binding import BindingError
from atk_interp.expressions.bounds import check_size, size
from atk_interp.expressions.compile_base import NOT_CONSTANT, REFUSALS, Closure, Compiling, Scope, constant
from atk_interp.expressions.each import Plan, plan_of
from atk_interp.expressions.errors import EvaluationError, OperandError
from atk_interp.expressions.functions import MISSING, Form, Function, path_getter, path_parts
from atk_interp.expressions.kinds import ALL_KINDS, value_in_words
from atk_interp.expressions.types import BOOL, FLOAT, INT

__all__ = ["compiled_each"]

_Take: TypeAlias = Callable[[object], object]
"""From an item to its field, or to the answer of a filter or test."""
_For: TypeAlias = Callable[[Scope], _Take | None]


def compiled_each(compiler: Compiling, node: ast.Filter, filter_: Function) -> Closure:
    """The closure of one of these filters."""
    try:
        plan = plan_of(node)
    except BindingError as error:
        raise compiler.error(node, error.message) from None
    target = compiler.closure(node.target)
    is_lenient = plan.function is not None and plan.function.form is Form.LENIENT
    get_for = _getter(compiler, plan, is_lenient=is_lenient)
    take_for = _application(compiler, node, plan)
    collect = _collector(node.name, plan)
    is_settled, get, take = _settled(plan, get_for, take_for)

    def run(scope: Scope) -> object:
        items = target(scope)
        if type(items) is not list:
            raise compiler.error(node, unfit(filter_, items))
        try:
            if is_settled:
                return collect(items, get, take)
            return collect(items, get_for(scope), take_for(scope))
        except REFUSALS as refusal:
            raise compiler.refusal(node, node.name, refusal) from None

    return run


def _settled(plan: Plan, get_for: _For, take_for: _For) -> tuple[bool, _Take | None, _Take | None]:
    """Whether the functions are the same for every scope, and they."""
    given = (plan.attribute, plan.default, *plan.args, *(keyword.value for keyword in plan.keywords))
    if NOT_CONSTANT in map(constant, given):
        return False, None, None
    try:
        return True, get_for({}), take_for({})
    except (OperandError, EvaluationError):
        return False, None, None  # told when a row gets there, as all that fails while evaluating


def _getter(compiler: Compiling, plan: Plan, *, is_lenient: bool) -> _For:
    """For a scope, the function from an item to its field; none for the item itself."""
    if plan.attribute is None:
        return lambda _: None
    attribute, default = constant(plan.attribute), constant(plan.default)
    if type(attribute) in (str, int) and default is not NOT_CONSTANT:
        get = _field(attribute, default, is_lenient=is_lenient)
        return lambda _: get
    attribute_of = compiler.closure(plan.attribute)
    default_of = (lambda _: None) if plan.default is None else compiler.closure(plan.default)
    return lambda scope: _field(attribute_of(scope), default_of(scope), is_lenient=is_lenient)


def _field(attribute: object, default: object, *, is_lenient: bool) -> _Take:
    if type(attribute) is not str and type(attribute) is not int:
        raise OperandError(f"a field is named by text or a number, not {value_in_words(attribute)}")
    return path_getter(attribute, default, lenient=is_lenient)


def _application(compiler: Compiling, node: ast.Filter, plan: Plan) -> _For:
    """For a scope, the function of each field, its arguments evaluated once; none where the field itself counts."""
    function = plan.function
    if function is None:
        return lambda _: None
    constants, evaluate = operands(compiler, node, function, plan.args, plan.keywords)
    if constants is not None:
        take = _checked(function, unary(function, constants))
        return lambda _: take
    return lambda scope: _checked(function, unary(function, tuple(evaluate(scope))))


def _checked(function: Function, apply: _Take) -> _Take:
    """The function with a look at the kind of each item, where it does not take all kinds."""
    if function.kinds == ALL_KINDS:
        return apply
    types = function.types

    def take(item: object) -> object:
        if type(item) in types:
            return apply(item)
        raise OperandError(unfit(function, item))

    return take


def _collector(name: str, plan: Plan) -> Callable[[list[object], _Take | None, _Take | None], list[object]]:
    """What is made of the items, given the function to their fields and the one that is applied to those."""
    if name == "map":
        return _mapping(plan)
    return _selected if name.startswith("select") else _rejected


def _selected(items: list[object], get: _Take | None, take: _Take | None) -> list[object]:
    if get is None:
        return [item for item in items if take(item)] if take else [item for item in items if item]
    if take is None:
        return [item for item in items if get(item)]
    return [item for item in items if take(get(item))]


def _rejected(items: list[object], get: _Take | None, take: _Take | None) -> list[object]:
    if get is None:
        return [item for item in items if not take(item)] if take else [item for item in items if not item]
    if take is None:
        return [item for item in items if not get(item)]
    return [item for item in items if not take(get(item))]


def _mapping(plan: Plan) -> Callable[[list[object], _Take | None, _Take | None], list[object]]:
    function, part = plan.function, _single_part(plan.attribute)
    fetch: _Take | None = None if part is None else itemgetter(part)  # type: ignore[assignment]
    can_miss = function is not None and function.can_miss
    can_grow = plan.default is not None if function is None else function.result not in (BOOL, INT, FLOAT)

    def collect(items: list[object], get: _Take | None, take: _Take | None) -> list[object]:
        if fetch is not None:
            try:
                return [*map(fetch, items)]
            except (TypeError, LookupError):
                pass  # an item without it: a default, or an error that says so
        each = get or take
        assert each is not None, "`map` has a field or a filter"
        results = _bounded(items, each) if can_grow else [*map(each, items)]
        if can_miss and MISSING in results:
            raise OperandError("an item is an empty list")
        return results

    return collect


def _single_part(attribute: ast.Node | None) -> str | int | None:
    """The one step of the path of a field, when it is known and goes no further."""
    name = None if attribute is None else constant(attribute)
    if not isinstance(name, str | int):
        return None
    parts = path_parts(name)
    return parts[0] if len(parts) == 1 else None


def _bounded(items: list[object], each: _Take) -> list[object]:
    """Every result. Their sizes add up, so that one small list cannot become a huge one."""
    results: list[object] = []
    total = 0
    for item in items:
        result = each(item)
        total += 1 + len(result) if type(result) is str else size(result)
        check_size(total)
        results.append(result)
    return results

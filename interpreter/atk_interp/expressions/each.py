"""`map`, `select`, `reject`, `selectattr`, `rejectattr`: a filter or a test for each item of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeAlias

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions import ast
from atk_interp.expressions.binding import BindingError
from atk_interp.expressions.bounds import check_size, size
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions import FILTERS, MISSING, TESTS, Form, Function, path_getter
from atk_interp.expressions.kinds import value_in_words

__all__ = ["Closure", "ItemCompiler", "Plan", "Scope", "each_item", "plan_of"]

Scope: TypeAlias = Mapping[str, object]
Closure: TypeAlias = Callable[[Scope], object]


class ItemCompiler(Protocol):
    """What is needed of the compiler."""

    def closure(self, node: ast.Node) -> Closure: ...

    def arguments(
        self, node: ast.Node, function: Function, args: tuple[ast.Node, ...], keywords: tuple[ast.Keyword, ...]
    ) -> Callable[[Scope], list[object]]: ...

    def error(self, node: ast.Node, message: str) -> Exception: ...

    def unfit(self, function: Function, value: object) -> str: ...


_ATTRIBUTE_TYPES = (str, int)


class Plan(NamedTuple):
    """What is done to each item: take the field at `attribute`, then apply `function` to `args`.

    Without a function a `map` gives the field itself, and a `select` looks at its truth.
    """

    attribute: ast.Node | None
    default: ast.Node | None
    function: Function | None
    function_node: ast.Node | None
    args: tuple[ast.Node, ...]
    keywords: tuple[ast.Keyword, ...]


def plan_of(node: ast.Filter) -> Plan:
    """What the arguments of the filter ask for. Raises `BindingError`."""
    if node.name == "map":
        return _mapping(node)
    args = node.args
    attribute = None
    if node.name.endswith("attr"):
        if not args:
            raise BindingError(f"`{node.name}` needs the name of a field", None, f'write `{node.name}("field")`')
        attribute, args = args[0], args[1:]
    if not args:
        if node.keywords:
            keyword = node.keywords[0]
            raise BindingError(f"`{node.name}` has no parameter `{keyword.name}`", (keyword.start, keyword.end))
        return Plan(attribute, None, None, None, (), ())
    function = _named(args[0], TESTS, "test")
    return Plan(attribute, None, function, args[0], args[1:], node.keywords)


def _mapping(node: ast.Filter) -> Plan:
    if node.args:
        function = _named(node.args[0], FILTERS, "filter")
        if function.form not in (Form.PLAIN, Form.LENIENT) or function.lazy:
            place = (node.args[0].start, node.args[0].end)
            raise BindingError(f"`{function.name}` cannot be applied by `map`", place)
        return Plan(None, None, function, node.args[0], node.args[1:], node.keywords)
    given = {keyword.name: keyword for keyword in node.keywords}
    attribute, default = given.pop("attribute", None), given.pop("default", None)
    if attribute is None:
        help = 'write `map(attribute="field")` or `map("filter")`'
        raise BindingError("`map` needs a field or the name of a filter", None, help)
    for keyword in given.values():
        raise BindingError(f"`map` has no parameter `{keyword.name}`", (keyword.start, keyword.end))
    return Plan(attribute.value, None if default is None else default.value, None, None, (), ())


def _named(node: ast.Node, table: Mapping[str, Function], word: str) -> Function:
    if not isinstance(node, ast.Literal) or not isinstance(node.value, str):
        raise BindingError(f"the name of a {word} in quotes is needed here", (node.start, node.end))
    if node.value not in table:
        help = did_you_mean(node.value, table)
        raise BindingError(f"there is no {word} `{node.value}`", (node.start, node.end), help)
    return table[node.value]


def each_item(compiler: ItemCompiler, node: ast.Filter, filter_: Function) -> Closure:
    """The closure of one of these filters."""
    try:
        plan = plan_of(node)
    except BindingError as error:
        raise compiler.error(node, error.message) from None
    target = compiler.closure(node.target)
    field = None if plan.attribute is None else compiler.closure(plan.attribute)
    default = None if plan.default is None else compiler.closure(plan.default)
    apply = _application(compiler, node, plan)
    is_map = node.name == "map"
    wants = node.name.startswith("select")

    def run(scope: Scope) -> object:
        items = target(scope)
        if type(items) is not list:
            raise compiler.error(node, compiler.unfit(filter_, items))
        try:
            get = _getter(field, default, scope, lenient=not is_map and plan.function is not None)
            take = apply(scope)
            if is_map:
                return _all(items, lambda item: take(get(item)))
            return [item for item in items if bool(take(get(item))) is wants]
        except (OperandError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as refusal:
            said = str(refusal) if isinstance(refusal, OperandError) else f"`{node.name}` cannot work on these values"
            raise compiler.error(node, said) from None

    return run


def _getter(
    field: Closure | None, default: Closure | None, scope: Scope, *, lenient: bool
) -> Callable[[object], object]:
    if field is None:
        return lambda item: item
    attribute = field(scope)
    if type(attribute) not in _ATTRIBUTE_TYPES:
        raise OperandError(f"a field is named by text or a number, not {value_in_words(attribute)}")
    assert isinstance(attribute, str | int)
    return path_getter(attribute, None if default is None else default(scope), lenient=lenient)


def _application(compiler: ItemCompiler, node: ast.Filter, plan: Plan) -> Callable[[Scope], Callable[[object], object]]:
    """For a scope, the function applied to each item; the arguments are evaluated once."""
    if plan.function is None:
        return lambda _: lambda item: item
    function = plan.function
    arguments = compiler.arguments(node, function, plan.args, plan.keywords)
    takes_missing = function.form is Form.LENIENT

    def prepare(scope: Scope) -> Callable[[object], object]:
        operands = arguments(scope)

        def take(item: object) -> object:
            if takes_missing:
                return function.apply(item, *operands)
            if item is MISSING:
                raise OperandError("an item does not have the field")
            if type(item) not in function.types:
                raise OperandError(compiler.unfit(function, item))
            return function.apply(item, *operands)

        return take

    return prepare


def _all(items: list[object], take: Callable[[object], object]) -> list[object]:
    """Every result. Their sizes add up, so that one small list cannot become a huge one."""
    total = 0
    results: list[object] = []
    for item in items:
        result = take(item)
        if result is MISSING:
            raise OperandError("an item is an empty list")
        total += size(result)
        check_size(total)
        results.append(result)
    return results

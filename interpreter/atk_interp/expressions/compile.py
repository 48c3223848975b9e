"""From a tree to a closure, once; then evaluating is calling functions that know their operands.

Nothing of the expression's text is executed. A closure takes the scope (names to JSON values), returns a JSON
value and raises `EvaluationError`. It keeps no state and is safe for threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from atk_interp.expressions import ast
from atk_interp.expressions.binding import BindingError, bind
from atk_interp.expressions.draws import draw_for
from atk_interp.expressions.each import Closure, Scope, each_item
from atk_interp.expressions.errors import EvaluationError, OperandError
from atk_interp.expressions.expression import Expression
from atk_interp.expressions.functions import CALLS, FILTERS, MISSING, TESTS, Form, Function, Parameter, accepts
from atk_interp.expressions.kinds import in_words, kind_of, value_in_words
from atk_interp.expressions.operators import ARITHMETIC, COMPARISONS, concatenated, negated
from atk_interp.expressions.shape import RECORD_METHODS
from atk_interp.expressions.unparse import unparse

__all__ = ["Closure", "Compiled", "Compiler", "compile_expression"]

Compiled: TypeAlias = Callable[[Mapping[str, object]], object]

_REFUSALS = (TypeError, ValueError, ArithmeticError, LookupError, RecursionError)
"""What Python raises for values that an operation cannot take."""


def compile_expression(expression: Expression, *, site: str = "") -> Compiled:
    """A function from the names in scope to the value.

    `site` names the place of the expression in the spec (a step and a key): two draws with the same seed, row and
    text are independent when their sites differ. Raises `EvaluationError` for functions and arguments that do not
    exist, which `check_expression` reports with more care.
    """
    return Compiler(expression, site).closure(expression.root)


class Compiler:
    """Compiles the nodes of one expression."""

    def __init__(self, expression: Expression, site: str) -> None:
        self._expression = expression
        self._site = site
        self._draws: Counter[str] = Counter()

    def error(self, node: ast.Node, message: str) -> EvaluationError:
        return EvaluationError(message, self._expression.span(node))

    def closure(self, node: ast.Node) -> Closure:
        """The function that evaluates a node."""
        method: Callable[[Any], Closure] = getattr(self, f"_{type(node).__name__.lower()}")
        return method(node)

    def lenient(self, node: ast.Node) -> Closure:
        """Like `closure`, but what is missing (in the last step) is `MISSING` instead of an error."""
        match node:
            case ast.Name(name=name):
                return lambda scope: scope.get(name, MISSING)
            case ast.Attribute(target=target, name=name):
                return self._picked(node, target, lambda _: name, lenient=True)
            case ast.Index(target=target, index=index):
                return self._picked(node, target, self.closure(index), lenient=True)
            case ast.Conditional(value=value, condition=condition, otherwise=otherwise) if otherwise is not None:
                return _choice(self.lenient(value), self.closure(condition), self.lenient(otherwise))
            case ast.Filter(name=name) if name in FILTERS and FILTERS[name].can_miss:
                return self._applied(node, FILTERS[name], self.closure(node.target))
        return self.closure(node)

    # Values

    def _literal(self, node: ast.Literal) -> Closure:
        value = node.value
        return lambda _: value

    def _name(self, node: ast.Name) -> Closure:
        name = node.name

        def read(scope: Scope) -> object:
            try:
                return scope[name]
            except KeyError:
                raise self.error(node, f"there is no `{name}` here") from None

        return read

    def _attribute(self, node: ast.Attribute) -> Closure:
        target, name = self.closure(node.target), node.name

        def read(scope: Scope) -> object:
            value: Any = target(scope)
            try:
                return value[name]
            except KeyError:
                raise self.error(node, f"the record has no field `{name}`") from None
            except TypeError:
                raise self._no_fields(node, value) from None

        return read

    def _no_fields(self, node: ast.Node, value: object) -> EvaluationError:
        return self.error(node, f"{value_in_words(value)} has no fields")

    def _index(self, node: ast.Index) -> Closure:
        return self._picked(node, node.target, self.closure(node.index), lenient=False)

    def _picked(self, node: ast.Node, target_node: ast.Node, key_of: Closure, *, lenient: bool) -> Closure:
        target = self.closure(target_node)

        def pick(scope: Scope) -> object:
            value: Any = target(scope)
            key: Any = key_of(scope)
            if isinstance(value, Mapping) and type(key) is str:
                if key in value or (lenient and key not in RECORD_METHODS):
                    return value.get(key, MISSING)
                raise self.error(node, f"the record has no field `{key}`")
            if type(value) in (list, str) and type(key) is int:
                if -len(value) <= key < len(value):
                    return value[key]
                if lenient:
                    return MISSING
                count = len(value)
                raise self.error(node, f"there is no item {key}: there {'is' if count == 1 else 'are'} only {count}")
            if isinstance(value, Mapping | list | str):
                raise self.error(node, f"{value_in_words(value)} has no item for {value_in_words(key)}")
            raise self._no_fields(node, value)

        return pick

    def _slice(self, node: ast.Slice) -> Closure:
        target = self.closure(node.target)
        bounds = [None if part is None else self.closure(part) for part in (node.lower, node.upper, node.step)]

        def cut(scope: Scope) -> object:
            value: Any = target(scope)
            places: list[Any] = [None if bound is None else bound(scope) for bound in bounds]
            if type(value) not in (list, str):
                raise self.error(node, f"only a list or a text has parts `[a:b]`, not {value_in_words(value)}")
            if any(place is not None and type(place) is not int for place in places):
                raise self.error(node, "the bounds of a part `[a:b]` are whole numbers")
            if places[2] == 0:
                raise self.error(node, "the step of a part `[a:b:step]` must not be 0")
            return value[slice(*places)]

        return cut

    def _listdisplay(self, node: ast.ListDisplay) -> Closure:
        items = [self.closure(item) for item in node.items]
        return lambda scope: [item(scope) for item in items]

    def _recorddisplay(self, node: ast.RecordDisplay) -> Closure:
        pairs = [(key, self.closure(key), self.closure(value)) for key, value in node.pairs]

        def build(scope: Scope) -> object:
            record: dict[object, object] = {}
            for key_node, key_of, value_of in pairs:
                key = key_of(scope)
                if type(key) is not str:
                    raise self.error(key_node, f"the keys of a record are text, not {value_in_words(key)}")
                record[key] = value_of(scope)
            return record

        return build

    # Operators

    def _unary(self, node: ast.Unary) -> Closure:
        operand, sign = self.closure(node.operand), node.operator
        if sign == "not":
            return lambda scope: not operand(scope)
        return self._guarded(node, lambda scope: negated(sign, operand(scope)))

    def _arithmetic(self, node: ast.Arithmetic) -> Closure:
        apply = ARITHMETIC[node.operator]
        left, right = self.closure(node.left), self.closure(node.right)

        def compute(scope: Scope) -> object:
            try:
                return apply(left(scope), right(scope))
            except OperandError as refusal:
                raise self.error(node, str(refusal)) from None

        return compute

    def _concat(self, node: ast.Concat) -> Closure:
        parts = [self.closure(part) for part in node.parts]
        return self._guarded(node, lambda scope: concatenated([part(scope) for part in parts]))

    def _comparison(self, node: ast.Comparison) -> Closure:
        if len(node.rest) > 1:
            return self._chain(node)
        [(operator, operand)] = node.rest
        left = self.closure(node.first)
        if operator in ("==", "!=") and isinstance(operand, ast.Literal):
            value = operand.value
            return (lambda scope: left(scope) == value) if operator == "==" else (lambda scope: left(scope) != value)
        compare, right = COMPARISONS[operator], self.closure(operand)

        def decide(scope: Scope) -> object:
            try:
                return compare(left(scope), right(scope))
            except (OperandError, TypeError, RecursionError) as refusal:
                raise self._refusal(node, operator, refusal) from None

        return decide

    def _chain(self, node: ast.Comparison) -> Closure:
        first = self.closure(node.first)
        links = [(operator, COMPARISONS[operator], self.closure(operand)) for operator, operand in node.rest]

        def decide(scope: Scope) -> object:
            left = first(scope)
            for operator, compare, operand in links:
                right = operand(scope)
                try:
                    if not compare(left, right):
                        return False
                except (OperandError, TypeError, RecursionError) as refusal:
                    raise self._refusal(node, operator, refusal) from None
                left = right
            return True

        return decide

    def _and(self, node: ast.And) -> Closure:
        left, right = self.closure(node.left), self.closure(node.right)
        return lambda scope: left(scope) and right(scope)

    def _or(self, node: ast.Or) -> Closure:
        left, right = self.closure(node.left), self.closure(node.right)
        return lambda scope: left(scope) or right(scope)

    def _conditional(self, node: ast.Conditional) -> Closure:
        otherwise = (lambda _: None) if node.otherwise is None else self.closure(node.otherwise)
        return _choice(self.closure(node.value), self.closure(node.condition), otherwise)

    # Functions

    def _filter(self, node: ast.Filter) -> Closure:
        function = self._function(node, FILTERS, "filter")
        if function.form in (Form.EACH, Form.CHOSEN):
            return each_item(self, node, function)
        if function.form is Form.LENIENT:
            return self._applied(node, function, self.lenient(node.target))
        apply = self._applied(node, function, self.closure(node.target))
        if not function.can_miss:
            return apply

        def present(scope: Scope) -> object:
            value = apply(scope)
            if value is MISSING:
                raise self.error(node, f"there is no {function.name} item: the list is empty")
            return value

        return present

    def _test(self, node: ast.Test) -> Closure:
        function = self._function(node, TESTS, "test")
        target = self.lenient(node.target) if function.form is Form.LENIENT else self.closure(node.target)
        decide = self._applied(node, function, target)
        return (lambda scope: not decide(scope)) if node.negated else decide

    def _call(self, node: ast.Call) -> Closure:
        return self._applied(node, self._function(node, CALLS, "function"), lambda _: None)

    def _function(self, node: ast.Filter | ast.Test | ast.Call, table: Mapping[str, Function], word: str) -> Function:
        if node.name not in table:
            raise self.error(node, f"there is no {word} `{node.name}`")
        return table[node.name]

    def _applied(self, node: ast.Filter | ast.Test | ast.Call, function: Function, target: Closure) -> Closure:
        """A function on its value: kinds are checked, then the arguments, then it is applied."""
        arguments = self.arguments(node, function, node.args, node.keywords)
        apply = self.drawn(node, function)
        types = function.types
        accepts_all = function.form is Form.LENIENT

        def call(scope: Scope) -> object:
            value = target(scope)
            if not accepts_all and type(value) not in types:
                raise self.error(node, self.unfit(function, value))
            try:
                return apply(scope, value, *arguments(scope))
            except _REFUSALS as refusal:
                raise self._refusal(node, function.name, refusal) from None

        def call_plainly(scope: Scope) -> object:
            value = target(scope)
            if type(value) not in types:
                raise self.error(node, self.unfit(function, value))
            try:
                return plain(value)
            except _REFUSALS as refusal:
                raise self._refusal(node, function.name, refusal) from None

        plain = function.apply
        return call_plainly if function.form is Form.PLAIN and not function.parameters else call

    def drawn(self, node: ast.Filter | ast.Test | ast.Call, function: Function) -> Callable[..., object]:
        """`apply` with the scope in front, from which functions of chance take their draw."""
        apply = function.apply
        if function.form is not Form.SEEDED:
            return lambda _, *operands: apply(*operands)
        text = unparse(node)
        site = f"{self._site}\0{text}\0{self._draws[text]}"
        self._draws[text] += 1
        return lambda scope, *operands: apply(draw_for(scope, site), *operands)

    def arguments(
        self,
        node: ast.Node,
        function: Function,
        args: tuple[ast.Node, ...],
        keywords: tuple[ast.Keyword, ...],
    ) -> Callable[[Scope], list[object]]:
        """The function that evaluates the arguments, one for each parameter."""
        try:
            bound = bind(function, args, keywords)
        except BindingError as error:
            raise self.error(node, error.message) from None
        if all(_is_constant(parameter, argument) for parameter, argument in bound):
            constants = [
                argument.value if isinstance(argument, ast.Literal) else parameter.default
                for parameter, argument in bound
            ]
            return lambda _: constants
        getters = [self._argument(function, parameter, argument) for parameter, argument in bound]
        return lambda scope: [get(scope) for get in getters]

    def _argument(self, function: Function, parameter: Parameter, argument: ast.Node | None) -> Closure:
        if argument is None:
            default = parameter.default
            return lambda _: default
        evaluate, types = self.closure(argument), frozenset(kind.python for kind in parameter.kinds)

        def get(scope: Scope) -> object:
            value = evaluate(scope)
            if type(value) not in types:
                wanted = in_words(parameter.kinds)
                message = f"`{parameter.name}` of `{function.name}` is {wanted}, not {value_in_words(value)}"
                raise self.error(argument, message)
            return value

        return get

    def unfit(self, function: Function, value: object) -> str:
        return f"`{function.name}` works on {accepts(function)}, not {value_in_words(value)}"

    # Errors

    def _guarded(self, node: ast.Node, compute: Closure) -> Closure:
        def guarded(scope: Scope) -> object:
            try:
                return compute(scope)
            except OperandError as refusal:
                raise self.error(node, str(refusal)) from None

        return guarded

    def _refusal(self, node: ast.Node, what: str, refusal: Exception) -> EvaluationError:
        said = str(refusal) if isinstance(refusal, OperandError) else f"`{what}` cannot work on these values"
        return self.error(node, said)


def _is_constant(parameter: Parameter, argument: ast.Node | None) -> bool:
    """Whether the argument is the same, and fit, whatever the scope."""
    return argument is None or (isinstance(argument, ast.Literal) and kind_of(argument.value) in parameter.kinds)


def _choice(value: Closure, condition: Closure, otherwise: Closure) -> Closure:
    return lambda scope: value(scope) if condition(scope) else otherwise(scope)

"""The arguments of a filter, a test or a function: bound to its parameters once, before there is a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from atk_interp.expressions import ast
from atk_interp.expressions.binding import BindingError, bind
from atk_interp.expressions.compile_base import NOT_CONSTANT, Closure, Compiling, Scope, constant
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions import Function, Parameter, accepts
from atk_interp.expressions.kinds import in_words, value_in_words

__all__ = ["Operands", "operands", "unary", "unfit"]


class Operands(NamedTuple):
    """What a function gets beside its value, one for each parameter: the same for every row, or found for each."""

    constants: tuple[object, ...] | None
    evaluate: Callable[[Scope], Sequence[object]]


def operands(
    compiler: Compiling,
    node: ast.Node,
    function: Function,
    args: tuple[ast.Node, ...],
    keywords: tuple[ast.Keyword, ...],
) -> Operands:
    """The arguments as the function takes them. Raises `EvaluationError` when they do not fit its parameters."""
    try:
        bound = bind(function, args, keywords)
    except BindingError as error:
        raise compiler.error(node, error.message) from None
    known = [_known(parameter, argument) for parameter, argument in bound]
    if NOT_CONSTANT not in known:
        constants = tuple(known)
        return Operands(constants, lambda _: constants)
    getters = [_getter(compiler, function, parameter, argument) for parameter, argument in bound]
    if len(getters) == 1:
        [only] = getters
        return Operands(None, lambda scope: (only(scope),))
    return Operands(None, lambda scope: [get(scope) for get in getters])


def unary(function: Function, constants: tuple[object, ...]) -> Callable[[object], object]:
    """The function of the value alone. It raises what `apply` raises."""
    if function.prepare is not None:
        try:
            return function.prepare(*constants)
        except OperandError:
            pass  # told when a row gets there, as all that fails while evaluating
    apply = function.apply
    if not constants:
        return apply
    if len(constants) == 1:
        [only] = constants
        return lambda value: apply(value, only)
    return lambda value: apply(value, *constants)


def unfit(function: Function, value: object) -> str:
    """Why the function does not take this value."""
    return f"`{function.name}` works on {accepts(function)}, not {value_in_words(value)}"


def _known(parameter: Parameter, argument: ast.Node | None) -> object:
    """The argument when it is the same, and fit, whatever the scope."""
    if argument is None:
        return parameter.default
    value = constant(argument)
    return value if type(value) in _types(parameter) and parameter.refusal(value) is None else NOT_CONSTANT


def _types(parameter: Parameter) -> frozenset[type]:
    return frozenset(kind.python for kind in parameter.kinds)


def _getter(compiler: Compiling, function: Function, parameter: Parameter, argument: ast.Node | None) -> Closure:
    if argument is None:
        default = parameter.default
        return lambda _: default
    evaluate, types = compiler.closure(argument), _types(parameter)
    is_limited = bool(parameter.choices) or parameter.limit is not None

    def get(scope: Scope) -> object:
        value = evaluate(scope)
        if type(value) in types:
            refusal = parameter.refusal(value) if is_limited else None
            if refusal is None:
                return value
            raise compiler.error(argument, refusal)
        wanted = in_words(parameter.kinds)
        message = f"`{parameter.name}` of `{function.name}` is {wanted}, not {value_in_words(value)}"
        raise compiler.error(argument, message)

    return get

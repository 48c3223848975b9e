"""What every part of the compiler needs: closures of parts, and errors that know their place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TypeAlias

from atk_interp.expressions import ast
from atk_interp.expressions.errors import EvaluationError, MissingPackage, OperandError

__all__ = ["NOT_CONSTANT", "REFUSALS", "Closure", "Compiling", "Scope", "constant"]

Scope: TypeAlias = Mapping[str, object]
Closure: TypeAlias = Callable[[Scope], object]

REFUSALS = (TypeError, ValueError, ArithmeticError, LookupError, RecursionError)
"""What Python raises for values that an operation cannot take; `OperandError` is among them."""

NOT_CONSTANT = object()


class Compiling(ABC):
    """The compiling of one expression, in progress."""

    @abstractmethod
    def closure(self, node: ast.Node) -> Closure:
        """The function that evaluates a node."""

    @abstractmethod
    def lenient(self, node: ast.Node) -> Closure:
        """Like `closure`, but what is missing (in the last step) is `MISSING` instead of an error."""

    @abstractmethod
    def error(self, node: ast.Node, message: str) -> EvaluationError:
        """A failure at the place of the node."""

    @abstractmethod
    def site(self, node: ast.Node) -> str:
        """The place from which a draw of this node follows; another one each time it is asked for."""

    def refusal(self, node: ast.Node, what: str, refusal: Exception) -> EvaluationError:
        """The failure of `what`, in its own words if it has any for the author."""
        said = str(refusal) if isinstance(refusal, OperandError) else f"`{what}` cannot work on these values"
        error = self.error(node, said)
        error.is_lasting = isinstance(refusal, MissingPackage)
        return error


def constant(node: ast.Node | None) -> object:
    """The value of a literal, of a number with a sign, and of no node (none); `NOT_CONSTANT` for all else."""
    match node:
        case None:
            return None
        case ast.Literal(value=value):
            return value
        case ast.Unary(operator="-", operand=ast.Literal(value=value)) if type(value) in (int, float):
            return -value  # type: ignore[operator]
    return NOT_CONSTANT

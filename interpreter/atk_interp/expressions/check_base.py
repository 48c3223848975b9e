"""What every part of the checker needs: saying what is wrong, and what a value must be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from atk_interp.diagnostics import Code, Sink
from atk_interp.expressions import ast
from atk_interp.expressions.codes import MAYBE_MISSING, WRONG_OPERAND
from atk_interp.expressions.errors import Mend, fix_of
from atk_interp.expressions.expression import Expression
from atk_interp.expressions.kinds import ALL_KINDS, Kind, in_words, kinds_of, type_in_words
from atk_interp.expressions.types import Type

__all__ = ["Checking"]


class Checking(ABC):
    """A check of one expression in progress."""

    def __init__(self, expression: Expression, sink: Sink) -> None:
        self._expression = expression
        self._sink = sink

    @abstractmethod
    def check(self, node: ast.Node) -> Type:
        """Report what is wrong below a node; the type of its value."""

    @abstractmethod
    def check_quietly(self, node: ast.Node) -> Type:
        """The type of a node whose mistakes have been reported already."""

    def report(
        self,
        code: Code,
        place: ast.Node | tuple[int, int],
        message: str,
        help: str | None = None,
        notes: Sequence[str] = (),
        mends: Iterable[Mend] = (),
    ) -> None:
        start, end = (place.start, place.end) if isinstance(place, ast.Node) else place
        text = self._expression.text
        self._sink.report(code, text.span(start, end), message, help=help, notes=notes, fix=fix_of(text, mends, help))

    def source(self, node: ast.Node) -> str:
        """A node as its author wrote it, if it is short."""
        text = self._expression.text.value[node.start : node.end]
        return text if len(text) <= 40 and "\n" not in text else "…"

    def literal(self, node: ast.Node) -> str:
        """The text of a node, quotes and all."""
        return self._expression.text.value[node.start : node.end]

    def expect(self, node: ast.Node, type_: Type, kinds: frozenset[Kind], what: str, help: str | None = None) -> bool:
        """Whether a value of this type may be of one of these kinds; reports when it never is, or may be none."""
        present = kinds_of(type_)
        if present == ALL_KINDS:
            return True
        if not present & kinds:
            message = f"{what} needs {in_words(kinds)}, and `{self.source(node)}` is {type_in_words(type_)}"
            self.report(WRONG_OPERAND, node, message, help)
            return False
        if Kind.NULL in present - kinds:
            shown = self.source(node)
            message = f"`{shown}` may be none here, where {what} fails"
            self.report(MAYBE_MISSING, node, message, f"ask first: `{shown} is not none and …`")
        return True

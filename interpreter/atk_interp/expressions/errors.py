"""What is wrong with an expression, before it is placed in a file."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Sink
from atk_interp.records import dataclass
from atk_interp.source import MappedText, Span

__all__ = ["EvaluationError", "MissingPackage", "OperandError", "Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding about `text[start:end]` of an expression."""

    code: Code
    start: int
    end: int
    message: str
    help: str | None = None
    notes: tuple[str, ...] = ()

    def report(self, text: MappedText, sink: Sink) -> None:
        """Place it in the file and hand it to the sink."""
        sink.report(self.code, text.span(self.start, self.end), self.message, notes=self.notes, help=self.help)


class OperandError(ValueError):
    """An operator or a function cannot work on what it was given; the message is for the author."""


class MissingPackage(OperandError):
    """A function needs a package that is not installed; the message says how to install it."""


class EvaluationError(Exception):
    """An expression that cannot be evaluated on this row: why, in one sentence, and which part of it.

    `is_lasting`: nor on any other row.
    """

    def __init__(self, message: str, span: Span, *, is_lasting: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.is_lasting = is_lasting

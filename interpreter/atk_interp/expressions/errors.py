"""What is wrong with an expression, before it is placed in a file."""

from __future__ import annotations

from collections.abc import Iterable

from atk_interp.diagnostics import Code, Edit, Fix, Sink
from atk_interp.records import dataclass
from atk_interp.source import MappedText, Span

__all__ = ["EvaluationError", "Mend", "MissingPackage", "OperandError", "Problem", "fix_of"]

Mend = tuple[int, int, str]
"""What `text[start:end]` of an expression is to be replaced with."""


def fix_of(text: MappedText, mends: Iterable[Mend], title: str | None) -> Fix | None:
    """The fix that mends an expression in its file; None without any mend."""
    edits = tuple(Edit(text.span(start, end), new) for start, end, new in mends)
    return Fix(title or "mend the expression", edits) if edits else None


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding about `text[start:end]` of an expression; `mends` only where the author surely meant just that."""

    code: Code
    start: int
    end: int
    message: str
    help: str | None = None
    notes: tuple[str, ...] = ()
    mends: tuple[Mend, ...] = ()

    def report(self, text: MappedText, sink: Sink) -> None:
        """Place it in the file and hand it to the sink."""
        fix = fix_of(text, self.mends, self.help)
        span = text.span(self.start, self.end)
        sink.report(self.code, span, self.message, notes=self.notes, help=self.help, fix=fix)


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

"""A diagnostic is data: facts and places. The wording is here, the layout in `render`."""

from __future__ import annotations

from atk_interp.diagnostics.codes import Code, Severity
from atk_interp.records import dataclass
from atk_interp.source import Span

__all__ = ["Diagnostic", "Edit", "Fix", "Label"]


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that matters, with what is to be said of it ("first defined here")."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """What a span of a file is to be replaced with. An empty span is a place to insert at."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that does not change what the author meant, as edits that do not overlap. All of them are made, or none.

    `title` is an instruction, as an editor shows it: "write `question`".
    """

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a code, one lower-case sentence without a full stop, and the place it is about.

    `span` is None only for findings that have no place in a file. `label` is written beside the underline.
    `help` is an instruction, given when it is likely right; `fix` is there only when one mend is certainly right.
    """

    code: Code
    message: str
    span: Span | None = None
    label: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None

    @property
    def severity(self) -> Severity:
        return self.code.severity

    @property
    def is_error(self) -> bool:
        return self.code.severity is Severity.ERROR

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Reading order: file, place, then code."""
        if self.span is None:
            return ("", 0, 0, self.code.id, self.message)
        return (*self.span.sort_key(), self.code.id, self.message)

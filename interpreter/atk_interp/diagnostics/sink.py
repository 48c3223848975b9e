"""Where findings are collected while a check goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from atk_interp.diagnostics.codes import Code
from atk_interp.diagnostics.model import Diagnostic, Label
from atk_interp.source import Span

__all__ = ["Sink"]


class Sink:
    """Collects diagnostics. Not safe for threads; one sink per check."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []

    def report(
        self,
        code: Code,
        span: Span | None,
        message: str,
        *,
        label: str = "",
        labels: Sequence[Label] = (),
        notes: Sequence[str] = (),
        help: str | None = None,
    ) -> None:
        """Add one finding."""
        self.add(Diagnostic(code, message, span, label, tuple(labels), tuple(notes), help))

    def add(self, diagnostic: Diagnostic) -> None:
        self._found.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        self._found.extend(diagnostics)

    @property
    def has_errors(self) -> bool:
        return any(found.is_error for found in self._found)

    def sorted(self) -> list[Diagnostic]:
        """All findings in reading order, each once."""
        return sorted(dict.fromkeys(self._found), key=Diagnostic.sort_key)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

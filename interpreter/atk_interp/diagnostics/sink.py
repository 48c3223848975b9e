"""Where findings are collected while a check goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atk_interp.diagnostics.codes import Code
from atk_interp.diagnostics.model import Diagnostic, Fix, Label
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
        fix: Fix | None = None,
    ) -> None:
        """Add one finding."""
        self.add(Diagnostic(code, message, span, label, tuple(labels), tuple(notes), help, fix))

    def add(self, diagnostic: Diagnostic) -> None:
        self._found.append(diagnostic)

    @property
    def has_errors(self) -> bool:
        return any(found.is_error for found in self._found)

    def sorted(self) -> list[Diagnostic]:
        """All findings in reading order, each once, without the echoes of what is wrong with the YAML itself."""
        roots = [found.span for found in self._found if found.is_error and _is_of_yaml(found) and found.span]
        kept = dict.fromkeys(found for found in self._found if not _is_echo(found, roots))
        return sorted(kept, key=Diagnostic.sort_key)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _is_of_yaml(found: Diagnostic) -> bool:
    return found.code.id.startswith("ATK1")


def _is_echo(found: Diagnostic, roots: Sequence[Span]) -> bool:
    """Whether a finding is about a value that YAML itself was wrong about: that is told there."""
    span = found.span
    if span is None or _is_of_yaml(found):
        return False
    return any(root.start < span.end and span.start < root.end and root.file.path == span.file.path for root in roots)

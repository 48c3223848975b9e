"""What a lint rule sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from atk_interp.diagnostics import Code, Sink
from atk_interp.flow import Analysis
from atk_interp.kinds.base import StepView
from atk_interp.spec import Config
from atk_interp.templates import used_names

__all__ = ["LintContext"]


@dataclass(frozen=True)
class LintContext:
    """An analysed spec, the file it stands in, and the config that was linted with it, if any."""

    analysis: Analysis
    path: Path
    config: Config | None
    sink: Sink

    def views(self) -> Iterable[StepView]:
        """Every step and output."""
        yield from self.analysis.views.values()
        yield from self.analysis.outputs.values()

    def used_names(self) -> set[str]:
        """Every name that some expression, template or prompt of the spec uses."""
        used: set[str] = set()
        for view in self.views():
            for expression in view.expressions.values():
                used.update(expression.names)
            for template in view.templates.values():
                used |= used_names(template)
            for messages in view.message_lists.values():
                used |= messages.names()
            for prompt in view.loaded.values():
                used |= prompt.names()
        return used

    def report(self, code: Code, path: tuple[str | int, ...], message: str, help: str | None = None) -> None:
        """A finding about the key at a path of the spec."""
        self.sink.report(code, self.analysis.spec.document.key_span(path), message, help=help)

"""Why a field may be none: told with every finding that it may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.expressions.codes import MAYBE_MISSING

__all__ = ["CausesTold"]

_NAME = re.compile(r"[A-Za-z_]\w*")


class CausesTold(Sink):
    """Hands findings on to another sink; one that says that a field may be none says why."""

    def __init__(self, sink: Sink, causes: Mapping[str, str]) -> None:
        super().__init__()
        self._sink = sink
        self._causes = causes

    def add(self, diagnostic: Diagnostic) -> None:
        name = _NAME.match(diagnostic.span.text) if diagnostic.span is not None else None
        if diagnostic.code is MAYBE_MISSING and name is not None and name.group() in self._causes:
            why = self._causes[name.group()]
            diagnostic = replace(diagnostic, notes=(*diagnostic.notes, why))
        self._sink.add(diagnostic)

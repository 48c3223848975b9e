"""`stop_when_rejected`: how many rejected rows are too many."""

from __future__ import annotations

from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import Document, Path
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.spec.codes import BAD_VALUE, MISSING_KEY

__all__ = ["STOPPING", "Stopping", "stopping"]

_PERCENT = pattern(r"([0-9]+([.][0-9]+)?) ?%\Z")
_LEAST_ROWS = 20

STOPPING: dict[str, Any] = {
    "type": ["string", "number", "dict"],
    "schema": {"share": {"type": ["string", "number"]}, "rows": {"type": "integer", "min": 1}},
}
"""The schema of the value: a share such as `50%`, or a mapping with `share` and `rows`."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """Stop when this share (above 0, up to 1) of the first rows is rejected, of at least so many."""

    share: float
    rows: int = _LEAST_ROWS


def stopping(document: Document, path: Path, sink: Sink) -> Stopping | None:
    """The rule at a path. None for a value that is none, which is reported."""
    given = document.get(path)
    rows = _LEAST_ROWS
    if isinstance(given, dict):
        if "share" not in given:
            told = "`share` is missing in `stop_when_rejected`"
            sink.report(MISSING_KEY, document.key_span(path), told, help="add `share: 50%`")
            return None
        rows = given.get("rows", _LEAST_ROWS)
        given, path = given["share"], (*path, "share")
    share, help_ = _share(given)
    if share is None:
        sink.report(BAD_VALUE, document.span(path), f"`{given}` is no share of the rows", help=help_)
        return None
    if share <= 0:
        told = "a run would stop although no row is rejected"
        sink.report(BAD_VALUE, document.span(path), told, help="`on_reject: stop` stops at the first rejection")
        return None
    return Stopping(share, rows)


def _share(given: Any) -> tuple[float | None, str]:
    """The share that a value says, or what to write in its place."""
    help_ = "write a percentage, such as `50%`"
    if isinstance(given, str):
        found = _PERCENT.match(given.strip())
        if found is None:
            return None, help_
        share = float(found[1]) / 100
    elif isinstance(given, int | float) and not isinstance(given, bool):
        share = float(given)
        help_ = f"write `{given:g}%`" if 1 < share <= 100 else help_
    else:
        return None, help_
    return (share, "") if 0 <= share <= 1 else (None, help_)

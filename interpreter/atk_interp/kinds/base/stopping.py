"""What becomes of a run when rows of a step are rejected."""

from __future__ import annotations

from atk_interp.diagnostics import Sink
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.view import StepView
from atk_interp.records import dataclass
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE
from atk_interp.spec.stopping import STOPPING, stopping

__all__ = ["REJECTING_OPTIONS", "StopRule", "check_stopping", "stop_rule"]

_KEY = "stop_when_rejected"

REJECTING_OPTIONS: tuple[Option, ...] = (
    Option(
        "on_reject",
        Takes.NAME,
        "A row without an acceptable reply is dropped, kept with null in the step's fields, or stops the run.",
        default="drop",
        choices=("drop", "keep", "stop"),
    ),
    Option(
        _KEY,
        Takes.STRUCTURE,
        "End the run when this share of the first rows is rejected, such as `50%` (of at least 20), or with "
        "`share` and `rows`; over that of the spec.",
        schema=STOPPING,
    ),
)
"""The options of kinds that reject rows for want of an acceptable reply."""


@dataclass(frozen=True, slots=True)
class StopRule:
    """When the rejections of a step stop the run: at the first one, or when so many of its rows are rejected.

    `share` (above 0, up to 1) is of the first rows in canonical order, once there are at least `rows` of them.
    """

    first: bool = False
    share: float | None = None
    rows: int = 0


def check_stopping(view: StepView) -> None:
    """Check the options."""
    if not view.given(_KEY):
        return
    path = view.path(_KEY)
    if stopping(view.document, path, view.sink) is not None and view.option("on_reject") == "stop":
        told = "it never comes to this: the first rejection stops the run"
        view.sink.report(BAD_VALUE, view.document.key_span(path), told, help="remove it, or `on_reject: stop`")


def stop_rule(step: BoundStep) -> StopRule | None:
    """What rejections of a step stop the run: by its own options, or by those of its spec."""
    view = step.view
    if _KEY not in {option.name for option in view.options}:
        return None
    if view.option("on_reject") == "stop":
        return StopRule(first=True)
    path = view.path(_KEY) if view.given(_KEY) else (_KEY,)
    if not view.document.has(path):
        return None
    found = stopping(view.document, path, Sink())
    return StopRule(share=found.share, rows=found.rows) if found is not None else None

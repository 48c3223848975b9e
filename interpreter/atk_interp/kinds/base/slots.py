"""The model slots that a step names: do they exist, and are they for what the step wants of them."""

from __future__ import annotations

from atk_interp.diagnostics import Label, did_you_mean
from atk_interp.document import Path
from atk_interp.kinds.base.codes import UNKNOWN_SLOT, WRONG_SLOT
from atk_interp.kinds.base.seen import Seen

__all__ = ["check_expected", "check_slot"]


def check_slot(view: Seen, value: str, path: Path, help: str | None = None) -> None:
    """Check that the model slot named at a path exists. `help` is the mend where it is no misspelt name."""
    view.used_slots[value] = None
    if value in view.spec.models:
        return
    known = ", ".join(f"`{slot}`" for slot in view.spec.models) or "none"
    view.sink.report(
        UNKNOWN_SLOT,
        view.document.span(path),
        f"there is no model slot `{value}`",
        notes=[f"slots under `models` are {known}"],
        help=help or did_you_mean(value, view.spec.models) or f"add `{value}:` to `models:`",
    )


def check_expected(view: Seen, value: str, path: Path, *, embeds: bool) -> None:
    """A slot that expects anything may be for either."""
    slot = view.spec.models.get(value)
    if slot is None or slot.expects == "any" or embeds is (slot.expects == "embedding"):
        return
    told = f"step `{view.step.name}` needs {'vectors' if embeds else 'replies'}"
    view.sink.report(
        WRONG_SLOT,
        view.document.span(path),
        f"{told}, and slot `{value}` expects `{slot.expects}`",
        labels=[Label(view.document.span((*slot.path, "expects")), "said here")],
        help="name a slot that expects `embedding`" if embeds else "name a slot that expects `instruct`",
    )

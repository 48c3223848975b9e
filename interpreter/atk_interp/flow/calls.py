"""The check of an output of calls: whether its step has any, and what its messages may name."""

from __future__ import annotations

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions.types import TEXT, ListType, RecordType
from atk_interp.graph import UNKNOWN_STEP
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import StepView
from atk_interp.kinds.base.codes import IMPOSSIBLE_CALLS
from atk_interp.spec import PipelineSpec

__all__ = ["CALL", "check_calls"]

CALL = RecordType({"messages": ListType(RecordType({"role": TEXT, "content": TEXT})), "reply": TEXT})
"""What the name `call` holds in the messages of such an output."""

_RENDER = "write `format: chat`, with `messages` over the fields of its rows"


def check_calls(view: StepView, source: StepView | None) -> None:
    """Check an output of the calls of a step, as that was checked; None for one that is broken, which is told."""
    if view.given("messages"):
        view.messages(view.path("messages"), view.row_scope({"call": CALL}), trains=True)
    if source is not None and not _check_source(view, source):
        return
    if view.given("reached"):
        _check_reached(view, view.step.inputs[0])


def _check_source(view: StepView, source: StepView) -> bool:
    """Whether the step has calls; reports when it has none."""
    found = _why_none(source, view)
    if found is not None:
        told, help_ = found
        view.sink.report(IMPOSSIBLE_CALLS, view.document.span((*view.step.path, "from")), told, help=help_)
        return False
    completions = [name for name, prompt in source.loaded.items() if prompt.messages is None]
    if completions and view.option("as") == "chat" and not view.given("messages"):
        span = view.document.span(view.path("as")) if view.given("as") else view.document.key_span(view.step.path)
        told = f"step `{source.step.name}` sends a completion prompt, which has no messages for a chat"
        view.sink.report(IMPOSSIBLE_CALLS, span, told, help="write `as: completion`")
    return True


def _why_none(source: StepView, view: StepView) -> tuple[str, str] | None:
    """Why a step has no calls that could be written, and what to do; None when it has some."""
    name, kind = source.step.name, KINDS[source.step.kind]
    if kind.name == "pipeline":
        help_ = "write an output of `calls` in that pipeline, and run it by itself"
        return f"step `{name}` is another pipeline, whose calls are not known here", help_
    if kind.name == "loop":
        return f"step `{name}` is a loop: the calls of its rounds cannot be written", _RENDER
    if not kind.asks_model or (kind.single and not source.given("model")):
        asking = [other.name for other in view.spec.steps.values() if _tells(other.kind)]
        listed = ", ".join(f"`{other}`" for other in asking)
        help_ = f"steps with calls are {listed}" if asking else "write `format: jsonl`"
        return f"step `{name}` asks no model, so it has no calls", help_
    if not kind.tells_calls:
        return f"the calls of a `{kind.name}` step cannot be written: several make up one row", _RENDER
    return None


def _tells(kind: str) -> bool:
    return kind in KINDS and KINDS[kind].tells_calls


def _check_reached(view: StepView, source: str) -> None:
    name, span = view.option("reached"), view.document.span(view.path("reached"))
    steps = view.spec.steps
    if name not in steps:
        near = did_you_mean(name, steps)
        listed = ", ".join(f"`{step}`" for step in steps)
        notes = () if near else (f"steps are {listed}",)
        view.sink.report(UNKNOWN_STEP, span, f"there is no step `{name}`", notes=notes, help=near)
    elif name == source:
        told = f"every row that leaves step `{source}` has reached it"
        view.sink.report(IMPOSSIBLE_CALLS, span, told, help="name a later step, or remove `reached`")
    elif name not in _after(view.spec, source):
        told = f"no row of step `{source}` comes to step `{name}`"
        later = ", ".join(f"`{step}`" for step in steps if step in _after(view.spec, source))
        help_ = f"steps that its rows come to are {later}" if later else "remove `reached`"
        view.sink.report(IMPOSSIBLE_CALLS, span, told, help=help_)


def _after(spec: PipelineSpec, source: str) -> set[str]:
    """The steps that rows of a step come to by way of `from`."""
    found: set[str] = set()
    waiting = [source]
    while waiting:
        taken = waiting.pop()
        following = {step.name for step in spec.steps.values() if taken in step.inputs} - found
        found |= following
        waiting += following
    return found

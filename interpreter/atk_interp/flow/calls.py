"""The check of an output of calls: whose calls they are, and what its messages may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from atk_interp.diagnostics import did_you_mean
from atk_interp.document import Path
from atk_interp.expressions.types import INT, TEXT, ListType, RecordType
from atk_interp.flow.edges import concatenated
from atk_interp.graph import UNKNOWN_STEP
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import StepView
from atk_interp.kinds.base.codes import IMPOSSIBLE_CALLS
from atk_interp.kinds.base.nested import NestedRows
from atk_interp.spec import PipelineSpec

__all__ = ["CALL", "asked_by", "check_calls"]

CALL = RecordType(
    {
        "step": TEXT,
        "messages": ListType(RecordType({"role": TEXT, "content": TEXT})),
        "reply": TEXT,
        "attempt": INT,
    }
)
"""What the name `call` holds in the messages of such an output, and in its `where`."""

Views = Mapping[str, StepView]
_Found = tuple[str, StepView]
"""A step by its name, which begins with those of the steps that it is part of."""


def asked_by(view: StepView, views: Views) -> list[StepView]:
    """The steps whose calls an output has, as they were checked; it then sees their rows. Reports nothing."""
    named = _named(view)
    found = [_step(name, views) for name, _ in named]
    asked = [inner for each in found if each is not None for _, inner in _telling(*each)]
    if asked and all(each.passing is not None for each in asked):
        view.input = concatenated(each.passing[1] for each in asked if each.passing is not None)
    return asked


def check_calls(view: StepView, asked: Sequence[StepView], views: Views) -> None:
    """Check an output of the calls of some steps, which `asked_by` has found."""
    view.value("distinct")
    if view.given("messages"):
        view.messages(view.path("messages"), view.row_scope({"call": CALL}), trains=True)
    source = view.step.inputs[0]
    if source not in views:
        return  # it is broken, or not there, which is told
    known = [_check_named(view, name, path, views) for name, path in _named(view)]
    if not all(known):
        return
    _check_completions(view, asked)
    if view.given("reached"):
        _check_reached(view, source)


def _named(view: StepView) -> list[tuple[str, Path]]:
    """The steps whose calls are wanted, by their names, and where these stand."""
    listed = view.option("steps") if view.given("steps") else None
    if isinstance(listed, list):
        return [(str(name), (*view.path("steps"), index)) for index, name in enumerate(listed)]
    return [(view.step.inputs[0], (*view.step.path, "from"))]


def _step(name: str, views: Views) -> _Found | None:
    """The step of a name, which may be one within another pipeline or within a loop."""
    if name in views:
        return name, views[name]
    head, _, rest = name.partition(".")
    nested = views[head].nested if head in views else None
    found = _step(rest, nested.analysis.views) if rest and isinstance(nested, NestedRows) else None
    return (name, found[1]) if found is not None else None


def _telling(name: str, view: StepView) -> Iterator[_Found]:
    """The steps with calls that can be written: a step itself, or those within it that its rows come from."""
    kind = KINDS[view.step.kind]
    if isinstance(view.nested, NestedRows):
        analysis = view.nested.analysis
        leading = analysis.graph.leading_to(view.nested.source)
        for inner in analysis.spec.steps:
            if inner in leading and inner in analysis.views:
                yield from _telling(f"{name}.{inner}", analysis.views[inner])
    for within in view.inner:
        yield from _telling(f"{name}.{within.step.name}", within)
    if kind.tells_calls and (not kind.single or view.given("model")):
        yield name, view


def _check_named(view: StepView, name: str, path: Path, views: Views) -> bool:
    """Whether a step is there, has calls, and gives rows to the step under `from`; reports when not."""
    found, span = _step(name, views), view.document.span(path)
    if found is None:
        listed = [each for known in views for each in (known, *(inner for inner, _ in _telling(known, views[known])))]
        near = did_you_mean(name, listed)
        notes = () if near else ("steps are " + ", ".join(f"`{step}`" for step in dict.fromkeys(listed)),)
        view.sink.report(UNKNOWN_STEP, span, f"there is no step `{name}`", notes=notes, help=near)
        return False
    why = _why_none(*found, view, views)
    if why is not None:
        view.sink.report(IMPOSSIBLE_CALLS, span, why[0], help=why[1])
        return False
    source, head = view.step.inputs[0], name.partition(".")[0]
    if head != source and source not in _after(view.spec, head, sides=True):
        told = f"no row of step `{source}`, which stands under `from`, comes from step `{head}`"
        view.sink.report(IMPOSSIBLE_CALLS, span, told, help=f"name a step before `{source}`, or change `from`")
        return False
    return True


def _why_none(name: str, source: StepView, view: StepView, views: Views) -> tuple[str, str] | None:
    """Why a step has no calls that could be written, and what to do; None when it has some."""
    if any(True for _ in _telling(name, source)):
        return None
    if isinstance(source.nested, NestedRows) or source.inner:
        return f"no step within `{name}` asks a model, so it has no calls", "write `format: jsonl`"
    kind = KINDS[source.step.kind]
    if kind.asks_model and not kind.tells_calls:
        help_ = "write `format: chat`, with `messages` over the fields of its rows"
        return f"the calls of a `{kind.name}` step cannot be written", help_
    asking = [step for step in view.spec.steps if step in views and any(True for _ in _telling(step, views[step]))]
    before = [step for step in asking if view.step.inputs[0] in _after(view.spec, step, sides=True)]
    listed = ", ".join(f"`{step}`" for step in before or asking)
    help_ = f"write `steps: [{', '.join(before)}]`" if before else f"steps with calls are {listed}"
    return f"step `{name}` asks no model, so it has no calls", help_ if asking else "write `format: jsonl`"


def _check_completions(view: StepView, asked: Sequence[StepView]) -> None:
    """Report a completion prompt whose calls are to be written as a chat."""
    if view.option("as") != "chat" or view.given("messages"):
        return
    for source in asked:
        if any(prompt.messages is None for prompt in source.loaded.values()):
            span = view.document.span(view.path("as")) if view.given("as") else view.document.key_span(view.step.path)
            told = f"step `{source.step.name}` sends a completion prompt, which has no messages for a chat"
            view.sink.report(IMPOSSIBLE_CALLS, span, told, help="write `as: completion`")
            return


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


def _after(spec: PipelineSpec, source: str, *, sides: bool = False) -> set[str]:
    """The steps that rows of a step come to by way of `from`; with `sides` also by another key that names steps."""
    found: set[str] = set()
    waiting = [source]
    while waiting:
        taken = waiting.pop()
        following = {
            step.name
            for step in spec.steps.values()
            if taken in step.inputs or (sides and any(taken in named for named in step.sides.values()))
        } - found
        found |= following
        waiting += following
    return found

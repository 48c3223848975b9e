"""What to say of a name that is not known at a step: what is known there, and where the name is to be had."""

from __future__ import annotations

from collections.abc import Iterable

from atk_interp.kinds.base.seen import Seen

__all__ = ["explained"]


def explained(view: Seen, name: str) -> tuple[tuple[str, ...], str | None]:
    """Notes and help for a name that is not known at this step."""
    what = "output" if view.step.path[0] == "outputs" else "step"
    fields = ", ".join(f"`{field_}`" for field_ in view.input.fields) or "no fields"
    came = " and ".join(f"`{source}`" for source in view.step.inputs)
    notes = (f"{what} `{view.step.name}` receives {fields}" + (f" from {came}" if came else ""),)
    if view.input is view.asks_about:
        notes = (f"the prompts of step `{view.step.name}` see {fields}",)
    if view.seen_by:
        notes = (f"`{view.seen_by}` of step `{view.step.name}` sees the fields of its own row: {fields}",)
    if name in view.hints:
        return notes, view.hints[name]
    if name in view.providers and view.providers[name] != view.step.name:
        return notes, _written_elsewhere(view, name, view.providers[name])
    if name in view.spec.steps and view.spec.steps[name].kind == "once":
        return notes, f"`{name}` is a `once` step; write `use: {name}` to name its fields here"
    if name in view.spec.steps:
        return notes, f"`{name}` is a step; use one of its fields"
    return notes, None


def _written_elsewhere(view: Seen, name: str, provider: str) -> str:
    """Where a field is to be had that the rows here lack."""
    if provider in view.constants:
        return f"write `{provider}.{name}`"
    between = _before(view, view.step.inputs) - {provider}
    after = [step for step in between if provider in _before(view, view.spec.steps[step].inputs)]
    written = f"`{name}` is written by step `{provider}`"
    if not after:
        return f"{written}, which does not lead here"
    return f"{written}, and " + (
        f"step `{after[0]}` does not hand it on" if len(after) == 1 else "a step between does not hand it on"
    )


def _before(view: Seen, inputs: Iterable[str]) -> set[str]:
    """The steps that lead to some inputs, and these."""
    found: set[str] = set()
    waiting = [*inputs]
    while waiting:
        name = waiting.pop()
        if name in view.spec.steps and name not in found:
            found.add(name)
            waiting += view.spec.steps[name].inputs
    return found

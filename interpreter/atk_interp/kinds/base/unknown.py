"""What to say of a name that is not known at a step: what is known there, and where the name is to be had."""

from __future__ import annotations

import re
from collections.abc import Iterable

from atk_interp.diagnostics import did_you_mean
from atk_interp.kinds.base.seen import Seen
from atk_interp.patterns import pattern
from atk_interp.spec import Step

__all__ = ["explained"]

_RECORDS = pattern(r"\.(?:jsonl?|csv|tsv|parquet|arrow)(?:\.\w+)?$", re.IGNORECASE)
"""Names of files that hold records."""


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
    return notes, _to_declare(view, name)


def _to_declare(view: Seen, name: str) -> str | None:
    """What to say of a name that may be a field of records which their step has not declared."""
    if did_you_mean(name, (*view.input.fields, *view.spec.params)) is not None:
        return None
    steps = [view.spec.steps[source] for source in sorted(_before(view, view.step.inputs))]
    reading = [f"`{step.name}`" for step in steps if step.kind == "read" and _reads_records(step)]
    if not reading:
        return None
    told = f"`{name}: text`, or `{name}: {{type: text, optional: true}}` if only some have it"
    return f"if the records of {' and '.join(reading)} have it, declare it under `fields` there: {told}"


def _reads_records(step: Step) -> bool:
    return "fields" in step.options or _RECORDS.search(str(step.options.get("path"))) is not None


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

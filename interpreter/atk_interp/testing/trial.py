"""Trying examples: the step as a run would bind it, its own prompt, parser and rules, and replies that are given.

Parameters have the values of the example's `with`, else those of the config, else their defaults. `when` plays no
part: an example is about what the step makes of a reply. Where `given` has all fields that the prompt names the prompt
is filled in, and fails the example when it cannot be; otherwise the step asks with an empty one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import show_path
from atk_interp.expressions.types import MaybeType
from atk_interp.flow import Analysis
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import (
    BoundStep,
    CallStep,
    StepExample,
    StepStopped,
    StepView,
    draw_sites,
    examples_of,
    rejecting,
)
from atk_interp.lint import Linted
from atk_interp.lint.check import check_file
from atk_interp.pipeline import InvalidSpec, Pipeline
from atk_interp.records import dataclass
from atk_interp.source import MappedText, Span
from atk_interp.spec import BUILT_IN_NAMES, Config, EndpointConfig
from atk_interp.templates import Prompt, RenderError, compile_template
from atk_interp.testing.difference import Difference
from atk_interp.testing.stage import Stage, TooFewReplies
from atk_interp.testing.verdict import Verdict, verdict
from atk_interp.values import Row, Value, root_id

__all__ = ["Trial", "try_examples", "try_linted"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One example, tried. `problem` is one sentence, and empty when the example holds.

    `unfilled` names the fields for want of which the prompt was not filled in.
    """

    pipeline: str
    step: str
    number: int
    place: Span
    problem: str = ""
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    unfilled: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.problem

    def __str__(self) -> str:
        return f"{self.step}-{self.number}"

    def told(self) -> str:
        """The example with its place and what is wrong, in lines; `-` is expected, `+` was read."""
        begin = self.place.begin
        head = f"{self.place.file.path}:{begin.line}:{begin.column}: example {self.number} of step `{self.step}`"
        lines = [f"{head}: {self.problem or 'it holds'}"]
        lines += [difference.told() for difference in self.differences]
        lines += [f"  = note: {note}" for note in self.notes]
        return "\n".join(lines)


def try_examples(path: str | Path) -> list[Trial]:
    """Try every example of a spec, or of a config's spec with the values of the config, in the order of the file.

    Asks no model and reads no ledger. Raises `InvalidSpec` when the spec has errors.
    """
    checked = check_file(Path(path), complete=False)
    linted = checked.linted[0]
    if linted.analysis is None or checked.report.stopping:
        raise InvalidSpec(checked.report.everything)
    return try_linted(linted)


def try_linted(linted: Linted) -> list[Trial]:
    """As `try_examples`, of what is free of errors already."""
    assert linted.analysis is not None
    pipeline = Pipeline(linted.analysis, linted.config)
    rehearsal = _Rehearsal(linted.analysis, pipeline.defaults(), linted.config)
    return asyncio.run(rehearsal.all())


class _Rehearsal:
    """One spec with the values that its examples are tried with."""

    def __init__(self, analysis: Analysis, params: Mapping[str, Value], config: Config | None) -> None:
        self.analysis = analysis
        self.params = params
        self.seed = config.seed if config is not None else 0
        self.origin = config.document.file.path if config is not None else None
        self.sites = draw_sites([*analysis.in_file_order(), *analysis.outputs.values()])
        endpoint = EndpointConfig(provider="scripted", model="example")
        self.endpoints = dict.fromkeys(analysis.spec.models, endpoint)

    async def all(self) -> list[Trial]:
        return [
            await self._trial(view, example, number)
            for view in self.analysis.in_file_order()
            if any(option.name == "examples" for option in view.options)
            for number, example in enumerate(examples_of(view), 1)
        ]

    async def _trial(self, view: StepView, example: StepExample, number: int) -> Trial:
        unfilled = _unfilled(view, example)
        found = await self._verdict(view, example, unfilled)
        notes = found.notes
        unsaid = sorted(
            _used_by_rules(view) & (view.asked.fields.keys() | view.constants.keys()) - example.given.keys()
        )
        if unsaid and found.problem:
            listed = ", ".join(f"`{name}`" for name in unsaid)
            notes = (*notes, f"the rules of the step use {listed}, which `given` does not have: null here")
        if found.problem and self.origin is not None:
            notes = (*notes, f"tried with the values and prompts of `{self.origin}`")
        place = view.document.head_span(example.path)
        name = self.analysis.spec.name
        return Trial(name, view.step.name, number, place, found.problem, found.differences, notes, unfilled)

    async def _verdict(self, view: StepView, example: StepExample, unfilled: tuple[str, ...]) -> Verdict:
        params = {**self.params, **example.params}
        used = _used_by_rules(view) | (set() if unfilled else _used_by_prompts(view))
        for name in sorted(used & view.spec.params.keys()):
            if params[name] is None and view.spec.params[name].required:
                return Verdict(f"parameter `{name}` has no value; give it under `with:`")
        row = Row(root_id(dict(example.given), 0), "example", (0,), example.given)
        staged = _staged(view, blank=bool(unfilled))
        step = BoundStep(staged, params, self.seed, self.endpoints, self.analysis.folder, None, self.sites)
        try:
            for prompt in staged.loaded.values():
                prompt.renderer()({**dict.fromkeys(view.asked.fields), **step.names(row)})
        except RenderError as error:
            return Verdict(f"the prompt cannot be filled in: {error}")
        stage = Stage(example)
        try:
            runner = rejecting(KINDS[view.step.kind].rehearsed(step))
            assert isinstance(runner, CallStep)
            made = await runner.apply(row, stage)
        except (StepStopped, TooFewReplies, ExceptionGroup) as error:
            cause = _first(error)
            if not isinstance(cause, StepStopped | TooFewReplies):
                raise
            return Verdict(str(cause))
        return verdict(example, made, stage.refusals)


def _staged(view: StepView, *, blank: bool) -> StepView:
    """The step as an example sees it: what is rejected is told as that, and a prompt that lacks fields is empty."""
    options: dict[str, Any] = dict(view.step.options)
    if "on_reject" in options:
        options["on_reject"] = "drop"
    empty = compile_template(MappedText.detached(""), Sink())
    loaded = {name: Prompt(prompt.name, prompt.file, completion=empty) for name, prompt in view.loaded.items()}
    return replace(view, step=replace(view.step, options=options), loaded=loaded if blank else view.loaded)


def _unfilled(view: StepView, example: StepExample) -> tuple[str, ...]:
    """The fields that the prompt needs and the example does not give; one that may be null anyway is no need."""
    known = {*example.given, *view.spec.params, *BUILT_IN_NAMES}
    known |= {name for name, type_ in view.asked.fields.items() if isinstance(type_, MaybeType)}
    return tuple(sorted(_used_by_prompts(view) - known))


def _used_by_prompts(view: StepView) -> set[str]:
    return {name for prompt in view.loaded.values() for name in prompt.names()}


def _used_by_rules(view: StepView) -> set[str]:
    """The names in the expressions of a step that play a part in an example."""
    idle = ("when", "constrain")
    return {
        name
        for path, expression in view.expressions.items()
        if not show_path(path[2:]).startswith(idle)
        for name in expression.names
    }


def _first(error: Exception) -> Exception:
    """What went wrong in a group of tasks: votes and samples are asked for side by side."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error

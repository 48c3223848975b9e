"""From an analysed spec and the values of a run to a `Plan`.

Pipelines within it and the steps of loops become steps of the same plan, named after the step that they are part of:
`facts.passages` is step `passages` of the pipeline that step `facts` uses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Any

from atk_interp.flow import Analysis
from atk_interp.foreign import REFUSED_HELP, is_refused
from atk_interp.installed import failure, given_by
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import (
    BoundStep,
    CallStep,
    Closure,
    Dropped,
    PureStep,
    RowFailed,
    Runner,
    SourceStep,
    StepStopped,
    StepView,
    draw_sites,
    rejecting,
    stop_rule,
)
from atk_interp.kinds.base.goals import Wanted, wanted
from atk_interp.kinds.base.guarded import guarded
from atk_interp.kinds.base.handing import misfit
from atk_interp.kinds.base.matrix import paired
from atk_interp.kinds.base.nested import Collected, Inlined, Looped, Result, Variant
from atk_interp.plan.checks import PlannedCheck, planned_checks, within
from atk_interp.plan.goals import planned_goal
from atk_interp.plan.identity import digest, step_identity
from atk_interp.plan.model import MOST_ROUNDS, Loop, Plan, PlannedOutput, PlannedStep
from atk_interp.plan.outputs import planned_output
from atk_interp.records import dataclass
from atk_interp.spec import EndpointConfig
from atk_interp.templates import Prompt
from atk_interp.values import Row, Value, content_hash

__all__ = ["compile_plan"]


def compile_plan(
    analysis: Analysis,
    params: Mapping[str, Value],
    endpoints: Mapping[str, EndpointConfig],
    *,
    seed: int = 0,
    rows: Sequence[Mapping[str, Value]] | None = None,
) -> Plan:
    """The plan of a run. The analysis must be free of errors; every parameter and slot must have a value.

    `rows` are for an `input` step. Raises `StepStopped` when a value makes a step impossible.
    """
    handed = None if rows is None else [dict(row) for row in rows]
    scope = _Scope(analysis, params, endpoints, {slot: slot for slot in endpoints}, seed, handed)
    steps = _Steps()
    steps.add(scope, set(analysis.spec.steps))
    outputs = {
        name: planned_output(
            scope.bound(view), analysis.spec.outputs[name], analysis.spec.outputs[name].source, steps.planned
        )
        for name, view in analysis.outputs.items()
    }
    steps.set_goals(outputs)
    _refuse_python(steps.python)
    for view in analysis.outputs.values():
        steps.note_prompts(view)
    return Plan(
        analysis.spec,
        steps.planned,
        outputs,
        params,
        endpoints,
        seed,
        dict(sorted(steps.prompts.items())),
        dict(sorted(steps.specs.items())),
        dict(sorted(steps.python.items())),
        content_hash("atk-handed-v1", handed) if handed is not None else "",
        checks=[*planned_checks(analysis, params, seed), *steps.checks],
    )


@dataclass(frozen=True)
class _Entry:
    """How rows come into a pipeline that is a step: from where, which of them, and where the others go."""

    inputs: tuple[str, ...]
    step: BoundStep
    when: Closure | None
    passed_by: str
    uses: tuple[str, ...]
    learn: Callable[[str, Mapping[str, Value]], None]
    into: str | None
    """The source whose place the rows take; the `input` when not given."""
    variant: Variant
    others: Sequence[Callable[[Row], Any]] | None
    """Which rows the other combinations take, for the first of them: at this one those are lost that none takes."""

    def is_at(self, view: StepView) -> bool:
        """Whether the rows come in at a step."""
        return view.step.kind == "input" if self.into is None else view.step.name == self.into


@dataclass(frozen=True)
class _Scope:
    """One pipeline with its values. `slots` are the slots of the run that answer for its own.

    `repeat` is how often it was used with the same values before.
    """

    analysis: Analysis
    params: Mapping[str, Value]
    endpoints: Mapping[str, EndpointConfig]
    slots: Mapping[str, str]
    seed: int
    rows: list[dict[str, Value]] | None = None
    prefix: str = ""
    entry: _Entry | None = None
    repeat: int = 0
    sites: dict[tuple[str | int, ...], str] = field(default_factory=dict)

    def bound(self, view: StepView, rounds: int = 0, within: str = "") -> BoundStep:
        if not self.sites:
            self.sites.update(draw_sites([*self.analysis.in_file_order(), *self.analysis.outputs.values()]))
        return BoundStep(
            view,
            self.params,
            self.seed,
            self.endpoints,
            self.analysis.folder,
            self.rows,
            self.sites,
            within or self.prefix,
            self.repeat,
            rounds,
        )

    def outputs(self, known: Mapping[str, PlannedStep]) -> dict[str, PlannedOutput]:
        """The outputs of the pipeline that have rows of `known` steps; as a step of another one it writes none."""
        return {
            name: planned_output(
                self.bound(view), self.analysis.spec.outputs[name], self.prefix + view.step.inputs[0], known
            )
            for name, view in self.analysis.outputs.items()
            if self.prefix + view.step.inputs[0] in known
        }

    def full(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names of steps as the plan has them."""
        return tuple(self.prefix + name for name in names)

    def learning(self, *learners: BoundStep) -> Callable[[str, Mapping[str, Value]], None]:
        """Tells steps the value of another one, which they know by its name in their own pipeline."""

        def learn(name: str, fields: Mapping[str, Value]) -> None:
            for learner in learners:
                learner.learn(name.removeprefix(self.prefix), fields)

        return learn


@dataclass(frozen=True)
class _Place:
    """Where a step stands in the plan: see `PlannedStep`. `learners` are to be told the values of `uses` with it."""

    inputs: tuple[str, ...]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    inside: str = ""
    limits: tuple[int, ...] = ()
    learners: Sequence[BoundStep] = ()


class _Steps:
    """The steps of a plan while it is made, and the hashes of the specs and prompts that they come from."""

    def __init__(self) -> None:
        self.planned: dict[str, PlannedStep] = {}
        self.prompts: dict[str, str] = {}
        self.specs: dict[str, str] = {}
        self.python: dict[str, str] = {}
        self.checks: list[PlannedCheck] = []
        self.used: dict[str, list[tuple[_Scope, Inlined, Variant]]] = {}
        """The pipelines that steps use, once for each combination, by the name of the step."""
        self.wanted: list[tuple[str, Wanted, _Scope]] = []
        """The sources that give rows until enough of them have come through."""

    def add(self, scope: _Scope, wanted: set[str]) -> None:
        """The steps of a pipeline that are wanted, in topological order."""
        file = scope.analysis.spec.document.file
        self.specs[file.path] = hashlib.sha256(file.text.encode()).hexdigest()
        for name in scope.analysis.graph.order:
            if name in wanted and scope.prefix + name not in self.planned:
                self._add(scope, scope.analysis.views[name])

    def _add(self, scope: _Scope, view: StepView) -> None:
        step = scope.bound(view)
        graph, local = scope.analysis.graph, view.step.name
        if scope.entry is not None and scope.entry.is_at(view):
            self._put(_entering(scope, step, scope.entry))
            return
        made = _bound(step)
        sides = {key: scope.full(names) for key, names in graph.sides[local].items()}
        inputs, uses = scope.full(graph.inputs[local]), sides.pop("use", ())
        place = _Place(inputs, sides, uses)
        if isinstance(made, Inlined):
            self._add_pipeline(scope, step, made, place)
        elif isinstance(made, Result):
            self._add_result(scope, step, made)
        elif isinstance(made, Looped):
            self._add_loop(scope, step, made, place)
        elif isinstance(made, Collected):
            self._add_collected(scope, step, made, place)
        else:
            self._put(self._plain(scope, step, made, place))

    def set_goals(self, outputs: Mapping[str, PlannedOutput]) -> None:
        """Say of the sources that want enough rows what they count. `outputs` are those of the whole plan."""
        for name, wanted_, scope in self.wanted:
            own = outputs if not scope.prefix else scope.outputs(self.planned)
            goal = planned_goal(name, wanted_, scope.prefix, self.planned, own)
            self.planned[name] = replace(self.planned[name], goal=goal, identity=None)

    def _plain(self, scope: _Scope, step: BoundStep, runner: Runner, place: _Place) -> PlannedStep:
        """A step that is one in the plan."""
        wanted_ = wanted(step)
        if wanted_ is not None:
            self.wanted.append((step.name, wanted_, scope))
        kind = KINDS[step.view.step.kind]
        asks = tuple(scope.slots[slot] for slot in step.view.used_slots) if kind.asks_model else ()
        self.note_prompts(step.view)
        self.python.update({f"{step.name}: {used.reference}": used.digest for used in step.view.functions.values()})
        return PlannedStep(
            name=step.name,
            kind=kind.name,
            inputs=place.inputs,
            runner=rejecting(runner),
            names=step.names,
            when=_when(step),
            others=place.others,
            uses=place.uses,
            inside=place.inside,
            limits=place.limits,
            slot=asks[0] if asks else None,
            asks=asks,
            slots=scope.slots,
            prompt=_prompt(step, runner),
            learn=scope.learning(step),
            stops=stop_rule(step),
            single=kind.single,
            repeat=step.repeat,
            stride=runner.samples if isinstance(runner, CallStep) else 1,
            identity=partial(step_identity, step),
            files=step.files,
        )

    def note_prompts(self, view: StepView) -> None:
        """Note the hashes of the prompt files that a step or output uses."""
        for prompt in view.loaded.values():
            for path, text in prompt.files.items():
                self.prompts[path] = hashlib.sha256(text.encode()).hexdigest()

    def _put(self, step: PlannedStep) -> None:
        depth = 1 + max((self.planned[name].depth for name in step.upstream), default=-1)
        self.planned[step.name] = replace(step, depth=depth)

    def _add_collected(self, scope: _Scope, step: BoundStep, made: Collected, place: _Place) -> None:
        """A step that brings rows together, and after it the one of the name, which asks about what comes of them."""
        gathers, asks = self._plain(scope, step, made.gather, place), self._plain(scope, step, made.ask, place)
        name = f"{step.name}.groups"
        identity = partial(step_identity, step, made.keys)
        self._put(replace(gathers, name=name, slot=None, asks=(), prompt=None, stops=None, identity=identity))
        is_made = partial(_has, made.mark)
        self._put(replace(asks, inputs=(name,), others={}, uses=(), when=is_made))

    def _add_pipeline(self, scope: _Scope, step: BoundStep, made: Inlined, place: _Place) -> None:
        """The steps of another pipeline, once for each variant, and the step itself as their end."""
        uses = self.used[step.name] = []
        if not made.variants:
            self._put_nothing(step)
            return
        if not made.variants[0].chosen:
            self._add_variant(scope, step, made, made.variants[0], place, step.name)
            return
        names = [f"{step.name}.{number}" for number, _ in enumerate(made.variants, 1)]
        for name, variant in zip(names, made.variants, strict=True):
            self._add_variant(scope, step, made, variant, place, name)
        assert len(uses) == len(names)
        self._put_together(step, "pipeline", names)

    def _put_nothing(self, step: BoundStep) -> None:
        """A step that gives no rows."""
        nothing = SourceStep(lambda context: iter(()), lambda: ())
        identity = partial(digest, "atk-nothing-v1", step.name)
        self._put(PlannedStep(step.name, step.view.step.kind, (), nothing, step.names, identity=identity))

    def _put_together(self, step: BoundStep, kind: str, names: Sequence[str]) -> None:
        """A step that gives the rows of some others, one after the other."""
        whole = PureStep(lambda row: (row,))
        identity = partial(digest, "atk-variants-v1", step.name)
        self._put(PlannedStep(step.name, kind, tuple(names), whole, step.names, identity=identity))

    def _add_result(self, scope: _Scope, step: BoundStep, made: Result) -> None:
        """Further rows of a pipeline that is there already, and the steps that only these come from."""
        uses = self.used[scope.prefix + made.of]
        if not uses:
            self._put_nothing(step)
            return
        numbered = bool(uses[0][2].chosen)
        names = [f"{step.name}.{number}" if numbered else step.name for number, _ in enumerate(uses, 1)]
        for name, (inner, inlined, variant) in zip(names, uses, strict=True):
            self.add(inner, variant.analysis.graph.leading_to(made.source))
            self._put_end(inner, replace(inlined, source=made.source, output=made.output), variant, step, name)
        if numbered:
            self._put_together(step, "result", names)

    def _add_variant(
        self, scope: _Scope, step: BoundStep, made: Inlined, variant: Variant, place: _Place, name: str
    ) -> None:
        """The steps of another pipeline that lead to the rows that come out, and a step of the name as their end."""
        others = [each.takes for each in made.variants if each.takes is not None and each is not variant]
        inner = _Scope(
            variant.analysis,
            variant.params,
            {slot: scope.endpoints[outer] for slot, outer in made.slots.items()},
            {slot: scope.slots[outer] for slot, outer in made.slots.items()},
            _seed_of(scope.seed, variant.repeat),
            prefix=name + ".",
            entry=_Entry(
                place.inputs,
                step,
                _when(step),
                name,
                place.uses,
                scope.learning(step),
                made.into,
                variant,
                others if variant is made.variants[0] else None,
            ),
            repeat=paired(scope.repeat, variant.repeat),
        )
        self.used[step.name].append((inner, made, variant))
        self.add(inner, variant.analysis.graph.leading_to(made.source))
        self._put_end(inner, made, variant, step, name)
        for check in planned_checks(inner.analysis, inner.params, inner.seed):
            known = within(check, name, self.planned.__contains__, made.output)
            self.checks += [known] if known is not None else []

    def _put_end(self, inner: _Scope, made: Inlined, variant: Variant, step: BoundStep, name: str) -> None:
        """Where rows come out of another pipeline."""
        entry = next((known for known in self.planned if self.planned[known].passed_by == name), "")
        self._put(
            PlannedStep(
                name=name,
                kind=step.view.step.kind,
                inputs=inner.full([made.source]),
                runner=rejecting(_leaving(inner, made, variant.chosen)),
                names=step.names,
                passes=entry,
                identity=partial(_identity_of_end, inner, made, variant.chosen, name),
            )
        )

    def _add_loop(self, scope: _Scope, step: BoundStep, made: Looped, place: _Place) -> None:
        """A loop, and after it the steps that a row goes through in each of its rounds."""
        body = [scope.bound(view, step.rounds + 1, step.name + ".") for view in made.body]
        learners = [*place.learners, step, made.ending, *body]
        loop = Loop(body[0].name, body[-1].name, made.until, made.max_rounds, made.exhausted, made.label)
        self._put(
            PlannedStep(
                name=step.name,
                kind="loop",
                inputs=place.inputs,
                runner=loop,
                names=step.names,
                when=_when(step),
                uses=place.uses,
                learn=scope.learning(*learners),
                inside=place.inside,
                limits=place.limits,
                identity=partial(step_identity, step),
            )
        )
        within = _Place((), inside=step.name, limits=(*place.limits, made.max_rounds or MOST_ROUNDS))
        for inner in body:
            bound = _bound(inner)
            if isinstance(bound, Looped):
                self._add_loop(scope, inner, bound, replace(within, learners=learners))
            elif not isinstance(bound, Inlined | Collected | Result):
                self._put(self._plain(scope, inner, bound, within))
            within = replace(within, inputs=(inner.name,))


def _bound(step: BoundStep) -> Runner | Inlined | Looped | Collected | Result:
    """The step ready to run; one of a kind that a package adds tells of the package when it fails."""
    name = step.view.step.kind
    if given_by(KINDS, name) is None:
        return KINDS[name].bind(step)
    told = partial(failure, KINDS, name)
    try:
        made = KINDS[name].bind(step)
    except Exception as error:
        if (words := told(error)) is None:
            raise
        raise StepStopped(f"step `{step.name}`: {words}", "tell those who make the package") from error
    return made if isinstance(made, Inlined | Looped | Collected | Result) else guarded(made, told)


def _prompt(step: BoundStep, runner: Runner) -> Callable[[Mapping[str, Any]], Prompt] | None:
    """Which prompt a call of the step has."""
    if isinstance(runner, CallStep) and runner.prompt is not None:
        return runner.prompt
    only = step.view.loaded.get("prompt")
    return None if only is None else lambda names: only


def _has(name: str, names: Mapping[str, object]) -> bool:
    return name in names


def _refuse_python(used: Collection[str]) -> None:
    """Raise `StepStopped` when steps need Python and it is refused, naming all of them."""
    if used and is_refused():
        listed = ", ".join(f"`{name}` (`{function}`)" for name, function in (each.split(": ", 1) for each in used))
        raise StepStopped(f"Python is refused, and is needed by {listed}", REFUSED_HELP)


def _when(step: BoundStep) -> Closure | None:
    path = step.view.step.option_path("when")
    return step.rule(path) if path in step.view.expressions else None


def _entering(scope: _Scope, step: BoundStep, entry: _Entry) -> PlannedStep:
    """The step at which rows come into a pipeline that is a step, with the fields that it declares."""
    fields = scope.analysis.fields[step.view.step.name]
    told = not fields.open if entry.into is not None else step.view.given("fields")
    declared = fields.fields if told else None
    takes = entry.variant.takes
    where = entry.step.view.expressions.get(entry.step.view.path("where"))

    def cut(row: Row) -> tuple[Row] | Dropped:
        if takes is not None and where is not None and not takes(row):
            return Dropped(row, "filtered", f"where: {where.text.value.strip()}")
        if declared is None:
            return (row,)
        wrong = misfit(declared, row.fields)
        if wrong is not None:
            return Dropped(row, "rejected", wrong)
        return (row.replaced({name: row.fields[name] for name in declared if name in row.fields}),)

    return PlannedStep(
        name=step.name,
        kind=step.view.step.kind,
        inputs=entry.inputs,
        runner=rejecting(PureStep(cut)),
        takes=partial(_comes_in, takes, entry.others) if takes is not None else None,
        names=entry.step.names,
        when=entry.when,
        uses=entry.uses,
        learn=entry.learn,
        passed_by=entry.passed_by if entry.when is not None else "",
        identity=lambda: digest(
            "atk-entry-v1",
            [
                step_identity(step),
                step_identity(entry.step, ["when", "where"]),
                dict(entry.variant.chosen) if takes is not None else {},
            ],
        ),
    )


def _comes_in(takes: Callable[[Row], Any], others: Sequence[Callable[[Row], Any]] | None, row: Row) -> bool:
    """Whether a row comes in for a combination. To the first one comes what none takes, and is lost there."""
    try:
        if takes(row):
            return True
    except RowFailed:
        return others is not None
    return others is not None and not any(_holds(other, row) for other in others)


def _holds(takes: Callable[[Row], Any], row: Row) -> bool:
    try:
        return bool(takes(row))
    except RowFailed:
        return False


def _seed_of(seed: int, repeat: int) -> int:
    """The seed of a pipeline that was used with the same values so often before."""
    return int(content_hash("atk-repeat-v1", [seed, repeat])[:8], 16) if repeat else seed


def _identity_of_end(scope: _Scope, made: Inlined, chosen: Mapping[str, Value], name: str) -> str:
    """What `_leaving` makes is made of."""
    where = "" if made.output is None else step_identity(scope.bound(scope.analysis.outputs[made.output]), ["where"])
    return digest("atk-end-v1", [name, where, dict(chosen)])


def _leaving(scope: _Scope, made: Inlined, chosen: Mapping[str, Value]) -> PureStep:
    """What comes out of a pipeline that is a step, with the values of its `matrix` as fields."""
    where = None
    label = ""
    if made.output is not None:
        output = scope.bound(scope.analysis.outputs[made.output])
        path = output.view.path("where")
        if path in output.view.expressions:
            where, names = output.rule(path), output.names
            label = f"where: {output.view.expressions[path].text.value.strip()}"

    def leave(row: Row) -> tuple[Row] | Dropped:
        if where is not None and not where(names(row)):
            return Dropped(row, "filtered", label)
        return (row.replaced({**row.fields, **chosen}) if chosen else row,)

    return PureStep(leave)

"""The steps of a plan while it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from atk_interp.kinds import KINDS
from atk_interp.kinds.base import BoundStep, CallStep, PureStep, Runner, SourceStep, StepView, rejecting, stop_rule
from atk_interp.kinds.base.goals import Wanted, wanted
from atk_interp.kinds.base.matrix import paired
from atk_interp.kinds.base.nested import Collected, Inlined, Looped, Result, Variant
from atk_interp.plan.binding import bind, prompt_of, when_of
from atk_interp.plan.checks import PlannedCheck, planned_checks, within
from atk_interp.plan.crossing import entering, identity_of_end, leaving
from atk_interp.plan.goals import planned_goal
from atk_interp.plan.identity import digest, step_identity
from atk_interp.plan.model import MOST_ROUNDS, Loop, PlannedOutput, PlannedStep
from atk_interp.plan.scope import Entry, Place, Scope
from atk_interp.values import content_hash

__all__ = ["Steps"]


class Steps:
    """The steps of a plan while it is made, and the hashes of the specs and prompts that they come from."""

    def __init__(self) -> None:
        self.planned: dict[str, PlannedStep] = {}
        self.prompts: dict[str, str] = {}
        self.specs: dict[str, str] = {}
        self.python: dict[str, str] = {}
        self.checks: list[PlannedCheck] = []
        self.used: dict[str, list[tuple[Scope, Inlined, Variant]]] = {}
        """The pipelines that steps use, once for each combination, by the name of the step."""
        self.wanted: list[tuple[str, Wanted, Scope]] = []
        """The sources that give rows until enough of them have come through."""

    def add(self, scope: Scope, wanted: set[str]) -> None:
        """Plan the steps of a pipeline that are wanted, in topological order."""
        file = scope.analysis.spec.document.file
        self.specs[file.path] = hashlib.sha256(file.text.encode()).hexdigest()
        for name in scope.analysis.graph.order:
            if name in wanted and scope.prefix + name not in self.planned:
                self._add(scope, scope.analysis.views[name])

    def _add(self, scope: Scope, view: StepView) -> None:
        step = scope.bound(view)
        graph, local = scope.analysis.graph, view.step.name
        if scope.entry is not None and scope.entry.is_at(view):
            self._put(entering(scope, step, scope.entry))
            return
        made = bind(step)
        sides = {key: scope.full(names) for key, names in graph.sides[local].items()}
        inputs, uses = scope.full(graph.inputs[local]), sides.pop("use", ())
        place = Place(inputs, sides, uses)
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

    def _plain(self, scope: Scope, step: BoundStep, runner: Runner, place: Place) -> PlannedStep:
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
            when=when_of(step),
            others=place.others,
            uses=place.uses,
            inside=place.inside,
            limits=place.limits,
            slot=asks[0] if asks else None,
            asks=asks,
            slots=scope.slots,
            prompt=prompt_of(step, runner),
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

    def _add_collected(self, scope: Scope, step: BoundStep, made: Collected, place: Place) -> None:
        """A step that brings rows together, and after it the one of the name, which asks about what comes of them."""
        gathers, asks = self._plain(scope, step, made.gather, place), self._plain(scope, step, made.ask, place)
        name = f"{step.name}.groups"
        identity = partial(step_identity, step, made.keys)
        self._put(replace(gathers, name=name, slot=None, asks=(), prompt=None, stops=None, identity=identity))
        is_made = partial(_has, made.mark)
        self._put(replace(asks, inputs=(name,), others={}, uses=(), when=is_made))

    def _add_pipeline(self, scope: Scope, step: BoundStep, made: Inlined, place: Place) -> None:
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

    def _add_result(self, scope: Scope, step: BoundStep, made: Result) -> None:
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
        self, scope: Scope, step: BoundStep, made: Inlined, variant: Variant, place: Place, name: str
    ) -> None:
        """The steps of another pipeline that lead to the rows that come out, and a step of the name as their end."""
        others = [each.takes for each in made.variants if each.takes is not None and each is not variant]
        inner = Scope(
            variant.analysis,
            variant.params,
            {slot: scope.endpoints[outer] for slot, outer in made.slots.items()},
            {slot: scope.slots[outer] for slot, outer in made.slots.items()},
            _seed_of(scope.seed, variant.repeat),
            prefix=name + ".",
            entry=Entry(
                place.inputs,
                step,
                when_of(step),
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

    def _put_end(self, inner: Scope, made: Inlined, variant: Variant, step: BoundStep, name: str) -> None:
        """Where rows come out of another pipeline."""
        entry = next((known for known in self.planned if self.planned[known].passed_by == name), "")
        self._put(
            PlannedStep(
                name=name,
                kind=step.view.step.kind,
                inputs=inner.full([made.source]),
                runner=rejecting(leaving(inner, made, variant.chosen)),
                names=step.names,
                passes=entry,
                identity=partial(identity_of_end, inner, made, variant.chosen, name),
            )
        )

    def _add_loop(self, scope: Scope, step: BoundStep, made: Looped, place: Place) -> None:
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
                when=when_of(step),
                uses=place.uses,
                learn=scope.learning(*learners),
                inside=place.inside,
                limits=place.limits,
                identity=partial(step_identity, step),
            )
        )
        within = Place((), inside=step.name, limits=(*place.limits, made.max_rounds or MOST_ROUNDS))
        for inner in body:
            bound = bind(inner)
            if isinstance(bound, Looped):
                self._add_loop(scope, inner, bound, replace(within, learners=learners))
            elif not isinstance(bound, Inlined | Collected | Result):
                self._put(self._plain(scope, inner, bound, within))
            within = replace(within, inputs=(inner.name,))


def _has(name: str, names: Mapping[str, object]) -> bool:
    return name in names


def _seed_of(seed: int, repeat: int) -> int:
    """The seed of a pipeline that was used with the same values so often before."""
    return int(content_hash("atk-repeat-v1", [seed, repeat])[:8], 16) if repeat else seed

"""The `loop` kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.expressions.types import ANY, INT, RecordType, join_types
from atk_interp.kinds.base import BoundStep, Cardinality, StepKind, StepView, is_formula, one_line
from atk_interp.kinds.base.codes import ENDLESS_LOOP, STEP_NOT_FOR_LOOPS
from atk_interp.kinds.base.nested import Looped
from atk_interp.kinds.base.view import Followed
from atk_interp.spec import Option, Step, Takes
from atk_interp.values import Row

__all__ = ["Loop"]

_REFUSED = {
    "from": "remove it: the steps of a loop stand in a row, and each takes what the one before it gives",
    "use": "write it at the loop: all of its steps may then name the fields",
}
_FOR_LOOPS = (Cardinality.ONE, Cardinality.AT_MOST_ONE)
_PASSES = 6
"""After so many looks at the steps the types of fields that still change are given up as `any`."""


class Loop(StepKind):
    """Take each row through some steps again and again, until an expression holds.

    The steps under `steps` stand in a row: the first takes the row of the loop, each other one what the step before it
    gives, and what the last one gives goes through all of them again while `until` is false. They are steps of the
    kinds that make at most one row of one, loops among them, and may have a `when`. `round` is the number of the round,
    from 1, for them and for `until`. What a later step writes is null for the steps before it in the first round.

    A row that one of the steps filters or rejects is lost to the loop. One that has gone `max_rounds` and still does
    not fulfil `until` is kept as it is, dropped (filtered) or rejected, as `on_exhausted` says. Without `max_rounds`
    the run stops at a row that has gone 1000 rounds.
    """

    name = "loop"
    cardinality = Cardinality.AT_MOST_ONE
    options = (
        Option(
            "steps",
            Takes.STRUCTURE,
            "The steps of a round, in their order.",
            required=True,
            schema={"type": "dict", "minlength": 1},
        ),
        Option("until", Takes.EXPRESSION, "What must be true after a round for the row to go on.", required=True),
        Option(
            "max_rounds",
            Takes.INT,
            "The most rounds; without it the run stops after 1000 rounds of a row.",
            min=1,
            max=1000,
        ),
        Option(
            "on_exhausted",
            Takes.NAME,
            "What becomes of a row after the last round: kept, dropped (filtered), or rejected.",
            default="reject",
            choices=("keep", "drop", "reject"),
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        assert view.around is not None
        view.value("max_rounds")
        steps = view.around.open_steps(view, _REFUSED)
        if not all(step.valid for step in steps.values()):
            return RecordType(view.input.fields, open=True)
        names = [view.step.name, *steps]
        around = [replace(step, inputs=(before,)) for step, before in zip(steps.values(), names, strict=False)]
        start = _fields_of_every_round(view, around)
        body = view.around.follow(view, around, start, view.sink)
        view.inner = list(body.views)
        for inner in body.views:
            view.used_slots |= inner.used_slots
            _check_cardinality(inner)
        ending = replace(view, input=body.fields, locals={**view.locals, "round": INT})
        path = view.path("until")
        ending.expression(path, ending.row_scope())
        _check_end(ending, body)
        view.nested = ending
        if view.option("on_exhausted") == "keep":
            return body.fields
        return ending.narrowed(body.fields, path)

    def remarks(self, view: StepView) -> Mapping[str, str]:
        exhausted = {"keep": "kept", "drop": "dropped", "reject": "rejected"}[view.option("on_exhausted")]
        most = view.option("max_rounds")
        written = f"`{one_line(most)}`" if is_formula(most) else most
        rounds = {"rounds": f"at most {written}, then the row is {exhausted}"} if view.given("max_rounds") else {}
        return {"until": one_line(view.option("until")), **rounds}

    def bind(self, step: BoundStep) -> Looped:
        view = step.view
        ending = replace(step, view=view.nested, rounds=step.rounds + 1)
        path = view.path("until")
        until = ending.rule(path)

        def ended(row: Row) -> Any:
            return until(ending.names(row))

        max_rounds = step.whole("max_rounds")
        label = f"not after {max_rounds} rounds: {view.nested.expressions[path].text.value.strip()}"
        return Looped(view.inner, ended, max_rounds, view.option("on_exhausted"), label, ending)


def _fields_of_every_round(view: StepView, steps: Sequence[Step]) -> RecordType:
    """The fields with which a round may begin: those of the row, and those that a round before has left.

    The steps are looked at again until nothing new is found; what is wrong with them is told afterwards.
    """
    assert view.around is not None
    start = view.input
    for turn in range(_PASSES):
        after = view.around.follow(view, steps, start, Sink()).fields
        joined = join_types([start, after])
        assert isinstance(joined, RecordType)
        if joined == start:
            break
        changed = {name for name, type_ in joined.fields.items() if start.fields.get(name) != type_}
        given_up = changed if turn == _PASSES - 2 else ()
        start = RecordType({**joined.fields, **dict.fromkeys(given_up, ANY)}, joined.open)
    return start


def _check_cardinality(view: StepView) -> None:
    assert view.around is not None
    cardinality = view.around.cardinality(view)
    if cardinality in _FOR_LOOPS:
        return
    told = f"`{view.step.kind}` cannot be a step of a loop, which takes one row through its steps"
    if cardinality is Cardinality.MANY:
        told = f"step `{view.step.name}` may make several rows of one, and a loop takes one row through its steps"
    elif cardinality in (Cardinality.SET, Cardinality.MERGED, Cardinality.JOINED):
        told = f"`{view.step.kind}` needs to see all rows at once, and a loop takes one row through its steps"
    view.sink.report(STEP_NOT_FOR_LOOPS, view.document.span(view.path("kind")), told, help="move it out of the loop")


def _check_end(ending: StepView, body: Followed) -> None:
    """Report a loop that goes on for ever once it has not ended after its first round."""
    path = ending.path("until")
    if ending.given("max_rounds") or path not in ending.expressions or any(view.parse_is_broken for view in body.views):
        return
    written = {name for view in ending.inner for name in _written(view)}
    names = set(ending.expressions[path].names)
    is_known = not ending.input.open and names <= set(ending.row_scope())
    if is_known and not {*written, "round"} & names:
        told = "nothing that the steps of the loop write is read here, so what is false after one round stays false"
        ending.sink.report(ENDLESS_LOOP, ending.document.span(path), told, help="write `max_rounds:`")


def _written(view: StepView) -> set[str]:
    """The fields that a step, or one within it, writes."""
    return {*view.written} | {name for inner in view.inner for name in _written(inner)}

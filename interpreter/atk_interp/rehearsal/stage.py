"""Running a plan on the ledger alone, to see which calls it would make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from atk_interp.kinds.base import Attempt, CallStep, Dropped, StepContext, Turn, UsedUp
from atk_interp.kinds.base.runners import CallApply
from atk_interp.ledger.base import LedgerError
from atk_interp.ledger.grants import Grants, granted_in
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.messages import EndpointUnavailable
from atk_interp.plan import Plan, PlannedStep
from atk_interp.plan.extent import leading_to
from atk_interp.records import dataclass
from atk_interp.rehearsal.recall import Heard, NotRecorded, Recall
from atk_interp.runtime.books import Books
from atk_interp.runtime.endpoints import Target, targets, used_slots
from atk_interp.runtime.engine import Engine
from atk_interp.runtime.events import StepState
from atk_interp.runtime.forms import KnownForms
from atk_interp.runtime.granted import Granted, first_key, granted_slots
from atk_interp.runtime.prefix import Prefix
from atk_interp.runtime.step_calls import Following, StepCalls
from atk_interp.runtime.walking import Sinks
from atk_interp.values import Row

__all__ = ["LEFT_OUT", "Rehearsed", "Witness", "leading_to", "must_exist", "opened_ledger", "rehearse"]

LEFT_OUT = "no reply in the ledger"
"""The label under which a partial rehearsal drops rows."""

_WINDOW = 64
"""How many rows are worked on at the same time, beside those that wait."""


@dataclass(frozen=True)
class Rehearsed:
    """How far a rehearsal came. `targets` are those of the model slots.

    `error` is what would stop a run with these replies; rows that wait for a reply are no error.
    """

    states: Mapping[str, StepState]
    targets: Mapping[str, Target]
    error: Exception | None

    def waiting(self, step: str) -> int:
        """How many rows have come to a step and do not get past it without a call."""
        state = self.states[step]
        return state.rows_in - state.passed - state.filtered - state.rejected - state.merged

    def through(self, step: str) -> int:
        """How many rows have got past a step, or were lost by what it does."""
        return self.states[step].rows_in - self.waiting(step) - self.states[step].labels.get(LEFT_OUT, 0)


def _ignored(*what: object) -> None:
    """What a run would tell or collect, and a rehearsal does not."""


@dataclass(frozen=True)
class Witness:
    """Who sees what becomes of the rows of a rehearsal. `row` and `dropped` are called from several threads."""

    row: Callable[[PlannedStep, Row], None] = _ignored
    """A row has left a step."""
    dropped: Callable[[PlannedStep, Dropped], None] = _ignored
    """A row goes no further."""
    refused: Callable[[PlannedStep, Dropped], None] = _ignored
    """A part of a reply, or one of several samples, was not accepted."""
    failed: Callable[[PlannedStep, Row, Attempt], None] = _ignored
    """An attempt has failed."""
    merged: Callable[[PlannedStep, Row, Sequence[str]], None] = _ignored
    """A row was made of several, whose ids these are."""
    following: Following | None = None
    """Who wants to know with which calls rows are made, and of which rows."""
    granted: Callable[[PlannedStep, UsedUp, str, Turn], None] = _ignored
    """A sample takes an attempt that was granted to it, under this key, beyond those of its step."""
    used_up: Callable[[PlannedStep, UsedUp, str], None] = _ignored
    """A sample has failed in all its attempts, those that were granted among them. With the key to grant more."""


_NOBODY = Witness()


@dataclass(frozen=True)
class _Stage:
    """What all steps of a rehearsal share."""

    recall: Recall
    books: Books
    grants: Grants
    targets: Mapping[str, Target]
    witness: Witness


class _Rehearsing(StepCalls):
    """What a step may ask for in a rehearsal, with a witness."""

    def __init__(self, step: PlannedStep, stage: _Stage) -> None:
        granted = Granted(stage.grants, stage.targets)
        super().__init__(step, stage.recall, _ignored, self._part_refused, granted, stage.witness.following)
        self._books = stage.books
        self._targets = stage.targets
        self._witness = stage.witness

    def failed(self, row: Row, attempt: Attempt) -> None:
        self._witness.failed(self._step, row, attempt)

    def merged(self, row: Row, members: Sequence[str]) -> None:
        super().merged(row, members)
        self._witness.merged(self._step, row, members)

    def further(self, used_up: UsedUp, given: int) -> Turn | None:
        turn = super().further(used_up, given)
        key = first_key(self._targets[self._step.slots.get(used_up.slot, used_up.slot)], used_up)
        if turn is None:
            self._witness.used_up(self._step, used_up, key)
        else:
            self._witness.granted(self._step, used_up, key, turn)
        return turn

    def _part_refused(self, step: PlannedStep, dropped: Dropped) -> None:
        self._books.refused(step.name)
        self._witness.refused(step, dropped)


async def rehearse(
    plan: Plan,
    ledger: Path,
    heard: Heard,
    *,
    partial: bool = False,
    witness: Witness = _NOBODY,
    prefix: Prefix | None = None,
) -> Rehearsed:
    """Take all rows as far as they go without a call.

    A set-wise step whose rows are not all there is not begun. With `partial`, rows that wait for a reply are left out,
    as if the inputs had not held them, and all steps come to their end. `prefix` is that of the plan, for those who
    want to know where a rule has stopped it. Raises `LedgerError`.
    """
    plan = replace(plan, steps=_leaving_out(plan)) if partial else plan
    books = Books(plan)
    grants = granted_in(ledger)
    others = {name: other.config for name, other in granted_slots(plan, grants).items()}
    known = targets({**used_slots(plan), **others})
    opened = opened_ledger(ledger)
    forms = KnownForms(ledger)
    await forms.recall()
    recall = Recall(known, opened, books, heard, forms)
    stage = _Stage(recall, books, grants, known, witness)
    contexts = {name: _Rehearsing(step, stage) for name, step in plan.steps.items()}
    sinks = Sinks(witness.row, witness.dropped, _ignored)
    error: Exception | None = None
    try:
        await Engine(plan, books, sinks, contexts, recall, _WINDOW, prefix or Prefix.of(plan)).run()
    except EndpointUnavailable:
        pass  # rows are left over whose replies are not there
    except LedgerError:
        raise
    except Exception as stopped:  # noqa: BLE001 - it would stop a run, too: told in the result
        error = stopped
    finally:
        await recall.settle()
        if opened is not None:
            await opened.close()
    states = {state.name: state for state in books.states()}
    return Rehearsed(states, known, error)


def must_exist(plan: Plan, ledger: Path) -> None:
    """Raise `LedgerError` when a run that is over is to be made again, and the replies to its calls are gone."""
    if used_slots(plan) and not ledger.is_file():
        raise LedgerError(f"there is no ledger `{ledger}`", "the run was made with it; name a copy with `--ledger`")


def opened_ledger(ledger: Path) -> SqliteLedger | None:
    """The ledger, if there is one: a look into the future makes none."""
    return SqliteLedger(ledger, reading=True) if ledger.is_file() else None


def _leaving_out(plan: Plan) -> dict[str, PlannedStep]:
    """The steps, of which those that ask a model drop the rows that they have no reply for."""
    return {
        name: replace(step, runner=CallStep(_or_dropped(step.runner.apply), step.runner.prompt, step.runner.samples))
        if isinstance(step.runner, CallStep)
        else replace(step, goal=replace(step.goal, only_once=True))
        if step.goal is not None
        else step
        for name, step in plan.steps.items()
    }


def _or_dropped(apply: CallApply) -> CallApply:
    async def applied(row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        try:
            return await apply(row, context)
        except NotRecorded:
            return Dropped(row, "filtered", LEFT_OUT)
        except ExceptionGroup as group:  # of several samples each may be missing
            if group.split(NotRecorded)[1] is not None:
                raise
            return Dropped(row, "filtered", LEFT_OUT)

    return applied

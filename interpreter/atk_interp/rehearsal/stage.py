"""Running a plan on the ledger alone, to see which calls it would make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from atk_interp.kinds.base import Dropped
from atk_interp.ledger.base import LedgerError, StoredReply
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.messages import EndpointUnavailable
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.rehearsal.recall import AskedCall, Recall
from atk_interp.runtime.books import Books
from atk_interp.runtime.calls import StepCalls
from atk_interp.runtime.endpoints import Target, targets, used_slots
from atk_interp.runtime.engine import Engine
from atk_interp.runtime.events import StepState
from atk_interp.runtime.walking import Sinks

__all__ = ["Rehearsed", "leading_to", "rehearse"]

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


def leading_to(plan: Plan, step: str) -> Plan:
    """The part of a plan that decides what a step gets: the steps before it, and whole loops."""
    kept: set[str] = set()
    waiting = [step]
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept.add(name)
        known = plan.steps[name]
        waiting += known.upstream
        waiting += [inner.name for inner in plan.steps.values() if inner.inside == name]
        waiting += [known.passed_by] if known.passed_by else []
    return replace(plan, steps={name: known for name, known in plan.steps.items() if name in kept}, outputs={})


def _ignored(*what: object) -> None:
    """What a run would tell or collect, and a rehearsal does not."""


async def rehearse(
    plan: Plan,
    ledger: Path,
    asked: Callable[[AskedCall], None],
    found: Callable[[AskedCall, StoredReply], None] = _ignored,
    dropped: Callable[[PlannedStep, Dropped], None] = _ignored,
) -> Rehearsed:
    """Take all rows as far as they go without a call.

    `asked` is told of every call, whether it is in the ledger or not, and `found` of the replies, both in the event
    loop and in no certain order; `dropped` of lost rows, from several threads.
    A set-wise step whose rows are not all there is not begun. Raises `LedgerError`.
    """
    books = Books(plan)
    known = targets(used_slots(plan))
    opened = _opened(ledger)
    recall = Recall(known, opened, books, asked, found)
    contexts = {name: StepCalls(step, recall, _ignored, _ignored) for name, step in plan.steps.items()}
    sinks = Sinks(_ignored, dropped, _ignored)
    error: Exception | None = None
    try:
        await Engine(plan, books, sinks, contexts, recall, window=_WINDOW).run()
    except EndpointUnavailable:
        pass  # rows are left over whose replies are not there
    except LedgerError:
        raise
    except Exception as stopped:  # noqa: BLE001 - it would stop a run, too: told in the result
        error = stopped
    finally:
        if opened is not None:
            await opened.close()
    states = {state.name: state for state in books.states()}
    return Rehearsed(states, known, error)


def _opened(ledger: Path) -> SqliteLedger | None:
    """The ledger, if there is one: a look into the future makes none."""
    return SqliteLedger(ledger) if ledger.is_file() else None

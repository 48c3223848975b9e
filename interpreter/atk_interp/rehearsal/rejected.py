"""Rejected rows that may be asked again: which they are, what it takes to ask them, and what it would cost at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path

from atk_interp.diagnostics import did_you_mean
from atk_interp.kinds.base import Dropped, Turn, UsedUp
from atk_interp.ledger.base import StoredReply
from atk_interp.ledger.grants import Grant, Grants, granted_in
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.rehearsal.recall import AskedCall
from atk_interp.rehearsal.stage import Rehearsed, Witness, rehearse
from atk_interp.runtime import CannotRun
from atk_interp.runtime.endpoints import Target, targets
from atk_interp.values import Row

__all__ = ["Again", "Asking", "Rejected", "Rejection", "find_rejected"]

_Place = tuple[str, str, tuple[int, ...]]
"""A step, and the id and place of a row."""


@dataclass(frozen=True)
class Again:
    """Which rejected rows to ask again, and how.

    Those of the step `step` (or of the steps of a pipeline or loop of this name), with `reason` in what they were
    rejected for; all of them without. `model` is a model slot or a model that answers in place of the step's own.
    `attempts` is how often to ask; the step's own number when it is None.
    """

    step: str = ""
    reason: str = ""
    model: str = ""
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A sample of a row without an acceptable reply. `key` is that of its first call, `allowed` the step's attempts."""

    step: str
    slot: str
    row: str
    source: str
    sample: int
    label: str
    key: str
    allowed: int
    too_long: bool


@dataclass(frozen=True)
class Asking:
    """What asking again would take in one step: at most so many calls. Tokens are reckoned from those it has made.

    `usd` is None without a price.
    """

    step: str
    model: str
    rows: int
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None


@dataclass(frozen=True)
class Rejected:
    """The rejected rows of a pipeline, as the ledger knows them.

    `chosen` are those to ask again. `asked_already` were, by a retry that was stopped before its end, and have failed;
    the rows (with their steps) that it has not asked yet are `still_open`, and come first. `too_long` need another
    model. `lasting` are those that asking again cannot mend, by step and label; `others` the rejections that were not
    wanted. `new_calls` is how many calls beside have no reply, as a run would make them in any case.
    """

    chosen: tuple[Rejection, ...]
    asked_already: int
    still_open: frozenset[tuple[str, str]]
    too_long: int
    lasting: Mapping[tuple[str, str], int]
    others: int
    new_calls: int
    grants: tuple[Grant, ...]
    asking: tuple[Asking, ...]
    rehearsed: Rehearsed


async def find_rejected(plan: Plan, ledger: Path, again: Again) -> Rejected:
    """The rows that a run of the plan would reject with the replies of the ledger, and the grants that ask them again.

    Nothing is sent, and nothing granted yet. Raises `CannotRun` for a step that is none, and `LedgerError`.
    """
    _check_step(plan, again.step)
    given = granted_in(ledger)
    seen = _Seen()
    rehearsed = await rehearse(plan, ledger, seen, witness=seen.witness)
    wanted, lasting, others = seen.sorted_out(again)
    unfinished = {
        grant.round for key, attempt in seen.open.items() for grant in given.by_key[key] if grant.attempt == attempt
    }
    chosen: list[Rejection] = []
    asked_already = too_long = 0
    for rejection in wanted:
        before = given.by_key.get(rejection.key, ())
        if before and before[-1].round in unfinished:
            asked_already += 1
        elif rejection.too_long and not again.model:
            too_long += 1
        else:
            chosen.append(rejection)
    known = targets(plan.endpoints)
    grants = tuple(_grants(chosen, given, again, known))
    asking = tuple(_asking(step, chosen, grants, again, known, seen.spent) for step in plan.steps)
    asking = tuple(each for each in asking if each.rows)
    return Rejected(
        tuple(chosen),
        asked_already,
        frozenset(seen.open_rows),
        too_long,
        lasting,
        others,
        seen.new_calls,
        grants,
        asking,
        rehearsed,
    )


def _check_step(plan: Plan, name: str) -> None:
    asking = [step for step, known in plan.steps.items() if known.slot is not None]
    if any(_is_of(step, name) for step in asking):
        return
    listed = "steps that ask a model are " + (", ".join(f"`{step}`" for step in asking) or "not there")
    if name in plan.steps:
        raise CannotRun(f"step `{name}` asks no model, so there is nothing to ask again", listed)
    if name:
        raise CannotRun(f"there is no step `{name}`", did_you_mean(name, asking) or listed)


def _is_of(step: str, name: str) -> bool:
    return not name or step == name or step.startswith(name + ".")


@dataclass
class _Spent:
    """The calls of a step that have replies."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class _Seen:
    """`Heard`, and what a witness sees."""

    records: list[tuple[PlannedStep, Dropped, bool]] = field(default_factory=list)
    """What was rejected, and whether it was the row as a whole."""
    used_up: dict[_Place, list[Rejection]] = field(default_factory=dict)
    spent: dict[str, _Spent] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    """The attempts that are granted and not asked yet, by the key of the grant."""
    open_rows: set[tuple[str, str]] = field(default_factory=set)
    new_calls: int = 0
    _turns: dict[tuple[_Place, int], tuple[str, int]] = field(default_factory=dict)

    @property
    def witness(self) -> Witness:
        return Witness(
            dropped=lambda step, dropped: self._record(step, dropped, True),
            refused=lambda step, dropped: self._record(step, dropped, False),
            granted=self._granted,
            used_up=self._used_up,
        )

    def found(self, call: AskedCall, reply: StoredReply) -> None:
        spent = self.spent.setdefault(call.step.name, _Spent())
        spent.calls += 1
        spent.input_tokens += reply.usage.input
        spent.output_tokens += reply.usage.output

    def missing(self, call: AskedCall) -> None:
        key, attempt = self._turns.get((_place(call.step, call.row), call.sample), ("", -1))
        if attempt == call.attempt:
            self.open[key] = attempt
            self.open_rows.add((call.step.name, call.row.id))
        else:
            self.new_calls += 1

    def _granted(self, step: PlannedStep, used_up: UsedUp, key: str, turn: Turn) -> None:
        self._turns[_place(step, used_up.row), used_up.sample] = (key, turn.attempt)

    def _used_up(self, step: PlannedStep, used_up: UsedUp, key: str) -> None:
        slot = step.slots.get(used_up.slot, used_up.slot)
        row = used_up.row
        rejection = Rejection(
            step.name, slot, row.id, row.source, used_up.sample, used_up.label, key, used_up.attempts, used_up.too_long
        )
        self.used_up.setdefault(_place(step, row), []).append(rejection)

    def _record(self, step: PlannedStep, dropped: Dropped, whole: bool) -> None:
        if dropped.outcome == "rejected":
            self.records.append((step, dropped, whole))

    def sorted_out(self, again: Again) -> tuple[list[Rejection], dict[tuple[str, str], int], int]:
        """The samples that are wanted, how many rejections cannot be mended by step and label, how many are not wanted.

        A vote that nobody could read counts when the row was rejected: else the others have decided without it.
        """
        wanted: dict[_Place, list[Rejection]] = {}
        lasting: Counter[tuple[str, str]] = Counter()
        others = 0
        for step, dropped, whole in sorted(self.records, key=lambda record: record[1].row.order):
            place = _place(step, dropped.row)
            failed = self.used_up.get(place, []) if whole or (dropped.attempts and step.kind != "vote") else []
            if not (_is_of(step.name, again.step) and _tells(again.reason, dropped)):
                others += 1
            elif failed:
                wanted[place] = failed
            else:
                lasting[step.name, dropped.label] += 1
        return [rejection for failed in wanted.values() for rejection in failed], dict(lasting), others


def _place(step: PlannedStep, row: Row) -> _Place:
    return step.name, row.id, row.order


def _tells(reason: str, dropped: Dropped) -> bool:
    """Whether a row was rejected for something that has these words."""
    told = [dropped.label, *(attempt.reason for attempt in dropped.attempts)]
    return any(reason.lower() in text.lower() for text in told)


def _grants(chosen: Iterable[Rejection], given: Grants, again: Again, known: Mapping[str, Target]) -> Iterable[Grant]:
    """Attempts for the samples, numbered after those that they had. Equal questions have them together."""
    round_ = given.next_round()
    for key, rejection in {each.key: each for each in chosen}.items():
        first = max([rejection.allowed, *(grant.attempt + 1 for grant in given.by_key.get(key, ()))])
        model, identity = _model(rejection.slot, again, known)
        for number in range(first, first + (again.attempts or rejection.allowed)):
            yield Grant(key, number, model, identity, round_)


def _model(slot: str, again: Again, known: Mapping[str, Target]) -> tuple[str, str]:
    """The model that answers in place of a slot's own, and its identity; empty for its own."""
    if not again.model:
        return "", ""
    own, other = known[slot], _target(again.model, known)
    meant = (other.model, other.config.identity) if other is not None else (again.model, own.config.identity)
    return ("", "") if meant == (own.model, own.config.identity) else meant


def _target(name: str, known: Mapping[str, Target]) -> Target | None:
    """The slot of a name, or one with a model of this name."""
    return known.get(name) or next((target for target in known.values() if target.model == name), None)


def _asking(
    step: str,
    chosen: Iterable[Rejection],
    grants: Iterable[Grant],
    again: Again,
    known: Mapping[str, Target],
    spent: Mapping[str, _Spent],
) -> Asking:
    asked = [rejection for rejection in chosen if rejection.step == step]
    keys = {rejection.key for rejection in asked}
    calls = sum(grant.key in keys for grant in grants)
    if not asked:
        return Asking(step, "", 0, 0, 0, 0, None)
    own = known[asked[0].slot]
    target = _target(again.model, known) if again.model else own
    before = spent.get(step, _Spent())
    input_tokens, output_tokens = (
        round(calls * tokens / before.calls) if before.calls else 0
        for tokens in (before.input_tokens, before.output_tokens)
    )
    price = target.config.price if target is not None else {}
    usd = (input_tokens * price.get("input", 0) + output_tokens * price.get("output", 0)) / 1e6 if price else None
    model = target.model or target.slot if target is not None else again.model
    rows = len({rejection.row for rejection in asked})
    return Asking(step, model, rows, calls, input_tokens, output_tokens, usd)

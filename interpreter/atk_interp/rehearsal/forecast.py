"""What a run would do: rows, calls, tokens and cost per step, exact where the rows are known without a call.

What is not known is reckoned from what the ledger has of the same step: how many rows come out of one, how many calls
a row takes with the attempts that fail, how many tokens a call has. So there are two rehearsals: one that stops where a
reply is missing, for what is known, and one that leaves such rows out, as a trial run does, for what can be learned. An
amount says how far it can be trusted.
"""

from __future__ import annotations

import functools
import operator
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path

from atk_interp.kinds.base import SetStep, SourceStep
from atk_interp.ledger.base import StoredReply
from atk_interp.llm.messages import Request
from atk_interp.plan import Goal, Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.rehearsal.recall import AskedCall
from atk_interp.rehearsal.stage import LEFT_OUT, Rehearsed, rehearse
from atk_interp.tokens import count_tokens

__all__ = ["NONE", "UNKNOWN", "Amount", "Forecast", "StepForecast", "forecast", "total"]

_MESSAGE_TOKENS = 4
"""What a message takes beside its content, roughly."""

_MEASURED = 200
"""Of how many recorded calls the tokens are counted, to learn how the endpoint counts."""

_UNDER_WAY = 4096
"""More than the rows that are under way at any time."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, and how sure it is: `exact`, `estimated`, `least` (it may be more), `most` (it may be less).

    None when nothing is known.
    """

    value: float | None
    sure: str = "exact"

    def __add__(self, other: Amount) -> Amount:
        """The sum, as sure as the less sure of the two. With something unknown, what is known is the `least`."""
        if self.value is None or other.value is None:
            known = other if self.value is None else self
            return Amount(known.value, "least") if known.value and known.sure in ("exact", "least") else UNKNOWN
        unsure = {self.sure, other.sure} - {"exact"}
        return Amount(
            self.value + other.value, unsure.pop() if len(unsure) == 1 else "estimated" if unsure else "exact"
        )

    def times(self, factor: float) -> Amount:
        return self if self.value is None else Amount(self.value * factor, self.sure)


NONE = Amount(0)
UNKNOWN = Amount(None)


@dataclass(frozen=True)
class StepForecast:
    """What a run would do in one step.

    `recorded` calls are in the ledger. Tokens and `cost` (USD, None without a price) are those of the calls `to_send`.
    """

    name: str
    kind: str
    slot: str | None
    model: str
    rows: Amount
    recorded: Amount
    to_send: Amount
    input_tokens: Amount
    output_tokens: Amount
    cost: Amount | None


@dataclass(frozen=True)
class Forecast:
    """What a run would do in all steps. `error` is what it would stop with, on the replies that are in the ledger."""

    steps: tuple[StepForecast, ...]
    error: Exception | None

    @property
    def asking(self) -> list[StepForecast]:
        return [step for step in self.steps if step.slot is not None]


async def forecast(plan: Plan, ledger: Path) -> Forecast:
    """What a run of the plan would do with this ledger. Nothing is sent. Raises `LedgerError`."""
    known, learned = _Tallies.of(plan), _Tallies.of(plan)
    rehearsed = await rehearse(plan, ledger, known)
    trial = await rehearse(plan, ledger, learned, partial=True) if known.waiting else rehearsed
    learned = learned if known.waiting else known
    reckoned = _Reckoned(plan, rehearsed, trial, known.steps, learned.steps)
    return Forecast(tuple(reckoned.step(step) for step in plan.steps.values()), rehearsed.error)


@dataclass
class _Tally:
    """What is seen of the calls of a step. `found_of_waiting` are the replies to rows that wait for another one."""

    found: int = 0
    found_of_waiting: int = 0
    missing: set[bytes] = field(default_factory=set)
    missing_tokens: int = 0
    limits: list[int] = field(default_factory=lambda: [0, 0])
    input_tokens: int = 0
    output_tokens: int = 0
    measured: int = 0
    measured_input: int = 0
    by_slot: dict[str, int] = field(default_factory=dict)
    """How many calls were seen to each slot; equal ones that are missing are one."""


@dataclass
class _Tallies:
    """`Heard`: counts the calls of all steps."""

    steps: Mapping[str, _Tally]
    waiting: set[tuple[str, str, tuple[int, ...]]] = field(default_factory=set)
    """The step, id and place of the rows for which a reply is missing."""
    _recent: OrderedDict[tuple[str, str, tuple[int, ...]], int] = field(default_factory=OrderedDict)

    @staticmethod
    def of(plan: Plan) -> _Tallies:
        return _Tallies({name: _Tally() for name, step in plan.steps.items() if step.slot is not None})

    def found(self, call: AskedCall, reply: StoredReply) -> None:
        tally = self.steps[call.step.name]
        tally.found += 1
        tally.by_slot[call.slot] = tally.by_slot.get(call.slot, 0) + 1
        tally.input_tokens += reply.usage.input
        tally.output_tokens += reply.usage.output
        if tally.found <= _MEASURED:
            tally.measured += _counted(call.request)
            tally.measured_input += reply.usage.input
        place = (call.step.name, call.row.id, call.row.order)
        if place in self.waiting:
            tally.found_of_waiting += 1
            return
        self._recent[place] = self._recent.pop(place, 0) + 1
        if len(self._recent) > _UNDER_WAY:
            self._recent.popitem(last=False)

    def missing(self, call: AskedCall) -> None:
        tally = self.steps[call.step.name]
        place = (call.step.name, call.row.id, call.row.order)
        self.waiting.add(place)
        tally.found_of_waiting += self._recent.pop(place, 0)
        key = bytes.fromhex(call.key)
        if key in tally.missing:
            return  # an equal call of another row: a run sends it once
        tally.missing.add(key)
        tally.by_slot[call.slot] = tally.by_slot.get(call.slot, 0) + 1
        tally.missing_tokens += _counted(call.request)
        limit = call.request.sampling.get("max_tokens")
        if isinstance(limit, int):
            tally.limits[0] += limit
            tally.limits[1] += 1


@dataclass(frozen=True)
class _Reckoned:
    """What is known of a run, and what can be learned for the rest of it."""

    plan: Plan
    rehearsed: Rehearsed
    trial: Rehearsed
    known: Mapping[str, _Tally]
    learned: Mapping[str, _Tally]
    more_out: dict[str, Amount] = field(default_factory=dict)
    """How many rows will leave a step after those that do without a call."""

    def step(self, step: PlannedStep) -> StepForecast:
        """The forecast of a step. Those before it must have been asked for."""
        state = self.rehearsed.states[step.name]
        more = self._coming(step)
        self.more_out[step.name] = self._leaving(step, more)
        if step.goal is not None:
            more = self.more_out[step.name] = self._to_give(step, step.goal)
        rows = Amount(state.rows_out if isinstance(step.runner, SourceStep) else state.rows_in) + more
        if step.slot is None:
            return StepForecast(step.name, step.kind, None, "", rows, NONE, NONE, NONE, NONE, None)
        target, learned = self.rehearsed.targets[step.slot], self.learned[step.name]
        to_send = self._calls(step, more)
        sent = _input_tokens(self.known[step.name], learned, to_send)
        got = NONE if target.config.embeds else _output_tokens(learned, to_send)
        cost = _cost(self._price(step), sent, got)
        model = ", ".join(dict.fromkeys(self.rehearsed.targets[slot].model for slot in step.asks))
        found, likely = self.known[step.name].found, learned.found
        recorded = Amount(likely, "estimated") if likely > found else Amount(found)
        return StepForecast(step.name, step.kind, step.slot, model, rows, recorded, to_send, sent, got, cost)

    def _to_give(self, step: PlannedStep, goal: Goal) -> Amount:
        """How many rows a source will still give to reach its goal, if they fare like those that have replies."""
        given = self.rehearsed.states[step.name].rows_out
        if self.rehearsed.states[goal.step].rows_out >= goal.rows:
            return NONE
        states = self.trial.states.values()
        known = self.trial.states[step.name].rows_out - sum(state.labels.get(LEFT_OUT, 0) for state in states)
        accepted = self.trial.states[goal.step].rows_out
        return Amount(max(0, goal.rows * known / accepted - given), "estimated") if accepted else UNKNOWN

    def _price(self, step: PlannedStep) -> Mapping[str, float]:
        """What a million tokens cost; of several slots the mean, by the calls that were seen to each."""
        prices = [(slot, self.rehearsed.targets[slot].config.price) for slot in step.asks]
        if len(prices) == 1 or not all(price for _, price in prices):
            return prices[0][1] if len(prices) == 1 else {}
        seen = self.known[step.name].by_slot or self.learned[step.name].by_slot
        weights = {slot: seen.get(slot, 0) for slot in step.asks}
        weights = weights if any(weights.values()) else dict.fromkeys(step.asks, 1)
        whole = sum(weights.values())
        return {
            side: sum(weights[slot] * price.get(side, 0.0) for slot, price in prices) / whole
            for side in ("input", "output")
        }

    def _coming(self, step: PlannedStep) -> Amount:
        """How many rows will come to a step after those that come without a call."""
        around = step.inside
        if not around or step.inputs:
            return total(self.more_out[source] for source in step.sources if source in self.more_out)
        # A loop hands its rows to its first step, in every round.
        rows = self._coming(self.plan.steps[around]) + Amount(self.rehearsed.waiting(around))
        entered, through = self.trial.states[step.name].rows_in, self.trial.through(around)
        return _share(rows, entered, through)

    def _leaving(self, step: PlannedStep, more: Amount) -> Amount:
        held = more + Amount(self.rehearsed.waiting(step.name))
        came = _share(held, self.trial.states[step.name].rows_out, self.trial.through(step.name))
        if not isinstance(step.runner, SetStep) or held.value is None or held == NONE:
            return came
        rows = round(self.rehearsed.states[step.name].rows_in + (more.value or 0))
        most = step.runner.expects(rows) - self.rehearsed.states[step.name].rows_out
        return Amount(max(0, most if came.value is None else min(most, came.value)), "estimated")

    def _calls(self, step: PlannedStep, more: Amount) -> Amount:
        waiting, missing = self.rehearsed.waiting(step.name), len(self.known[step.name].missing)
        if not waiting and more == NONE:
            return NONE
        learned, skipped = self.learned[step.name], self.trial.states[step.name].skipped
        answered = self.trial.through(step.name) - skipped
        if not answered:  # how many attempts fail is not known
            return Amount(missing, "least") if missing else UNKNOWN
        each = (learned.found - learned.found_of_waiting) / answered
        expected = max(missing, waiting * each - self.known[step.name].found_of_waiting)
        if more.value is None:
            return Amount(expected, "least")
        later = more.value * each * answered / (answered + skipped)
        # Behind a set-wise step that is not begun are rows of the trial run, too.
        recorded = max(0, learned.found - self.known[step.name].found)
        return Amount(expected + max(0, later - recorded), "estimated")


def _share(rows: Amount, part: int, whole: int) -> Amount:
    """What becomes of rows of which so many as `whole` have become `part`."""
    if not rows.value:
        return rows
    return Amount(rows.value * part / whole, "estimated") if whole else UNKNOWN


def _input_tokens(known: _Tally, learned: _Tally, to_send: Amount) -> Amount:
    """Tokens of the prompts: those that are known are counted, others are as these or as those in the ledger."""
    if not to_send.value:
        return to_send
    missing = len(known.missing)
    scale = learned.measured_input / learned.measured if learned.measured and learned.measured_input else 1.0
    if missing:
        each = scale * known.missing_tokens / missing
    elif learned.input_tokens:
        each = learned.input_tokens / learned.found
    else:
        return UNKNOWN
    return Amount(to_send.value * each, "least" if to_send.sure == "least" else "estimated")


def _output_tokens(learned: _Tally, to_send: Amount) -> Amount:
    """Tokens of the replies: as those in the ledger; for want of any, the most that `max_tokens` allows."""
    if not to_send.value:
        return to_send
    if learned.output_tokens:
        return Amount(to_send.value * learned.output_tokens / learned.found, "estimated")
    limits, count = learned.limits
    return Amount(to_send.value * limits / count, "most") if count else UNKNOWN


def _cost(price: Mapping[str, float], input_tokens: Amount, output_tokens: Amount) -> Amount | None:
    """In USD, by the price per million tokens."""
    if not price:
        return None
    parts = (input_tokens.times(price.get("input", 0.0) / 1e6), output_tokens.times(price.get("output", 0.0) / 1e6))
    return total(parts)


def _counted(request: Request) -> int:
    if request.embeds is not None:
        return count_tokens(request.embeds)
    contents = [message.content for message in request.messages] or [request.prompt or ""]
    return sum(count_tokens(content) + _MESSAGE_TOKENS for content in contents)


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum of some amounts."""
    return functools.reduce(operator.add, amounts, NONE)

"""The exact messages that a step would send for a row."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import did_you_mean
from atk_interp.ledger.base import StoredReply
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.rehearsal.recall import AskedCall
from atk_interp.rehearsal.stage import Rehearsed, leading_to, rehearse
from atk_interp.runtime import CannotRun
from atk_interp.source import Span
from atk_interp.templates import RenderError
from atk_interp.tokens import count_tokens
from atk_interp.values import Row, Value

__all__ = ["RenderedCall", "RenderedMessage", "RenderedRow", "Search", "asking_step", "render_row", "search_row"]

_ID_LENGTH = 20
"""Of the ids of rows: fewer digits are a number."""


@dataclass(frozen=True)
class RenderedMessage:
    """One message as it would be sent. `file` and `line` are where it is written; none for what `feedback` adds.

    A completion prompt is a message of the role `prompt`, a text to embed one of the role `text`.
    """

    role: str
    content: str
    tokens: int
    file: str | None
    line: int | None


@dataclass(frozen=True)
class RenderedCall:
    """One call as it would be sent. `recorded` tells whether its reply is in the ledger."""

    slot: str
    model: str
    sample: int
    attempt: int
    sampling: Mapping[str, Value]
    key: str
    recorded: bool
    messages: tuple[RenderedMessage, ...]

    @property
    def tokens(self) -> int:
        return sum(message.tokens for message in self.messages)


@dataclass(frozen=True)
class RenderedRow:
    """The calls of a step for one row, as far as they can be known: an attempt is known once the one before failed.

    `number` is the row's place among the `reached` rows that come to the step without a call, from 1. `waiting` are
    the rows that do not, by the step at which they wait for replies; `lost` what a run would stop with.
    """

    step: str
    number: int
    reached: int
    row: str
    source: str
    calls: tuple[RenderedCall, ...]
    waiting: Mapping[str, int]
    lost: Exception | None


def asking_step(plan: Plan, name: str) -> PlannedStep:
    """The step of the name. Raises `CannotRun` when there is none, or it asks no model."""
    asking = [step for step, known in plan.steps.items() if known.slot is not None]
    listed = "steps that ask a model are " + (", ".join(f"`{step}`" for step in asking) or "not there")
    if name not in plan.steps:
        raise CannotRun(f"there is no step `{name}`", did_you_mean(name, asking) or listed)
    if name not in asking:
        raise CannotRun(f"step `{name}` asks no model, so it sends nothing", listed)
    return plan.steps[name]


async def render_row(plan: Plan, ledger: Path, name: str, wanted: str = "1") -> RenderedRow:
    """The calls of a step for a row: its number among those that come to the step, from 1, or its id.

    Steps before it that ask a model get what the ledger has; nothing is sent. Raises `CannotRun` when the row cannot be
    reached so, and `LedgerError`.
    """
    asking_step(plan, name)
    search = await search_row(plan, ledger, name, wanted)
    calls = search.calls()
    row = calls[0].row
    rendered = tuple(_rendered(call, search.rehearsed, call.key in search.recorded) for call in calls)
    waiting = _waiting(search.rehearsed, name)
    error = search.rehearsed.error
    return RenderedRow(name, search.number(row), search.reached, row.id, row.source, rendered, waiting, error)


async def search_row(plan: Plan, ledger: Path, name: str, wanted: str, *, only_missing: bool = False) -> Search:
    """A rehearsal that keeps the calls of one row of a step. With `only_missing`, rows of which all are recorded do
    not count, and it may find none.

    Raises `CannotRun` when the row cannot be reached without a call, and `LedgerError`.
    """
    search = Search(name, wanted, only_missing)
    search.rehearsed = await rehearse(leading_to(plan, name), ledger, search)
    if not search.calls() and not only_missing:
        raise _unreached(search)
    return search


def _waiting(rehearsed: Rehearsed, name: str) -> dict[str, int]:
    others = (step for step in rehearsed.states if step != name)
    return {step: rehearsed.waiting(step) for step in others if rehearsed.waiting(step)}


class Search:
    """Keeps the calls of the row that is wanted, while the rows come in no certain order.

    By number: the calls of the first rows seen so far, as many as the number says.
    """

    rehearsed: Rehearsed

    def __init__(self, step: str, wanted: str, only_missing: bool) -> None:
        self.step = step
        self.wanted = wanted
        self._only_missing = only_missing
        self.count = int(wanted) if wanted.isdecimal() and len(wanted) < _ID_LENGTH else None
        self._calls: dict[tuple[tuple[int, ...], str], list[AskedCall]] = {}
        self._order: list[tuple[tuple[int, ...], str]] = []
        self._places: set[tuple[tuple[int, ...], str]] = set()
        self.recorded: set[str] = set()

    def missing(self, call: AskedCall) -> None:
        self._keep(call)

    def found(self, call: AskedCall, reply: StoredReply) -> None:
        if not self._only_missing and self._keep(call):
            self.recorded.add(call.key)

    def _keep(self, call: AskedCall) -> bool:
        """Keep a call that may be wanted; whether it is one."""
        if call.step.name != self.step:
            return False
        place = (call.row.order, call.row.id)
        if self.count is None:
            self._places.add(place)
            if call.row.id != self.wanted:
                return False
        if place not in self._calls:
            self._calls[place] = []
            insort(self._order, place)
        self._calls[place].append(call)
        if self.count is not None and len(self._order) > self.count:
            del self._calls[self._order.pop()]
        return place in self._calls

    @property
    def reached(self) -> int:
        """How many rows come to the step without a call."""
        state = self.rehearsed.states[self.step]
        return state.rows_in - state.skipped

    def calls(self) -> list[AskedCall]:
        if self.count is not None and not 1 <= self.count <= len(self._order):
            return []
        places = self._order if self.count is None else self._order[-1:]
        calls = [call for place in places for call in self._calls[place]]
        return sorted(calls, key=lambda call: (call.row.order, call.sample, call.attempt))

    def number(self, row: Row) -> int:
        if self.count is not None:
            return self.count
        return 1 + sum(place < (row.order, row.id) for place in self._places)


def _unreached(search: Search) -> CannotRun:
    error = search.rehearsed.error
    if error is not None:
        return CannotRun(str(error), getattr(error, "help", ""))
    what = f"row `{search.wanted}`" if search.count is None else f"row {search.wanted}"
    told = f"{what} of step `{search.step}` cannot be reached: {search.reached or 'no'} rows come to it without a call"
    waiting = _waiting(search.rehearsed, search.step)
    if not waiting:
        return CannotRun(told, "rows are counted from 1" if search.count == 0 else "name another row with `--row`")
    at = " and ".join(f"{count} at step `{name}`" for name, count in waiting.items())
    return CannotRun(f"{told}, and others wait for replies: {at}", "run the pipeline, or a part of it, and ask again")


def _rendered(call: AskedCall, rehearsed: Rehearsed, recorded: bool) -> RenderedCall:
    request = call.request
    sent = [(message.role, message.content) for message in request.messages]
    sent = sent or [("prompt", request.prompt or "") if request.embeds is None else ("text", request.embeds)]
    spans: list[Span | None] = [*_origins(call, len(sent))] if request.embeds is None else []
    spans += [None] * (len(sent) - len(spans))
    messages = tuple(
        RenderedMessage(
            role,
            content,
            count_tokens(content),
            span.file.path if span is not None else None,
            span.begin.line if span is not None else None,
        )
        for (role, content), span in zip(sent, spans, strict=True)
    )
    model = rehearsed.targets[call.slot].model
    return RenderedCall(call.slot, model, call.sample, call.attempt, request.sampling, call.key, recorded, messages)


def _origins(call: AskedCall, count: int) -> list[Span]:
    """Where the messages are written. With `feedback`, the first attempt's, and what was added stands nowhere."""
    assert call.step.prompt is not None
    names: dict[str, Any] = {**call.step.names(call.row), "sample": call.sample}
    prompt = call.step.prompt(names)
    spans: list[Span] = []
    for attempt in (call.attempt, 0):
        try:
            spans = prompt.origins({**names, "attempt": attempt})
        except RenderError:
            continue
        if len(spans) == count:
            break
    return spans[:count]

"""Asking a model for one acceptable reply: render, call, read, accept, and try again.

Shared by every kind that calls a model. A reply that is cut, empty, unreadable or not accepted is a failed
attempt; the next attempt is a call of its own (its number is part of the call key), so a resumed run finds the
same attempts in the ledger and goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from atk_interp.expressions.types import Type
from atk_interp.foreign import CannotLoad
from atk_interp.kinds.base.bound import BoundStep, Closure
from atk_interp.kinds.base.context import StepContext
from atk_interp.kinds.base.examples import REPEATED, UNREADABLE
from atk_interp.kinds.base.holding import CONSTRAIN, check_constrain, holdings, rules_for
from atk_interp.kinds.base.results import AcceptedCall, Attempt, RowFailed, StepStopped, Turn, UsedUp
from atk_interp.kinds.base.view import StepView
from atk_interp.kinds.base.written import settable
from atk_interp.llm.messages import ContextTooLong, Reply
from atk_interp.records import dataclass
from atk_interp.replies import (
    Fields,
    OptionsError,
    Reader,
    ReplyUnreadable,
    build_reader,
    why_unusable,
)
from atk_interp.spec import EndpointConfig
from atk_interp.spec.options import Option, Takes
from atk_interp.spec.schema import SAMPLING_SCHEMA
from atk_interp.templates import Prompt
from atk_interp.values import Row, Value, canonical

__all__ = [
    "ASKING_OPTIONS",
    "Answer",
    "Asker",
    "Failure",
    "check_asking",
    "check_reading",
    "computed",
    "tell_answers",
    "weight_of",
]

P = ParamSpec("P")
T = TypeVar("T")

Frame = Callable[[list[tuple[str, str]], Mapping[str, Any]], list[tuple[str, str]]]
"""What is sent, of the messages of a prompt and the names that they were rendered with."""

_TOO_LONG = "the prompt is longer than the model can take"

_HEAVY = 100_000
"""Characters of a row and a reply beyond which rendering and judging would hold up the calls of other rows."""

ASKING_OPTIONS: tuple[Option, ...] = (
    Option("model", Takes.NAME, "The model slot that answers.", required=True),
    Option("prompt", Takes.NAME, "The prompt file, by its name without suffix.", required=True),
    Option(
        "parse",
        Takes.STRUCTURE,
        "How the reply is read: one of the parsers, with the fields it writes.",
        required=True,
        schema={"type": "dict"},
    ),
    Option("accept", Takes.LABELLED, "What a reading must fulfil, each rule under a label that says it."),
    Option("attempts", Takes.INT, "How often to ask for an acceptable reply.", default=3, min=1, max=100),
    Option("feedback", Takes.BOOL, "Show the model its failed reply and the reason.", default=False),
    Option(
        "sampling",
        Takes.STRUCTURE,
        "Sampling parameters of this step, over those of the slot and the config.",
        schema={"type": "dict", "schema": SAMPLING_SCHEMA},
    ),
    CONSTRAIN,
    Option(
        "on_truncation",
        Takes.NAME,
        "When a reply is cut by the token limit: a failed attempt (`fail`), or asked again once with twice the "
        "limit (`raise`).",
        default="fail",
        choices=("fail", "raise"),
    ),
)
"""The options of every kind that asks a model."""


def check_asking(view: StepView, fields: Mapping[str, Type] | None = None) -> Mapping[str, Type]:
    """Check the shared options; the fields that a reading writes, which are given when `parse` was checked before."""
    view.slot()
    view.prompt("prompt", view.row_scope())
    return check_reading(view, fields)


def check_reading(view: StepView, fields: Mapping[str, Type] | None = None) -> Mapping[str, Type]:
    """As `check_asking`, without the slot and the prompt."""
    view.value("attempts")
    view.value("feedback")
    fields = view.parse() if fields is None else fields
    for label in view.option("accept") or {}:
        view.expression((*view.path("accept"), label), view.row_scope(fields))
    check_constrain(view)
    return fields


@dataclass(frozen=True, slots=True)
class Answer:
    """An acceptable reply: its readings, those refused beside them, and the attempts that failed before."""

    readings: list[Fields]
    refused: list[tuple[Fields, str]]
    attempts: tuple[Attempt, ...]
    reply: Reply
    messages: Sequence[tuple[str, str]] = ()
    """What was sent for the reply."""

    def accepted(self, rows: Sequence[Row], sample: int) -> AcceptedCall:
        """The call, with the rows that were made of its reply."""
        return AcceptedCall(rows, sample, self.messages, self.reply.text, len(self.attempts))


def tell_answers(made: Row, answers: Sequence[Answer], context: StepContext) -> None:
    """Tell of the calls with which one row was made, one after the other."""
    if context.wants_calls:
        for number, answer in enumerate(answers):
            context.accepted(answer.accepted((made,), number))


@dataclass(frozen=True, slots=True)
class Failure:
    """No acceptable reply in all attempts. `label` is what the last one failed."""

    label: str
    attempts: tuple[Attempt, ...]

    @property
    def is_too_long(self) -> bool:
        """Whether the model does not take a prompt of this length."""
        return self.label == _TOO_LONG


def _filled(step: BoundStep, reader: Reader) -> Reader:
    """The reader with what a formula says how it reads. Raises `StepStopped` when it cannot read so."""
    if reader.unfilled is None:
        return reader
    path = (*step.view.path("parse"), reader.unfilled)
    value = step.evaluated(path)
    try:
        return build_reader({**step.view.option("parse"), reader.unfilled: value})
    except OptionsError as error:
        named = settable(step.view.spec, "", step.view.document.get(path))
        where = f"`{named}`" if named else f"`{step.shown(path)}` of step `{step.name}`"
        raise StepStopped(f"{where}: {error}", error.help or "") from error


class Asker:
    """Asks for one step. Stateless between rows; safe for many rows at once."""

    def __init__(
        self, step: BoundStep, slot: str = "", prompt: Prompt | None = None, frame: Frame | None = None
    ) -> None:
        """`slot` and `prompt` are those of the step if not given; `frame` makes messages of those of the prompt."""
        view = step.view
        if view.reader is None:
            raise StepStopped(f"step `{step.name}` has no readable `parse`")
        self.step = step
        self.slot: str = slot or view.option("model")
        self.endpoint: EndpointConfig = step.endpoints[self.slot]
        self.reader = _filled(step, view.reader)
        self.form = self.reader.response_format()
        prompt = prompt or view.loaded["prompt"]
        render = prompt.renderer()
        sent = render if frame is None else lambda names: frame(render(names), names)
        self.render = step.rendering(sent, f"prompt {prompt.name}", prompt.names())
        self.attempts = step.whole("attempts") or 1
        self.feedback = bool(step.value("feedback"))
        self.raises_limit = view.option("on_truncation") == "raise"
        self.sampling = merged_sampling(
            view.spec.models[self.slot].sampling, self.endpoint.sampling, view.option("sampling") or {}
        )
        accept = view.option("accept") or {}
        self.accept: list[tuple[str, Closure]] = [(label, step.rule((*view.path("accept"), label))) for label in accept]
        self.held = holdings(step) if self.endpoint.grammar == "llguidance" else None

    async def ask(self, row: Row, context: StepContext, sample: int = 0) -> Answer | Failure:
        """One acceptable reply for a row, or why there is none. Raises `StepStopped` for mistakes in the spec."""
        sample += context.first_sample(row)
        names = {**self.step.names(row), "sample": sample}
        weight = weight_of(row.fields)
        failed: list[Attempt] = []
        turn, given = Turn(0, self.slot), 0
        messages: list[tuple[str, str]] = []
        first: list[tuple[str, str]] = []
        sampling: dict[str, Value] = {}
        while True:
            too_long = False
            try:
                if not failed:
                    sampling = await computed(weight, self._sampling, names)
                if not failed or not self.feedback or messages[0][0] == "prompt":
                    messages = await computed(weight, self.render, {**names, "attempt": turn.attempt})
                first = first or messages
                reply = await self._reply(messages, sampling, sample, turn, row, context)
            except RowFailed as error:
                return Failure(str(error), tuple(failed))
            except ContextTooLong as error:
                label, too_long = _TOO_LONG, len(messages) == len(first)
                failed.append(Attempt(sample, turn.attempt, str(error), "", "refused"))
                messages = first  # without the feedback, which may be what is too much
            else:
                effort = weight + len(reply.text) if self.reader.function is None else _HEAVY + 1
                readings, refused, label, reason = await computed(effort, self._judge, reply, names)
                if readings:
                    return Answer(readings, refused, tuple(failed), reply, messages)
                failed.append(Attempt(sample, turn.attempt, reason, reply.text, reply.finish))
                if self.feedback and messages[0][0] != "prompt":  # a completion has no turns to show it in
                    messages = [*messages, ("assistant", reply.text or "(nothing)"), ("user", _feedback(reason))]
            context.failed(row, failed[-1])
            if not too_long and turn.attempt + 1 < self.attempts:
                turn = Turn(turn.attempt + 1, self.slot)
                continue
            sent = _numbered(sampling, sample, 0)
            used_up = UsedUp(row, sample, self.slot, first, sent, self.attempts, label, too_long)
            further = context.further(used_up, given)
            if further is None:
                return Failure(label, tuple(failed))
            turn, given = further, given + 1

    async def _reply(
        self,
        messages: Sequence[tuple[str, str]],
        sampling: dict[str, Value],
        sample: int,
        turn: Turn,
        row: Row,
        context: StepContext,
    ) -> Reply:
        """The reply of one attempt; with `on_truncation: raise`, a second one when the limit has cut the first."""
        slot, attempt = turn.slot, turn.attempt
        sampling = _numbered(sampling, sample, attempt)
        if slot != self.slot:
            sampling.pop("grammar", None)  # it is for the engine of the slot that the step names
        form = None if "grammar" in sampling else self.form
        reply = await context.call(slot, messages, sampling, sample=sample, attempt=attempt, row=row, form=form)
        limit = sampling.get("max_tokens")
        if reply.finish == "length" and self.raises_limit and isinstance(limit, int):
            longer = {**sampling, "max_tokens": 2 * limit}
            reply = await context.call(slot, messages, longer, sample=sample, attempt=attempt, row=row, form=form)
        return reply

    def _sampling(self, names: Mapping[str, Any]) -> dict[str, Value]:
        if self.held is None:
            return self.sampling
        grammar = self.reader.grammar(rules_for(self.held, names))
        return {**self.sampling, "grammar": grammar} if grammar else self.sampling

    def _judge(self, reply: Reply, names: Mapping[str, Any]) -> tuple[list[Fields], list[tuple[Fields, str]], str, str]:
        """Accepted readings, refused ones, and label and reason of the failure when none was accepted."""
        unusable = why_unusable(reply.text, reply.finish)
        if unusable is not None:
            return [], [], unusable, unusable
        try:
            readings = self.reader.read(reply.text)
        except ReplyUnreadable as error:
            return [], [], UNREADABLE, str(error)
        except CannotLoad as error:
            raise StepStopped(f"step `{self.step.name}`: {error}", error.help) from None
        accepted: list[Fields] = []
        refused: list[tuple[Fields, str]] = []
        reasons: list[str] = []
        seen: set[bytes] = set()
        for reading in readings:
            content = canonical(reading)
            label, reason = (REPEATED, REPEATED) if content in seen else self._refusal({**names, **reading})
            seen.add(content)
            if label is None:
                accepted.append(reading)
            else:
                refused.append((reading, label))
                reasons.append(reason)
        if accepted:
            return accepted, refused, "", ""
        return [], refused, refused[0][1], f"not accepted: {reasons[0]}"

    def _refusal(self, names: Mapping[str, Any]) -> tuple[str | None, str]:
        """The label of the rule that a reading breaks, and the reason; no label when it breaks none."""
        for label, closure in self.accept:
            try:
                if not closure(names):
                    return label, label
            except RowFailed as error:
                return label, f"{label} ({error})"
        return None, ""


async def computed(weight: int, compute: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a computation over so many characters; a heavy one leaves the event loop to the other rows."""
    if weight <= _HEAVY:
        return compute(*args, **kwargs)
    import asyncio  # imported late: linting starts no event loop

    return await asyncio.to_thread(compute, *args, **kwargs)


def weight_of(value: Value | Mapping[str, Value]) -> int:
    """Roughly the characters of a value."""
    match value:
        case str():
            return len(value)
        case list():
            return sum(map(weight_of, value))
        case Mapping():
            return sum(map(weight_of, value.values()))
    return 1


def merged_sampling(*layers: Mapping[str, Any]) -> dict[str, Value]:
    """Sampling of slot, endpoint and step, later ones over earlier ones; `extra` is spread into the body."""
    merged: dict[str, Any] = {}
    for layer in layers:
        extra = layer.get("extra") or {}
        merged.update({key: value for key, value in layer.items() if key != "extra"})
        merged.update(extra)
    return merged


def _numbered(sampling: Mapping[str, Value], sample: int, attempt: int) -> dict[str, Value]:
    """A fixed seed would bring the same reply again: later samples and attempts get seeds of their own."""
    seed = sampling.get("seed")
    if isinstance(seed, int) and (sample or attempt):
        return {**sampling, "seed": seed + 1_000 * sample + attempt}
    return dict(sampling)


def _feedback(reason: str) -> str:
    return f"Your reply cannot be used: {reason}. Answer again, in exactly the form that was asked for."

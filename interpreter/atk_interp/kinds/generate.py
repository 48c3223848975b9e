"""The `generate` kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from atk_interp.expressions.types import RecordType, maybe
from atk_interp.kinds.base import (
    EXAMPLES,
    REJECTING_OPTIONS,
    Answer,
    Attempt,
    BoundStep,
    CallStep,
    Cardinality,
    Dropped,
    RowFailed,
    StepContext,
    StepKind,
    StepView,
    check_examples,
    check_stopping,
)
from atk_interp.kinds.base.asking import Failure
from atk_interp.kinds.base.questions import (
    MOST_SAMPLES,
    ONE_OR_SEVERAL,
    VARIED_OPTIONS,
    Question,
    Questions,
    check_questions,
)
from atk_interp.records import dataclass
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, canonical, row_id

__all__ = ["Generate"]


class Generate(StepKind):
    """Ask a model about every row, and write what it answers into the row's fields.

    With `many: true` in `parse`, or with several `samples`, a row becomes as many rows as there are readings.
    With several `prompts` each sample takes one of them, drawn by their weights from the content of the row and the
    number of the sample: the same row draws the same for ever, and a prompt that is added changes no other draw. With
    `variations: all` there are `samples` of every prompt, and with several `models` of every slot, for pairs of better
    and worse answers. `prompt_into` and `model_into` write down which it was; prompts and rules may name these fields.
    A prompt or slot may be chosen by an expression, too.
    A reply that is cut, empty, unreadable or refused by `accept` is a failed attempt; after `attempts` of them
    the row is rejected under the label that failed, with the raw replies kept. `keep` filters what was accepted.
    """

    name = "generate"
    cardinality = Cardinality.MANY
    asks_model = True
    tells_calls = True
    needs = ONE_OR_SEVERAL
    options = (
        *VARIED_OPTIONS,
        Option("keep", Takes.EXPRESSION, "What must be true for the row to go on; others are filtered."),
        Option("samples", Takes.INT, "How many replies are wanted for each row.", default=1, min=1, max=MOST_SAMPLES),
        *REJECTING_OPTIONS,
        EXAMPLES,
    )

    def flow(self, view: StepView) -> RecordType:
        fields = check_questions(view)
        check_stopping(view)
        view.value("samples")
        if view.given("keep"):
            view.expression(view.path("keep"), view.row_scope(fields))
        check_examples(view, fields, asks="samples", filters=view.given("keep"), several=_is_varied(view))
        if view.option("on_reject") == "keep":
            fields = {name: maybe(type_) for name, type_ in fields.items()}
            why = f"is null where step `{view.step.name}` got no reply that it could accept"
            view.causes.update({name: f"`{name}` {why}" for name in fields})
            return RecordType({**view.input.fields, **fields}, view.input.open)
        made = RecordType({**view.input.fields, **fields}, view.input.open)
        for path in (*((*view.path("accept"), label) for label in view.option("accept") or ()), view.path("keep")):
            made = view.narrowed(made, path)
        return made

    def makes(self, view: StepView) -> Cardinality:
        if (view.reader is not None and view.reader.many) or view.option("samples") != 1 or _is_varied(view):
            return Cardinality.MANY
        whole = view.option("on_reject") == "keep" and not view.given("keep")
        return Cardinality.ONE if whole else Cardinality.AT_MOST_ONE

    def bind(self, step: BoundStep) -> CallStep:
        made = _Generation(step)
        return CallStep(made.apply, made.questions.prompt, made.questions.stride)


def _is_varied(view: StepView) -> bool:
    """Whether a row is asked about with several prompts or slots."""
    slots = view.given("models") and not view.given("model")
    return slots or (view.option("variations") == "all" and not view.given("prompt"))


class _Generation:
    def __init__(self, step: BoundStep) -> None:
        self.step = step
        self.questions = Questions(step, step.whole("samples") or 1)
        self.on_reject: str = step.view.option("on_reject")
        path = step.view.path("keep")
        self.keep = step.rule(path) if path in step.view.expressions else None
        self.keep_label = f"keep: {step.view.expressions[path].text.value.strip()}" if self.keep else ""
        self.one = not self.questions.first.reader.many and self.questions.stride == 1

    async def apply(self, row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        questions = self.questions.of(row, context.first_sample(row))
        if len(questions) == 1:
            answers = [await questions[0].answer(context)]
        else:
            from asyncio import TaskGroup  # imported late: linting starts no event loop

            async with TaskGroup() as group:
                tasks = [group.create_task(question.answer(context)) for question in questions]
            answers = [task.result() for task in tasks]
        failures = [answer for answer in answers if isinstance(answer, Failure)]
        if len(failures) == len(answers):
            return self._rejected(row, failures, context)
        for question, answer in zip(questions, answers, strict=True):
            if isinstance(answer, Failure):
                context.refused(Dropped(row, "rejected", answer.label, answer.attempts))
                continue
            for fields, label in answer.refused:
                context.refused(Dropped(row.replaced({**row.fields, **question.told, **fields}), "rejected", label))
        return self._kept(row, questions, answers, context)

    def _rejected(self, row: Row, failures: Sequence[Failure], context: StepContext) -> Iterable[Row] | Dropped:
        label = failures[-1].label
        attempts: tuple[Attempt, ...] = tuple(attempt for failure in failures for attempt in failure.attempts)
        if self.on_reject == "keep":
            context.refused(Dropped(row, "rejected", label, attempts, kept=True))
            return (row.replaced({**row.fields, **dict.fromkeys(self.questions.fields)}),)
        return Dropped(row, "rejected", label, attempts)

    def _kept(
        self, row: Row, questions: Sequence[Question], answers: Sequence[Answer | Failure], context: StepContext
    ) -> Iterable[Row] | Dropped:
        made = list(self._rows(row, questions, answers))
        if self.keep is None:
            _tell(made, context)
            return [each.row for each in made]
        kept: list[_Made] = []
        dropped: list[Dropped] = []
        for each in made:
            try:
                if self.keep(self.step.names(each.row)):
                    kept.append(each)
                else:
                    dropped.append(Dropped(each.row, "filtered", self.keep_label, (each.attempt(self.keep_label),)))
            except RowFailed as error:  # its siblings may be kept, and what was paid for it is recorded
                dropped.append(Dropped(each.row, "rejected", str(error), (each.attempt(self.keep_label),)))
        whole = None if kept else dropped.pop()  # the last of them stands for the row itself
        for part in dropped:
            context.refused(part)
        _tell(kept, context)
        return whole or [each.row for each in kept]

    def _rows(self, row: Row, questions: Sequence[Question], answers: Sequence[Answer | Failure]) -> Iterator[_Made]:
        """The rows that the readings make, each with the answer that it was read from."""
        seen: dict[bytes, int] = {}
        for place, (question, answer) in enumerate(zip(questions, answers, strict=True)):
            if isinstance(answer, Failure):
                continue
            for index, reading in enumerate(answer.readings):
                written = {**question.told, **reading}
                fields = {**row.fields, **written}
                if self.one:
                    yield _Made(row.replaced(fields), question.number, answer)
                    continue
                content = canonical(written)
                ordinal = seen.get(content, 0)
                seen[content] = ordinal + 1
                order = (*row.order, place, index)
                child = Row(row_id(row.id, [written, ordinal]), row.source, order, fields, row.id)
                yield _Made(child, question.number, answer)


@dataclass(frozen=True, slots=True)
class _Made:
    """A row, and the answer that it was read from."""

    row: Row
    number: int
    answer: Answer

    def attempt(self, reason: str) -> Attempt:
        reply = self.answer.reply
        return Attempt(self.number, len(self.answer.attempts), reason, reply.text, reply.finish)


def _tell(kept: Sequence[_Made], context: StepContext) -> None:
    """Tell of the calls whose readings have made rows that are kept, each with these."""
    if not context.wants_calls:
        return
    for number, made in groupby(kept, key=lambda each: each.number):
        first, *others = made
        rows = [first.row, *(each.row for each in others)]
        context.accepted(first.answer.accepted(rows, number))

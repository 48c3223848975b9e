"""The `generate` kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from atk_interp.expressions.types import RecordType, maybe
from atk_interp.kinds.base import (
    ASKING_OPTIONS,
    EXAMPLES,
    REJECTING_OPTIONS,
    AcceptedCall,
    Answer,
    Asker,
    Attempt,
    BoundStep,
    CallStep,
    Cardinality,
    Dropped,
    RowFailed,
    StepContext,
    StepKind,
    StepView,
    check_asking,
    check_examples,
    check_stopping,
)
from atk_interp.kinds.base.asking import Failure
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, canonical, row_id

__all__ = ["Generate"]


class Generate(StepKind):
    """Ask a model about every row, and write what it answers into the row's fields.

    With `many: true` in `parse`, or with several `samples`, a row becomes as many rows as there are readings.
    A reply that is cut, empty, unreadable or refused by `accept` is a failed attempt; after `attempts` of them
    the row is rejected under the label that failed, with the raw replies kept. `keep` filters what was accepted.
    """

    name = "generate"
    cardinality = Cardinality.MANY
    asks_model = True
    tells_calls = True
    options = (
        *ASKING_OPTIONS,
        Option("keep", Takes.EXPRESSION, "What must be true for the row to go on; others are filtered."),
        Option("samples", Takes.INT, "How many replies are wanted for each row.", default=1, min=1, max=1000),
        *REJECTING_OPTIONS,
        EXAMPLES,
    )

    def flow(self, view: StepView) -> RecordType:
        fields = check_asking(view)
        check_stopping(view)
        view.value("samples")
        if view.given("keep"):
            view.expression(view.path("keep"), view.row_scope(fields))
        check_examples(view, fields, asks="samples", filters=view.given("keep"))
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
        if (view.reader is not None and view.reader.many) or view.option("samples") != 1:
            return Cardinality.MANY
        whole = view.option("on_reject") == "keep" and not view.given("keep")
        return Cardinality.ONE if whole else Cardinality.AT_MOST_ONE

    def bind(self, step: BoundStep) -> CallStep:
        return CallStep(_Generation(step).apply)


class _Generation:
    def __init__(self, step: BoundStep) -> None:
        self.step = step
        self.asker = Asker(step)
        self.samples = step.whole("samples") or 1
        self.on_reject: str = step.view.option("on_reject")
        path = step.view.path("keep")
        self.keep = step.rule(path) if path in step.view.expressions else None
        self.keep_label = f"keep: {step.view.expressions[path].text.value.strip()}" if self.keep else ""
        self.one = not self.asker.reader.many and self.samples == 1

    async def apply(self, row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        if self.samples == 1:
            answers: Sequence[Answer | Failure] = [await self.asker.ask(row, context)]
        else:
            from asyncio import TaskGroup  # imported late: linting starts no event loop

            async with TaskGroup() as group:
                tasks = [group.create_task(self.asker.ask(row, context, sample)) for sample in range(self.samples)]
            answers = [task.result() for task in tasks]
        failures = [answer for answer in answers if isinstance(answer, Failure)]
        if len(failures) == len(answers):
            return self._rejected(row, failures, context)
        for answer in answers:
            if isinstance(answer, Failure):
                context.refused(Dropped(row, "rejected", answer.label, answer.attempts))
                continue
            for fields, label in answer.refused:
                context.refused(Dropped(row.replaced({**row.fields, **fields}), "rejected", label))
        return self._kept(row, answers, context)

    def _rejected(self, row: Row, failures: Sequence[Failure], context: StepContext) -> Iterable[Row] | Dropped:
        label = failures[-1].label
        attempts: tuple[Attempt, ...] = tuple(attempt for failure in failures for attempt in failure.attempts)
        if self.on_reject == "keep":
            context.refused(Dropped(row, "rejected", label, attempts, kept=True))
            return (row.replaced({**row.fields, **dict.fromkeys(self.asker.reader.fields)}),)
        return Dropped(row, "rejected", label, attempts)

    def _kept(self, row: Row, answers: Sequence[Answer | Failure], context: StepContext) -> Iterable[Row] | Dropped:
        made = list(self._rows(row, answers))
        if self.keep is None:
            _tell(made, answers, context)
            return [child for child, _ in made]
        kept: list[tuple[Row, Attempt]] = []
        dropped: list[Dropped] = []
        for child, attempt in made:
            try:
                if self.keep(self.step.names(child)):
                    kept.append((child, attempt))
                else:
                    dropped.append(Dropped(child, "filtered", self.keep_label, (attempt,)))
            except RowFailed as error:  # its siblings may be kept, and what was paid for it is recorded
                dropped.append(Dropped(child, "rejected", str(error), (attempt,)))
        whole = None if kept else dropped.pop()  # the last of them stands for the row itself
        for part in dropped:
            context.refused(part)
        _tell(kept, answers, context)
        return whole or [child for child, _ in kept]

    def _rows(self, row: Row, answers: Sequence[Answer | Failure]) -> Iterator[tuple[Row, Attempt]]:
        """The rows that the readings make, each with the reply that it was read from."""
        seen: dict[bytes, int] = {}
        for sample, answer in enumerate(answers):
            if isinstance(answer, Failure):
                continue
            reply = answer.reply
            attempt = Attempt(sample, len(answer.attempts), self.keep_label, reply.text, reply.finish)
            for index, reading in enumerate(answer.readings):
                fields = {**row.fields, **reading}
                if self.one:
                    yield row.replaced(fields), attempt
                    continue
                content = canonical(reading)
                ordinal = seen.get(content, 0)
                seen[content] = ordinal + 1
                order = (*row.order, sample, index)
                yield Row(row_id(row.id, [reading, ordinal]), row.source, order, fields, row.id), attempt


def _tell(kept: Sequence[tuple[Row, Attempt]], answers: Sequence[Answer | Failure], context: StepContext) -> None:
    """Tell of the calls whose readings have made rows that are kept, each with these."""
    if not context.wants_calls:
        return
    for sample, made in groupby(kept, key=lambda pair: pair[1].sample):
        answer = answers[sample]
        assert isinstance(answer, Answer)
        rows = [row for row, _ in made]
        context.accepted(AcceptedCall(rows, sample, answer.messages, answer.reply.text))

"""The rounds of a `classifier` step: labels, training, a test on rows that were not seen, more labels, the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from atk_interp.kinds.base.asking import Answer, Asker, Failure
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.context import SetContext
from atk_interp.kinds.base.learned import Learned, Tried
from atk_interp.kinds.base.results import Dropped, Notice, RowFailed, StepStopped
from atk_interp.kinds.base.runners import PureStep
from atk_interp.kinds.base.sets import place, rank
from atk_interp.kinds.base.training import trained
from atk_interp.kinds.base.written import settable
from atk_interp.records import dataclass
from atk_interp.values import Row, Value, canonical, decode

__all__ = ["OTHERWISE", "Labelling", "predicting"]

OTHERWISE = ("stop", "predict", "drop")
"""What may be done when no test was passed."""

_Label = str | int | bool

_AGAIN = "name a file that an output with `format: classifier` has written"


def predicting(step: BoundStep) -> PureStep:
    """A step that labels by what was saved. Raises `StepStopped` when that cannot be read."""
    learned, text = _loaded(step), step.rule(step.view.path("text"))
    writing = _Writing(step, step.view.option("into"))

    def apply(row: Row) -> Iterable[Row]:
        label, sure = learned.predict(_text(text(step.names(row))))
        return (writing.row(row, label, sure=sure),)

    return PureStep(apply)


def _loaded(step: BoundStep) -> Learned:
    value = step.value("load")
    told = f"`load` of step `{step.name}`"
    if not isinstance(value, str):
        raise StepStopped(f"{told} is {value}, and no path", _AGAIN)
    try:
        data = (step.folder / Path(value)).read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StepStopped(f"{told}: `{value}` cannot be read: {why}", _AGAIN) from error
    try:
        learned = Learned.read(data)
    except ValueError as error:
        raise StepStopped(f"{told}: `{value}` is no classifier: {error}", _AGAIN) from error
    step.has_read("load", data)
    return learned


@dataclass
class _Known:
    """Rows with labels, and their texts; the labels as canonical JSON, by which they are compared."""

    rows: list[Row]
    texts: list[str]
    labels: list[str]

    def add(self, other: _Known) -> None:
        self.rows.extend(other.rows)
        self.texts.extend(other.texts)
        self.labels.extend(other.labels)


Take = Callable[[int, int], _Known]
"""Has so many further rows labelled, in a round, or as many as there are."""


class _Writing:
    """Which fields a step writes beside the label."""

    def __init__(self, step: BoundStep, field: str) -> None:
        option = step.view.option
        self.field = field
        self.tell, self.confidence, self.guess, self.round = map(option, ("tell", "confidence", "guess", "round"))

    def row(
        self, row: Row, label: Value, *, sure: float | None = None, guess: Value = None, round_: int | None = None
    ) -> Row:
        """The row with its label; with `sure` that of the classifier, and else that of the model."""
        added: dict[str | None, Value] = {
            self.field: label,
            self.tell: "model" if sure is None else "classifier",
            self.confidence: sure,
            self.guess: guess,
            self.round: round_,
        }
        return row.replaced({**row.fields, **{name: value for name, value in added.items() if name is not None}})


class Labelling:
    """A `classifier` step that learns."""

    def __init__(self, step: BoundStep) -> None:
        view = step.view
        self.step = step
        self.text = step.rule(view.path("text"))
        self.labels = step.rule(view.path("labels")) if view.given("labels") else None
        self.asker = Asker(step) if self.labels is None else None
        self.field: str = view.option("into") if self.asker is None else next(iter(self.asker.reader.fields))
        self.writing = _Writing(step, self.field)
        self.first, self.test = step.whole("first") or 2, step.whole("test") or 1
        self.more, self.max_rounds = step.whole("more") or 0, step.whole("max_rounds") or 1
        accuracy = step.value("accuracy")
        if not isinstance(accuracy, int | float) or not 0 <= accuracy <= 1:
            raise StepStopped(f"`accuracy` of step `{step.name}` is `{accuracy}`, and not a number from 0 to 1")
        self.accuracy = float(accuracy)
        self.otherwise = step.value("otherwise")
        if self.otherwise not in OTHERWISE:
            told = f"`otherwise` of step `{step.name}` is `{self.otherwise}`"
            raise StepStopped(f"{told}, and not one of {', '.join(f'`{word}`' for word in OTHERWISE)}")

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
        by_rank, made = context.scratch(), context.scratch()
        lost: list[Dropped] = []
        for row in rows:
            try:
                _text(self.text(self.step.names(row)))
                by_rank.put(rank("atk-classifier-v1", self.step.seed, row), row)
            except RowFailed as error:
                lost.append(Dropped(row, "rejected", str(error)))
        waiting = by_rank.rows()

        def take(count: int, round_: int) -> _Known:
            known = _Known([], [], [])
            while len(known.texts) < count and (batch := list(islice(waiting, count - len(known.texts)))):
                for row, label in zip(batch, self._labels(batch, context), strict=True):
                    if isinstance(label, Dropped):
                        lost.append(label)
                        continue
                    known.rows.append(self.writing.row(row, label, round_=round_))
                    known.texts.append(self.text(self.step.names(row)))
                    known.labels.append(canonical(label).decode())
            return known

        def settle(rows: Iterable[Row]) -> None:
            for row in rows:
                made.put(place(row), row)

        learned = self._learned(take, settle, context)
        if learned is not None:
            for row in waiting:
                label, sure = learned.predict(self.text(self.step.names(row)))
                made.put(place(row), self.writing.row(row, label, sure=sure))
        yield from lost
        yield from (Dropped(row, "filtered", "no classifier was good enough to label it") for row in waiting)
        yield from made.rows()

    def _learned(self, take: Take, settle: Callable[[Iterable[Row]], None], context: SetContext) -> Learned | None:
        """The first classifier that is good enough; None when none is, and nothing is to be predicted."""
        known = take(self.first, 0)
        settle(known.rows)
        tests: list[Tried] = []
        told = ""
        for number in range(1, self.max_rounds + 1):
            if not known.texts:
                return None  # no row could be labelled, each of which is told
            learned = trained(known.texts, known.labels)
            unseen = take(self.test, number)
            if not unseen.texts:
                context.learned(learned.written(tests))
                return learned  # all rows are labelled
            guesses = [learned.predict(text)[0] for text in unseen.texts]
            settle(map(self._guessed, unseen.rows, guesses))
            compared = [canonical(guess).decode() for guess in guesses]
            right = sum(map(str.__eq__, compared, unseen.labels))
            tests.append(Tried(number, len(known.texts), len(guesses), right))
            share = tests[-1].share
            told = f"after {len(known.texts)} labels {share:.1%} of {len(guesses)} unseen rows are labelled right"
            context.note(Notice(f"round {number}: {told}; {_confused(unseen.labels, compared)}", self.step.name))
            context.learned(learned.written(tests))
            sorts = len(set(known.labels))
            if sorts < 2:  # whatever it is tried on, it knows one answer
                told = f"all {len(known.texts)} labels to learn from are {_said(known.labels[0])}"
            elif share >= self.accuracy:
                if len(set(unseen.labels)) < 2:
                    one = f"the test of round {number} had rows of one label alone, {_said(unseen.labels[0])}"
                    help_ = f"raise `{self._settable('test')}`, so that rows of the others are among them"
                    context.note(Notice(f"{one}, which proves little", self.step.name, help_, serious=True))
                return learned
            known.add(unseen)
            if number < self.max_rounds:
                further = take(self.more, number)
                settle(further.rows)
                known.add(further)
        if self.otherwise == "stop":
            raise StepStopped(
                f"step `{self.step.name}` has no classifier that is right for {self.accuracy:.1%}: {told}",
                f"raise `{self._settable('max_rounds')}` or `{self._settable('more')}`, make the labels clearer, "
                f"or write `{self._settable('otherwise')}: predict`",
            )
        if self.otherwise == "drop":
            return None
        if len(set(known.labels)) < 2:
            context.note(Notice(f"{told}, and so are all predictions", self.step.name, serious=True))
        learned = trained(known.texts, known.labels)
        context.learned(learned.written(tests))
        return learned

    def _settable(self, option: str) -> str:
        view = self.step.view
        return settable(view.spec, option, view.option(option))

    def _guessed(self, row: Row, guess: Value) -> Row:
        field = self.writing.guess
        return row if field is None else row.replaced({**row.fields, field: guess})

    def _labels(self, rows: Sequence[Row], context: SetContext) -> Iterator[_Label | Dropped]:
        """The label of each row, or why it has none."""
        if self.labels is not None:
            for row in rows:
                try:
                    label = self.labels(self.step.names(row))
                    fits = isinstance(label, str | int | bool)
                    told = "it has no label" if label is None else "a label is a text, a whole number or a truth value"
                    yield label if fits else Dropped(row, "rejected", told)
                except RowFailed as error:
                    yield Dropped(row, "rejected", str(error))
            return
        asker = self.asker
        assert asker is not None

        async def ask(row: Row) -> Answer | Failure:
            return await asker.ask(row, context)

        for row, answer in zip(rows, context.asked(rows, ask), strict=True):
            if isinstance(answer, Failure):
                yield Dropped(row, "rejected", answer.label, answer.attempts)
            else:
                label = answer.readings[0][self.field]
                assert isinstance(label, str | int | bool)
                yield label


def _text(value: object) -> str:
    """The text that a classifier goes by. Raises `RowFailed` when there is none."""
    if not isinstance(value, str):
        raise RowFailed("`text`: a text is needed")
    return value


def _confused(right: Sequence[str], guesses: Sequence[str]) -> str:
    """How many rows of each label were labelled with which."""
    table = Counter(zip(right, guesses, strict=True))
    told = []
    for label in sorted(set(right)):
        wrong = sorted((guess, count) for (true, guess), count in table.items() if true == label and guess != label)
        taken = "".join(f", {count} taken for {_said(guess)}" for guess, count in wrong)
        told.append(f"{_said(label)}: {table[label, label]} right{taken}")
    return "; ".join(told)


def _said(label: str) -> str:
    value = decode(label)
    return f"`{value}`" if isinstance(value, str) else label

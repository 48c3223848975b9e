"""The `classifier` kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import (
    FLOAT,
    AnyType,
    BoolType,
    IntType,
    RecordType,
    TextType,
    Type,
    maybe,
    without_null,
)
from atk_interp.kinds.base import (
    ASKING_OPTIONS,
    Asker,
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    Notice,
    RowFailed,
    SetContext,
    SetStep,
    StepKind,
    StepStopped,
    StepView,
    check_asking,
    place,
    rank,
)
from atk_interp.kinds.base.asking import Answer, Failure
from atk_interp.kinds.base.codes import BAD_PARSE, WRONG_VALUE_TYPE
from atk_interp.kinds.base.training import Classifier, check_installed
from atk_interp.records import dataclass
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, MISSING_KEY
from atk_interp.values import Row, Value, canonical, decode

__all__ = ["ClassifierKind"]

_ASKING = ("model", "prompt", "parse")
_BATCH = 500


class ClassifierKind(StepKind):
    """Have some rows labelled by a model, train a classifier on them, and let it label the rest when it is good enough.

    ```yaml
    labelled:
      kind: classifier
      from: reviews
      text: text                 # what the classifier goes by
      model: small
      prompt: judge_review
      parse: {choice: [praise, complaint, neither], into: sort, after: "Final label:"}
      first: 200
      accuracy: 0.9
    ```

    The first `first` rows are labelled and trained on. Then come rounds: `test` rows that were not seen are labelled,
    and the classifier, which does not know these labels, is tried on them. When it is right for a share of at least
    `accuracy`, it labels the rest. If not, the rows of the test and `more` further ones are added to those that it is
    trained on, and the next round begins. After `max_rounds` the run stops, or the rest is labelled all the same
    (`otherwise: predict`), or left out (`otherwise: drop`). A row that the model has labelled keeps that label.

    `parse` writes one field, a text, whole number or truth value. `labels`, an expression over the row, stands for a
    model where labels are there already; its values go into the field `into`. `tell: by` says in the field `by` who has
    labelled a row, `model` or `classifier`, and `confidence: sure` how probable the classifier finds its label, in the
    field `sure` (null where the model has labelled). A row that the model cannot label is rejected, and another one
    takes its place. Each round is told in a notice, with its share of right labels and what was taken for what.

    Which rows are labelled first follows from the hashes of their contents, so adding rows moves few of them. The
    classifier is a logistic regression over weighted words and pairs of words, in any language, and the same for the
    same labels. Memory: the texts with labels; the other rows wait on disk. Needs the extra `classifier`.
    """

    name = "classifier"
    cardinality = Cardinality.SET
    asks_model = True
    options = (
        Option("text", Takes.EXPRESSION, "A text over the row: what the classifier goes by.", required=True),
        *(replace(option, required=False) for option in ASKING_OPTIONS),
        Option("labels", Takes.EXPRESSION, "In place of a model: the labels, as the rows have them."),
        Option("into", Takes.NAME, "With `labels`: the field for the label."),
        Option("first", Takes.INT, "How many rows are labelled before the first training.", default=200, min=2),
        Option("test", Takes.INT, "How many unseen rows a classifier is tried on.", default=100, min=1),
        Option("more", Takes.INT, "How many rows a round adds, beside those of its test.", default=100, min=0),
        Option("accuracy", Takes.NUMBER, "The share of right labels that is enough.", default=0.9, min=0, max=1),
        Option("max_rounds", Takes.INT, "After so many tests it is over.", default=5, min=1, max=1000),
        Option(
            "otherwise",
            Takes.NAME,
            "When no test was passed: `stop` the run, `predict` the rest all the same, or `drop` it.",
            default="stop",
            choices=("stop", "predict", "drop"),
        ),
        Option("tell", Takes.NAME, "The field that says who has labelled: `model` or `classifier`."),
        Option("confidence", Takes.NAME, "The field for how probable the classifier finds its label."),
    )
    examples = (
        Example(
            {"text": "text", "labels": "old", "into": "sort", "first": 4, "test": 1, "tell": "by"},
            [
                {"text": "good mill", "old": "good"},
                {"text": "bad mill", "old": "bad"},
                {"text": "good star", "old": "good"},
                {"text": "bad star", "old": "bad"},
                {"text": "good river", "old": "good"},
            ],
            [
                {"text": "good mill", "old": "good", "sort": "good", "by": "model"},
                {"text": "bad mill", "old": "bad", "sort": "bad", "by": "model"},
                {"text": "good star", "old": "good", "sort": "good", "by": "model"},
                {"text": "bad star", "old": "bad", "sort": "bad", "by": "model"},
                {"text": "good river", "old": "good", "sort": "good", "by": "model"},
            ],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        for name in ("first", "test", "more", "accuracy", "max_rounds"):
            view.value(name)
        found = view.expression(view.path("text"), view.row_scope())
        if not isinstance(without_null(found), TextType | AnyType):
            told = f"`text` takes text, and this is {type_in_words(found)}"
            view.sink.report(WRONG_VALUE_TYPE, view.document.span(view.path("text")), told)
        fields = self._given(view) if view.given("labels") else self._asked(view)
        added: dict[str, Type] = dict(fields)
        if view.given("tell"):
            added[view.option("tell")] = TextType(("model", "classifier"))
            view.writes({view.option("tell"): added[view.option("tell")]}, view.path("tell"))
        if view.given("confidence"):
            added[view.option("confidence")] = maybe(FLOAT)
            view.writes({view.option("confidence"): maybe(FLOAT)}, view.path("confidence"))
        return RecordType({**view.input.fields, **added}, view.input.open)

    def _given(self, view: StepView) -> Mapping[str, Type]:
        """The label that is there already."""
        type_ = view.expression(view.path("labels"), view.row_scope())
        self._check_label(view, type_, "labels")
        for name in _ASKING:
            if view.given(name):
                told = f"`{name}` and `labels` do not go together"
                view.sink.report(BAD_VALUE, view.document.key_span(view.path(name)), told, help="keep one of them")
        if not view.given("into"):
            told = "`labels` needs `into`, the field for the label"
            view.sink.report(MISSING_KEY, view.document.key_span(view.step.path), told, help="add `into: label`")
            return {}
        fields = {view.option("into"): without_null(type_)}
        view.writes(fields, view.path("into"))
        return fields

    def _asked(self, view: StepView) -> Mapping[str, Type]:
        """The label that a model gives."""
        lacking = [name for name in _ASKING if not view.given(name)]
        if lacking:
            told = f"`{lacking[0]}` is missing in a `classifier` step without `labels`"
            help_ = f"add `{lacking[0]}:`"
            view.sink.report(MISSING_KEY, view.document.key_span(view.step.path), told, help=help_)
            return {}
        fields = check_asking(view)
        if view.given("into"):
            told = "`into` goes with `labels`; `parse` names its field itself"
            view.sink.report(BAD_VALUE, view.document.key_span(view.path("into")), told, help="remove it")
        if view.reader is None:
            return fields
        span = view.document.head_span(view.path("parse"))
        if len(fields) != 1 or view.reader.many:
            help_ = "write `choice: [...]` with `into:`"
            view.sink.report(BAD_PARSE, span, "a label is one field, read once from a reply", help=help_)
        else:
            self._check_label(view, next(iter(fields.values())), "parse")
        return fields

    def _check_label(self, view: StepView, type_: Type, name: str) -> None:
        if not isinstance(without_null(type_), TextType | IntType | BoolType | AnyType):
            told = f"a label is a text, a whole number or a truth value, and this is {type_in_words(type_)}"
            view.sink.report(WRONG_VALUE_TYPE, view.document.head_span(view.path(name)), told)

    def bind(self, step: BoundStep) -> SetStep:
        check_installed()
        return SetStep(_Labelling(step).apply)


@dataclass
class _Known:
    """What was labelled so far: texts and labels, those as canonical JSON."""

    texts: list[str]
    labels: list[str]

    def add(self, other: _Known) -> None:
        self.texts.extend(other.texts)
        self.labels.extend(other.labels)


Take = Callable[[int], _Known]
"""Has so many further rows labelled, or as many as there are."""


class _Labelling:
    def __init__(self, step: BoundStep) -> None:
        view = step.view
        self.step = step
        self.text = step.rule(view.path("text"))
        self.labels = step.rule(view.path("labels")) if view.given("labels") else None
        self.asker = Asker(step) if self.labels is None else None
        self.field: str = view.option("into") if self.asker is None else next(iter(self.asker.reader.fields))
        self.first, self.test = step.whole("first") or 2, step.whole("test") or 1
        self.more, self.max_rounds = step.whole("more") or 0, step.whole("max_rounds") or 1
        accuracy = step.value("accuracy")
        if not isinstance(accuracy, int | float) or not 0 <= accuracy <= 1:
            raise StepStopped(f"`accuracy` of step `{step.name}` is `{accuracy}`, and not a number from 0 to 1")
        self.accuracy = float(accuracy)
        self.otherwise: str = view.option("otherwise")
        self.tell: str | None = view.option("tell")
        self.confidence: str | None = view.option("confidence")

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
        by_rank, made = context.scratch(), context.scratch()
        lost: list[Dropped] = []
        for row in rows:
            try:
                if not isinstance(self.text(self.step.names(row)), str):
                    raise RowFailed("`text`: a text is needed")
                by_rank.put(rank("atk-classifier-v1", self.step.seed, row), row)
            except RowFailed as error:
                lost.append(Dropped(row, "rejected", str(error)))
        waiting = by_rank.rows()

        def take(count: int) -> _Known:
            known = _Known([], [])
            while len(known.texts) < count and (batch := list(islice(waiting, count - len(known.texts)))):
                for row, label in zip(batch, self._labels(batch, context), strict=True):
                    if isinstance(label, Dropped):
                        lost.append(label)
                        continue
                    known.texts.append(self.text(self.step.names(row)))
                    known.labels.append(canonical(label).decode())
                    made.put(place(row), self._labelled(row, label, None))
            return known

        classifier = self._trained(take, context)
        while classifier is not None and (batch := list(islice(waiting, _BATCH))):
            found = classifier.predict([self.text(self.step.names(row)) for row in batch])
            for row, (label, sure) in zip(batch, found, strict=True):
                made.put(place(row), self._labelled(row, decode(label), sure))
        yield from lost
        yield from (Dropped(row, "filtered", "no classifier was good enough to label it") for row in waiting)
        yield from made.rows()

    def _trained(self, take: Take, context: SetContext) -> Classifier | None:
        """The first classifier that is good enough; None when none is, and nothing is to be predicted."""
        known = take(self.first)
        told, right = "", 0.0
        for number in range(1, self.max_rounds + 1):
            if not known.texts:
                return None  # no row could be labelled, each of which is told
            classifier = Classifier(known.texts, known.labels)
            unseen = take(self.test)
            if not unseen.texts:
                return classifier  # all rows are labelled
            guesses = [label for label, _ in classifier.predict(unseen.texts)]
            right = sum(map(str.__eq__, guesses, unseen.labels)) / len(guesses)
            told = f"after {len(known.texts)} labels {right:.1%} of {len(guesses)} unseen rows are labelled right"
            context.note(Notice(f"round {number}: {told}; {_confused(unseen.labels, guesses)}", self.step.name))
            if right >= self.accuracy:
                return classifier
            known.add(unseen)
            if number < self.max_rounds:
                known.add(take(self.more))
        if self.otherwise == "stop":
            raise StepStopped(
                f"step `{self.step.name}` has no classifier that is right for {self.accuracy:.1%}: {told}",
                "raise `max_rounds` or `more`, make the labels clearer, or write `otherwise: predict`",
            )
        return Classifier(known.texts, known.labels) if self.otherwise == "predict" else None

    def _labels(self, rows: Sequence[Row], context: SetContext) -> Iterator[Value | Dropped]:
        """The label of each row, or why it has none."""
        if self.labels is not None:
            for row in rows:
                try:
                    label = self.labels(self.step.names(row))
                    yield label if label is not None else Dropped(row, "rejected", "it has no label")
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
                yield answer.readings[0][self.field]

    def _labelled(self, row: Row, label: Value, sure: float | None) -> Row:
        fields = {**row.fields, self.field: label}
        if self.tell is not None:
            fields[self.tell] = "model" if sure is None else "classifier"
        if self.confidence is not None:
            fields[self.confidence] = sure
        return row.replaced(fields)


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

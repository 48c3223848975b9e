"""The `classifier` kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import (
    ANY,
    FLOAT,
    INT,
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
    EXAMPLES,
    BoundStep,
    CallStep,
    Cardinality,
    Example,
    PureStep,
    SetStep,
    StepKind,
    StepView,
    check_asking,
    check_examples,
)
from atk_interp.kinds.base.answering import answering
from atk_interp.kinds.base.codes import BAD_PARSE, WRONG_VALUE_TYPE
from atk_interp.kinds.base.labelling import OTHERWISE, Labelling, predicting
from atk_interp.kinds.base.training import check_installed
from atk_interp.kinds.base.written import is_formula
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, KEYS_AT_ODDS, MISSING_KEY

__all__ = ["ClassifierKind"]

_ASKING = ("model", "prompt", "parse")
_OF_REPLIES = (*_ASKING, "examples")
_USING = ("text", "load", "into", "confidence", "tell")
"""What a step may say that learns nothing."""


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

    With `guess: guessed` the rows of a test keep in the field `guessed` what the classifier had taken them for, and
    `round: round` says in which round the model has labelled a row (0 before the first test; null for what the
    classifier has labelled): what became of each test may so be counted, and its mistakes be read.

    An output with `format: classifier` saves what was learned, and `load: sorter.json` uses it in this or another spec:

    ```yaml
    sorted:
      kind: classifier
      from: further_reviews
      text: text                 # as long, and cut in the same way, as what it has learned from
      load: sorter.json          # asks no model, learns nothing, and keeps no row waiting
      into: sort
    ```

    Which rows are labelled first follows from the hashes of their contents, so adding rows moves few of them. The
    classifier is a logistic regression over weighted words and pairs of words, in any language, and the same for the
    same labels. Memory: the texts with labels; the other rows wait on disk. Needs the extra `classifier`, but not to
    `load` one.
    """

    name = "classifier"
    cardinality = Cardinality.SET
    asks_model = True
    learns = True
    together = _ASKING
    options = (
        Option("text", Takes.EXPRESSION, "A text over the row: what the classifier goes by.", required=True),
        *(replace(option, required=False) for option in ASKING_OPTIONS),
        EXAMPLES,
        Option("labels", Takes.EXPRESSION, "In place of a model: the labels, as the rows have them."),
        Option("load", Takes.PATH, "In place of both: a classifier that was saved (`format: classifier`)."),
        Option("into", Takes.NAME, "With `labels` or `load`: the field for the label."),
        Option("first", Takes.INT, "How many rows are labelled before the first training.", default=200, min=2),
        Option("test", Takes.INT, "How many unseen rows a classifier is tried on.", default=100, min=1),
        Option("more", Takes.INT, "How many rows a round adds, beside those of its test.", default=100, min=0),
        Option("accuracy", Takes.NUMBER, "The share of right labels that is enough.", default=0.9, min=0, max=1),
        Option("max_rounds", Takes.INT, "After so many tests it is over.", default=5, min=1, max=1000),
        Option(
            "otherwise",
            Takes.TEXT,
            "When no test was passed: `stop` the run, `predict` the rest all the same, or `drop` it.",
            default="stop",
        ),
        Option("tell", Takes.NAME, "The field that says who has labelled: `model` or `classifier`."),
        Option("confidence", Takes.NAME, "The field for how probable the classifier finds its label."),
        Option("guess", Takes.NAME, "The field for what a classifier has taken a row for that it was tried on."),
        Option("round", Takes.NAME, "The field for the round in which a row was labelled by the model."),
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
        for name in ("first", "test", "more", "accuracy", "max_rounds", "otherwise"):
            view.value(name)
        otherwise = view.option("otherwise")
        if not is_formula(otherwise) and otherwise not in OTHERWISE:
            told = f"`otherwise` is one of {', '.join(f'`{word}`' for word in OTHERWISE)}, and not `{otherwise}`"
            near = did_you_mean(otherwise, OTHERWISE)
            view.sink.report(BAD_VALUE, view.document.span(view.path("otherwise")), told, help=near)
        found = view.expression(view.path("text"), view.row_scope())
        if not isinstance(without_null(found), TextType | AnyType):
            told = f"`text` takes text, and this is {type_in_words(found)}"
            view.sink.report(WRONG_VALUE_TYPE, view.document.span(view.path("text")), told)
        if view.given("load"):
            fields = self._loaded(view)
        else:
            fields = self._given(view) if view.given("labels") else self._asked(view)
        label = maybe(next(iter(fields.values()), ANY))
        told_of: Mapping[str, Type] = {
            "tell": TextType(("model", "classifier")),
            "confidence": maybe(FLOAT),
            "guess": label,
            "round": maybe(INT),
        }
        added: dict[str, Type] = dict(fields)
        for name, type_ in told_of.items():
            if view.given(name):
                added[view.option(name)] = type_
                view.writes({view.option(name): type_}, view.path(name))
        return RecordType({**view.input.fields, **added}, view.input.open)

    def makes(self, view: StepView) -> Cardinality:
        return Cardinality.ONE if view.given("load") else self.cardinality

    def _loaded(self, view: StepView) -> Mapping[str, Type]:
        """The label that a saved classifier gives."""
        view.value("load")
        for option in view.options:
            if view.given(option.name) and option.name not in _USING:
                told = f"`{option.name}` and `load` do not go together: nothing is learned"
                view.sink.report(KEYS_AT_ODDS, view.document.key_span(view.path(option.name)), told, help="remove it")
        return self._into(view, "load", ANY)

    def _given(self, view: StepView) -> Mapping[str, Type]:
        """The label that is there already."""
        type_ = view.expression(view.path("labels"), view.row_scope())
        self._check_label(view, type_, "labels")
        for name in _OF_REPLIES:
            if view.given(name):
                told = f"`{name}` and `labels` do not go together"
                view.sink.report(BAD_VALUE, view.document.key_span(view.path(name)), told, help="keep one of them")
        return self._into(view, "labels", without_null(type_))

    def _into(self, view: StepView, key: str, type_: Type) -> Mapping[str, Type]:
        if not view.given("into"):
            told = f"`{key}` needs `into`, the field for the label"
            view.sink.report(MISSING_KEY, view.document.key_span(view.step.path), told, help="add `into: label`")
            return {}
        fields = {view.option("into"): type_}
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
        check_examples(view, fields, filters=False)
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

    def bind(self, step: BoundStep) -> PureStep | SetStep:
        if step.view.given("load"):
            return predicting(step)
        check_installed()
        return SetStep(Labelling(step).apply)

    def rehearsed(self, step: BoundStep) -> CallStep:
        """What the model is asked about one row; what is learned of its labels is no matter of one reply."""
        return answering(step)

"""The `once` kind."""

from __future__ import annotations

from dataclasses import replace

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import (
    ASKING_OPTIONS,
    EXAMPLES,
    BoundStep,
    CallStep,
    Cardinality,
    PureStep,
    StepKind,
    StepView,
    check_asking,
    check_examples,
)
from atk_interp.kinds.base.answering import answering
from atk_interp.kinds.base.codes import BAD_PARSE
from atk_interp.spec.codes import MISSING_KEY

__all__ = ["Once"]

_NEEDED = ("model", "prompt", "parse")


class Once(StepKind):
    """Make one value for all rows: ask a model once, or take the one row that a step gives.

    A step that says `use: rubric` may name the fields of the `once` step `rubric` in its expressions and prompts, as
    `rubric.text`; it begins when the value is there. Without `from` the prompt knows the parameters alone. With `from`
    it knows the fields of the one row that comes, which `group` may have made of many; more than one stops the run, as
    does a reply that is not acceptable in all its attempts when another step uses the value. Without `model`, `prompt`
    and `parse` the row itself is the value.
    """

    name = "once"
    cardinality = Cardinality.SOURCE_OR_ONE
    asks_model = True
    tells_calls = True
    single = True
    together = _NEEDED
    options = (*(replace(option, required=False) for option in ASKING_OPTIONS), EXAMPLES)

    def flow(self, view: StepView) -> RecordType:
        if not any(view.given(option.name) for option in self.options) and view.step.inputs:
            return view.input
        lacking = [key for key in _NEEDED if not view.given(key)]
        if lacking:
            told = f"`{lacking[0]}` is missing in a `once` step that asks a model"
            view.sink.report(MISSING_KEY, view.document.key_span(view.step.path), told, help=f"add `{lacking[0]}:`")
            return RecordType({}, open=True)
        fields = check_asking(view)
        check_examples(view, fields, filters=False)
        if view.reader is not None and view.reader.many:
            view.sink.report(
                BAD_PARSE,
                view.document.key_span((*view.path("parse"), "many")),
                "a value is one reading, and with `many` a reply holds several",
                help="remove `many: true`",
            )
        return RecordType({**view.input.fields, **fields}, view.input.open)

    def bind(self, step: BoundStep) -> PureStep | CallStep:
        if not step.view.given("model"):
            return PureStep(lambda row: (row,))
        return answering(step)

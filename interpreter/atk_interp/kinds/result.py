"""The `result` kind."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import BoundStep, Cardinality, StepKind, StepView
from atk_interp.kinds.base.codes import UNKNOWN_RESULT
from atk_interp.kinds.base.handing import result_of
from atk_interp.kinds.base.nested import NestedRows, Result
from atk_interp.spec import Option, Takes

__all__ = ["ResultOf"]

_OPEN = RecordType({}, open=True)


class ResultOf(StepKind):
    """Take further rows of a pipeline that another step uses.

    A step of kind `pipeline` gives the rows of one output or step of it. This one gives those of another, from the
    same use of it: what both come from is done once. With a `matrix` the rows of all combinations come, as they do
    there, and have its values as fields.
    """

    name = "result"
    cardinality = Cardinality.SOURCE
    options = (
        Option("of", Takes.STEP, "The step that uses the pipeline.", required=True),
        Option("output", Takes.NAME, "The output or step of the pipeline whose rows come out.", required=True),
    )

    def flow(self, view: StepView) -> RecordType:
        assert view.around is not None
        name = view.option("of")
        of = view.around.view_of(name)
        if of is None:
            return _OPEN  # it is broken, or not there, which is told
        if of.step.kind != "pipeline":
            using = [step.name for step in view.spec.steps.values() if step.kind == "pipeline"]
            view.sink.report(
                UNKNOWN_RESULT,
                view.document.span(view.path("of")),
                f"step `{name}` uses no pipeline",
                notes=["steps that do are " + ", ".join(f"`{step}`" for step in using)] if using else (),
                help=did_you_mean(name, using) or "take its rows with `from`",
            )
            return _OPEN
        nested = of.nested
        if not isinstance(nested, NestedRows):
            return _OPEN
        result = result_of(view, nested.analysis, "of")
        if result is None:
            return _OPEN
        view.nested = Result(name, *result)
        made = nested.analysis.fields.get(result[0], _OPEN)
        return RecordType({**made.fields, **nested.told}, made.open)

    def remarks(self, view: StepView) -> Mapping[str, str]:
        return {"of": f"its `{view.option('output')}`"}

    def bind(self, step: BoundStep) -> Result:
        found: Result = step.view.nested
        return found

"""The `split` kind."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from atk_interp.expressions.types import RecordType, TextType, Type
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    PureStep,
    StepKind,
    StepStopped,
    StepView,
    compared,
    expression_paths,
    is_formula,
)
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE
from atk_interp.values import Row, content_hash

__all__ = ["Split"]

_SHARE: dict[str, Any] = {"type": ["number", "formula"], "min": 0}


class Split(StepKind):
    """Divide the rows into named parts by the hash of their content, as for training and test.

    Each row gets the name of its part in `into`; outputs choose theirs with `where: part == "test"`. Rows with the same
    fields fall into one part. A row stays in its part when others are added, and so the parts have about the shares
    that are asked for, not exactly these. With `by` all rows of one key fall into one part: `by: row.source` keeps the
    passages of a document together.
    """

    name = "split"
    cardinality = Cardinality.ONE
    options = (
        Option(
            "shares",
            Takes.STRUCTURE,
            "The parts with their shares, which add up to 1 (or to 100, as per cent).",
            required=True,
            schema={"type": "dict", "minlength": 1, "valuesrules": _SHARE},
        ),
        Option("into", Takes.NAME, "The field for the name of the part.", default="part"),
        Option("by", Takes.EXPRESSIONS, "What rows of one part have in common; all that they hold when not given."),
    )
    examples = (
        Example(
            {"shares": {"train": 0.5, "test": 0.5}},
            [{"n": 1}, {"n": 2}, {"n": 3}],
            [{"n": 1, "part": "train"}, {"n": 2, "part": "test"}, {"n": 3, "part": "test"}],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        shares, path = view.option("shares"), view.path("shares")
        for name in shares:
            view.check_value((*path, name), Takes.NUMBER, view.params_scope())
        if not any(map(is_formula, shares.values())) and not _whole(list(shares.values())):
            told = f"the shares add up to {round(sum(shares.values()), 6):g}, and not to 1 or 100"
            view.sink.report(BAD_VALUE, view.document.head_span(path), told)
        for key in expression_paths(view, "by"):
            view.expression(key, view.row_scope())
        added: dict[str, Type] = {view.option("into"): TextType(tuple(shares))}
        view.writes(added, view.path("into") if view.given("into") else view.step.path)
        return RecordType({**view.input.fields, **added}, view.input.open)

    def bind(self, step: BoundStep) -> PureStep:
        names = list(step.view.option("shares"))
        shares = [step.evaluated((*step.view.path("shares"), name)) for name in names]
        if not all(isinstance(share, int | float) and share >= 0 for share in shares) or not _whole(shares):
            told = ", ".join(f"`{name}` {share}" for name, share in zip(names, shares, strict=True))
            raise StepStopped(f"the shares of step `{step.name}` do not add up to 1 or 100: {told}")
        limits = [limit / sum(shares) for limit in accumulate(shares)]
        keys = [step.rule(path) for path in expression_paths(step.view, "by")]
        into = step.view.option("into")

        def apply(row: Row) -> Iterable[Row] | Dropped:
            scope = step.names(row) if keys else {}
            known_by = compared([key(scope) for key in keys] or [row.fields])
            drawn = int(content_hash("atk-split-v2", [step.seed, known_by.decode()])[:13], 16) / 16**13
            part = next((name for name, limit in zip(names, limits, strict=True) if drawn < limit), names[-1])
            return (row.replaced({**row.fields, into: part}),)

        return PureStep(apply)


def _whole(shares: list[float]) -> bool:
    return any(abs(sum(shares) - whole) < 1e-6 * whole for whole in (1, 100))

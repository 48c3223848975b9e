"""Two step kinds that embed texts, as small as they can be: for tests of what such kinds may ask of the runtime.

`python -m support.embedding_kind run config.yaml`, in the folder `tests`, is the program with these kinds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from atk_interp.expressions.types import FLOAT, TEXT, RecordType
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import (
    BoundStep,
    CallStep,
    Cardinality,
    SetContext,
    SetStep,
    StepContext,
    StepKind,
    StepView,
)
from atk_interp.spec import Option, Takes
from atk_interp.values import Row

__all__ = ["Likeness", "Nearness", "with_embedding_kinds"]

_SLOT = Option("model", Takes.NAME, "The model slot that makes the vectors.", required=True)


class Likeness(StepKind):
    """How like each text is to the one before it."""

    name = "likeness"
    cardinality = Cardinality.SET
    asks_model = True
    options = (_SLOT,)

    def flow(self, view: StepView) -> RecordType:
        view.slot(embeds=True)
        return RecordType({"text": TEXT, "like": FLOAT})

    def bind(self, step: BoundStep) -> SetStep:
        slot = step.view.option("model")

        def apply(rows: Iterator[Row], context: SetContext) -> Iterator[Row]:
            rows, ahead = itertools.tee(rows)
            before = None
            vectors = context.vectors(slot, (str(row.fields["text"]) for row in ahead))
            for row, vector in zip(rows, vectors, strict=True):
                like = 0.0 if before is None else sum(a * b for a, b in zip(before, vector, strict=True))
                before = vector
                yield row.replaced({"text": row.fields["text"], "like": round(like, 5)})

        return SetStep(apply)


class Nearness(StepKind):
    """How near each text is to a question."""

    name = "nearness"
    cardinality = Cardinality.ONE
    asks_model = True
    options = (_SLOT, Option("question", Takes.NAME, "The question.", required=True))

    def flow(self, view: StepView) -> RecordType:
        view.slot(embeds=True)
        return RecordType({"text": TEXT, "near": FLOAT})

    def bind(self, step: BoundStep) -> CallStep:
        slot, question = step.view.option("model"), step.view.option("question")

        async def apply(row: Row, context: StepContext) -> Iterable[Row]:
            (asked,) = await context.embed(slot, [question], query=True, row=row)
            (told,) = await context.embed(slot, [str(row.fields["text"])], row=row)
            near = sum(a * b for a, b in zip(asked, told, strict=True))
            return (row.replaced({"text": row.fields["text"], "near": round(near, 5)}),)

        return CallStep(apply)


def with_embedding_kinds() -> None:
    """Add the kinds to those that there are, in this process."""
    table: Any = vars(KINDS)["own"]
    for kind in (Likeness(), Nearness()):
        table._places[kind.name] = ""
        table._loaded[kind.name] = kind


if __name__ == "__main__":
    from atk_interp.cli.main import main

    with_embedding_kinds()
    main()

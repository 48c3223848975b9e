"""How much of a run is done, as the books see it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from atk_interp.kinds.base import CallStep, Runner, SetStep, SourceStep
from atk_interp.plan import Plan, PlannedStep
from atk_interp.runtime.books import Books


def planned(name: str, inputs: tuple[str, ...], runner: Runner, slot: str | None = None) -> PlannedStep:
    return PlannedStep(name, "kind", inputs, runner, lambda row: {}, slot=slot)


def test_a_sample_that_is_being_handed_on_counts_as_what_it_will_give() -> None:
    unused = cast("Any", None)
    steps = (
        planned("read", (), SourceStep(unused)),
        planned("chosen", ("read",), SetStep(unused, expects=lambda rows: min(rows, 10))),
        planned("ask", ("chosen",), CallStep(unused), slot="m"),
    )
    books = Books(cast("Plan", SimpleNamespace(steps={step.name: step for step in steps})))
    books.steps["read"].finished = True
    books.steps["read"].rows_out = books.steps["chosen"].rows_in = 100
    assert books.fraction() == 0.0
    books.steps["chosen"].rows_out = books.steps["ask"].rows_in = 8
    books.steps["ask"].passed = 4
    assert books.fraction() == 0.8 * 0.5

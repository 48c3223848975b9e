"""What a step uses another pipeline with, once for each: the combinations of a matrix, and repeats of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import ANY, AnyType, ListType, Type, without_null
from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.codes import WRONG_PARAMETERS
from atk_interp.kinds.base.matrix import combinations, number_of
from atk_interp.kinds.base.results import StepStopped
from atk_interp.kinds.base.view import StepView
from atk_interp.kinds.base.written import is_formula
from atk_interp.spec.codes import BAD_VALUE
from atk_interp.values import Value, canonical

__all__ = ["MOST_VARIANTS", "REPEAT", "check_draws", "rounds", "types_of_axes"]

MOST_VARIANTS = 1000
"""So often one step may use a pipeline."""
REPEAT = "repeat"
"""The field that has the number of the repeat, from 1."""


def types_of_axes(view: StepView) -> dict[str, Type]:
    """The names under `matrix`, with the type of one value of each."""
    types: dict[str, Type] = {}
    for name, values in (view.option("matrix") or {}).items():
        path = (*view.path("matrix"), name)
        listed = without_null(view.content(path, view.params_scope()))
        types[name] = listed.item if isinstance(listed, ListType) else ANY
        if is_formula(values) and not isinstance(listed, ListType | AnyType):
            told = f"`{name}` takes a list of values, and this is {type_in_words(listed)}"
            view.sink.report(WRONG_PARAMETERS, view.document.span(path), told)
    return types


def check_draws(view: StepView) -> None:
    """Report what `together`, `draws` and `where` say of values that `matrix` does not have."""
    matrix: Mapping[str, Any] = view.option("matrix") or {}
    view.value("draws")
    view.value("repeats")
    for name in ("together", "draws", "where"):
        if view.given(name) and not matrix:
            told = f"`{name}` has no effect without `matrix`"
            view.sink.report(BAD_VALUE, view.document.key_span(view.path(name)), told)
    seen: set[str] = set()
    for number, group in enumerate(view.option("together") or () if matrix else ()):
        lengths = {len(matrix[name]) for name in group if isinstance(matrix.get(name), list)}
        if len(lengths) > 1:
            told = "lists that are gone through side by side are of one length"
            view.sink.report(BAD_VALUE, view.document.span((*view.path("together"), number)), told)
        for index, name in enumerate(group):
            told = f"`{name}` stands here twice" if name in seen else f"`{name}` is not under `matrix`"
            if name in seen or name not in matrix:
                span = view.document.span((*view.path("together"), number, index))
                view.sink.report(BAD_VALUE, span, told, help=did_you_mean(name, matrix) if name not in matrix else None)
            seen.add(name)


def rounds(step: BoundStep) -> Iterator[tuple[dict[str, Value], int]]:
    """The values of each use of the pipeline, and how often it was used with the same before. Raises `StepStopped`.

    One of no values without `matrix` and `repeats`; none at all where a list of the matrix is empty.
    """
    seen: Counter[bytes] = Counter()
    chosen = _combinations(step)
    repeats = step.whole("repeats") or 1
    if len(chosen) * repeats > MOST_VARIANTS:
        told = f"step `{step.name}` would use its pipeline {len(chosen) * repeats} times, more than {MOST_VARIANTS}"
        raise StepStopped(told)
    for values in chosen:
        for number in range(1, repeats + 1):
            told_of = {**values, REPEAT: number} if step.view.given("repeats") else values
            known = canonical(values)
            yield told_of, seen[known]
            seen[known] += 1


def _combinations(step: BoundStep) -> list[dict[str, Value]]:
    lists: dict[str, list[Value]] = {}
    for name in step.view.option("matrix") or {}:
        found = step.content((*step.view.path("matrix"), name))(step.base)
        if not isinstance(found, list):
            raise StepStopped(f"`matrix.{name}` of step `{step.name}` is no list")
        lists[name] = found
    together: list[list[str]] = step.view.option("together") or []
    for group in together:
        if len({len(lists[name]) for name in group}) > 1:
            listed = " and ".join(f"`{name}`" for name in group)
            raise StepStopped(f"the lists {listed} under `matrix` of step `{step.name}` are not of one length")
    draws = step.whole("draws")
    count = number_of(lists, together) if draws is None else draws
    if count > MOST_VARIANTS:
        raise StepStopped(f"`matrix` of step `{step.name}` makes {count} combinations, more than {MOST_VARIANTS}")
    if not lists:
        return [{}]
    if not count or not all(lists.values()):
        return []
    return combinations(lists, together, draws, step.seed)

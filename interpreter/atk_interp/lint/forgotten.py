"""Texts that name a field or parameter where its value may have been meant."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from atk_interp.document import Path
from atk_interp.kinds.base import StepView
from atk_interp.spec import Takes

__all__ = ["forgotten"]


def forgotten(view: StepView) -> Iterator[tuple[Path, str]]:
    """The literal texts that are names, with their paths; quotes say that the text is meant."""
    for path, text, known in _texts(view):
        if text in known and view.document.written(path)[:1] not in ('"', "'"):
            yield path, text


def _texts(view: StepView) -> Iterator[tuple[Path, str, Container[str]]]:
    """The literal texts of a step or output, with their paths and the names that could be meant."""
    of_a_row = {*view.input.fields, *view.spec.params, "row.id", "row.source"}
    for option in view.options:
        if option.takes in (Takes.FIELDS, Takes.PATH) and view.given(option.name):
            known = of_a_row if option.takes is Takes.FIELDS else view.spec.params
            for path, text in _inside(view.option(option.name), view.path(option.name)):
                yield path, text, known


def _inside(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _inside(inner, (*path, key))

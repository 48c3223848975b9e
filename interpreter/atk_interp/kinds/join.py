"""The `join` kind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from atk_interp.document import Path
from atk_interp.expressions import ast
from atk_interp.expressions.kinds import Kind, kinds_of, type_in_words
from atk_interp.expressions.types import RecordType, TextType, Type, maybe, without_null
from atk_interp.kinds.base import (
    Beside,
    BoundStep,
    Cardinality,
    Closure,
    Dropped,
    Example,
    RowFailed,
    SetContext,
    SetStep,
    StepKind,
    StepView,
    compared,
    expression_paths,
    one_line,
)
from atk_interp.kinds.base.codes import CLASHING_FIELDS, KEYS_NEVER_EQUAL
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, Value, row_id

__all__ = ["Join"]


class Join(StepKind):
    """Bring together rows of two steps that have the same key.

    Each row of `from` takes up the fields of the rows of `with` whose key equals its own; with several of those it
    becomes several rows, in their order. Numbers that are equal are one key (3 and 3.0); a key that is null equals
    nothing. `how: inner` filters a row that finds no partner, `how: left` keeps it with null in the fields of the other
    side. Rows of `with` that no row takes up are counted as filtered, the others as merged.

    A field that both sides have must be the key itself, or be left out by `take`, or renamed by `prefix`.
    """

    name = "join"
    cardinality = Cardinality.JOINED
    options = (
        Option("with", Takes.STEP, "The step whose rows are joined to those of `from`.", required=True),
        Option("by", Takes.EXPRESSIONS, "The key: an expression over the row, or a list of them.", required=True),
        Option("with_by", Takes.EXPRESSIONS, "The key on the side of `with`, when it is written in another way there."),
        Option(
            "how",
            Takes.NAME,
            "What becomes of a row without a partner: filtered (`inner`), or kept (`left`).",
            default="inner",
            choices=("inner", "left"),
        ),
        Option("take", Takes.NAMES, "The fields to take from `with`; all when not given."),
        Option("prefix", Takes.NAME, "What to put before the names of the fields from `with`."),
    )
    examples = (
        Example(
            {"with": "passages", "by": "passage", "how": "left"},
            [{"passage": 1, "question": "Why?"}, {"passage": 3, "question": "Who?"}],
            [
                {"passage": 1, "question": "Why?", "text": "Because."},
                {"passage": 3, "question": "Who?", "text": None},
            ],
            others={"with": [{"passage": 1, "text": "Because."}, {"passage": 2, "text": "Thus."}]},
        ),
        Example(
            {"with": "authors", "by": "book", "prefix": "author_", "take": ["name"]},
            [{"book": "Tides", "name": "a copy"}],
            [
                {"book": "Tides", "name": "a copy", "author_name": "Ann"},
                {"book": "Tides", "name": "a copy", "author_name": "Bob"},
            ],
            others={"with": [{"book": "Tides", "name": "Ann"}, {"book": "Tides", "name": "Bob"}]},
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        other = view.beside("with")
        _check_keys(view, other)
        added: dict[str, Type] = {}
        for index, name in enumerate(view.option("take") or ()):
            if not other.has_field(name, (*view.path("take"), index)):
                return RecordType(view.input.fields, open=True)
        for name, new in _taken(view).items():
            type_ = other.input.fields[name]
            added[new] = maybe(type_) if view.option("how") == "left" else type_
        _check_clashes(view, other, added)
        view.writes(added, view.path("with"))
        if view.option("how") == "left":
            why = f"is null where step `{view.step.name}` finds no row of `{view.option('with')}`"
            view.causes.update({name: f"`{name}` {why}" for name in added})
        is_open = view.input.open or (other.input.open and not view.given("take"))
        return RecordType({**view.input.fields, **added}, is_open)

    def remarks(self, view: StepView) -> Mapping[str, str]:
        fate = "kept with null" if view.option("how") == "left" else "filtered"
        theirs = one_line(view.option("with_by" if view.given("with_by") else "by"))
        return {
            "from": f"each row, by {one_line(view.option('by'))}; one without a partner is {fate}",
            "with": f"partners, by {theirs}",
        }

    def bind(self, step: BoundStep) -> SetStep:
        return SetStep(_Joining(step).apply)


def _other_paths(view: StepView) -> list[Path]:
    """Where the expressions of the key stand for the other side."""
    return expression_paths(view, "with_by" if view.given("with_by") else "by")


def _check_keys(view: StepView, other: StepView) -> None:
    """Report keys that can never be equal."""
    ours, theirs = expression_paths(view, "by"), _other_paths(view)
    types = [view.expression(path, view.row_scope()) for path in ours]
    other_types = [other.expression(path, other.row_scope()) for path in theirs]
    if len(ours) != len(theirs):
        told = f"`by` is a key of {len(ours)}, and `with_by` of {len(theirs)}"
        view.sink.report(KEYS_NEVER_EQUAL, view.document.span(view.path("with_by")), told)
        return
    for path, left, right in zip(theirs, types, other_types, strict=True):
        if _may_be_equal(without_null(left), without_null(right)):
            continue
        came = " and ".join(f"`{name}`" for name in view.step.inputs)
        told = f"this key is {_said(left)} in {came} and {_said(right)} in `{view.option('with')}`"
        has_text = Kind.TEXT in kinds_of(left) | kinds_of(right)
        help_ = "turn one into the other, as in `number | int`" if has_text else None
        view.sink.report(KEYS_NEVER_EQUAL, view.document.span(path), f"{told}, which are never equal", help=help_)


def _may_be_equal(left: Type, right: Type) -> bool:
    if not (kinds_of(left) & kinds_of(right)) - {Kind.NULL}:
        return False
    if isinstance(left, TextType) and isinstance(right, TextType) and left.choices and right.choices:
        return bool(set(left.choices) & set(right.choices))
    return True


def _said(type_: Type) -> str:
    bare = without_null(type_)
    return str(bare) if isinstance(bare, TextType) else type_in_words(bare)


def _taken(view: StepView) -> dict[str, str]:
    """The known fields that are taken from the other side, with their new names."""
    other = view.sides["with"]
    prefix = view.option("prefix") or ""
    names = view.option("take") or list(other.fields)
    keys = _shared_keys(view) if not prefix and not view.given("take") else set()
    return {name: prefix + name for name in names if name in other.fields and name not in keys}


def _shared_keys(view: StepView) -> set[str]:
    """Fields that are a key on both sides under one name, and so have one value there."""
    ours, theirs = (
        [_field(view, path) for path in paths] for paths in (expression_paths(view, "by"), _other_paths(view))
    )
    return {left for left, right in zip(ours, theirs, strict=False) if left is not None and left == right}


def _field(view: StepView, path: Path) -> str | None:
    expression = view.expressions.get(path)
    return expression.root.name if expression is not None and isinstance(expression.root, ast.Name) else None


def _check_clashes(view: StepView, other: StepView, added: Mapping[str, Type]) -> None:
    clashes = [name for name in added if name in view.input.fields]
    if not clashes:
        return
    told = " and ".join(f"`{name}`" for name in clashes)
    came = " and ".join(f"`{name}`" for name in view.step.inputs)
    view.sink.report(
        CLASHING_FIELDS,
        view.document.span(view.path("with")),
        f"rows of {came} and of `{view.option('with')}` both have {told}",
        help=f"write `prefix: {view.option('with')}_`, or choose with `take` which fields to add",
    )


class _Joining:
    def __init__(self, step: BoundStep) -> None:
        view = step.view
        self.step = step
        self.by = [step.rule(path) for path in expression_paths(view, "by")]
        self.with_by = [step.rule(path) for path in _other_paths(view)]
        self.left = view.option("how") == "left"
        self.other: str = view.option("with")
        self.came = " and ".join(f"`{name}`" for name in view.step.inputs)
        self.prefix: str = view.option("prefix") or ""
        self.take: list[str] | None = view.option("take")
        self.keys = _shared_keys(view) if not self.prefix and self.take is None else set()
        self.known = list(view.sides["with"].fields)
        self.other_base: dict[str, Any] = dict.fromkeys(view.sides["with"].fields)

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped | Beside]:
        others = context.scratch()
        count = 0
        names = dict.fromkeys(self.known)
        for row in context.others("with"):
            try:
                key = _digest(self.with_by, {**self.step.base, **self.other_base, **self.step.names(row)})
            except RowFailed as error:
                yield Dropped(row, "rejected", str(error))
                continue
            count += 1
            names.update(dict.fromkeys(row.fields))
            if key is not None:
                others.put(key, row)
        absent = dict.fromkeys(self._renamed(names))
        matched: set[bytes] = set()
        merged = 0
        for row in rows:
            try:
                key = _digest(self.by, self.step.names(row))
            except RowFailed as error:
                yield Dropped(row, "rejected", str(error))
                continue
            found = others.find(key) if key is not None else []
            if found and key is not None and key not in matched:
                matched.add(key)
                merged += len(found)
            yield from self._joined(row, found, absent)
        yield Beside(merged, count - merged, f"row of `{self.other}` whose key no row of {self.came} has")

    def _renamed(self, names: Iterable[str]) -> dict[str, str]:
        """The fields that are taken from the other side, by their new names."""
        taken = names if self.take is None else self.take
        return {self.prefix + name: name for name in taken if name not in self.keys}

    def _joined(self, row: Row, found: list[Row], absent: Mapping[str, Value]) -> Iterator[Row | Dropped]:
        if not found and self.left:
            yield row.replaced({**row.fields, **{name: None for name in absent if name not in row.fields}})
        elif not found:
            yield Dropped(row, "filtered", f"no row of `{self.other}` has its key")
        for number, other in enumerate(found):
            taken = {new: other.fields.get(name) for new, name in self._renamed(other.fields).items()}
            clash = next((name for name in taken if name in row.fields), None)
            if clash is not None:  # of rows whose fields were not known beforehand
                yield Dropped(row, "rejected", f"a row of `{self.other}` has a field `{clash}`, too")
                return
            yield Row(
                row_id(row.id, ["join", other.id]), row.source, (*row.order, number), {**row.fields, **taken}, row.id
            )


def _digest(key: list[Closure], names: Mapping[str, Any]) -> bytes | None:
    """What equal keys have in common; None for a key that equals nothing."""
    values = [closure(names) for closure in key]
    return None if any(value is None for value in values) else hashlib.sha256(compared(values)).digest()

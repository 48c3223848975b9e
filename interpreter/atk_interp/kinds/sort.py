"""The `sort` kind."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from atk_interp.expressions.types import ListType, RecordType, without_null
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    RowFailed,
    SetContext,
    SetStep,
    StepKind,
    StepView,
    expression_paths,
)
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.spec import Option, Takes
from atk_interp.values import Row

__all__ = ["Sort"]


class Sort(StepKind):
    """Put the rows into the order of a key.

    `by` is an expression or a list of them, the most important first. Numbers stand before texts, texts are compared
    letter by letter (write `name | lower` to take capitals for small letters), and rows whose key is none stand at the
    end either way. Rows of equal keys keep their order. Memory: none to speak of; many rows are sorted on disk.
    """

    name = "sort"
    cardinality = Cardinality.SET
    options = (
        Option("by", Takes.EXPRESSIONS, "What to sort by.", required=True),
        Option("descending", Takes.BOOL, "The greatest first.", default=False),
    )
    examples = (
        Example(
            {"by": ["score", "name"], "descending": True},
            [
                {"name": "a", "score": 1},
                {"name": "b", "score": None},
                {"name": "c", "score": 2.5},
                {"name": "d", "score": 1},
            ],
            [
                {"name": "c", "score": 2.5},
                {"name": "d", "score": 1},
                {"name": "a", "score": 1},
                {"name": "b", "score": None},
            ],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        for path in expression_paths(view, "by"):
            key = without_null(view.expression(path, view.row_scope()))
            while isinstance(key, ListType):
                key = without_null(key.item)
            if isinstance(key, RecordType):
                told = "rows cannot be put into the order of a record"
                view.sink.report(WRONG_VALUE_TYPE, view.document.span(path), told, help="name one of its fields")
        view.value("descending")
        return view.input

    def bind(self, step: BoundStep) -> SetStep:
        keys = [step.rule(path) for path in expression_paths(step.view, "by")]
        descending = bool(step.value("descending"))

        def apply(rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
            sorted_ = context.scratch()
            for row in rows:
                names = step.names(row)
                try:
                    sorted_.put(b"".join(_place(key(names), descending) for key in keys), row)
                except RowFailed as error:
                    yield Dropped(row, "rejected", str(error))
            for number, row in enumerate(sorted_.rows()):
                yield Row(row.id, row.source, (0, number), row.fields, row.parent)

        return SetStep(apply, reorders=True)


def _place(value: Any, descending: bool) -> bytes:
    """Bytes that stand in the order of the values, and of which none begins another. None stands last either way."""
    if value is None:
        return b"\x01"
    place = _ascending(value)
    return b"\x00" + (bytes(255 - byte for byte in place) if descending else place)


def _ascending(value: Any) -> bytes:
    match value:
        case bool():
            return b"\x30\x01" if value else b"\x30\x00"
        case int() | float():
            return b"\x10" + _number(value)
        case str():
            # Zero bytes are escaped, so that two of them end the text: a text that begins another stands before it.
            return b"\x20" + value.encode("utf-8", "surrogatepass").replace(b"\0", b"\0\xff") + b"\0\0"
        case list():
            return b"\x40" + b"".join(b"\x01" + _place(item, False) for item in value) + b"\x00"
    raise RowFailed("`by`: rows cannot be put into the order of a record")


def _number(value: float) -> bytes:
    """A number in the order of the numbers: its nearest float, then how far a whole number is from it."""
    nearest = float(value) + 0.0  # which makes -0.0 a 0.0
    (bits,) = struct.unpack(">Q", struct.pack(">d", nearest))
    ordered = bits ^ (0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else 1 << 63)
    rest = value - int(nearest) if isinstance(value, int) else 0
    return struct.pack(">QQ", ordered, rest + (1 << 63))

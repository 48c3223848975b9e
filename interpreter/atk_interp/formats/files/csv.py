"""Comma-separated values, with a line of names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from atk_interp.formats.files.base import Layout, Records, Write
from atk_interp.values import encode

__all__ = ["Csv"]


class Csv:
    """CSV as RFC 4180 has it: UTF-8 without a mark, quotes doubled, lines end in CR LF.

    Null is an empty cell, true and false are `true` and `false`, lists and records are JSON. The columns are those of
    the layout, then any others in the order in which they come up. Cells are written as they are: a spreadsheet takes
    one that begins with `=`, `+`, `-` or `@` for a formula. Read back, every value is text.
    """

    def write(self, records: Records, layout: Layout, write: Write) -> int:
        names = _columns(records, layout)
        if not names:
            return 0
        write(_line(names))
        count = 0
        for record in records():
            fields = json.loads(record)
            write(_line([_cell(fields.get(name)) for name in names]))
            count += 1
        return count

    def read(self, path: Path) -> Iterator[dict[str, Any]]:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def _columns(records: Records, layout: Layout) -> list[str]:
    if not layout.open:
        return list(layout.fields)
    names = dict.fromkeys(layout.fields)
    for record in records():
        names.update(dict.fromkeys(json.loads(record)))
    return list(names)


def _line(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else encode(value).decode()

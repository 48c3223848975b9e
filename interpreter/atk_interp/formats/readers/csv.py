"""CSV and TSV: a line of names, then each line a record whose values are texts."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from atk_interp.formats.readers.base import Document, File, Problem, empty, nothing_in
from atk_interp.formats.readers.records import BadRecord, Faults, checked_record
from atk_interp.formats.readers.text_stream import text_stream
from atk_interp.patterns import pattern
from atk_interp.values import Value

__all__ = ["read"]

_SIGNS = (",", ";", "\t", "|")
_SAMPLE_LINES = 50
_LONGEST_CELL = 128 * 1024 * 1024
"""In characters. Where a quote is missing the rest of the file is one cell, which must not fill the memory."""

if TYPE_CHECKING:
    from _csv import Reader as Table

_NUMBER = pattern(r"[-+]?\d[\d.,]*\Z")


def read(file: File) -> Iterator[Document | Problem]:
    """One document a record, its ordinal the number of the line that it ends on.

    The sign between cells is the one that parts the first lines most evenly; a `.tsv` has tabs. An empty cell is an
    empty text. A line with another number of cells than there are names is reported and skipped. A column without a
    name is left out; at the end of the names it may be no more than a comma too many.
    """
    stream, problems = text_stream(file, newline="")
    yield from problems
    if stream is None:
        return
    with stream:
        yield from _table(file, stream)


def _table(file: File, stream: Iterable[str]) -> Iterator[Document | Problem]:
    sample, lines = _begun(iter(stream))
    sign = "\t" if ".tsv" in file.path.name.lower() else _sign(sample)
    csv.field_size_limit(_LONGEST_CELL)
    table = csv.reader(lines, delimiter=sign, strict=True)
    names = _next(table)
    while names == []:  # a blank line before that of the names
        names = _next(table)
    if not names:
        yield empty(file)
    elif isinstance(names, str):
        told = f"the names of its columns cannot be read ({names}); skipped"
        yield file.problem(told, help="check the quotes of the first line")
    elif (wrong := _of_names(bare := [name.strip() for name in names])) is not None:
        yield file.problem(f"{wrong[0]}; skipped", help=wrong[1])
    else:
        yield from _unnamed(file, bare)
        yield from _records(file, table, bare)


def _unnamed(file: File, names: list[str]) -> Iterator[Problem]:
    """What is left out because nothing can name it: the numbers that pandas writes before the rows, for one."""
    without = [str(at) for at, name in enumerate(names, 1) if not name]
    if without:
        columns, are = ("columns", "are") if len(without) > 1 else ("column", "is")
        help = "give it a name in the first line to read it"
        yield file.problem(f"{columns} {', '.join(without)} without a name {are} left out", help=help)


def _records(file: File, table: Table, names: list[str]) -> Iterator[Document | Problem]:
    faults = Faults(file, "lines")
    least = max(at for at, name in enumerate(names, 1) if name)
    seen = False
    while (cells := _next(table)) is not None:
        try:
            if isinstance(cells, str):
                seen = True
                raise BadRecord("not valid CSV", f" ({cells})", "check the quotes of the line")
            if not cells:
                continue
            seen = True
            if not least <= len(cells) <= len(names):
                found = f" ({len(cells)} instead of {len(names)})"
                raise BadRecord("another number of cells than there are names", found, "check the quotes of the line")
            record: dict[str, Value] = {name: cell for name, cell in zip(names, cells, strict=False) if name}
            yield Document(file.source, checked_record(record, file, texts=True), table.line_num)
        except BadRecord as bad:
            yield from faults.told(bad, f"line {table.line_num}")
    if not seen:
        yield nothing_in(file, "the file has names of columns and no line below them")
    yield from faults.rest()


def _next(table: Table) -> list[str] | str | None:
    """The cells of the next record, or what is wrong with it; None at the end."""
    try:
        return next(table, None)
    except csv.Error as error:
        return str(error)


def _begun(lines: Iterator[str]) -> tuple[list[str], Iterator[str]]:
    """Some lines to look at, and all of them."""
    sample = [line for _, line in zip(range(_SAMPLE_LINES), lines, strict=False)]
    return sample, _chained(sample, lines)


def _chained(first: Iterable[str], then: Iterable[str]) -> Iterator[str]:
    yield from first
    yield from then


def _sign(sample: list[str]) -> str:
    """The sign that gives most lines the same number of cells, and that more than one; a comma otherwise."""

    def evenness(sign: str) -> tuple[int, int]:
        try:
            sizes = Counter(len(cells) for cells in csv.reader(sample, delimiter=sign) if cells)
        except csv.Error:
            return 0, 0
        cells, lines = max(sizes.items(), key=lambda size: size[1], default=(0, 0))
        return (lines, cells) if cells > 1 else (0, 0)

    return max(_SIGNS, key=evenness)


def _of_names(names: list[str]) -> tuple[str, str] | None:
    """What is wrong with the first line, if it is to name the columns, and what to do."""
    help = "begin the file with a line that has a name for each column"
    given = [name for name in names if name]
    if not given:
        return "its first line has no name for any column", help
    twice = next((name for name, count in Counter(given).items() if count > 1), None)
    if twice is not None:
        return f"two columns have the name `{twice}`", "give each a name of its own: a record has one field of a name"
    if all(_NUMBER.match(name) for name in given):
        return "its first line has numbers instead of names", help
    return None

"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["table"]


def table(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells in columns: the first to the left, the others, which are numbers, to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))]
        ).rstrip()
        for name, *cells in lines
    )

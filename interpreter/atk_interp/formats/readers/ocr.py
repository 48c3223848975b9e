"""The text of a picture of a page. The only door to RapidOCR, which brings its models in its package.

They know Latin and Chinese letters best.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from statistics import median
from typing import Any

from atk_interp.formats.readers.pdf_layout import Line, Segment

__all__ = ["DOTS_PER_POINT", "is_installed", "lines_of"]

DOTS_PER_POINT = 200 / 72
"""How finely a page is drawn to be read: 200 dots an inch."""

_LEAST_SURE = 0.5
"""What is read with less certainty than this is noise."""

_SAME_SIZE = (0.7, 1.4)
"""Letters are measured roughly; between these shares of the usual height they are of the usual size."""


def is_installed() -> bool:
    """Whether pictures can be read."""
    try:
        import rapidocr  # noqa: F401 - imported late: an extra, and slow
    except ImportError:
        return False
    return True


def lines_of(picture: Any) -> list[Line]:
    """The lines of a page, from the top down. `picture` has its dots, `DOTS_PER_POINT` of them. Takes seconds."""
    found = _engine()(picture)
    boxes = () if found.txts is None else zip(found.boxes, found.txts, found.scores, strict=True)
    parts = [_part(box, text) for box, text, score in boxes if score >= _LEAST_SURE and text.strip()]
    if not parts:
        return []
    usual = median(part.height for part in parts)
    least, most = (share * usual for share in _SAME_SIZE)
    return list(_lines(parts, lambda height: usual if least <= height <= most else height))


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical"})


def _part(box: Any, text: str) -> Line:
    """A part of a line with its place in points, y upwards as in a PDF."""
    across, down = [float(point[0]) for point in box], [float(point[1]) for point in box]
    left, right, bottom = (value / DOTS_PER_POINT for value in (min(across), max(across), max(down)))
    height = (max(down) - min(down)) / DOTS_PER_POINT
    return Line(text.strip(), left, -bottom, height, -bottom, (Segment(text.strip(), left, right),))


def _lines(parts: list[Line], size: Any) -> Iterator[Line]:
    """Parts at one height are one line, from left to right."""
    rows: list[list[Line]] = []
    for part in sorted(parts, key=lambda part: -part.y):
        if rows and rows[-1][0].y - part.y < part.height / 2:
            rows[-1].append(part)
        else:
            rows.append([part])
    for row in rows:
        row.sort(key=lambda part: part.x)
        first, text = row[0], " ".join(part.text for part in row)
        segments = tuple(part.segments[0] for part in row)
        yield Line(text, first.x, first.y, size(first.height), first.y, segments)

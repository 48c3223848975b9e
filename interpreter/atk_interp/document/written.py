"""Where the scalars of a YAML text are written: what stands between them, such as a comment, is no data."""

from __future__ import annotations

from typing import Any

import yaml

from atk_interp.patterns import pattern
from atk_interp.records import dataclass

__all__ = ["Written", "written_scalars"]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HEADER = pattern(r"[^\n]*")
_BEFORE_CONTENT = (yaml.StreamStartToken, yaml.DirectiveToken, yaml.DocumentStartToken)


@dataclass(frozen=True, slots=True)
class Written:
    """The offsets of a scalar, key or value, quotes and all. `text_start` is behind the header of a block."""

    start: int
    end: int
    text_start: int
    style: str


def written_scalars(text: str) -> tuple[list[Written], int]:
    """The scalars of a text in order, and the offset of the first thing that is no comment.

    Raises `ValueError` for what is not YAML.
    """
    found: list[Written] = []
    first = -1
    try:
        for token in yaml.scan(text, Loader=_Loader):
            if first < 0 and not isinstance(token, _BEFORE_CONTENT):
                first = token.start_mark.index
            if isinstance(token, yaml.ScalarToken):
                found.append(_written(token, text))
    except yaml.YAMLError as error:
        raise ValueError("not YAML") from error
    return found, len(text) if first < 0 else first


def _written(token: Any, text: str) -> Written:
    start, end, style = token.start_mark.index, token.end_mark.index, token.style or ""
    header = _HEADER.match(text, start) if style in ("|", ">") else None
    return Written(start, end, header.end() if header else start, style)

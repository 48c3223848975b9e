"""`alpaca`: `{"instruction": "…", "input": "…", "output": "…"}`."""

from __future__ import annotations

from atk_interp.expressions.types import TEXT, RecordType
from atk_interp.formats.writers.base import Content, Takes, line, parts_of, text_part
from atk_interp.records import dataclass

__all__ = ["Alpaca"]


@dataclass(frozen=True, slots=True)
class Alpaca:
    """All three keys in every record, `input` empty where there is none. Errors: an empty instruction or output."""

    name: str = "alpaca"
    takes: Takes = "parts"

    def layout(self, fields: RecordType) -> RecordType:
        return RecordType({"instruction": TEXT, "input": TEXT, "output": TEXT})

    def record(self, content: Content) -> bytes:
        parts = parts_of(content)
        return line(
            {
                "instruction": text_part(parts, "instruction"),
                "input": text_part(parts, "input", ""),
                "output": text_part(parts, "output"),
            }
        )

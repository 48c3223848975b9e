"""Writers of datasets: one format per file, and the table of their names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from atk_interp.formats.writers.base import Content, RecordError, Writer
from atk_interp.formats.writers.chat import Chat
from atk_interp.formats.writers.jsonl import Jsonl
from atk_interp.formats.writers.sharegpt import ShareGpt

__all__ = ["WRITERS", "Content", "RecordError", "Writer"]

_ALL: tuple[Writer, ...] = (Jsonl(), ShareGpt(), Chat())

WRITERS: Mapping[str, Writer] = MappingProxyType({writer.name: writer for writer in _ALL})
"""The writer of each `format:`."""

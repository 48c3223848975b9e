"""Writers of datasets: one format per file, and the table of their names."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.formats.writers.base import Content, RecordError, Writer
from atk_interp.registry import Registry

__all__ = ["WRITERS", "Content", "RecordError", "Writer"]

WRITERS: Mapping[str, Writer] = Registry(
    __name__,
    {
        "jsonl": "jsonl:Jsonl",
        "sharegpt": "sharegpt:ShareGpt",
        "chat": "chat:Chat",
        "alpaca": "alpaca:Alpaca",
        "completion": "completion:Completion",
        "segments": "segments:Segments",
        "preference": "preference:Preference",
        "calls": "calls:Calls",
        "document": "document:Document",
        "classifier": "classifier:Classifier",
        "csv": "jsonl:CSV",
        "parquet": "jsonl:PARQUET",
    },
)
"""The writer of each `format:`, imported when it is asked for."""

"""Forms of files: how the records of an output become one file, and are read back. One form per file.

A format says what a record is (`formats.writers`); the suffix of the output's name says what the file is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from atk_interp.formats.files.base import FileForm, Layout
from atk_interp.registry import Registry

__all__ = ["FORMS", "NOT_WRITTEN", "SUFFIXES", "FileForm", "Layout", "form_of"]

FORMS: Mapping[str, FileForm] = Registry(
    __name__,
    {
        "lines": "lines:Lines",
        "array": "array:Array",
        "csv": "csv:Csv",
        "parquet": "parquet:Parquet",
        "document": "document:Document",
    },
)
"""Every form by its name, imported when a file of it is written or read."""

SUFFIXES: Mapping[str, str] = {".json": "array", ".csv": "csv", ".parquet": "parquet"}
"""The form of files with these suffixes; all others have a record a line."""

_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip", ".tar", ".7z")
_OTHER = (
    *(".tsv", ".xlsx", ".xls", ".ods", ".arrow", ".feather", ".orc", ".avro", ".db", ".sqlite", ".pickle", ".pkl"),
    *(".yaml", ".yml", ".toml", ".xml", ".html", ".htm", ".md", ".pdf", ".docx", ".epub"),
)
NOT_WRITTEN: Mapping[str, str] = {
    **dict.fromkeys(_PACKED, "outputs are not packed: pack the file afterwards"),
    **dict.fromkeys(_OTHER, "data is written as `.jsonl`, `.json`, `.csv` or `.parquet`"),
}
"""What is said of suffixes that promise a file which no form of records makes."""


def form_of(name: str) -> str:
    """The form of the file of an output, by its name."""
    return SUFFIXES.get(PurePosixPath(name).suffix.lower(), "lines")

"""The only door to pyarrow, which is an extra and takes a tenth of a second to import."""

from __future__ import annotations

from typing import Any

__all__ = ["ipc", "parquet", "pyarrow"]


def pyarrow() -> Any:
    """The library. Raises `ImportError` where it is not installed, as all here do."""
    import pyarrow as library  # type: ignore[import-untyped]

    return library


def parquet() -> Any:
    """What reads and writes Parquet files."""
    from pyarrow import parquet as part

    return part


def ipc() -> Any:
    """What reads files of Arrow's own format."""
    from pyarrow import ipc as part

    return part

"""Runs of a case of a stock pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult

__all__ = ["ran"]


async def ran(case: Path, folder: str = "out", **given: Any) -> RunResult:
    """The run of the config of a case into a folder beside it, which must come to its end."""
    pipeline = compile_pipeline(case / "config.yaml")
    result = await pipeline.run({"output_dir": str(case.parent / folder), **given})
    assert result.status == "done", result.message
    return result

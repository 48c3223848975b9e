"""What a run holds in memory is bounded by what is under way, not by the number of its rows."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

MEASURE = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "memory.py"))["measured"]


@pytest.mark.slow
def test_many_rows_take_hardly_more_memory_than_few(tmp_path: Path) -> None:
    few, _ = MEASURE(1_000, tmp_path)
    many, _ = MEASURE(30_000, tmp_path)
    assert many - few < 20_000_000

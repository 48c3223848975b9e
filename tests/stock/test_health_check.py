"""The stock pipeline `health_check` where it cannot even begin; how else it fails is told by its cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime.endpoints import CannotRun


def test_a_source_that_cannot_begin_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotRun, match="`count` of step `drawn`: the record has no field `failure on request`"):
        compile_pipeline("health_check")(output_dir=tmp_path / "out", fail_in="source")
    assert not (tmp_path / "out").exists()

"""The contracts of `pyproject.toml` on who imports whom."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.cli import lint_imports


@pytest.mark.slow
def test_imports_go_down_and_each_library_has_one_door(
    project_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project_root)

    failed = lint_imports(no_cache=True, no_logo=True)

    assert not failed, capsys.readouterr().out

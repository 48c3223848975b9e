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
    # It sets up logging for the whole process and switches off every logger there is, those of other tests too.
    monkeypatch.setattr("importlinter.cli.logging_config.dictConfig", lambda config: None)

    failed = lint_imports(no_cache=True, no_logo=True)

    assert not failed, capsys.readouterr().out

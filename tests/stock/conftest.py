"""What tests of the stock pipelines begin with: a folder of their own, and in it a case, or documents."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a test works in, so that its runs have a ledger of their own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def case(alone: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the case that a test module names `CASE`, without what is expected of it."""
    return Path(shutil.copytree(request.module.CASE, alone / "case", ignore=shutil.ignore_patterns("expect")))


@pytest.fixture
def documents(alone: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with the texts that a test module names `DOCUMENTS`."""
    folder = alone / "documents"
    folder.mkdir()
    for name, text in request.module.DOCUMENTS.items():
        (folder / name).write_text(text)
    return folder

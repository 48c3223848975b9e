"""Opening the endpoints of a run."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from atk_interp.runtime.endpoints import CannotRun, open_endpoints
from atk_interp.spec import EndpointConfig


def scripted(folder: Path, text: str) -> str:
    """The identity of a script with this text, which is part of the key of its calls."""
    (folder / "script.yaml").write_text(text)
    config = EndpointConfig(provider="scripted", model="scripted", script="script.yaml", folder=folder)
    return open_endpoints({"m": config}, lambda line: None)["m"].config.identity


def test_a_script_that_changes_is_another_model(tmp_path: Path) -> None:
    assert scripted(tmp_path, "- reply: a") != scripted(tmp_path, "- reply: b")
    assert scripted(tmp_path, "- reply: a") == scripted(tmp_path, "- reply: a")


def test_a_missing_engine_is_told_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CannotRun, match="its engine is not installed") as caught:
        open_endpoints({"m": EndpointConfig(provider="embedded")}, lambda line: None)
    assert "atk-interp[embedded]" in caught.value.help

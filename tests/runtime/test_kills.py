"""`kill -9` at any moment costs what was in flight, and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from support.kills import kill_again_and_again

KILLS = 20
"""`make acceptance` does it with 50."""


@pytest.mark.slow
def test_a_run_killed_again_and_again_repeats_only_what_was_in_flight(tmp_path: Path) -> None:
    story = kill_again_and_again(tmp_path, KILLS)
    assert story.mistakes() == []
    assert story.kills == KILLS
    assert 0 < story.repeated <= story.in_flight
    connection = sqlite3.connect(tmp_path / "killed" / "ledger.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()

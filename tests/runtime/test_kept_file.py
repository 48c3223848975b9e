"""A file of what a step gave is whole, or it is none; what is kept may go at any time, and takes bounded room."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from atk_interp.runtime.kept import _VERSIONS, _tidy
from atk_interp.runtime.kept_file import KeptFile, KeptWriter, remove_left_over
from atk_interp.values import Row

NOISE = [f"{random.Random(n).getrandbits(2000):x}" for n in range(3000)]
ROWS = [Row(f"{n:020}", "a.txt", (n, 3), {"text": noise, "empty": None}, "parent") for n, noise in enumerate(NOISE)]


def write(path: Path) -> KeptWriter:
    writer = KeptWriter(path)
    for row in ROWS:
        writer.row(row)
        writer.called(row.id.encode().rjust(32))
    writer.dropped((7, 1), b'{"step":"ask"}\n')
    writer.publish({"step": "ask"})
    return writer


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    write(tmp_path / "a.kept")
    file = KeptFile.open(tmp_path / "a.kept")
    assert file is not None
    (tmp_path / "a.kept").unlink()  # what is read goes on being read
    assert list(file.rows()) == ROWS
    assert list(file.dropped()) == [((7, 1), b'{"step":"ask"}\n')]
    assert b"".join(file.keys()) == b"".join(row.id.encode().rjust(32) for row in ROWS)
    assert file.account["step"] == "ask"
    file.close()
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_gave_nothing_has_a_file(tmp_path: Path) -> None:
    KeptWriter(tmp_path / "a.kept").publish({"step": "ask"})
    file = KeptFile.open(tmp_path / "a.kept")
    assert file is not None
    assert list(file.rows()) == []
    file.close()


def test_a_file_that_is_cut_or_changed_anywhere_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.kept"
    write(path)
    whole = path.read_bytes()
    for at in (0, 5, 12, len(whole) // 3, len(whole) - 1):
        path.write_bytes(whole[:at])
        assert KeptFile.open(path) is None
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert KeptFile.open(path) is None
    path.write_bytes(whole)
    found = KeptFile.open(path)
    assert found is not None
    found.close()


def test_what_is_not_published_leaves_nothing(tmp_path: Path) -> None:
    writer = KeptWriter(tmp_path / "a.kept")
    for row in ROWS:
        writer.row(row)
    assert list(tmp_path.iterdir())
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_has_left_is_removed_and_what_one_still_writes_is_not(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from atk_interp.runtime.kept_file import KeptWriter\n"
        "from atk_interp.values import Row\n"
        "writer = KeptWriter(Path(sys.argv[1]))\n"
        "for n in range(3000): writer.row(Row(str(n), '', (n,), {'text': 'x' * 900}))\n"
        "os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path / "a.kept")], check=False)
    assert killed.returncode == -9
    (left,) = tmp_path.iterdir()
    writer = KeptWriter(tmp_path / "b.kept")
    for row in ROWS:
        writer.row(row)
    remove_left_over(tmp_path)
    assert not left.exists()
    writer.publish({})
    assert [path.name for path in tmp_path.iterdir()] == ["b.kept"]


@pytest.mark.parametrize("writer", [{"most_bytes": 20_000}, {"has_room": lambda: False}], ids=["too much", "no room"])
def test_a_step_for_which_there_is_no_room_is_not_kept(tmp_path: Path, writer: dict[str, int]) -> None:
    made = KeptWriter(tmp_path / "a.kept", **writer)  # type: ignore[arg-type]
    for row in ROWS:
        made.row(row)
    made.publish({})
    assert made.broken
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_and_is_no_error(tmp_path: Path) -> None:
    made = KeptWriter(tmp_path / "a.kept")
    made._partial = Path("/dev/full")
    made._stream = made._partial.open("wb", buffering=0)
    made._partial = tmp_path / "other"
    for row in ROWS:
        made.row(row)
    made.publish({})
    assert made.broken == "no space left on device"


def test_of_each_step_the_latest_are_kept(tmp_path: Path) -> None:
    for number in range(_VERSIONS + 3):
        for step in ("one", "two"):
            path = tmp_path / f"{step}-{number}.kept"
            path.write_bytes(b"x")
            os.utime(path, (number, number))
    _tidy(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{step}-{number}.kept" for step in ("one", "two") for number in range(3, _VERSIONS + 3)
    )

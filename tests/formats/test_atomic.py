from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from atk_interp.formats.atomic import AtomicFile, CannotWrite


def test_the_file_appears_whole_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "qa.jsonl"
    with AtomicFile(path) as file:
        file.write(b"one\n")
        file.write(b"two\n")
        assert not path.exists()
    assert path.read_bytes() == b"one\ntwo\n"
    assert os.listdir(path.parent) == ["qa.jsonl"]


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "qa.jsonl"
    path.write_bytes(b"old")
    with AtomicFile(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_a_failure_nothing_has_changed(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "qa.jsonl"
    path.write_bytes(b"old")

    def fail() -> None:
        with AtomicFile(path) as file:
            file.write(b"new")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["qa.jsonl"]


def test_a_link_is_kept_and_its_file_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "qa.jsonl"
    link.symlink_to(tmp_path / "real" / "qa.jsonl")
    with AtomicFile(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert (tmp_path / "real" / "qa.jsonl").read_bytes() == b"new"


def test_the_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    with AtomicFile(tmp_path / "atomic") as file:
        file.write(b"")
    (tmp_path / "plain").touch()
    rights = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("atomic", "plain")]
    assert rights[0] == rights[1]


def test_writing_outside_the_block_is_refused(tmp_path: Path) -> None:
    file = AtomicFile(tmp_path / "a")
    with pytest.raises(ValueError, match="is not open for writing"):
        file.write(b"early")
    with file:
        pass
    with pytest.raises(ValueError, match="is not open for writing"):
        file.write(b"late")


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "qa.jsonl").mkdir()
    with (
        pytest.raises(CannotWrite, match=r"qa.jsonl` cannot be written: Is a directory"),
        AtomicFile(tmp_path / "qa.jsonl") as file,
    ):
        file.write(b"new")
    assert os.listdir(tmp_path) == ["qa.jsonl"]


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(CannotWrite, match="cannot be written"), AtomicFile(tmp_path / "out" / "qa.jsonl"):
        pass


FULL = """
import os, resource, sys
from pathlib import Path
from atk_interp.formats.atomic import AtomicFile, CannotWrite
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
path = Path(sys.argv[1])
try:
    with AtomicFile(path) as file:
        for _ in range(1000):
            file.write(b"x" * 1000)
except CannotWrite as error:
    sys.stdout.write(f"{error} | {error.help} | {os.listdir(path.parent)} {path.read_text()}")
"""


@pytest.mark.slow
def test_no_room_is_told_and_the_old_file_kept(tmp_path: Path) -> None:
    """The system's own limit on the size of a file takes the way of a full disk."""
    path = tmp_path / "qa.jsonl"
    path.write_text("old")
    code = [sys.executable, "-c", FULL, str(path)]
    done = subprocess.run(code, env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, check=True)
    assert done.stdout == (
        f"`{path}` cannot be written: the file is too large | "
        "name another folder, then run the same command again | ['qa.jsonl'] old"
    )

"""An import that is killed at any moment: the next one into the same folder ends as if it had never been."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from atk_interp.importing.placing import AlreadyThere, discard, place, staged
from support.foreign_checkout import write_files

FILES = {"a.yaml": "a", "b/c.yaml": "c", "b/d/e.yaml": "e", "IMPORTED.md": "told"}
MOMENTS = 60
"""More than an import does to files."""

# Imports into each folder in a process of its own, which is killed before the n-th thing that it does to a file.
KILLED = """
import os, signal, sys
from pathlib import Path
from atk_interp.importing.placing import place, staged

FILES = {files!r}
for moment, output in enumerate(sys.argv[1:]):
    if os.fork() == 0:
        seen = 0
        def watch(event, _):
            global seen
            seen += event in ("open", "os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "shutil.rmtree")
            if seen > moment and event != "os.kill":
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(watch)
        place(staged(Path(output), FILES), Path(output))
        os._exit(0)
    print(os.wait()[1], flush=True)
"""


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def killed(outputs: list[Path]) -> list[str]:
    command = [sys.executable, "-c", KILLED.replace("{files!r}", repr(FILES)), *map(str, outputs)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("own", [{"own.txt": "mine", "b/own.txt": "mine"}, {}], ids=["into a folder", "into a new one"])
def test_the_next_import_completes_one_that_was_killed(tmp_path: Path, own: dict[str, str]) -> None:
    outputs = [tmp_path / str(moment) / "ours" for moment in range(MOMENTS)]
    for output in outputs:
        write_files(output if own else output.parent, own)
        output.parent.mkdir(exist_ok=True)
    codes = killed(outputs)
    assert {"0", "9"} == {*codes}
    halves = sum(0 < len(tree(output)) - len(own) < len(FILES) for output in outputs)
    assert halves == 0 if not own else halves > 1
    for output in outputs:
        assert {name: text for name, text in tree(output).items() if name in own} == own
        with contextlib.suppress(AlreadyThere):  # where the first one was done
            place(staged(output, FILES), output)
        assert tree(output) == {**own, **FILES}
        assert [*output.parent.iterdir()] == [output]


def test_what_was_changed_since_is_kept_and_told(tmp_path: Path) -> None:
    outputs = [write_files(tmp_path / str(moment) / "ours", {"own.txt": "mine"}) for moment in range(MOMENTS)]
    killed(outputs)
    output = next(output for output in outputs if (output / "a.yaml").exists() and not (output / "b/c.yaml").exists())
    (output / "a.yaml").write_text("mine now")
    with pytest.raises(AlreadyThere, match=r"a\.yaml"):
        staged(output, FILES)
    assert tree(output) == {"own.txt": "mine", "a.yaml": "mine now"}


def test_folders_that_a_killed_import_made_are_gone_and_those_that_were_there_are_kept(tmp_path: Path) -> None:
    outputs = [write_files(tmp_path / str(moment) / "ours", {"own.txt": "mine"}) for moment in range(MOMENTS)]
    for output in outputs:
        (output / "b").mkdir()
    killed(outputs)
    halves = [output for output in outputs if (output / "b/d").exists() and not (output / "b/d/e.yaml").exists()]
    assert halves
    for output in halves:
        discard(staged(output, {"other.txt": "something else"}))
        assert sorted(path.name for path in output.rglob("*")) == ["b", "own.txt"]


def test_an_import_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    first = staged(tmp_path / "ours", FILES)
    second = staged(tmp_path / "ours", FILES)
    assert tree(first.folder) == FILES
    place(second, tmp_path / "ours")
    discard(first)
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]


def test_what_another_folder_left_is_not_touched(tmp_path: Path) -> None:
    other = staged(tmp_path / "ours.old", FILES)
    other.journal.close()  # as if it had been killed
    place(staged(tmp_path / "ours", FILES), tmp_path / "ours")
    assert tree(other.folder) == FILES

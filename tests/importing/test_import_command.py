"""`atk-interp import`: where it writes, what it refuses, and its exit codes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from atk_interp.cli.main import cli
from atk_interp.importing.placing import AlreadyThere, discard, place, staged
from support.foreign_checkout import write_files

Command = Callable[..., tuple[int, str, str]]
PROMPT = "- role: user\n  content: '{text}'\n"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in a folder with some prompts; its exit code, what it prints, and what it prints as errors."""
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path / "prompts", {"a.yaml": PROMPT, "b.yaml": PROMPT})

    def call(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(cli, ["import", *arguments], standalone_mode=False)
        assert result.exception is None, result.exception
        return int(str(result.return_value)), result.stdout, result.stderr

    return call


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_new_folder_is_made_each_time(command: Command, tmp_path: Path) -> None:
    code, out, err = command("prompts")
    assert code == 0
    assert out.startswith("# Imported from prompts\n\n## Written\n\n- `a.yaml` from `a.yaml`\n")
    assert "3 files written into `imported_prompts`" in err
    assert (tmp_path / "imported_prompts" / "IMPORTED.md").read_text() == out
    assert command("prompts")[0] == 0
    assert tree(tmp_path / "imported_prompts") == tree(tmp_path / "imported_prompts_2")


def test_nothing_is_overwritten_and_nothing_half_written(command: Command, tmp_path: Path) -> None:
    write_files(tmp_path / "ours", {"b.yaml": "mine", "own.txt": "mine"})
    code, out, err = command("prompts", "-o", "ours")
    assert (code, out) == (2, "")
    assert "`b.yaml` is in `ours` already" in err
    assert tree(tmp_path / "ours") == {"b.yaml": "mine", "own.txt": "mine"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours", "prompts"]


def test_a_folder_that_is_there_takes_what_it_lacks(command: Command, tmp_path: Path) -> None:
    write_files(tmp_path / "ours", {"own.txt": "mine"})
    assert command("prompts", "-o", "ours")[0] == 0
    assert set(tree(tmp_path / "ours")) == {"own.txt", "a.yaml", "b.yaml", "IMPORTED.md"}


def test_what_could_not_be_imported_is_in_the_exit_code(command: Command, tmp_path: Path) -> None:
    (tmp_path / "prompts" / "b.yaml").write_text("- role: [\n")
    code, out, _ = command("prompts")
    assert code == 1
    assert "## What could not be imported" in out


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("nowhere", "`nowhere` does not exist"),
        ("empty", "there is nothing to import in `empty`"),
        ("picture.png", "there is nothing to import in `picture.png`: it is not text"),
    ],
)
def test_what_cannot_be_done_is_said(command: Command, tmp_path: Path, path: str, told: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0")
    code, out, err = command(path)
    assert (code, out) == (2, "")
    assert told in err


def test_names_are_filled_in_or_kept_as_they_are_asked_for(command: Command, tmp_path: Path) -> None:
    files = {"p.py": "x = 1\n", "prompts/a.yaml": "- role: user\n  content: '{x} {y} {text}'\n"}
    write_files(tmp_path / "mine", files)
    command("mine", "--text", "x", "--fill", "y", "-o", "ours")
    assert '- user: "{x} {{ y }} {{ text }}"' in (tmp_path / "ours/prompts/a.yaml").read_text()


def test_a_file_that_appears_meanwhile_is_kept_and_all_else_taken_away_again(tmp_path: Path) -> None:
    output = write_files(tmp_path / "ours", {"own.txt": "mine"})
    stage = staged(output, {"a/b/c.yaml": "c", "z.yaml": "z"})
    (output / "z.yaml").write_text("theirs")
    with pytest.raises(AlreadyThere):
        place(stage, output)
    discard(stage)
    assert tree(output) == {"own.txt": "mine", "z.yaml": "theirs"}
    assert not (output / "a").exists()


def test_a_link_in_the_output_is_not_written_through(tmp_path: Path) -> None:
    output = write_files(tmp_path / "ours", {"own.txt": "mine"})
    os.symlink(tmp_path / "elsewhere.yaml", output / "a.yaml")
    with pytest.raises(AlreadyThere):
        staged(output, {"a.yaml": "a"})
    assert not (tmp_path / "elsewhere.yaml").exists()

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atk_interp.formats.documents import CannotRead
from atk_interp.formats.finding import Found, find, source_of

SUFFIXES = (".txt", ".md")


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")


def sources(found: Found) -> list[str]:
    return [source_of(file, found.root) for file in found.files]


def test_folders_are_read_to_the_bottom_in_the_order_of_code_points(tmp_path: Path) -> None:
    make(tmp_path, "b.txt", "a/z.md", "a.txt", "a/b/c.txt", "B.TXT", "ä.txt")
    assert sources(find(tmp_path, SUFFIXES)) == ["B.TXT", "a.txt", "a/b/c.txt", "a/z.md", "b.txt", "ä.txt"]


def test_hidden_files_and_lock_files_are_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", ".hidden.txt", ".git/b.txt", "~$a.txt")
    found = find(tmp_path, SUFFIXES)
    assert sources(found) == ["a.txt"]
    assert found.problems == ()


def test_other_suffixes_are_told_once_each_with_their_number(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "1.xyz", "b/2.XYZ", "b/3.xyz", "c.png", "README")
    told = [(problem.message, problem.help) for problem in find(tmp_path, SUFFIXES).problems]
    readable = "readable are `.txt`, `.md`"
    assert told == [
        ("1 file without a suffix is not read", readable),
        ("1 file with suffix `.png` is not read", readable),
        ("3 files with suffix `.xyz` are not read", readable),
    ]


def test_one_file_is_read_whatever_folder_it_is_in(tmp_path: Path) -> None:
    make(tmp_path, "deep/a.txt", "deep/b.txt")
    found = find(tmp_path / "deep" / "a.txt", SUFFIXES)
    assert sources(found) == ["a.txt"]
    assert found.root == tmp_path / "deep"


def test_one_file_with_another_suffix_is_told(tmp_path: Path) -> None:
    make(tmp_path, "a.xyz")
    found = find(tmp_path / "a.xyz", SUFFIXES)
    assert found.files == ()
    assert found.problems[0].message == "1 file with suffix `.xyz` is not read"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.md", ["a.md", "sub/b.md", "sub/deep/c.md"]),
        ("sub/*.md", ["sub/b.md"]),
        ("sub/**", ["sub/b.md", "sub/b.txt", "sub/deep/c.md"]),
        ("**/b.*", ["sub/b.md", "sub/b.txt"]),
        ("[ab].m?", ["a.md", "sub/b.md"]),
        ("[!a].md", ["sub/b.md", "sub/deep/c.md"]),
    ],
)
def test_a_pattern_chooses_among_the_files(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    make(tmp_path, "a.md", "sub/b.md", "sub/b.txt", "sub/deep/c.md")
    assert sources(find(tmp_path, SUFFIXES, pattern)) == expected


def test_a_path_may_be_a_glob(tmp_path: Path) -> None:
    make(tmp_path, "notes/a.md", "notes/b/c.md", "notes/b/d.txt", "other/e.md")
    assert sources(find(tmp_path / "notes" / "*.md", SUFFIXES)) == ["a.md"]
    assert sources(find(tmp_path / "*" / "**" / "*.md", SUFFIXES)) == ["notes/a.md", "notes/b/c.md", "other/e.md"]


def test_a_name_with_brackets_is_a_name_when_it_exists(tmp_path: Path) -> None:
    make(tmp_path, "[draft]/a.txt")
    assert sources(find(tmp_path / "[draft]", SUFFIXES)) == ["a.txt"]


@pytest.mark.parametrize("name", ["missing", "missing/*.txt"])
def test_what_does_not_exist_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotRead, match="does not exist") as caught:
        find(tmp_path / name, SUFFIXES)
    assert "one in a spec counts from the folder of the spec" in caught.value.help


def test_a_folder_with_nothing_to_read_is_told(tmp_path: Path) -> None:
    assert find(tmp_path, SUFFIXES).problems[0].message == "there is nothing to read here"


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "in/a.txt", "out/secret.txt")
    folder = tmp_path / "in"
    (folder / "leak.txt").symlink_to(tmp_path / "out" / "secret.txt")
    (folder / "leaks").symlink_to(tmp_path / "out")
    (folder / "loop").symlink_to(folder)
    (folder / "broken.txt").symlink_to(folder / "gone.txt")
    (folder / "same.txt").symlink_to(folder / "a.txt")
    found = find(folder, SUFFIXES)
    assert sources(found) == ["a.txt", "same.txt"]
    assert {problem.source: problem.message for problem in found.problems} == {
        "leak.txt": "a link that leads out of the folder; skipped",
        "leaks": "a link to a folder; not followed",
        "loop": "a link to a folder; not followed",
        "broken.txt": "a link that leads nowhere; skipped",
    }


def test_the_output_folder_of_a_run_is_read_only_when_it_is_named(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "out/.atk-lock", "out/b.txt", "out/deeper/c.txt", "z.txt")
    found = find(tmp_path, SUFFIXES)
    assert sources(found) == ["a.txt", "z.txt"]
    assert [(str(problem), problem.level) for problem in found.problems] == [
        ("out: this is the output folder of a run; not read", "notice")
    ]
    assert sources(find(tmp_path / "out", SUFFIXES)) == ["b.txt", "deeper/c.txt"]
    assert sources(find(tmp_path / "out" / "b.txt", SUFFIXES)) == ["b.txt"]
    assert sources(find(tmp_path / "out" / "*.txt", SUFFIXES)) == ["b.txt"]


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert find(tmp_path, SUFFIXES).problems[0].message == "not a regular file; skipped"


def test_names_are_told_in_one_unicode_form_and_never_as_half_letters(tmp_path: Path) -> None:
    Path(tmp_path, "e\u0301.txt").write_text("text")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text("text")
    assert sources(find(tmp_path, SUFFIXES)) == ["\\xff.txt", "é.txt"]

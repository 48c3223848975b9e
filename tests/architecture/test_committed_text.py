"""What is committed belongs to everyone: it names no one's machine and no host that packages happen to come from."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

# Written so that this file does not match itself.
PATHS = re.compile(r"(?<![\w.~-])/(?:wor[k]|roo[t]|hom[e]/\w+|User[s]/\w+|tm[p]/\w+)/")
HOSTS = re.compile(
    r"(?:pypi|npmjs|debian|crates|docker|maven)[.](?:org|com|io)\b|pythonhosted[.]|index-url[= ]+[a-z]+:"
)


def committed(root: Path) -> list[Path]:
    """The text files under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this copy of the project is not under version control")
    paths = [root / name for name in listed.stdout.split("\0") if name and "/vendor/" not in name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000]]


def places(root: Path, pattern: re.Pattern[str]) -> list[str]:
    """`file:line: text` of every line that matches."""
    return [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in committed(root)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_path_of_one_machine(project_root: Path) -> None:
    assert places(project_root, PATHS) == []


def test_no_file_names_a_package_host(project_root: Path) -> None:
    assert places(project_root, HOSTS) == []

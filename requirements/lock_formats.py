"""Write requirements/formats.txt: TRL and what its checks of datasets import, without what only training needs.

`pip-compile` would resolve PyTorch with it. Asks pip, for every system and Python, which wheel it would take.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

WANTED = ("regex", "safetensors", "tokenizers", "transformers>=5,<6", "trl>=1,<2")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (
    ("manylinux2014_x86_64", "manylinux_2_28_x86_64"),
    ("manylinux2014_aarch64", "manylinux_2_28_aarch64"),
    ("macosx_11_0_arm64",),
    ("win_amd64",),
)
HEAD = "# Written by `make lock`: what `make formats` needs beside requirements/dev.txt.\n"


def main() -> None:
    found: dict[str, set[str]] = {}
    for python in PYTHONS:
        for system in SYSTEMS:
            for name, digest in wheels(python, system):
                found.setdefault(name, set()).add(digest)
    lines = [
        " \\\n    ".join([name, *(f"--hash=sha256:{digest}" for digest in sorted(found[name]))])
        for name in sorted(found)
    ]
    Path(__file__).with_name("formats.txt").write_text(HEAD + "\n".join(lines) + "\n")


def wheels(python: str, system: tuple[str, ...]) -> list[tuple[str, str]]:
    """The name with version, and the SHA-256, of every wheel that pip would install."""
    platforms = [part for name in system for part in ("--platform", name)]
    how = ["--dry-run", "--quiet", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--target", "unused"]
    command = [sys.executable, "-m", "pip", "install", *how, "--python-version", python, *platforms, "--report", "-"]
    told = subprocess.run([*command, *WANTED], check=True, capture_output=True, text=True).stdout
    return [
        (
            f"{each['metadata']['name'].lower()}=={each['metadata']['version']}",
            each["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for each in json.loads(told)["install"]
    ]


if __name__ == "__main__":
    main()

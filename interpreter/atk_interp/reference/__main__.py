"""`python -m atk_interp.reference [--check] [FOLDER]`: write the reference pages and schemas, or say what is stale.

The generated parts of other pages (READMEs, `docs/migrating.md`) are written too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from atk_interp.reference.cli import help_texts
from atk_interp.reference.json_schema import schema_files
from atk_interp.reference.pages import pages
from atk_interp.reference.stock import pipelines_page, project_pages, stock_readmes

__all__ = ["main", "stale"]

_ROOT = Path(__file__).resolve().parents[3]
_DOCS = _ROOT / "docs" / "reference"
_SPECS = _ROOT / "pipeline_specs"


def stale(folder: Path, wanted: dict[str, str]) -> list[str]:
    """The files that are missing, differ, or have no reason to be there, each with what is the matter."""
    paths = [*folder.glob("*.md"), *folder.glob("schema/*")]
    found = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    told = [f"{name} is missing" for name in wanted if name not in found]
    told += [f"{name} is stale" for name in wanted if name in found and found[name] != wanted[name]]
    return told + [f"{name} is no reference page" for name in sorted(found) if name not in wanted]


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m atk_interp.reference", description="Write the reference pages.")
    parser.add_argument("folder", nargs="?", type=Path, default=_DOCS, help="where they are")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 when a page is stale")
    given = parser.parse_args(arguments)
    wanted = pages(help_texts()) | {f"schema/{name}": text for name, text in schema_files().items()}
    wanted["pipelines.md"] = pipelines_page(_SPECS)
    readmes = {**stock_readmes(_SPECS), **project_pages(_ROOT)}
    if given.check:
        told = stale(given.folder, wanted)
        told += [
            f"{path.relative_to(_ROOT)} is stale" for path, text in readmes.items() if path.read_text("utf-8") != text
        ]
        sys.stderr.writelines(f"{line}\n" for line in told)
        if told:
            sys.stderr.write("run `make docs`\n")
        return 1 if told else 0
    (given.folder / "schema").mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (given.folder / name).write_text(text, encoding="utf-8")
    for path, text in readmes.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Checking a spec must be quick, so nothing heavy is loaded before it is used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "aiohttp",
    "asyncio",
    "docx",
    "fpdf",
    "httpx2",
    "lxml",
    "openai",
    "pydantic",
    "pypdfium2",
    "ray",
    "selectolax",
    "sqlite3",
    "ssl",
    "starlette",
    "uvicorn",
    "xllamacpp",
}

LOADED = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
LINT = """
import sys
from atk_interp.cli.main import main
sys.argv = ["atk-interp", "lint", "pipeline_specs/factual_qa/pipeline.yaml"]
try:
    main()
except SystemExit as end:
    assert not end.code, f"lint ends with {end.code}"
"""


def loaded_after(code: str, folder: Path) -> set[str]:
    """The top-level modules of a fresh interpreter that has run `code`."""
    ran = subprocess.run([sys.executable, "-c", f"{code}\n{LOADED}"], capture_output=True, text=True, cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return set(json.loads(ran.stdout.splitlines()[-1]))


@pytest.mark.slow
def test_importing_the_package_loads_nothing_heavy(project_root: Path) -> None:
    assert loaded_after("import atk_interp", project_root) & HEAVY == set()


@pytest.mark.slow
def test_linting_a_spec_loads_nothing_heavy(project_root: Path) -> None:
    assert loaded_after(LINT, project_root) & HEAVY == set()

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
    "charset_normalizer",
    "docx",
    "fpdf",
    "httpx2",
    "lark",
    "lxml",
    "openai",
    "platformdirs",
    "pyarrow",
    "pydantic",
    "pygls",
    "pypdfium2",
    "ray",
    "rich",
    "selectolax",
    "sqlite3",
    "ssl",
    "starlette",
    "toktok",
    "uvicorn",
    "xllamacpp",
}
"""What a check of a spec has no use for."""

IDLE = {
    "cerberus",  # says what is wrong; what is right is seen without it
    "concurrent",
    "email",  # of `importlib.metadata`, which cerberus asks for its own version
    "http",
    "logging",
    "multiprocessing",
    "socket",
    "tomllib",  # there is no table of ours in the `pyproject.toml` of a pipeline that has none
    "zipfile",
}
"""What a check that finds nothing has no use for."""

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
def test_linting_a_spec_loads_nothing_heavy_and_nothing_idle(project_root: Path) -> None:
    assert loaded_after(LINT, project_root) & (HEAVY | IDLE) == set()


RECORDS = """
ours = [module for name, module in sys.modules.items() if name.startswith("atk_interp.")]
classes = {cls for module in ours for cls in vars(module).values() if isinstance(cls, type)}
made = {cls: cls.__dict__["__dataclass_params__"] for cls in classes if "__dataclass_params__" in cls.__dict__}
early = [cls.__qualname__ for cls, params in made.items() if params.frozen and not params.order]
assert len(made) > 50
assert not early, f"made by `dataclasses.dataclass`, not by `atk_interp.records.dataclass`: {early}"
"""


@pytest.mark.slow
def test_no_frozen_dataclass_of_ours_compiles_its_methods_at_import(project_root: Path) -> None:
    loaded_after(LINT + RECORDS, project_root)

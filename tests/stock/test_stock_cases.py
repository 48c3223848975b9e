"""Every stock pipeline, led through its branches by scripted models.

A case is a folder `cases/PIPELINE/NAME`: `config.yaml` with scripted models, `replies.yaml`, `inputs/`; in `expect/`
what a run of it makes: each output of the spec, `books.txt` (how the run ended, and what became of the rows of every
step) and `rejected.txt` (a line for each row that was filtered or rejected). `--update-cases` writes `expect/` anew:
the difference is to be read.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from atk_interp.lint.check import check
from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult
from atk_interp.stock import stock_names

HERE = Path(__file__).resolve().parent
SPECS = HERE.parents[1] / "pipeline_specs"
CASES = sorted(path.parent for path in (HERE / "cases").glob("*/*/config.yaml"))
BINARY = (".parquet", ".npz", ".skops")


def books(result: RunResult) -> str:
    lines = [f"{result.status}: {result.message}".removesuffix(": ").replace(str(result.output_dir), "out")]
    for step in result.steps:
        told = {
            "out": step.rows_out,
            "filtered": step.filtered,
            "rejected": step.rejected,
            "refused": step.refused,
            "merged": step.merged,
            "calls": step.called + step.from_ledger,  # of equal calls of two steps either may be the one that is sent
        }
        lines.append(f"{step.name}: {step.rows_in} in, " + ", ".join(f"{n} {name}" for name, n in told.items() if n))
    return "".join(f"{line.removesuffix(', ')}\n" for line in lines)


def lost(folder: Path) -> str:
    file = folder / "rejected.jsonl"
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    return "".join(f"{record['step']} {record['outcome']}: {record['label']}\n" for record in records)


def made(result: RunResult) -> dict[str, str]:
    """The text of every file that the case holds a run to."""
    outputs = {
        file.path.relative_to(result.output_dir).as_posix(): file.path.read_text(encoding="utf-8")
        for file in result.outputs
        if file.path.suffix not in BINARY and file.path.exists()
    }
    return {**outputs, "books.txt": books(result), "rejected.txt": lost(result.output_dir)}


def update(folder: Path, texts: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
async def test_a_case_gives_what_is_written_down_and_asks_nothing_again(
    case: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(case, tmp_path / "case", ignore=shutil.ignore_patterns("expect"))
    monkeypatch.chdir(tmp_path)  # with a ledger of its own
    config = tmp_path / "case" / "config.yaml"
    assert [f"{found.code.id} {found.message}" for found in check([config]).report.findings] == []

    pipeline = compile_pipeline(config)
    first = await pipeline.run({"output_dir": str(tmp_path / "out")})
    texts = made(first)
    if request.config.getoption("--update-cases"):
        update(case / "expect", texts)
    expected = {
        path.relative_to(case / "expect").as_posix(): path.read_text(encoding="utf-8")
        for path in (case / "expect").rglob("*")
        if path.is_file()
    }
    assert texts == expected

    again = await pipeline.run({"output_dir": str(tmp_path / "again")})
    assert sum(step.called for step in again.steps) == 0
    assert {name: text for name, text in made(again).items() if name != "books.txt"} == {
        name: text for name, text in texts.items() if name != "books.txt"
    }


@pytest.mark.parametrize("name", stock_names())
def test_it_comes_with_all_that_a_stock_pipeline_has(name: str) -> None:
    """A page about it, a config to copy, a case; and no step in Python."""
    assert (SPECS / name / "README.md").is_file()
    assert (SPECS / name / "config.yaml").is_file()
    assert "python" not in (SPECS / name / "pipeline.yaml").read_text(encoding="utf-8")
    assert [case for case in CASES if case.parent.name == name]

"""What the language must be able to say, C1 to C30: each is a spec, with what it is given and what must come out.

`cNN_NAME.yaml` is the spec, and says in its first lines what it shows. `cNN_NAME.txt` has everything else, in parts
that begin with `=== NAME`: the files beside the spec (`prompts/ask.yaml`, `replies.yaml`), and what to expect: `expect
FILE` is an output, `calls` the number of calls, `books` lines of counts of steps (`useful: 2 in, 1 filtered`),
`rejected` the reasons, and `until` a step at which a first run ends. Without `config.yaml` each slot answers from
`replies.yaml`. `shown` names what of it `docs/expressible.md` shows: steps, outputs, a file. `--update-cases` writes
the `expect` parts and that page anew: their difference is to be read.
"""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

from atk_interp.lint.check import check
from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "expressible.md"
CASES = sorted(HERE.glob("c[0-9][0-9]_*.yaml"))
PARTS = re.compile(r"^=== (.+)\n", re.MULTILINE)
TOLD = ("shown", "expect ", "calls", "books", "rejected", "until")


def parts_of(path: Path) -> dict[str, str]:
    """The parts of a case by name, in their order."""
    _, *found = PARTS.split(path.with_suffix(".txt").read_text(encoding="utf-8"))
    return dict(zip(found[::2], found[1::2], strict=True))


def set_up(case: Path, parts: dict[str, str], folder: Path) -> Path:
    """Write the files of a case; the config."""
    (folder / "pipeline.yaml").write_text(case.read_text(encoding="utf-8"), encoding="utf-8")
    for name, text in parts.items():
        if not name.startswith(TOLD):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    config = folder / "config.yaml"
    if not config.exists():
        slots = re.search(r"^models: \{(.*)\}$", case.read_text(encoding="utf-8"), re.MULTILINE)
        names = re.findall(r"(\w+): \{expects", slots[1]) if slots else []
        models = {name: {"provider": "scripted", "script": "replies.yaml"} for name in names}
        given = {"pipeline": "pipeline.yaml", "output_dir": "out", **({"models": models} if models else {})}
        config.write_text(json.dumps(given))
    return config


def called(result: RunResult) -> int:
    return sum(step.called for step in result.steps)


def books(result: RunResult, wanted: str) -> list[str]:
    """What became of the rows of the steps that are asked for, as a case writes it."""
    told = []
    for name in re.findall(r"^(\w+):", wanted, re.MULTILINE):
        step = next(step for step in result.steps if step.name == name)
        told.append(f"{name}: {step.rows_in} in, {step.filtered} filtered")
    return told


def lost(file: Path) -> list[str]:
    """The step and the reason of every row that was rejected."""
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    return [f"{record['step']}: {record['label']}" for record in records if record["outcome"] == "rejected"]


def rewrite(case: Path, parts: dict[str, str], made: Path) -> None:
    new = {name: (made / name[7:]).read_text() if name.startswith("expect ") else text for name, text in parts.items()}
    case.with_suffix(".txt").write_text("".join(f"=== {name}\n{text}" for name, text in new.items()), encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
async def test_it_can_be_said_runs_and_runs_again_from_the_ledger(
    case: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    parts = parts_of(case)
    config = set_up(case, parts, tmp_path)
    found = check([config, tmp_path / "pipeline.yaml"]).report.findings

    assert "\n".join(f"{finding.code.id} {finding.message}" for finding in found) == ""
    pipeline, ledger = compile_pipeline(config), tmp_path / "ledger.db"
    sent = 0
    if "until" in parts:
        begun = await pipeline.run({"output_dir": "begun"}, ledger=ledger, until=parts["until"].strip())
        sent = called(begun)
    first = await pipeline.run({}, ledger=ledger)
    assert first.status == "done", first.message
    again = await pipeline.run({"output_dir": "again"}, ledger=ledger)

    if request.config.getoption("--update-cases"):
        rewrite(case, parts, tmp_path / "out")
        parts = parts_of(case)
    assert sent + called(first) == int(parts["calls"])
    assert books(first, parts.get("books", "")) == parts.get("books", "").split("\n")[:-1]
    assert sorted(lost(tmp_path / "out" / "rejected.jsonl")) == sorted(parts.get("rejected", "").split("\n")[:-1])
    assert called(again) == 0
    for name in (name[7:] for name in parts if name.startswith("expect ")):
        made = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert made == parts[f"expect {name}"]
        assert (tmp_path / "again" / name).read_text(encoding="utf-8") == made


INTRODUCTION = """\
# What can be said

What pipelines that make training data need to say, and how it is said here. Each line is a small spec that runs in the
tests with a scripted model: it lints without findings, gives the rows that are written down beside it, and asks nothing
when it is run again. None has a step in Python.
"""


def about(case: Path) -> tuple[str, str]:
    """The id of a case and what it is about, from its first lines."""
    lines = re.match(r"(?:# .*\n)+", case.read_text(encoding="utf-8"))
    assert lines is not None
    number, _, text = lines[0].replace("# ", "").replace("\n", " ").strip().partition(": ")
    return number, text


def excerpt(case: Path) -> str:
    """What the page shows of a case: the steps and outputs that it names, or one of its files."""
    parts, spec = parts_of(case), case.read_text(encoding="utf-8")
    named = parts["shown"].split()
    blocks = [re.search(rf"^  {re.escape(name)}:.*\n(?:    .*\n)*", spec, re.MULTILINE) for name in named]
    shown = [block[0] if block else parts[name] for name, block in zip(named, blocks, strict=True)]
    return textwrap.dedent("".join(shown))


def page() -> str:
    told = {case: about(case) for case in CASES}
    rows = [f"| [{number}](#{number.lower()}) | {text.split('. ')[0].rstrip('.')} |" for number, text in told.values()]
    sections = [
        f"## {number}\n\n{text[0].upper()}{text[1:]}\n\n```yaml\n# a part of a spec\n{excerpt(case)}```\n\n"
        f"[{case.name}](../tests/expressible/{case.name})\n"
        for case, (number, text) in told.items()
    ]
    return "\n".join([INTRODUCTION, "| | |\n|---|---|", *rows, "", *sections])


def test_the_page_shows_the_cases_as_they_are(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-cases"):
        PAGE.write_text(page(), encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == page(), "write it with `pytest tests/expressible --update-cases`"


def test_every_semantics_has_its_case_and_none_needs_python() -> None:
    numbers = [about(case)[0] for case in CASES]

    assert numbers == [f"C{number}" for number in range(1, 31)]
    assert [case.name for case in CASES if re.search(r"kind: python|python:", case.read_text(encoding="utf-8"))] == []

"""The `python` kind, and `parse: {python: …}`: functions of users in a run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from atk_interp.diagnostics import Diagnostic
from atk_interp.pipeline import lint
from support.command import Cli
from support.pipelines import run, said, write_project

SCORING = """
import helper

def score(text, scale=1):
    if text == "bad":
        raise ValueError("no good")
    return {"score": helper.size(text) * scale, "label": None if text == "a" else text}

async def later(text):
    return {"score": len(text)}

def maybe(text):
    return {"score": 1} if text != "a" else None

def parts(text):
    return [{"score": ord(letter)} for letter in text if letter != "x"]

def wrong(text):
    return {"a": {"score": "many"}, "bb": {}, "bad": {"score": 1, "more": 2}}.get(text, [])

def together(rows, scale):
    return [{"score": scale * len(rows) + index} for index, row in enumerate(rows)]

def short(rows):
    return []
"""
HELPER = "def size(text):\n    return len(text)\n"


def project(folder: Path) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "scoring.py").write_text(SCORING)
    (folder / "helper.py").write_text(HELPER)
    return folder


def spec(step: str, fields: str = "{score: float}", takes: str = "[text]") -> str:
    return f"""
    steps:
      given: {{kind: rows, rows: [{{text: a}}, {{text: bb}}, {{text: bad}}]}}
      made: {{kind: python, from: given, takes: {takes}, fields: {fields}, {step}}}
    outputs:
      out.jsonl: {{from: made, format: jsonl, fields: {{text: =text, score: =score}}}}
    """


async def test_a_function_is_given_fields_and_values_and_gives_fields(tmp_path: Path) -> None:
    fields = "{score: float, label: {type: text, optional: true}}"
    step = 'function: "scoring.py:score", with: {scale: =2 + 1}'
    ran = await run(project(tmp_path), spec(step, fields))

    assert ran.rows == [{"text": "a", "score": 3.0}, {"text": "bb", "score": 6.0}]
    assert [(lost["fields"]["text"], lost["label"]) for lost in ran.rejected] == [
        ("bad", "`scoring.py:score`: scoring.py:6: ValueError: no good")
    ]


@pytest.mark.parametrize(
    ("step", "rows"),
    [
        ('function: "scoring.py:later"', [("a", 1.0), ("bb", 2.0), ("bad", 3.0)]),
        ('function: "scoring.py:maybe", gives: maybe', [("bb", 1.0), ("bad", 1.0)]),
        ('function: "scoring.py:parts", gives: many, when: text != "bad"', [("a", 97.0), ("bb", 98.0), ("bb", 98.0)]),
        ('function: "scoring.py:together", batch: 2, with: {scale: 10}', [("a", 20.0), ("bb", 21.0), ("bad", 10.0)]),
    ],
)
async def test_what_it_gives_is_what_comes_out_in_the_order_of_the_rows(
    tmp_path: Path, step: str, rows: list[tuple[str, float]]
) -> None:
    ran = await run(project(tmp_path), spec(step))
    found = [(row["text"], row["score"]) for row in ran.rows if "score" in row and row["score"] is not None]
    assert found == rows


async def test_results_that_are_not_what_was_declared_are_rejected_rows(tmp_path: Path) -> None:
    ran = await run(project(tmp_path), spec('function: "scoring.py:wrong"'))
    assert sorted(lost["label"] for lost in ran.rejected) == [
        "`scoring.py:wrong` gave `more`, which is not under `fields`",
        "`scoring.py:wrong` gave a text for `score`, and not a number",
        "`scoring.py:wrong` gave no `score`",
    ]


async def test_a_batch_without_a_result_for_each_row_is_rejected(tmp_path: Path) -> None:
    ran = await run(project(tmp_path), spec('function: "scoring.py:short", batch: 2'))
    assert [lost["label"] for lost in ran.rejected] == [
        "`scoring.py:short` gave 0 of 2 results for a batch",
        "`scoring.py:short` gave 0 of 2 results for a batch",
        "`scoring.py:short` gave 0 of 1 results for a batch",
    ]


async def test_another_version_of_a_file_runs_again(tmp_path: Path) -> None:
    text = spec('function: "scoring.py:score"', "{score: float, label: any}")
    first = (await run(project(tmp_path), text)).rows
    unchanged = await run(tmp_path, text)
    (tmp_path / "helper.py").write_text(HELPER.replace("len(text)", "7"))
    again = await run(tmp_path, text)

    assert [row["score"] for row in first] == [1.0, 2.0]
    assert not any(type(event).__name__ == "StepStarted" for event in unchanged.events)
    assert [row["score"] for row in again.rows] == [7.0, 7.0]


def findings(folder: Path, text: str) -> list[Diagnostic]:
    return [found for found in lint(write_project(folder, text)) if found.is_error]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ('function: "scoring.py:scor"', "there is no function `scor` in `scoring.py`"),
        ('function: "scoring.py:later", with: {scale: 2}', "function `later` takes no `scale`"),
        ('function: "scoring.py:together", batch: 2', "function `together` needs `scale`, which it is not given"),
        ('function: "scoring.py:later", with: {text: 2}', "`text` is an argument already, under `takes`"),
    ],
)
def test_lint_reads_the_file_and_runs_nothing(tmp_path: Path, step: str, told: str) -> None:
    project(tmp_path)
    (tmp_path / "scoring.py").write_text(SCORING + "\nopen('run', 'w')\n")

    assert told in [found.message for found in findings(tmp_path, spec(step))]
    assert not Path("run").exists()


def test_lint_knows_the_fields_that_it_is_given(tmp_path: Path) -> None:
    project(tmp_path)
    found = findings(tmp_path, spec('function: "scoring.py:later"', takes="[txt]"))
    assert [each.message for each in found] == ["there is no field `txt` here", "function `later` takes no `txt`"]


STUCK = """
import asyncio, time

def slow(text):
    while text != "bad":
        time.sleep(9999)
    raise ValueError

async def later(text):
    if text == "bad":
        raise ValueError
    await asyncio.sleep(9999)
"""


@pytest.mark.parametrize("function", ["slow", "later"])
async def test_a_run_that_stops_does_not_wait_for_functions(tmp_path: Path, function: str) -> None:
    (tmp_path / "scoring.py").write_text(STUCK)
    rows = "{text: bad}, {text: a}, {text: bb}"
    text = spec(f'function: "scoring.py:{function}", timeout: 9999').replace("{text: a}, {text: bb}, {text: bad}", rows)
    async with asyncio.timeout(30):
        ran = await run(tmp_path, text, strict=True)
    assert ran.result.status == "stopped", ran.result.message


READING = """
def verdict(reply):
    if "?" in reply:
        raise ValueError("is it a question?")
    return {"verdict": reply.upper(), "words": len(reply.split())}
"""


async def test_a_reply_may_be_read_by_a_function(tmp_path: Path) -> None:
    (tmp_path / "reading.py").write_text(READING)
    text = """
    steps:
      given: {kind: rows, rows: [{text: yes it is}, {text: why}]}
      asked: {kind: generate, from: given, model: m, prompt: ask, attempts: 2, feedback: true,
              parse: {python: "reading.py:verdict", fields: {verdict: text, words: int}}}
    outputs:
      out.jsonl: {from: asked, format: jsonl}
    """
    ran = await run(tmp_path, text, lambda request: {"why": "why?"}.get(said(request), said(request)[:9]))
    assert ran.rows[0] == {"text": "yes it is", "verdict": "YES IT IS", "words": 3}
    told = "`reading.py:verdict` could not read the reply: reading.py:4: ValueError: is it a question?"
    assert any(told in message.content for request in ran.requests for message in request.messages)

    (tmp_path / "reading.py").write_text(READING.replace("upper", "title"))
    again = await run(tmp_path, text, lambda request: "never")
    assert again.requests == []
    assert again.rows[0]["verdict"] == "Yes It Is"


def test_python_may_be_refused_and_every_step_that_needs_it_is_named(
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ATK_NO_PYTHON", "")  # put back afterwards
    project(tmp_path)
    write_project(tmp_path, spec('function: "scoring.py:later"'))
    for command in ("run", "plan"):
        told = cli(command, "--no-python", "pipeline.yaml", "--set", "output_dir=o")
        assert told.code == 2
        assert "Python is refused, and is needed by `made` (`scoring.py:later`)" in told.err

"""What must hold at the end of a run, or its outputs are not published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.runtime.checks import CheckResult
from atk_interp.runtime.events import Noted
from support.command import Told
from support.pipelines import Ran, run, said, write_project

STEPS = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {text: reply}
        samples: 2
        attempts: 1
        accept: {is not b: reply != "b"}
      kept: {kind: filter, from: ask, keep: text != "c"}
    outputs:
      out.jsonl: {from: kept, format: jsonl, where: sample == 0 or text != "a"}
    """


def checks(ran: Ran) -> dict[str, CheckResult]:
    return {check.label: check for check in ran.result.checks}


async def check(tmp_path: Path, text: str, **given: Any) -> CheckResult:
    spec = STEPS + f"checks:\n      - |\n        {text}\n"
    ran = await run(tmp_path, spec, said, **given)
    (found,) = ran.result.checks
    assert (ran.result.status == "done") is (found.outcome == "passed")
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ('rows("given")', 3),
        ('rows_in("ask")', 3),
        ('rejected("ask")', 1),
        ('rows("ask")', 4),
        ('filtered("kept")', 2),
        ('merged("kept")', 0),
        ('rows_in("out.jsonl")', 2),
        ('rows("out.jsonl")', 2),
        ('filtered("out.jsonl")', 0),
        ('rejected("out.jsonl")', 0),
        ('calls("ask")', 6),
        ("calls()", 6),
        ('calls("kept")', 0),
        ("tokens()", 102),
        ("cost()", 0.000216),
    ],
)
async def test_what_a_count_is(tmp_path: Path, name: str, value: float) -> None:
    found = await check(tmp_path, f"{name} >= 0", settings={"price": {"input": 2, "output": 4}})
    assert found == CheckResult(f"{name} >= 0", f"{name} >= 0", "passed", "", {name: value})


async def test_checks_that_hold_let_the_outputs_be_published(tmp_path: Path) -> None:
    spec = (
        STEPS
        + 'checks:\n      enough: rows("out.jsonl") >= 2\n      few lost: rejected("ask") / rows_in("ask") < 0.5\n'
    )
    ran = await run(tmp_path, spec, said)
    assert (ran.result.status, ran.result.exit_code) == ("done", 0)
    record = json.loads((ran.folder / "run.json").read_text())
    assert record["checks"] == [
        {
            "label": "enough",
            "check": 'rows("out.jsonl") >= 2',
            "outcome": "passed",
            "reason": "",
            "saw": {'rows("out.jsonl")': 2},
        },
        {
            "label": "few lost",
            "check": 'rejected("ask") / rows_in("ask") < 0.5',
            "outcome": "passed",
            "reason": "",
            "saw": {'rejected("ask")': 1, 'rows_in("ask")': 3},
        },
    ]


async def test_outputs_are_not_published_when_a_check_fails(tmp_path: Path) -> None:
    spec = STEPS + 'checks:\n      enough: rows("out.jsonl") >= 10\n      some: rows("given") > 0\n'
    ran = await run(tmp_path, spec, said)
    assert (ran.result.status, ran.result.exit_code) == ("stopped", 1)
    assert ran.result.message == ('check `enough` (`rows("out.jsonl") >= 10`) failed: `rows("out.jsonl")` is 2')
    assert not (ran.folder / "out.jsonl").exists()
    assert len((ran.folder / "out.incomplete.jsonl").read_text().splitlines()) == 2
    record = json.loads((ran.folder / "run.json").read_text())
    assert [each["outcome"] for each in record["checks"]] == ["failed", "passed"]
    assert record["made_from"] is None


async def test_each_failed_check_is_told(tmp_path: Path) -> None:
    spec = STEPS + 'checks: [rows("given") > 3, merged("kept") > 0, calls() > 0]\n'
    ran = await run(tmp_path, spec, said)
    assert ran.result.message == (
        '2 of 3 checks failed: check `rows("given") > 3` failed: `rows("given")` is 3; '
        'check `merged("kept") > 0` failed: `merged("kept")` is 0'
    )


async def test_of_many_failed_checks_the_first_are_told_and_the_others_counted(tmp_path: Path) -> None:
    spec = STEPS + f"checks: [{', '.join(f'calls() < -{n}' for n in range(12))}]\n"
    message = (await run(tmp_path, spec, said)).result.message
    assert message.startswith("12 of 12 checks failed: ")
    assert message.count("` failed: ") == 10
    assert message.endswith("; and 2 more in `run.json`")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('rows("given") / merged("kept") < 1', 'a division by 0 (`rows("given")` is 3, `merged("kept")` is 0)'),
        ("cost() < 1", "no price is known for model slot `m`, which step `ask` asks: give `price` in the config"),
        ("1 > 2", "it does not hold"),
    ],
)
async def test_a_check_that_cannot_be_made_has_failed(tmp_path: Path, text: str, reason: str) -> None:
    found = await check(tmp_path, text)
    assert found.outcome == "failed"
    assert reason in found.reason


async def test_a_check_knows_the_parameters(tmp_path: Path) -> None:
    head = "spec: atk/v1\nname: case\nparams: {output_dir: {type: path}, least: {type: int}}\nmodels: {m: {}}"
    spec = head + STEPS.replace("\n    ", "\n") + 'checks:\n  enough: rows("given") >= least\n'
    assert (await run(tmp_path, spec, said, least=3)).result.status == "done"
    ran = await run(tmp_path, spec, said, least=4)
    assert ran.result.status == "stopped"


async def test_a_run_that_was_stopped_is_not_checked(tmp_path: Path) -> None:
    spec = STEPS.replace("attempts: 1", "attempts: 1, on_reject: stop").replace(
        "attempts: 1, ", "attempts: 1\n        "
    )
    ran = await run(tmp_path, spec + 'checks: [rows("given") > 3]\n', said)
    assert ran.result.status == "stopped"
    assert "check" not in ran.result.message
    assert list(ran.result.checks) == []


async def test_from_the_ledger_a_check_sees_the_same(tmp_path: Path) -> None:
    prices = {"price": {"input": 2, "output": 4}}
    first = await check(tmp_path, "calls() > 6 or tokens() > 102 or cost() > 1", settings=prices)
    again = await check(tmp_path, "calls() > 6 or tokens() > 102 or cost() > 1", settings=prices)
    assert first == again
    assert first.reason == "`calls()` is 6, `tokens()` is 102, `cost()` is 0.000216"


async def test_a_finished_run_goes_on_when_its_checks_are_changed(tmp_path: Path) -> None:
    spec = STEPS + 'checks: [rows("given") > %d]\n'
    assert (
        await run(tmp_path, spec % 2, None, settings={**SCRIPTED, "script": str(tmp_path / "replies.yaml")})
    ).result.status == "done"
    assert (
        await run(tmp_path, spec % 2, None, settings={**SCRIPTED, "script": str(tmp_path / "replies.yaml")})
    ).result.unchanged
    assert (
        await run(tmp_path, spec % 3, None, settings={**SCRIPTED, "script": str(tmp_path / "replies.yaml")})
    ).result.status == "stopped"


async def test_a_trial_tells_of_checks_and_is_done(tmp_path: Path) -> None:
    ran = await run(tmp_path, STEPS + 'checks: [rows("ask") >= 3]\n', said, limit=1)
    assert ran.result.status == "done"
    (told,) = [event for event in ran.events if isinstance(event, Noted) and "check" in event.message]
    assert told.help == "a run without `--limit` would stop with this"
    assert ran.result.checks[0].outcome == "failed"


async def test_a_check_of_a_step_that_is_left_out_is_not_made(tmp_path: Path) -> None:
    ran = await run(tmp_path, STEPS + 'checks: [rows("kept") >= 30, rows("given") == 3]\n', said, until="ask")
    assert ran.result.status == "done"
    assert [result.outcome for result in ran.result.checks] == ["not made", "passed"]
    assert ran.result.checks[0].reason == "`kept` is no part of this run"


INNER = """
spec: atk/v1
name: inner
params: {least: {type: int, default: 1}}
steps:
  given: {kind: input, fields: {text: text}}
  short: {kind: filter, from: given, keep: text != "b"}
  unused: {kind: filter, from: given, keep: text == "b"}
outputs:
  short.jsonl: {from: short, format: jsonl}
  unused.jsonl: {from: unused, format: jsonl}
checks:
  enough are short: rows("short") >= least
  the output has them: rows("short.jsonl") == rows("short")
  nothing else: rows("unused.jsonl") == 0
  nothing is asked: calls() == 0
"""

OUTER = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      facts: {kind: pipeline, from: given, pipeline: inner.yaml, output: short.jsonl, with: {least: 3}}
    outputs:
      out.jsonl: {from: facts, format: jsonl}
    checks:
      seen from outside: rows("facts.short") == 2
    """


async def test_the_checks_of_a_pipeline_within_are_made_on_what_is_run_of_it(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    ran = await run(tmp_path, OUTER, said)
    assert {label: result.outcome for label, result in checks(ran).items()} == {
        "seen from outside": "passed",
        "facts: enough are short": "failed",
        "facts: the output has them": "passed",
        "facts: nothing is asked": "passed",
    }


SCRIPTED = {"provider": "scripted", "script": "replies.yaml"}


@pytest.fixture(autouse=True)
def _script(tmp_path: Path) -> None:
    (tmp_path / "replies.yaml").write_text("- reply: fine\n")


def test_the_command_says_which_check_failed_and_on_what(tmp_path: Path, cli: Any) -> None:
    config = {"output_dir": "out", "models": {"m": SCRIPTED}}
    path = write_project(tmp_path, STEPS + 'checks:\n      enough: rows("out.jsonl") >= 10\n', config=config)
    told: Told = cli("run", "--quiet", str(path))
    assert told.code == 1
    assert told.out.startswith("out/out.incomplete.jsonl: 4 rows (incomplete)\n")
    assert told.err == (
        'error: check `enough` (`rows("out.jsonl") >= 10`) failed: `rows("out.jsonl")` is 4\n'
        "  help: the outputs stand as `NAME.incomplete`: read them and `rejected.jsonl`\n"
    )

"""A plan says what a run then does: exactly where it can know, and closely after a trial run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.messages import Reply, Request, Usage
from atk_interp.rehearsal.forecast import NONE, UNKNOWN, Amount, Forecast, StepForecast, forecast, total
from atk_interp.tokens import count_tokens
from support.pipelines import compiled, run, said

MODEL = {"model": "test-model", "price": {"input": 2.0, "output": 10.0}, "sampling": {"max_tokens": 50}}

SPEC = """
    spec: atk/v1
    name: case
    params:
      output_dir: {type: path}
      input_dir: {type: path}
      most: {type: int, optional: true}
    models: {m: {expects: any}}
    steps:
      documents: {kind: read, path: =input_dir}
      chosen: {kind: limit, from: documents, count: =most}
      suitable: {kind: generate, from: chosen, model: m, prompt: ask, parse: {text: verdict}, keep: verdict != "no"}
      questions: {kind: generate, from: suitable, model: m, prompt: questions, parse: {list: question, many: true}}
      check:
        kind: vote
        from: questions
        model: m
        prompt: check
        parse: {choice: {good: true, bad: false}, into: votes}
        votes: 3
        pass: votes | share >= 0.5
      gathered: {kind: group, from: check, by: text, collect: {questions: =question}}
      talk: {kind: generate, from: gathered, model: m, prompt: talk, parse: {text: talk}, accept: {talks: talk != "-"}}
    outputs:
      out.jsonl: {from: talk, format: jsonl}
    """
PROMPTS = {
    "ask": '- user: "Judge {{ text }}"',
    "questions": '- user: "Question {{ text }}"',
    "check": '- user: "Check {{ text }} {{ question }}"',
    "talk": '- user: "Talk about {{ questions | join }}"',
}


def answer(request: Request) -> str:
    """What is said depends on the number in the text alone: all hundreds of documents are alike."""
    told, *rest = said(request).split()
    number = int(next(word for word in rest if word.isdecimal()))
    match told:
        case "Judge":
            return "no" if number % 4 == 0 else "yes"
        case "Question":
            return "\n".join(f"- What about {number} is {n}?" for n in range(2 + number % 3))
        case "Check":
            return "bad" if number % 10 == 3 else "good"
    return "-" if number % 5 == 0 and request.attempt == 0 else "a talk"


def model(request: Request) -> Reply:
    text = answer(request)
    return Reply(text, usage=Usage(count_tokens(said(request)) + 10, count_tokens(text)), model="test-model")


def documents(folder: Path, count: int) -> dict[str, Any]:
    (folder / "docs").mkdir()
    for number in range(count):
        (folder / "docs" / f"{number:04}.txt").write_text(f"number {number} of them")
    return {"input_dir": folder / "docs"}


async def planned(folder: Path, spec: str = SPEC, **given: Any) -> Forecast:
    plan = compiled(folder, spec, PROMPTS).plan({"output_dir": folder / "out", "models": {"m": MODEL}, **given})
    return await forecast(plan, folder / "ledger.db")


def by_name(told: Forecast) -> dict[str, StepForecast]:
    return {step.name: step for step in told.steps}


async def test_before_the_first_run_it_knows_the_first_calls_and_says_what_it_does_not_know(tmp_path: Path) -> None:
    steps = by_name(await planned(tmp_path, **documents(tmp_path, 8)))
    assert steps["documents"].rows == steps["chosen"].rows == Amount(8)
    assert steps["suitable"].rows == Amount(8)
    assert steps["suitable"].to_send == Amount(8, "least")
    assert steps["suitable"].output_tokens == Amount(8 * 50, "most")
    assert steps["questions"].rows == steps["questions"].to_send == UNKNOWN
    assert steps["talk"].cost == UNKNOWN
    assert not (tmp_path / "ledger.db").exists()


async def test_after_a_run_nothing_is_to_be_sent(tmp_path: Path) -> None:
    given = documents(tmp_path, 8)
    ran = await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL, **given)
    told = await planned(tmp_path, **given)
    assert total(step.to_send for step in told.steps) == NONE
    assert total(step.recorded for step in told.steps) == Amount(len(ran.requests))
    steps = by_name(told)
    assert {name: steps[name].rows.value for name in ("questions", "check", "gathered", "talk")} == {
        name: ran.count(name)["rows_in"] for name in ("questions", "check", "gathered", "talk")
    }


async def test_what_is_sent_after_a_trial_run_is_foretold_to_within_five_per_cent(tmp_path: Path) -> None:
    given = documents(tmp_path, 600)
    await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL, most=60, **given)
    told = by_name(await planned(tmp_path, **given))
    ran = await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL, **given)
    sent = Counter(said(request).split()[0] for request in ran.requests)
    got: Counter[str] = Counter()
    for request in ran.requests:
        got[said(request).split()[0]] += model(request).usage.input + 5 * model(request).usage.output
    for name, verb in {"suitable": "Judge", "questions": "Question", "check": "Check", "talk": "Talk"}.items():
        step = told[name]
        assert step.to_send.value == pytest.approx(sent[verb], rel=0.05), name
        assert step.rows.value == pytest.approx(ran.count(name)["rows_in"], rel=0.05), name
        assert step.cost is not None
        assert step.cost.value == pytest.approx(2e-6 * got[verb], rel=0.05), name


async def test_a_change_of_the_last_prompt_leaves_the_calls_before_it_in_the_ledger(tmp_path: Path) -> None:
    given = documents(tmp_path, 8)
    await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL, **given)
    changed = {**PROMPTS, "talk": '- user: "Please talk about {{ questions | join }}"'}
    plan = compiled(tmp_path, SPEC, changed).plan({"output_dir": "out", "models": {"m": MODEL}, **given})
    steps = by_name(await forecast(plan, tmp_path / "ledger.db"))
    assert [steps[name].to_send for name in ("suitable", "questions", "check")] == [NONE, NONE, NONE]
    assert steps["talk"].to_send == Amount(steps["talk"].rows.value, "least")
    assert steps["talk"].recorded == NONE


async def test_equal_calls_are_sent_once_and_samples_each(tmp_path: Path) -> None:
    spec = """
        steps:
          given: {kind: rows, rows: [{text: "1", n: 1}, {text: "1", n: 2}, {text: "2", n: 3}]}
          ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: said}, samples: 3}
        outputs:
          out.jsonl: {from: ask, format: jsonl}
        """
    assert by_name(await planned(tmp_path, spec))["ask"].to_send == Amount(6, "least")
    ran = await run(tmp_path, spec, model, PROMPTS, settings=MODEL)
    assert len(ran.requests) == 6


async def test_a_step_without_rows_sends_nothing(tmp_path: Path) -> None:
    spec = """
        steps:
          given: {kind: rows, rows: [{text: "1"}, {text: "2"}]}
          ask: {kind: generate, from: given, when: text == "3", model: m, prompt: ask, parse: {text: said}}
        outputs:
          out.jsonl: {from: given, format: jsonl}
        """
    assert by_name(await planned(tmp_path, spec))["ask"].to_send == NONE


async def test_what_would_stop_the_run_is_told(tmp_path: Path) -> None:
    told = await planned(tmp_path, input_dir=tmp_path / "nowhere")
    assert "nowhere" in str(told.error)


@pytest.mark.parametrize(
    ("amounts", "sum_"),
    [
        ([], NONE),
        ([Amount(1), Amount(2)], Amount(3)),
        ([Amount(1), Amount(2, "least")], Amount(3, "least")),
        ([Amount(1, "most"), Amount(2, "least")], Amount(3, "estimated")),
        ([Amount(1), UNKNOWN], Amount(1, "least")),
        ([UNKNOWN, NONE], UNKNOWN),
        ([Amount(1, "most"), UNKNOWN], UNKNOWN),
    ],
)
def test_a_sum_is_as_sure_as_its_parts(amounts: list[Amount], sum_: Amount) -> None:
    assert total(amounts) == sum_

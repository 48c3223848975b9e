"""Loops, pipelines and values within a run that goes wrong: nothing is lost, nothing is paid twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.llm.messages import EndpointDown, Request
from atk_interp.llm.retry import RetryPolicy
from atk_interp.runtime.events import Progressed
from support.pipelines import Ran, run, said

INNER = """\
spec: atk/v1
name: inner
description: Rounds of questions.
models: {m: {}}
steps:
  given: {kind: input, fields: {text: text}}
  rounds:
    kind: loop
    from: given
    until: reply | length > 3
    steps:
      asked: {kind: generate, model: m, prompt: ask, parse: {text: reply}}
      longer: {kind: map, set: {text: =text ~ "x"}}
  whole: {kind: sort, from: rounds, by: reply, descending: true}
"""
OUTER = """
    steps:
      rows: {kind: rows, rows: [{text: a}, {text: b}, {text: c}, {text: dddd}]}
      first: {kind: limit, from: rows, count: 1}
      word: {kind: once, from: first, model: m, prompt: word, parse: {text: said}}
      inner: {kind: pipeline, from: rows, pipeline: inner.yaml, output: whole, when: text != "b"}
      noted: {kind: map, from: inner, use: word, set: {note: =word.said}}
    outputs:
      out.jsonl: {from: noted, format: jsonl}
    """
PROMPTS = {"word": '- user: "word {{ text }}"'}
PATIENT = RetryPolicy(tries=2, first_wait_s=0.001, gone_after_s=60, unreached_after_s=60)


async def ran(folder: Path, down: str = "", **more: object) -> Ran:
    (folder / "inner.yaml").write_text(INNER)

    def model(request: Request) -> str:
        if said(request) == down:
            raise EndpointDown("`here` answered 500", "here")
        return said(request)

    return await run(folder, OUTER, model, PROMPTS, policy=PATIENT, **more)  # type: ignore[arg-type]


async def test_all_of_them_in_one_run(tmp_path: Path) -> None:
    found = await ran(tmp_path)

    assert [(row["text"], row.get("reply"), row["note"]) for row in found.rows] == [
        ("ddddx", "dddd", "word a"),
        ("cxxxx", "cxxx", "word a"),
        ("axxxx", "axxx", "word a"),
        ("b", None, "word a"),
    ]
    assert found.count("inner.rounds.asked") == {"rows_in": 9, "passed": 9, "rows_out": 9, "called": 9}


@pytest.mark.parametrize("down", ["cxx", "dddd", "word a"])
async def test_after_a_failed_endpoint_only_what_is_missing_is_asked(tmp_path: Path, down: str) -> None:
    whole = await ran(tmp_path, ledger="whole.db", output="whole")
    failed = await ran(tmp_path, down)
    again = await ran(tmp_path)

    assert (failed.result.status, failed.result.exit_code) == ("unavailable", 4)
    assert again.result.status == "done"
    assert again.bytes() == whole.bytes()
    answered = [text for text in failed.said if text != down]
    assert sorted([*answered, *again.said]) == whole.said


async def test_progress_rises_to_the_end_and_names_every_step(tmp_path: Path) -> None:
    found = await ran(tmp_path)
    told = [event for event in found.events if isinstance(event, Progressed)]
    shares = [event.fraction for event in told]

    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert {state.name for state in told[-1].steps if state.finished} == {
        "rows", "first", "word", "inner.given", "inner.rounds", "inner.rounds.asked", "inner.rounds.longer",
        "inner.whole", "inner", "noted",
    }  # fmt: skip

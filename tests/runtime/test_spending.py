"""What a run has paid: per step, by the prices of the config, with what the ledger saved and what came before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.messages import EndpointRefused, Reply, Request, Usage
from atk_interp.runtime.events import Noted
from support.pipelines import Ran, run, said

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      first: {kind: generate, from: given, model: m, prompt: ask, parse: {text: question}}
      second: {kind: generate, from: first, model: m, prompt: second, parse: {text: answer}}
    outputs:
      out.jsonl: {from: second, format: jsonl}
    """
PROMPTS = {"second": '- user: "Answer {{ question }}"'}
MODEL: dict[str, Any] = {"price": {"input": 10, "output": 100}, "concurrency": 1}


def model(request: Request) -> Reply:
    return Reply(f"{said(request)}!", usage=Usage(1000, 10))


def spending(ran: Ran) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((ran.folder / "run.json").read_text())["spending"]
    return told


def spent(calls: int) -> dict[str, Any]:
    return {
        "calls": calls,
        "input_tokens": 1000 * calls,
        "output_tokens": 10 * calls,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "uncounted": 0,
        "usd": pytest.approx(0.011 * calls) if calls else None,
    }


async def test_calls_are_summed_up_by_step_with_their_cost(tmp_path: Path) -> None:
    told = spending(await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL))
    assert told["paid"] == told["paid_with_resumes"] == spent(6)
    assert told["from_ledger"] == spent(0)
    assert told["steps"]["second"] == {"slot": "m", "model": "test-model", "paid": spent(3), "from_ledger": spent(0)}


async def test_calls_are_summed_up_by_model_too(tmp_path: Path) -> None:
    told = spending(await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL))
    assert told["models"] == {"test-model": {"paid": spent(6), "from_ledger": spent(0)}}


async def test_cached_and_reasoning_tokens_are_summed_up(tmp_path: Path) -> None:
    def thinking(request: Request) -> Reply:
        return Reply(f"{said(request)}!", usage=Usage(1000, 10, cached=600, reasoning=4))

    told = spending(await run(tmp_path, SPEC, thinking, PROMPTS, settings=MODEL))["paid"]
    assert (told["cached_tokens"], told["reasoning_tokens"]) == (6 * 600, 6 * 4)


async def test_calls_without_a_count_of_tokens_are_told_as_uncounted(tmp_path: Path) -> None:
    def silent(request: Request) -> Reply:
        return Reply(f"{said(request)}!", usage=Usage() if said(request) == "a" else Usage(1000, 10))

    told = spending(await run(tmp_path, SPEC, silent, PROMPTS, settings=MODEL))["paid"]
    assert told == {**spent(5), "calls": 6, "uncounted": 1}


async def test_what_the_ledger_had_is_saved_and_not_paid(tmp_path: Path) -> None:
    await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL)
    told = spending(await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL, output="other"))
    assert (told["paid"], told["from_ledger"]) == (spent(0), spent(6))


async def test_equal_calls_are_paid_once(tmp_path: Path) -> None:
    spec = SPEC.replace("{text: b}", "{text: a}")
    told = spending(await run(tmp_path, spec, model, PROMPTS, settings=MODEL))
    assert (told["paid"], told["from_ledger"]) == (spent(4), spent(2))


async def test_cost_adds_up_over_the_runs_that_one_goes_on_with(tmp_path: Path) -> None:
    sent = 0

    def refusing(request: Request) -> Reply:
        nonlocal sent
        sent += 1
        if sent in (3, 6):
            raise EndpointRefused("no more", "here")
        return model(request)

    paid = []
    for _ in range(3):
        told = spending(await run(tmp_path, SPEC, refusing, PROMPTS, settings=MODEL))
        paid.append((told["paid"]["calls"], told["paid_with_resumes"]["calls"]))
    assert paid == [(2, 2), (2, 4), (2, 6)]
    assert told["paid_with_resumes"] == spent(6)
    again = spending(await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL))
    assert again["paid_with_resumes"] == spent(0)  # a new one, as the last was done


async def test_without_a_price_tokens_are_told_and_no_cost(tmp_path: Path) -> None:
    told = spending(await run(tmp_path, SPEC, model, PROMPTS))
    assert told["paid"] == {**spent(6), "usd": None}


async def test_a_record_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{")
    told = spending(await run(tmp_path, SPEC, model, PROMPTS, settings=MODEL))
    assert told["paid_with_resumes"] == spent(6)


async def test_a_model_that_replies_under_another_name_within_a_run_is_warned_of(tmp_path: Path) -> None:
    def renamed(request: Request) -> Reply:
        return Reply("fine", usage=Usage(1, 1), model="m-1" if said(request) == "a" else "m-2")

    ran = await run(tmp_path, SPEC, renamed, PROMPTS, settings=MODEL)
    (noted,) = [event for event in ran.events if isinstance(event, Noted)]
    assert noted.serious
    assert "the model of `m` replied as `m-" in noted.message
    record = json.loads((ran.folder / "run.json").read_text())
    assert record["models"]["m"]["answered_as"] == ["m-1", "m-2"]
    assert [cause["message"] for cause in record["causes"]] == [noted.message]

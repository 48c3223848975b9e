"""A run from the lock on its folder to the files in it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from atk_interp.formats.atomic import CannotWrite
from atk_interp.kinds.base import StepStopped
from atk_interp.llm.messages import EndpointDown, Reply, Request
from atk_interp.llm.retry import RetryPolicy
from atk_interp.runtime import CannotRun
from atk_interp.runtime.events import Event, Noted, Progressed, RunFinished, RunStarted, StepFinished, Waited
from atk_interp.runtime.lock import locked
from atk_interp.runtime.outcome import ending
from support.pipelines import run, said

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}, samples: 2}
      kept: {kind: filter, from: ask, keep: text != "c"}
    outputs:
      out.jsonl: {from: kept, format: jsonl}
    """


class Hanging:
    """A model that answers `a` and keeps the others waiting."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def complete(self, request: Request) -> Reply:
        if said(request) != "a":
            self.asked.set()
            await asyncio.Event().wait()
        return Reply("fine")

    async def aclose(self) -> None:
        return None


async def test_a_cancelled_run_lets_go_of_everything(tmp_path: Path) -> None:
    model = Hanging()
    running = asyncio.create_task(run(tmp_path, SPEC, model))
    await model.asked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    ran = await run(tmp_path, SPEC, said)
    assert ran.result.status == "done"
    assert "a" not in ran.said


async def test_events_come_in_order_and_progress_never_falls(tmp_path: Path) -> None:
    ran = await run(tmp_path, SPEC, said)
    assert isinstance(ran.events[0], RunStarted)
    assert isinstance(ran.events[-1], RunFinished)
    fractions = [event.fraction for event in ran.events if isinstance(event, Progressed)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    finished = [event.state.name for event in ran.events if isinstance(event, StepFinished)]
    assert sorted(finished) == ["ask", "given", "kept"]
    logged = [json.loads(line) for line in (ran.folder / "events.jsonl").read_text().splitlines()]
    assert [logged[0]["event"], logged[-1]["event"]] == ["RunStarted", "RunFinished"]
    assert sum(record["event"] == "Rejected" for record in logged) == 2


async def test_a_failed_transport_is_told_while_it_is_tried_again(tmp_path: Path) -> None:
    failed = False

    def model(request: Request) -> str:
        nonlocal failed
        if not failed:
            failed = True
            raise EndpointDown("`here` refused the connection", "here")
        return "fine"

    ran = await run(tmp_path, SPEC, model, policy=RetryPolicy(first_wait_s=0.001))
    (waited,) = [event for event in ran.events if isinstance(event, Waited)]
    assert "refused the connection; trying again in" in waited.message
    assert ran.count("ask")["called"] == 6


async def test_two_runs_do_not_share_an_output_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out"), pytest.raises(CannotRun, match="is in use by process"):
        await run(tmp_path, SPEC, said)


async def test_slots_of_one_address_share_its_limit_unless_theirs_differ(tmp_path: Path) -> None:
    from atk_interp.runtime.endpoints import open_endpoints
    from atk_interp.spec import EndpointConfig

    one = EndpointConfig(model="one", base_url="http://127.0.0.1:9/v1", concurrency=3)
    two = EndpointConfig(model="two", base_url="http://127.0.0.1:9/v1", concurrency=3)
    slow = EndpointConfig(model="two", base_url="http://127.0.0.1:9/v1", concurrency=3, requests_per_minute=5)
    opened = open_endpoints({"one": one, "two": two, "slow": slow}, print)
    assert opened["one"].pool is opened["two"].pool
    assert opened["one"].pool is not opened["slow"].pool
    assert [endpoint.model for endpoint in opened.values()] == ["one", "two", "two"]


async def test_a_display_that_raises_does_not_hide_events_from_the_others(tmp_path: Path) -> None:
    seen: list[Event] = []

    def broken(event: Event) -> None:
        raise ValueError

    await run(tmp_path, SPEC, said, listeners=[broken, seen.append])
    assert any(isinstance(event, RunFinished) for event in seen)
    assert not any(isinstance(event, Noted) for event in seen)


BRANCHES = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}]}
      rare: {kind: filter, from: given, keep: text == "z"}
      after: {kind: map, from: rare, set: {n: 1}}
      common: {kind: filter, from: given, keep: text != "z"}
    outputs:
      rare.jsonl: {from: after, format: jsonl}
      sets/common.jsonl: {from: common, format: jsonl}
    """
EMPTY = 'no rows are left after step `rare`: of 2, 2 filtered, 0 rejected (2 x keep: text == "z")'


async def test_an_empty_branch_is_told_once_and_costs_no_other(tmp_path: Path) -> None:
    ran = await run(tmp_path, BRANCHES)
    assert ran.result.status == "done"
    assert [(output.name, output.rows) for output in ran.result.outputs] == [
        ("rare.jsonl", 0),
        ("sets/common.jsonl", 2),
    ]
    (noted,) = [event for event in ran.events if isinstance(event, Noted)]
    assert (noted.message, noted.serious) == (EMPTY, True)


async def test_a_run_whose_outputs_are_all_empty_names_the_first_step_that_let_nothing_through(tmp_path: Path) -> None:
    ran = await run(tmp_path, BRANCHES.replace('text != "z"', 'text == "y"'))
    assert ran.result.status == "stopped"
    assert ran.result.message == EMPTY


async def test_a_text_about_rows_is_no_dataset(tmp_path: Path) -> None:
    card = "README.md: {from: common, format: document, text: '{{ count }} rows'}"
    ran = await run(tmp_path, BRANCHES.replace("sets/common.jsonl: {from: common, format: jsonl}", card))
    assert ran.result.status == "stopped"
    assert ran.result.message == EMPTY


async def test_an_output_that_says_so_is_no_dataset(tmp_path: Path) -> None:
    reasons = "sets/common.jsonl: {from: common, format: jsonl, dataset: false}"
    ran = await run(tmp_path, BRANCHES.replace("sets/common.jsonl: {from: common, format: jsonl}", reasons))
    assert ran.result.status == "stopped"
    assert ran.result.message == EMPTY


async def test_rows_are_a_success_where_no_output_is_a_dataset(tmp_path: Path) -> None:
    ran = await run(tmp_path, BRANCHES.replace("format: jsonl}", "format: jsonl, dataset: false}"))
    assert ran.result.status == "done"


async def test_the_record_says_where_an_output_is_below_the_folder(tmp_path: Path) -> None:
    ran = await run(tmp_path, BRANCHES)
    record = json.loads((ran.folder / "run.json").read_text())
    assert [output["file"] for output in record["outputs"]] == ["rare.jsonl", "sets/common.jsonl"]


async def test_events_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    (tmp_path / "out" / "events.jsonl").mkdir(parents=True)
    ran = await run(tmp_path, SPEC, said)
    assert ran.result.status == "done"
    (noted,) = [event for event in ran.events if isinstance(event, Noted)]
    told = "`events.jsonl` cannot be written (is a directory): this run leaves no record of its events"
    assert (noted.message, noted.serious) == (told, True)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, "done"),
        (StepStopped("why", "what to do"), "stopped"),
        (CannotRun("why", "what to do"), "impossible"),
        (CannotWrite("why"), "stopped"),
        (EndpointDown("why"), "unavailable"),
        (ValueError("why"), "failed"),
    ],
)
def test_every_end_has_its_name(error: BaseException | None, status: str) -> None:
    how = ending(error)
    assert how.status == status
    assert ("why" in how.message) == (error is not None)

"""`events.jsonl`: of bounded size, readable after kills, one run after the other."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

from atk_interp.llm.messages import Reply, Request
from atk_interp.runtime.event_log import EventLog, read_events
from atk_interp.runtime.events import (
    EVENTS,
    VERSION,
    CallFinished,
    Noted,
    OutputWritten,
    Progressed,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    as_json,
)
from support.pipelines import asking_about, run, said


async def test_a_run_is_in_the_log_from_its_start_over_its_steps_and_outputs_to_its_end(tmp_path: Path) -> None:
    ran = await run(tmp_path, asking_about("a", "b"), said)
    records = list(read_events(ran.folder / "events.jsonl"))
    assert [(record["event"], record.get("step") or record.get("output")) for record in records] == [
        ("RunStarted", None),
        ("StepStarted", "given"),
        ("StepStarted", "ask"),
        ("StepFinished", None),
        ("StepFinished", None),
        ("OutputWritten", "out.jsonl"),
        ("RunFinished", None),
    ]
    assert records[0]["version"] == VERSION
    assert records[0]["steps"] == ["given", "ask"]
    assert records[-2] == {**records[-2], "file": "out.jsonl", "rows": 2, "complete": True}


async def test_a_step_starts_before_it_finishes_and_outputs_are_told_before_the_end(tmp_path: Path) -> None:
    ran = await run(tmp_path, asking_about("a", "b"), said)
    order = [type(event) for event in ran.events if not isinstance(event, CallFinished | Progressed)]
    assert order[0] is RunStarted
    assert order.index(StepStarted) < order.index(StepFinished) < order.index(OutputWritten)
    assert order[-1] is RunFinished


def test_runs_are_added_and_a_line_that_a_kill_has_cut_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for name in ("first", "second"):
        log = EventLog(path)
        log.write(RunStarted(name, "out", []))
        log.close()
        with path.open("ab") as file:
            file.write(b'{"time":"2026-11-22T10:00')
    assert [record["pipeline"] for record in read_events(path)] == ["first", "second"]
    assert path.read_bytes().count(b"\n") == 3


def test_calls_and_progress_are_not_in_the_log(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.write(Progressed(0.5, []))
    log.write(CallFinished("ask", "r", 0, 0, "k", False, "stop", 1, 1, 0.1))
    log.write(Noted("", "kept"))
    log.close()
    assert [record["event"] for record in read_events(tmp_path / "events.jsonl")] == ["Noted"]


def test_an_event_as_json_has_no_prompt_and_no_reply() -> None:
    call = CallFinished(
        "ask", "r", 0, 0, "k", False, "stop", 1, 1, 0.1, "m", Request("m", prompt="secret"), Reply("hidden")
    )
    told = as_json(call)
    assert {field.name for field in fields(CallFinished)} - told.keys() == {"request", "reply"}
    assert "secret" not in json.dumps(told)
    assert "hidden" not in json.dumps(told)


def test_every_event_says_what_it_is() -> None:
    for event in EVENTS:
        assert event.__doc__ is not None
        assert not event.__doc__.startswith(f"{event.__name__}(")  # what a dataclass without one gets

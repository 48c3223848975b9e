"""What happens again and again is told once, with its count and what came first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atk_interp.llm.messages import EndpointRefused, Request
from atk_interp.runtime.events import CallFailed, Cause, Event, Noted, Progressed, Rejected, RunFinished, Waited
from atk_interp.runtime.repeated import Repeated, repeats
from support.pipelines import run

ASK = "{kind: generate, from: given, model: m, prompt: ask, parse: {choice: [good, fine], into: said}, attempts: 1}"


def spec(rows: int) -> str:
    listed = ", ".join(f"{{text: r{number}}}" for number in range(rows))
    return f"""
        steps:
          given: {{kind: rows, rows: [{listed}]}}
          ask: {ASK}
        outputs:
          out.jsonl: {{from: ask, format: jsonl}}
        """


def refuse(request: Request) -> str:
    raise EndpointRefused("no such model", "here", "name another", 404)


def counted(*events: Event) -> list[Cause]:
    repeated = Repeated()
    for event in events:
        repeated.add(event)
    return repeated.causes()


def test_messages_that_differ_in_numbers_and_quoted_words_alone_are_one_cause() -> None:
    (cause,) = counted(*(Noted("read", f"`file{n}` has {n}.5 pages") for n in range(4)))
    assert (cause.kind, cause.count) == ("Noted", 4)
    assert cause.message == "`file0` has 0.5 pages"


def test_files_are_counted_by_what_they_were_read_as() -> None:
    told = (Noted("read", f"read as `{name}`, which is a guess") for name in ("koi8_r", "cp1250", "koi8_r", "cp1251"))
    assert [(cause.message.split("`")[1], cause.count) for cause in counted(*told)] == [
        ("koi8_r", 2),
        ("cp1250", 1),
        ("cp1251", 1),
    ]


def test_waits_are_counted_by_address_and_cause_whatever_their_slot_and_seconds() -> None:
    waits = [(slot, host, s) for slot in ("w", "j") for host in ("`a`", "`b`") for s in (0.3, 4)]
    told = (Waited(slot, f"{host} answered 500; trying again in {s} s (1 of 8)") for slot, host, s in waits)
    assert [(cause.message, cause.count) for cause in counted(*told)] == [
        ("`a` answered 500", 4),
        ("`b` answered 500", 4),
    ]


def test_the_same_message_about_many_files_is_one_cause_with_the_first_file() -> None:
    (cause,) = counted(*(Noted("read", "cannot be read", f"{n}.pdf", "mend it", serious=True) for n in range(3)))
    assert cause == Cause("Noted", "read", "cannot be read", "0.pdf", 3, "mend it", serious=True)


def test_steps_and_labels_are_told_apart_and_serious_causes_come_first() -> None:
    causes = counted(
        Rejected("a", "1", "rejected", "too short"),
        Rejected("b", "1", "rejected", "too short"),
        Rejected("b", "2", "rejected", "too short"),
        CallFailed("a", "3", "m", "EndpointDown", "refused the connection"),
    )
    assert [(cause.step, cause.first, cause.count) for cause in causes] == [("a", "3", 1), ("b", "1", 2), ("a", "1", 1)]


def test_events_that_do_not_repeat_are_not_counted() -> None:
    repeated = Repeated()
    assert repeated.add(Progressed(0.5, [])) == 0
    assert repeated.causes() == []


def test_endless_new_messages_are_one_cause_in_the_end() -> None:
    words = (f"{'x' * n} is wrong" for n in range(1, 1001))
    causes = counted(*(Noted("a", word) for word in words))
    assert len(causes) == 201
    assert (causes[0].message, causes[0].count) == ("other reasons than these", 800)


@pytest.mark.parametrize(
    ("count", "worth"), [(0, True), (1, True), (20, True), (21, False), (99, False), (100, True), (101, False)]
)
def test_of_what_repeats_the_first_ones_and_the_powers_of_ten_are_worth_a_line(count: int, worth: bool) -> None:
    assert repeats(count) is worth


async def test_a_refusal_that_all_calls_meet_stops_the_run_and_is_told_once_with_its_count(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec(3), refuse, settings={"concurrency": 3})
    failed = [event for event in ran.events if isinstance(event, CallFailed)]
    told = f"{len(failed)} calls alike" if len(failed) > 1 else "a call"
    assert ran.result.message == f"the endpoint refused {told}: no such model"
    (cause,) = [cause for cause in ran.result.causes if cause.kind == "CallFailed"]
    assert (cause.count, cause.message) == (len(failed), "no such model")


async def test_every_row_rejected_for_one_reason_is_one_cause_in_the_result_the_record_and_the_events(
    tmp_path: Path,
) -> None:
    ran = await run(tmp_path, spec(150), lambda request: "bad")
    record = json.loads((ran.folder / "run.json").read_text())
    finished = ran.events[-1]
    assert isinstance(finished, RunFinished)
    for causes in (ran.result.causes, finished.causes):
        (cause,) = causes
        assert (cause.kind, cause.step, cause.count) == ("Rejected", "ask", 150)
    assert [cause["count"] for cause in record["causes"]] == [150]
    assert f"150 x {cause.message}" in ran.result.message
    logged = [json.loads(line) for line in (ran.folder / "events.jsonl").read_text().splitlines()]
    assert [line["nth"] for line in logged if line["event"] == "Rejected"] == [*range(1, 21), 100]

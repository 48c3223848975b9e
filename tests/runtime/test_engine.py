"""How rows go through a graph: every shape of it, every way to fail, and never one byte by chance."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atk_interp.llm.messages import ContextTooLong, EndpointDown, EndpointRefused, Reply, Request
from atk_interp.llm.retry import RetryPolicy
from atk_interp.runtime.events import Event, StepState
from support.pipelines import Ran, asking_about, run, said

ASK = "{kind: generate, from: %s, model: m, prompt: ask, parse: {text: reply}}"


def rows(*texts: str) -> str:
    return "{kind: rows, rows: [" + ", ".join(f"{{text: {text}}}" for text in texts) + "]}"


def balanced(state: StepState) -> bool:
    return state.rows_in == state.passed + state.filtered + state.rejected + state.merged


async def test_a_run_without_a_model_slot_needs_no_model(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        f"""\
        spec: atk/v1
        name: plain
        params: {{output_dir: {{type: path}}}}
        steps:
          given: {rows("a", "b")}
          kept: {{kind: filter, from: given, keep: text == "b"}}
        outputs:
          out.jsonl: {{from: kept, format: jsonl}}
        """,
    )
    assert ran.rows == [{"text": "b"}]
    assert ran.count("kept") == {"rows_in": 2, "passed": 1, "filtered": 1, "rows_out": 1}


async def test_rows_come_out_in_the_order_of_the_input_whoever_answers_first(tmp_path: Path) -> None:
    ran = await run(tmp_path, asking_about(*"abcdefgh"), Slow(), settings={"concurrency": 8})
    assert [row["reply"] for row in ran.rows] == [f"{letter} 00" for letter in "ABCDEFGH"]


async def test_a_diamond_keeps_both_ways_of_a_row(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        f"""
        steps:
          given: {rows("a", "b")}
          left: {{kind: map, from: given, set: {{text: "left {{{{ text }}}}"}}}}
          right: {{kind: map, from: given, set: {{text: "right {{{{ text }}}}"}}}}
          both: {{kind: filter, from: [right, left], keep: true}}
          ask: {ASK % "both"}
        outputs:
          out.jsonl: {{from: ask, format: jsonl}}
        """,
        said,
    )
    assert [row["reply"] for row in ran.rows] == ["right a", "right b", "left a", "left b"]
    assert ran.count("both") == {"rows_in": 4, "passed": 4, "rows_out": 4}


async def test_a_step_may_take_another_step_twice(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        f"""
        steps:
          given: {rows("a", "b")}
          twice: {{kind: map, from: [given, given], set: {{id: =row.id}}}}
        outputs:
          out.jsonl: {{from: twice, format: jsonl}}
        """,
    )
    assert [row["text"] for row in ran.rows] == ["a", "b", "a", "b"]
    assert len({row["id"] for row in ran.rows}) == 4


async def test_several_sources_run_beside_each_other(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        f"""
        steps:
          one: {rows(*"abcdefghijkl")}
          two: {rows(*"mnopqrstuvwx")}
          asked: {ASK % "one"}
          also: {ASK % "two"}
          all: {{kind: map, from: [asked, also], set: {{n: 1}}}}
        outputs:
          out.jsonl: {{from: all, format: jsonl}}
        """,
        said,
        settings={"concurrency": 1},
    )
    assert "".join(row["reply"] for row in ran.rows) == "abcdefghijklmnopqrstuvwx"


async def test_set_wise_steps_wait_for_all_rows_and_can_follow_each_other(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        f"""
        steps:
          given: {rows(*"abcdef")}
          ask: {ASK % "given"}
          some: {{kind: sample, from: ask, count: 4}}
          whole: {{kind: group, from: some, by: "1", collect: {{replies: =reply}}}}
          text: {{kind: map, from: whole, set: {{text: =replies | join(" ")}}}}
          again: {{kind: generate, from: text, model: m, prompt: ask, parse: {{text: summary}}}}
        outputs:
          out.jsonl: {{from: again, format: jsonl}}
        """,
        lambda request: said(request).upper(),
    )
    (row,) = ran.rows
    assert len(row["replies"]) == 4
    assert row["summary"] == " ".join(row["replies"])
    assert ran.count("some") == {"rows_in": 6, "passed": 4, "filtered": 2, "rows_out": 4}
    assert ran.count("whole") == {"rows_in": 4, "passed": 1, "merged": 3, "rows_out": 1}


async def test_rows_that_a_set_wise_step_skips_pass_it_untouched(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        f"""
        steps:
          given: {rows(*"abcdef")}
          some: {{kind: sample, from: given, count: 1, when: text != "a"}}
        outputs:
          out.jsonl: {{from: some, format: jsonl}}
        """,
    )
    assert ran.rows[0] == {"text": "a"}
    assert ran.count("some") == {"rows_in": 6, "passed": 2, "filtered": 4, "rows_out": 2}


async def test_a_row_for_which_when_is_false_passes_without_a_call(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        f"""
        steps:
          given: {rows("a", "b")}
          ask: {{kind: generate, from: given, when: text == "b", model: m, prompt: ask, parse: {{text: reply}}}}
          after: {{kind: map, from: ask, set: {{skipped: =reply is none}}}}
        outputs:
          out.jsonl: {{from: after, format: jsonl}}
        """,
        said,
    )
    assert ran.rows == [{"text": "a", "skipped": True}, {"text": "b", "reply": "b", "skipped": False}]
    assert ran.said == ["b"]


async def test_two_outputs_of_one_step_each_take_their_rows(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        f"""
        steps:
          given: {rows("a", "b", "c")}
        outputs:
          some.jsonl: {{from: given, where: text != "b", format: jsonl}}
          rest.jsonl: {{from: given, where: text == "b", format: jsonl}}
        """,
    )
    assert list(ran.result.rows("some.jsonl")) == [{"text": "a"}, {"text": "c"}]
    assert list(ran.result.rows("rest.jsonl")) == [{"text": "b"}]


async def test_a_row_that_the_format_cannot_hold_is_rejected_by_its_output(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{text: "fine"}, {text: " "}]}
        outputs:
          out.jsonl: {from: given, format: sharegpt, messages: [{user: hi}, {assistant: "{{ text }}"}]}
        """,
    )
    assert ran.result.status == "done"
    assert len(ran.rows) == 1
    assert [(row["step"], row["label"]) for row in ran.rejected] == [
        ("output out.jsonl", "message 2 (`assistant`) is empty")
    ]


async def test_no_rows_after_a_step_stops_the_run_and_says_which_and_why(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        f"""
        steps:
          given: {rows("a", "b")}
          chosen: {{kind: filter, from: given, keep: text == "c"}}
          ask: {ASK % "chosen"}
        outputs:
          out.jsonl: {{from: ask, format: jsonl}}
        """,
        said,
    )
    assert (ran.result.status, ran.result.exit_code) == ("stopped", 1)
    assert ran.result.message == (
        'no rows are left after step `chosen`: of 2, 2 filtered, 0 rejected (2 x keep: text == "c")'
    )
    assert not (ran.folder / "out.jsonl").exists()


async def test_equal_calls_that_are_under_way_at_once_are_made_once(tmp_path: Path) -> None:
    ran = await run(tmp_path, asking_about("a", "a", "a"), model := Slow())
    assert [row["reply"] for row in ran.rows] == ["A 00"] * 3
    assert model.calls == 1
    assert ran.count("ask")["called"] == 1


async def test_who_waits_for_an_equal_call_that_fails_fails_with_it(tmp_path: Path) -> None:
    def refuse(request: Request) -> str:
        raise EndpointRefused("no such model", "here", "name another", 404)

    ran = await run(tmp_path, asking_about("a", "a", "a"), refuse)
    assert (ran.result.status, ran.result.exit_code) == ("impossible", 2)
    assert ran.result.message == "the endpoint refused a call: no such model"
    assert ran.result.help == "name another"
    assert len(ran.requests) == 1


async def test_a_row_that_is_too_long_for_the_model_is_rejected_and_the_others_go_on(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        if said(request) == "b":
            raise ContextTooLong("`here` answered 400: 9000 tokens, and there is room for 4096", "here", status=400)
        return "fine"

    ran = await run(tmp_path, asking_about("a", "b", "c"), model)
    assert ran.result.status == "done"
    assert [row["text"] for row in ran.rows] == ["a", "c"]
    (rejected,) = ran.rejected
    assert rejected["label"] == "the prompt is longer than the model can take"
    assert "9000 tokens" in rejected["attempts"][0]["reason"]


async def test_a_row_lost_on_transport_does_not_lose_the_others(tmp_path: Path) -> None:
    healthy = False

    def model(request: Request) -> str:
        if said(request) == "b" and not healthy:
            raise EndpointDown("`here` answered 500", "here")
        return "fine"

    spec = f"""
        steps:
          given: {rows("a", "b", "c")}
          ask: {ASK % "given"}
          all: {{kind: group, from: ask, by: "1", collect: {{texts: =text}}}}
          text: {{kind: map, from: all, set: {{text: =texts | join}}}}
          again: {ASK % "text"}
        outputs:
          out.jsonl: {{from: again, format: jsonl}}
          rows.jsonl: {{from: ask, format: jsonl}}
        """
    patient = RetryPolicy(tries=2, first_wait_s=0.001, gone_after_s=60, unreached_after_s=60)
    ran = await run(tmp_path, spec, model, policy=patient)
    assert (ran.result.status, ran.result.exit_code) == ("unavailable", 4)
    assert "a row has got no reply: `here` answered 500" in ran.result.message
    assert ran.said == ["a", "b", "b", "b", "b", "c"]  # two tries, and one more round at the end
    assert not (ran.folder / "rows.jsonl").exists()
    assert (ran.folder / "rows.incomplete.jsonl").read_text().count("\n") == 2
    healthy = True
    ran = await run(tmp_path, spec, model, policy=patient)
    assert ran.result.status == "done"
    assert ran.said == ["abc", "b"]
    assert not (ran.folder / "rows.incomplete.jsonl").exists()


async def test_an_endpoint_that_comes_back_for_the_last_round_loses_no_row(tmp_path: Path) -> None:
    failures = 2

    def model(request: Request) -> str:
        nonlocal failures
        if said(request) == "b" and failures:
            failures -= 1
            raise EndpointDown("`here` answered 500", "here")
        return "fine"

    ran = await run(tmp_path, asking_about("a", "b", "c"), model, policy=RetryPolicy(tries=2, first_wait_s=0.001))
    assert ran.result.status == "done"
    assert [row["text"] for row in ran.rows] == ["a", "b", "c"]


async def test_a_listener_that_raises_costs_nothing(tmp_path: Path) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("the display is broken")

    ran = await run(tmp_path, asking_about("a"), said, listeners=[broken])
    assert ran.result.status == "done"


async def test_a_mistake_of_ours_is_told_as_one(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        raise AssertionError("this cannot be")

    ran = await run(tmp_path, asking_about("a"), model)
    assert (ran.result.status, ran.result.exit_code) == ("failed", 3)
    assert isinstance(ran.result.error, AssertionError)


async def test_more_rows_than_the_window_go_through_one_at_a_time(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{texts: [a, b, c]}]}
          many: {kind: explode, from: given, field: texts, into: text}
          more: {kind: map, from: [many, many, many, many, many, many, many, many, many, many], set: {n: 1}}
          ask: {kind: generate, from: more, model: m, prompt: ask, parse: {text: reply}}
          also: {kind: generate, from: ask, model: m, prompt: ask, parse: {text: other}}
        outputs:
          out.jsonl: {from: also, format: jsonl}
        """,
        said,
        settings={"concurrency": 1},
    )
    assert ran.count("also") == {"rows_in": 30, "passed": 30, "rows_out": 30, "from_ledger": 30}


class Slow:
    """A model that takes its time, at random, and sometimes breaks off.

    It repeats what it is told in capitals, with the numbers of sample and attempt.
    """

    def __init__(self, seed: int = 0, faults: float = 0.0) -> None:
        self.random = random.Random(seed)
        self.faults = faults
        self.calls = 0

    async def complete(self, request: Request) -> Reply:
        self.calls += 1
        for _ in range(self.random.randrange(6)):
            await asyncio.sleep(0)
        if self.random.random() < self.faults:
            raise EndpointDown("`here` dropped the connection", "here")
        return Reply(f"{said(request).upper()} {request.sample}{request.attempt}")

    async def aclose(self) -> None:
        return None


MIXED = """
    steps:
      given: {kind: rows, rows: [ROWS]}
      ask:
        kind: generate
        from: given
        model: m
        prompt: ask
        samples: 2
        parse: {regex: '(?P<reply>[A-Z]+) (?P<number>\\d+)'}
        accept:
          late enough: (reply | length) % 3 == 0 or number[1] == "1"
        attempts: 2
        keep: reply | length > 1
      some: {kind: sample, from: ask, count: 12}
      once: {kind: filter, from: [some, ask], keep: reply | length != 4}
      judge:
        kind: vote
        from: once
        model: m
        prompt: judge
        parse: {regex: '(?P<mark>\\d)\\d$'}
        votes: 3
        pass: mark | length > 0 and reply | length != 6
    outputs:
      out.jsonl: {from: judge, format: jsonl}
      asked.jsonl: {from: ask, where: reply | length > 2, format: jsonl}
    """.replace("ROWS", ", ".join(f"{{text: {'abcdefgh'[: 1 + n % 8]}{'xyz'[n % 3]}}}" for n in range(20)))


async def mixed(folder: Path, concurrency: int, seed: int) -> Ran:
    return await run(
        folder,
        MIXED,
        Slow(seed=seed, faults=0.2 if seed else 0.0),
        {"judge": '- user: "judge {{ reply }} {{ number }}"'},
        settings={"concurrency": concurrency},
        ledger=f"{concurrency}-{seed}.db",
        output=f"{concurrency}-{seed}",
        policy=RetryPolicy(tries=50, first_wait_s=1e-6, gone_failures=1000),
    )


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(concurrency=st.integers(1, 64), seed=st.integers(1, 10_000))
def test_latency_faults_and_concurrency_never_change_a_byte(tmp_path: Path, concurrency: int, seed: int) -> None:
    calm = asyncio.run(mixed(tmp_path, 1, 0))
    wild = asyncio.run(mixed(tmp_path, concurrency, seed))
    assert calm.result.status == wild.result.status == "done"
    assert calm.bytes() == wild.bytes()
    assert len(calm.rows) > 3
    assert len(calm.rejected) > 10
    assert all(map(balanced, wild.result.steps[1:]))


@pytest.mark.parametrize("concurrency", [1, 2, 8])
async def test_a_refusal_among_concurrent_samples_stops_the_run(tmp_path: Path, concurrency: int) -> None:
    def model(request: Request) -> str:
        if request.sample == 2:
            raise EndpointRefused("not for you", "here", status=403)
        return "fine"

    ran = await run(
        tmp_path,
        f"""
        steps:
          given: {rows(*"abcdef")}
          ask: {{kind: generate, from: given, model: m, prompt: ask, samples: 4, parse: {{text: reply}}}}
        outputs:
          out.jsonl: {{from: ask, format: jsonl}}
        """,
        model,
        settings={"concurrency": concurrency},
    )
    assert ran.result.status == "impossible"
    assert len([request for request in ran.requests if request.sample == 2]) == 1

"""What `generate` sends, what it takes for an answer, and what becomes of a row that gets none."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.messages import ContextTooLong, Reply, Request
from atk_interp.replies import Reader
from atk_interp.templates import Template
from support.openai_server import Answer, Call, server_thread
from support.pipelines import Ran, run, said

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}]}
      ask:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: %s
        %s
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """


def spec(*options: str, parse: str = "{text: reply}") -> str:
    return SPEC % (parse, "\n        ".join(options))


def on_attempts(*replies: str) -> Any:
    """One reply for each attempt, the last for all further ones."""
    return lambda request: replies[min(request.attempt, len(replies) - 1)]


def only_b(*replies: str) -> Any:
    """A model that answers `b` with these, and all else well."""
    bad = on_attempts(*replies)
    return lambda request: bad(request) if "b" in request.messages[0].content else "good"


async def test_a_reply_that_cannot_be_read_is_asked_for_again(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec(parse="{number: mark}"), on_attempts("no idea", "perhaps", "7"))
    assert [row["mark"] for row in ran.rows] == [7, 7]
    assert sorted(request.attempt for request in ran.requests) == [0, 0, 1, 1, 2, 2]
    assert ran.rejected == []


async def test_a_row_is_rejected_under_the_label_that_failed_with_all_raw_replies(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        spec("accept: {is short: reply | length < 5, is not bad: reply != 'bad'}", "attempts: 2"),
        only_b("far too long", "bad"),
    )
    (rejected,) = ran.rejected
    assert ran.rows == [{"text": "a", "reply": "good"}]
    assert (rejected["step"], rejected["outcome"], rejected["label"]) == ("ask", "rejected", "is not bad")
    assert rejected["fields"] == {"text": "b"}
    assert len(rejected["row"]) == 20
    assert rejected["attempts"] == [
        {"sample": 0, "attempt": 0, "reason": "not accepted: is short", "reply": "far too long", "finish": "stop"},
        {"sample": 0, "attempt": 1, "reason": "not accepted: is not bad", "reply": "bad", "finish": "stop"},
    ]
    assert ran.count("ask") == {"rows_in": 2, "passed": 1, "rejected": 1, "rows_out": 1, "called": 3}


@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_a_reply_that_was_cut_is_a_failed_attempt(tmp_path: Path, finish: str) -> None:
    def model(request: Request) -> Reply:
        return Reply("half", finish=finish) if request.attempt == 0 else Reply("whole")

    ran = await run(tmp_path, spec(), model)
    assert [row["reply"] for row in ran.rows] == ["whole", "whole"]


async def test_an_empty_reply_is_a_failed_attempt(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec(), on_attempts("  \n", "<think>only thought", "whole"))
    assert [row["reply"] for row in ran.rows] == ["whole", "whole"]


async def test_reasoning_is_set_aside(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec(), lambda request: "<think>is it no?</think>\n\nyes")
    assert [row["reply"] for row in ran.rows] == ["yes", "yes"]


async def test_feedback_shows_the_failed_reply_and_the_reason(tmp_path: Path) -> None:
    ran = await run(
        tmp_path, spec("feedback: true", "accept: {is short: reply | length < 5}"), only_b("far too long", "ok")
    )
    (second,) = [request for request in ran.requests if request.attempt == 1]
    assert [message.role for message in second.messages] == ["user", "assistant", "user"]
    assert second.messages[0].content == "b"
    assert second.messages[1].content == "far too long"
    assert "not accepted: is short" in second.messages[2].content


async def test_feedback_that_makes_a_prompt_too_long_is_left_out_of_the_next_attempt(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        if len(request.messages) > 1:
            raise ContextTooLong("9000 tokens are too many", "m")
        return "far too long" if request.attempt == 0 else "ok"

    ran = await run(tmp_path, spec("feedback: true", "accept: {is short: reply | length < 5}"), model)
    assert [row["reply"] for row in ran.rows] == ["ok", "ok"]
    assert sorted((request.attempt, len(request.messages)) for request in ran.requests) == [
        (0, 1),
        (0, 1),
        (1, 3),
        (1, 3),
        (2, 1),
        (2, 1),
    ]


async def test_without_feedback_an_attempt_sends_the_same_messages(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec("accept: {is short: reply | length < 5}"), only_b("far too long", "ok"))
    assert [len(request.messages) for request in ran.requests] == [1, 1, 1]


async def test_the_prompt_knows_the_attempt_and_the_sample(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        spec("samples: 2", "attempts: 2", "accept: {is good: reply == 'good'}"),
        on_attempts("bad", "good"),
        {"ask": '- user: "{{ text }} {{ sample }}{{ attempt }}"'},
    )
    assert ran.said == ["a 00", "a 01", "a 10", "a 11", "b 00", "b 01", "b 10", "b 11"]


async def test_a_completion_prompt_is_sent_as_a_prompt_also_after_a_failure(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        spec("feedback: true", "accept: {is good: reply == 'good'}").replace("prompt: ask", "prompt: go_on"),
        on_attempts("bad", "good"),
        {"go_on.txt": "Once {{ text }}"},
    )
    assert ran.said == ["Once a", "Once a", "Once b", "Once b"]
    assert all(request.messages == () for request in ran.requests)


async def test_keep_filters_what_was_accepted_and_records_the_reply(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec("keep: reply == 'good'"), only_b("poor"))
    assert [row["text"] for row in ran.rows] == ["a"]
    (filtered,) = ran.rejected
    assert (filtered["outcome"], filtered["label"]) == ("filtered", "keep: reply == 'good'")
    assert filtered["attempts"][0]["reply"] == "poor"
    assert ran.count("ask") == {"rows_in": 2, "passed": 1, "filtered": 1, "rows_out": 1, "called": 2}


async def test_every_reading_that_keep_leaves_out_is_recorded(tmp_path: Path) -> None:
    replies = {"a": "- 1\n- 2\n- 3", "b": "- 7\n- 8"}
    ran = await run(
        tmp_path,
        spec("keep: item != '2' and item | int < 5", parse="{list: item, many: true}"),
        lambda request: replies[said(request)],
    )
    assert [row["item"] for row in ran.rows] == ["1", "3"]
    assert [row["fields"]["item"] for row in ran.rejected] == ["2", "7", "8"]
    assert ran.count("ask") == {
        "rows_in": 2,
        "passed": 1,
        "filtered": 1,
        "rows_out": 2,
        "refused": 2,
        "called": 2,
    }


async def test_samples_give_a_row_each(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec("samples: 3"), lambda request: f"{said(request)}{request.sample}")
    assert [row["reply"] for row in ran.rows] == ["a0", "a1", "a2", "b0", "b1", "b2"]


async def test_a_sample_that_fails_is_recorded_beside_those_that_do_not(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        spec("samples: 2", "attempts: 1", parse="{number: mark}"),
        lambda request: "7" if request.sample else "no idea",
    )
    assert [row["mark"] for row in ran.rows] == [7, 7]
    assert [rejected["attempts"][0]["reply"] for rejected in ran.rejected] == ["no idea", "no idea"]
    assert ran.count("ask")["refused"] == 2


async def test_on_reject_keep_leaves_nulls_and_a_record(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec("on_reject: keep", "attempts: 1", parse="{number: mark}"), only_b("no idea", "7"))
    assert ran.count("ask")["passed"] == 2
    assert [row["mark"] for row in ran.rows] == [None, None]
    assert len(ran.rejected) == 2


async def test_on_reject_stop_ends_the_run_with_the_reply(tmp_path: Path) -> None:
    ran = await run(
        tmp_path, spec("on_reject: stop", "accept: {is good: reply == 'good'}", "attempts: 1"), only_b("poor")
    )
    assert (ran.result.status, ran.result.exit_code) == ("stopped", 1)
    assert ran.result.message.startswith("step `ask` rejected row ")
    assert ran.result.message.endswith(": is good")
    assert ran.result.help == "the last reply was: poor"


async def test_on_truncation_raise_asks_once_with_twice_the_limit(tmp_path: Path) -> None:
    def model(request: Request) -> Reply:
        limit = request.sampling["max_tokens"]
        return Reply("whole") if limit == 20 else Reply("ha", finish="length")

    ran = await run(tmp_path, spec("on_truncation: raise", "sampling: {max_tokens: 10}"), model)
    assert [row["reply"] for row in ran.rows] == ["whole", "whole"]
    assert sorted(str(request.sampling["max_tokens"]) for request in ran.requests) == ["10", "10", "20", "20"]
    assert {request.attempt for request in ran.requests} == {0}


async def test_later_samples_and_attempts_have_seeds_of_their_own(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        spec("samples: 2", "attempts: 2", "sampling: {seed: 5}", "accept: {is good: reply == 'good'}"),
        on_attempts("bad", "good"),
    )
    seeds = {(request.sample, request.attempt): request.sampling["seed"] for request in ran.requests}
    assert seeds == {(0, 0): 5, (0, 1): 6, (1, 0): 1005, (1, 1): 1006}


ALL_SAMPLING = {
    "temperature": 0.7,
    "top_p": 0.9,
    "max_tokens": 77,
    "seed": 11,
    "stop": ["END"],
    "presence_penalty": 0.1,
    "frequency_penalty": 0.2,
}


async def test_every_sampling_parameter_reaches_the_server(tmp_path: Path) -> None:
    with server_thread(lambda call: "yes") as server:
        await run(
            tmp_path,
            spec(),
            settings={
                "base_url": server.base_url,
                "sampling": {**ALL_SAMPLING, "extra": {"min_p": 0.05, "chat_template_kwargs": {"thinking": False}}},
            },
        )
    (body, *_) = (call.body for call in server.calls)
    messages = body.pop("messages")
    assert [message["role"] for message in messages] == ["user"]
    assert body == {
        "model": "test-model",
        **ALL_SAMPLING,
        "min_p": 0.05,
        "chat_template_kwargs": {"thinking": False},
    }


async def test_sampling_of_the_step_wins_over_the_config_and_that_over_the_slot(tmp_path: Path) -> None:
    slot = "models:\n  m: {sampling: {temperature: 0.1, top_p: 0.1, seed: 1, extra: {min_p: 0.1}}}"
    head = f"spec: atk/v1\nname: case\nparams: {{output_dir: {{type: path}}}}\n{slot}\n"
    steps = "\n".join(line[4:] for line in spec("sampling: {temperature: 0.3}").splitlines())
    ran = await run(
        tmp_path,
        head + steps,
        said,
        settings={"sampling": {"temperature": 0.2, "top_p": 0.2, "extra": {"min_p": 0.2}}},
    )
    assert dict(ran.requests[0].sampling) == {"temperature": 0.3, "top_p": 0.2, "seed": 1, "min_p": 0.2}


async def test_reasoning_of_a_server_is_kept_apart(tmp_path: Path) -> None:
    def reply(call: Call) -> Answer:
        return Answer("yes", message={"reasoning_content": "no, or is it"})

    with server_thread(reply) as server:
        ran: Ran = await run(tmp_path, spec(), settings={"base_url": server.base_url})
    assert [row["reply"] for row in ran.rows] == ["yes", "yes"]


async def test_a_prompt_that_cannot_be_rendered_for_a_row_rejects_it_and_is_not_sent(tmp_path: Path) -> None:
    prompt = "- user: \"{{ text }}{% if text == 'b' %}{{ 1 // (text | length - 1) }}{% endif %}\""
    ran = await run(tmp_path, spec(), said, {"ask": prompt})
    assert ran.said == ["a"]
    (rejected,) = ran.rejected
    assert (rejected["outcome"], rejected["fields"]) == ("rejected", {"text": "b"})
    assert rejected["label"].startswith("`prompt ask`: ")
    assert "ask.yaml" not in rejected["label"]
    assert ran.count("ask") == {"rows_in": 2, "passed": 1, "rejected": 1, "rows_out": 1, "called": 1}


async def test_a_prompt_that_fails_whatever_the_row_stops_the_run(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec(), said, {"ask": '- user: "{{ 1 // (seed - seed) }}"'})
    assert ran.result.status == "stopped"
    assert ran.result.message.startswith("`prompt ask` of step `ask`: ")


async def test_a_rule_that_cannot_be_applied_to_a_reading_is_a_failed_attempt(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        spec("accept: {is small: 10 / mark > 1}", "attempts: 2", parse="{number: mark}"),
        lambda request: "0" if said(request) == "b" else "5",
    )
    assert [row["mark"] for row in ran.rows] == [5]
    (rejected,) = ran.rejected
    assert (rejected["label"], rejected["outcome"]) == ("is small", "rejected")
    (reason, again) = [attempt["reason"] for attempt in rejected["attempts"]]
    assert reason == again == "not accepted: is small (`accept.is small`: a division by 0)"


async def test_keep_that_cannot_judge_a_reading_rejects_it_with_its_reply(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        spec("keep: 10 / (item | int) > 1", parse="{list: item, many: true}"),
        lambda request: "- 0\n- 5" if said(request) == "a" else "- 0\n- 0.0",
    )
    assert [row["item"] for row in ran.rows] == ["5"]
    assert {rejected["outcome"] for rejected in ran.rejected} == {"rejected"}
    assert all(rejected["attempts"][0]["reply"] for rejected in ran.rejected)
    assert ran.count("ask") == {
        "rows_in": 2,
        "passed": 1,
        "rejected": 1,
        "rows_out": 1,
        "refused": 2,
        "called": 2,
    }


async def test_large_rows_are_rendered_and_judged_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, set[bool]] = {"render": set(), "judge": set()}
    render, read = Template.render, Reader.read

    def rendered(self: Template, names: Any) -> str:
        if "text" in names:
            threads["render"].add(threading.current_thread() is threading.main_thread())
        return render(self, names)

    def reading(self: Any, text: str) -> Any:
        threads["judge"].add(threading.current_thread() is threading.main_thread())
        return read(self, text)

    monkeypatch.setattr(Template, "render", rendered)
    monkeypatch.setattr(Reader, "read", reading)
    for size, in_the_loop in ((10, True), (200_000, False)):
        threads["render"].clear()
        threads["judge"].clear()
        text = (
            spec()
            .replace("rows: [{text: a}, {text: b}]", "rows: [{size: 1}]")
            .replace(
                "ask:\n",
                f"long: {{kind: map, from: given, set: {{text: '{{{{ \"x\" * {size} }}}}'}}}}\n      ask:\n",
                1,
            )
            .replace("from: given\n", "from: long\n")
        )
        await run(tmp_path / str(size), text, lambda request: "yes")
        assert threads == {"render": {in_the_loop}, "judge": {in_the_loop}}


async def test_a_prompt_that_fails_at_a_later_attempt_leaves_the_replies_before_it_on_record(tmp_path: Path) -> None:
    prompt = '- user: "{{ text }} {{ 1 // (1 - attempt) }}"'
    ran = await run(
        tmp_path, spec("on_reject: keep", parse="{number: mark}"), lambda request: "no idea", {"ask": prompt}
    )
    assert [row["mark"] for row in ran.rows] == [None, None]
    assert [[attempt["reply"] for attempt in rejected["attempts"]] for rejected in ran.rejected] == [["no idea"]] * 2
    assert {rejected["label"].split(":")[0] for rejected in ran.rejected} == {"`prompt ask`"}

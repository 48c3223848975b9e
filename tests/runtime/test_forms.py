"""A schema of replies is sent where the endpoint takes it, which one call finds out and the ledger remembers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.ledger.learned import forget_traits, learned_traits
from atk_interp.ledger.sqlite import SqliteLedger
from support.openai_server import Answer, Call, OpenAIServer, failure
from support.pipelines import Ran, run

SPEC = """
steps:
  given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}, {text: d}, {text: e}, {text: f}]}
  ask:
    kind: generate
    from: given
    model: m
    prompt: ask
    parse: {json: {name: text, size: {type: int, optional: true}}}
outputs:
  out.jsonl: {from: ask, format: jsonl}
"""
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "size": {"type": ["integer", "null"]}},
    "required": ["name", "size"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA}}
MENDED = SPEC.replace("size:", "weight:")
"""The same prompts, with another schema."""


def named(call: Call) -> str:
    return json.dumps({"name": call.last, "size": None, "weight": None})


def refusing(status: int, words: str) -> Any:
    def reply(call: Call) -> Answer | str:
        return failure(status, words) if "response_format" in call.body else named(call)

    return reply


def formed(server: OpenAIServer) -> list[bool]:
    """Of each call so far, in order of arrival, whether it was sent with a schema."""
    return ["response_format" in call.body for call in server.calls]


async def ran(folder: Path, server: OpenAIServer, spec: str = SPEC, **settings: Any) -> Ran:
    done = await run(folder, spec, settings={"base_url": server.base_url, "concurrency": 6, **settings})
    assert done.result.status == "done", done.result.message
    assert [row["name"] for row in done.rows] == ["a", "b", "c", "d", "e", "f"]
    return done


async def test_a_schema_is_sent_as_response_format(tmp_path: Path) -> None:
    async with OpenAIServer(named) as server:
        await ran(tmp_path, server)
        assert [call.body["response_format"] for call in server.calls] == [FORM] * 6


async def test_the_first_call_finds_out_alone(tmp_path: Path) -> None:
    alone: list[int] = []

    def reply(call: Call) -> Answer:
        alone.append(server.stats()["in_flight"])
        return Answer(named(call), delay_s=0.05)

    async with OpenAIServer(reply) as server:
        await ran(tmp_path, server)
    assert alone[:2] == [1, 1]
    assert max(alone) > 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "'response_format' of type 'json_schema' is not supported"),
        (400, "bad request"),
        (422, "extra fields not permitted"),
        (500, "unknown type of response_format: json_schema"),
        (501, "not implemented"),
    ],
)
async def test_who_refuses_it_is_asked_without_and_not_tried_again(tmp_path: Path, status: int, words: str) -> None:
    async with OpenAIServer(refusing(status, words)) as server:
        done = await ran(tmp_path, server)
        assert formed(server) == [True] + 6 * [False]
        assert any("takes no schema" in getattr(event, "message", "") for event in done.events)
        server.calls.clear()
        await run(tmp_path, MENDED.replace("text: a", "text: A"), settings={"base_url": server.base_url}, output="new")
        assert formed(server) == [False]


async def test_a_refusal_that_has_nothing_to_do_with_it_stops_the_run(tmp_path: Path) -> None:
    async with OpenAIServer(lambda call: failure(400, "no such thing")) as server:
        done = await run(tmp_path, SPEC, settings={"base_url": server.base_url})
        assert done.result.status == "impossible"
        assert "no such thing" in done.result.message
        assert formed(server) == [True, False]
    assert learned_traits(tmp_path / "ledger.db") == []


async def test_what_was_learned_is_learned_anew_when_it_does_not_hold(tmp_path: Path) -> None:
    refuses = False

    def reply(call: Call) -> Answer | str:
        return refusing(400, "no response_format")(call) if refuses else named(call)

    async with OpenAIServer(reply) as server:
        await ran(tmp_path, server)
        refuses = True
        server.calls.clear()
        settings = {"base_url": server.base_url}
        done = await run(tmp_path, MENDED, settings=settings, output="new")
        assert done.result.status == "done"
        server.calls.clear()
        await run(tmp_path, MENDED.replace("text: a", "text: A"), settings=settings, output="more")
        assert formed(server) == [False]
    assert {trait.value for trait in learned_traits(tmp_path / "ledger.db")} == {"yes", "no"}


async def test_what_was_learned_can_be_forgotten(tmp_path: Path) -> None:
    async with OpenAIServer(named) as server:
        await ran(tmp_path, server)
        assert forget_traits(tmp_path / "ledger.db", "http://elsewhere/v1") == 0
        assert forget_traits(tmp_path / "ledger.db", server.base_url) == 1
    assert learned_traits(tmp_path / "ledger.db") == []


@pytest.mark.parametrize(("first", "second"), [("never", "auto"), ("auto", "never"), ("always", "never")])
async def test_a_reply_that_is_paid_counts_in_either_form(tmp_path: Path, first: str, second: str) -> None:
    async with OpenAIServer(named) as server:
        before = await ran(tmp_path, server, structured=first)
        assert formed(server) == [first != "never"] * 6
        settings = {"base_url": server.base_url, "structured": second}
        after = await run(tmp_path, SPEC, settings=settings, output="again")
        assert len(server.calls) == 6
        assert after.count("ask")["from_ledger"] == 6
        assert before.bytes() == after.bytes()


async def test_one_who_must_take_it_is_not_asked_without(tmp_path: Path) -> None:
    async with OpenAIServer(refusing(400, "no response_format")) as server:
        done = await run(tmp_path, SPEC, settings={"base_url": server.base_url, "structured": "always"})
        assert done.result.status == "impossible"
        assert "structured: never" in done.result.help
        assert all(formed(server))


async def test_replies_are_kept_under_what_was_sent(tmp_path: Path) -> None:
    async with OpenAIServer(refusing(400, "no response_format")) as server:
        await ran(tmp_path, server)
    requests = [json.loads(entry.request) for entry in SqliteLedger(tmp_path / "ledger.db").entries()]
    assert len(requests) == 6
    assert not any("response_format" in request for request in requests)


async def test_a_form_that_the_author_sends_is_left_as_it_is(tmp_path: Path) -> None:
    own = {"type": "json_object"}
    async with OpenAIServer(named) as server:
        await ran(tmp_path, server, sampling={"extra": {"response_format": own}})
        assert [call.body["response_format"] for call in server.calls] == [own] * 6


async def test_a_failed_transport_leaves_the_trial_to_the_next(tmp_path: Path) -> None:
    failed: list[Call] = []

    def reply(call: Call) -> Answer | str:
        if not failed:
            failed.append(call)
            return failure(500, "try again")
        return named(call)

    async with OpenAIServer(reply) as server:
        await ran(tmp_path, server)
        assert all(formed(server))

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from atk_interp.llm.messages import EndpointDown, EndpointRefused, Message, RateLimited, Reply, Request, Usage
from atk_interp.llm.script import ScriptError, rules_from
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.llm.vectors import unit, vector_in


def ask(text: str, *, system: str = "", model: str = "m", sample: int = 0, attempt: int = 0) -> Request:
    messages = [Message("system", system)] if system else []
    return Request(model, (*messages, Message("user", text)), sample=sample, attempt=attempt)


async def said(client: ScriptedClient, request: Request) -> str:
    return (await client.complete(request)).text


async def test_the_first_rule_that_applies_answers() -> None:
    client = ScriptedClient(
        [
            {"when": {"contains": ["sky", "colour"]}, "reply": "blue"},
            {"when": {"contains": "sky"}, "reply": "high"},
            {"reply": "what?"},
        ]
    )
    assert await said(client, ask("the colour of the sky")) == "blue"
    assert await said(client, ask("the sky")) == "high"
    assert await said(client, ask("the sea")) == "what?"
    assert client.calls == 3


async def test_a_reply_may_quote_what_the_pattern_found() -> None:
    client = ScriptedClient([{"when": {"matching": r"Say (?P<word>\w+) (\w+)"}, "reply": r"\g<word>, \g<2>! \g<no>"}])
    assert await said(client, ask("Say hello you")) == r"hello, you! \g<no>"


async def test_a_rule_may_look_at_the_last_or_the_system_message_alone() -> None:
    client = ScriptedClient(
        [
            {"when": {"contains": "judge", "in": "last"}, "reply": "last"},
            {"when": {"contains": "judge", "in": "system"}, "reply": "system"},
            {"reply": "neither"},
        ]
    )
    assert await said(client, ask("hi", system="you judge")) == "system"
    assert await said(client, ask("judge this", system="you judge")) == "last"
    assert await said(client, ask("hi")) == "neither"


async def test_a_prompt_without_messages_is_matched_too() -> None:
    client = ScriptedClient({"once upon": " a time"})
    assert (await client.complete(Request("m", prompt="once upon"))).text == " a time"


async def test_replies_go_round_by_sample_and_attempt_and_not_by_order_of_arrival() -> None:
    client = ScriptedClient([{"replies": ["a", "b", "c"]}])
    assert await said(client, ask("x", sample=2)) == "c"
    assert await said(client, ask("x", sample=0)) == "a"
    assert await said(client, ask("x", sample=1, attempt=1)) == "c"
    assert await said(client, ask("x", attempt=3)) == "a"


async def test_rules_may_depend_on_model_sample_and_attempt() -> None:
    client = ScriptedClient(
        [
            {"when": {"attempt": 0}, "reply": "first try"},
            {"when": {"sample": 1}, "reply": "second sample"},
            {"when": {"model": "large"}, "reply": "large"},
            {"reply": "rest"},
        ]
    )
    assert await said(client, ask("x")) == "first try"
    assert await said(client, ask("x", attempt=1, sample=1)) == "second sample"
    assert await said(client, ask("x", attempt=1, model="large")) == "large"
    assert await said(client, ask("x", attempt=1)) == "rest"


async def test_reasoning_finish_model_and_tokens_are_as_from_an_endpoint() -> None:
    client = ScriptedClient([{"reply": "<think>hm</think>ok", "finish": "length"}])
    reply = await client.complete(Request("m", prompt="1234"))
    assert reply == Reply("ok", "hm", "length", Usage(len(b'{"model":"m","prompt":"1234"}') // 4, 5), "m")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (503, EndpointDown),
        ("500", EndpointDown),
        ("reset", EndpointDown),
        ("timeout", EndpointDown),
        (429, RateLimited),
        (401, EndpointRefused),
        (404, EndpointRefused),
    ],
)
async def test_errors_are_those_of_an_endpoint(error: object, kind: type[Exception]) -> None:
    client = ScriptedClient([{"error": error}])
    with pytest.raises(kind) as caught:
        await client.complete(ask("x"))
    assert type(caught.value) is kind


async def test_an_error_may_hit_only_the_first_tries_of_each_call() -> None:
    client = ScriptedClient([{"error": 429, "times": 2, "retry_after_s": 1.5, "reply": "at last"}])
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            await client.complete(ask("x"))
        assert caught.value.retry_after == 1.5
    assert await said(client, ask("x")) == "at last"
    with pytest.raises(RateLimited):
        await client.complete(ask("y"))


async def test_after_its_errors_a_rule_without_a_reply_leaves_the_call_to_the_next_one() -> None:
    client = ScriptedClient([{"error": 429, "times": 1}, {"vector": [1, 0]}, {"reply": "yes"}])
    with pytest.raises(RateLimited):
        await client.complete(ask("x"))
    assert await said(client, ask("x")) == "yes"
    with pytest.raises(RateLimited):
        await client.embed([Request("m", (), embeds="cat")])
    (reply,) = await client.embed([Request("m", (), embeds="cat")])
    assert vector_in(reply) == unit((1.0, 0.0))


async def test_a_request_without_a_rule_is_shown_with_what_to_add() -> None:
    client = ScriptedClient([{"when": {"contains": "a"}, "reply": "b"}])
    with pytest.raises(EndpointRefused, match="no rule of `script` answers the request that ends with `zzz`") as caught:
        await client.complete(ask("zzz"))
    assert "add a rule" in caught.value.help


async def test_a_delay_is_waited_for_and_calls_in_progress_are_counted() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    client = ScriptedClient([{"reply": "x", "delay_s": 3}], sleep=sleep)
    await asyncio.gather(*(said(client, ask(str(n))) for n in range(4)))
    assert waits == [3.0] * 4
    assert client.most_in_flight == 4


async def test_a_function_can_stand_in_for_the_model() -> None:
    client = ScriptedClient(lambda request: request.messages[-1].content.upper())
    assert await said(client, ask("hi")) == "HI"
    whole = Reply("x", finish="length")
    assert await ScriptedClient(lambda request: whole).complete(ask("hi")) is whole


async def test_a_script_can_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "script.yaml"
    path.write_text('- when: {matching: "Say (?P<word>\\\\w+)", in: last}\n  reply: you said \\g<word>\n')
    assert await said(ScriptedClient.from_file(path), ask("Say it")) == "you said it"
    path.write_text('{"hello": "world"}')
    assert await said(ScriptedClient.from_file(path), ask("hello")) == "world"


def test_a_mistake_in_a_script_file_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "script.yaml"
    path.write_text("- reply: x\n- when: {containz: y}\n  reply: z\n")
    with pytest.raises(ScriptError) as caught:
        ScriptedClient.from_file(path)
    assert str(caught.value).startswith(f"{path}:2:")
    assert "unknown key `containz`; did you mean `contains`?" in str(caught.value)
    with pytest.raises(ScriptError, match="cannot be read"):
        ScriptedClient.from_file(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("text", "a script is a list of rules"),
        ([{"when": {}}], "the rule says nothing"),
        ([{"reply": 3}], "text or a list of texts"),
        ([{"replies": []}], "text or a list of texts"),
        ([{"when": {"matching": "("}, "reply": "x"}], "regular expression cannot be read"),
        ([{"when": {"in": "first"}, "reply": "x"}], "`first` is none of `all`, `last`, `system`"),
        ([{"error": "boom"}], "`boom` is no error"),
        ([{"reply": "x", "delay_s": -1}], "number of seconds"),
        ([{"when": {"sample": "0"}, "reply": "x"}], "whole number"),
        ([{"reply": "x", "replay": "x"}], "unknown key `replay`; did you mean `reply`?"),
        (["x"], "a mapping with some of"),
    ],
)
def test_a_script_that_makes_no_sense_is_refused(script: object, told: str) -> None:
    with pytest.raises(ScriptError, match=told):
        rules_from(script)

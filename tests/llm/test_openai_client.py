from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from atk_interp.llm.failure import failure_of_status, retry_after_s
from atk_interp.llm.messages import (
    ContextTooLong,
    EndpointDown,
    EndpointRefused,
    LlmError,
    Message,
    RateLimited,
    Reply,
    Request,
    SentPage,
    Usage,
)
from atk_interp.llm.openai import OpenAIClient
from atk_interp.values import decode, encode
from support.openai_server import Answer, Call, OpenAIServer, failure

KEY = "sk-very-secret-123"
CHAT = Request("m", (Message("system", "be brief"), Message("user", "hi")))


class Served:
    """A server and a client of it. `answer` is what the server says next."""

    def __init__(self, server: OpenAIServer, client: OpenAIClient) -> None:
        self.server = server
        self.client = client
        self.answer: Answer | str = "ok"
        server.reply = self._reply

    def _reply(self, call: Call) -> Answer | str:
        return self.answer

    async def ask(self, answer: Answer | str, request: Request = CHAT) -> Reply:
        self.answer = answer
        return await self.client.complete(request)

    async def fail(self, answer: Answer | str, request: Request = CHAT) -> LlmError:
        with pytest.raises(LlmError) as caught:
            await self.ask(answer, request)
        return caught.value


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with OpenAIServer() as server:
        client = OpenAIClient(server.base_url, KEY, timeout_s=20)
        yield Served(server, client)
        await client.aclose()


@pytest.mark.parametrize(
    "request_",
    [
        CHAT,
        Request("m", prompt="once upon"),
        Request(
            "m",
            (Message("user", 'ünï "code" \U0001f600 \u2028'),),
            sampling={
                "temperature": 0.7,
                "max_tokens": 10,
                "stop": ["\n\n", "END"],
                "seed": 42,
                "top_k": 40,
                "min_p": 0.05,
                "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
                "chat_template_kwargs": {"enable_thinking": False},
                "logit_bias": {"50256": -100},
                "zzz": None,
                "aaa": [1, 2.5, {"b": []}],
            },
        ),
        Request("m", prompt="x", sampling={"top_k": 1, "extra_body": {"nested": True}, "timeout": 3, "stream": False}),
    ],
)
async def test_what_is_sent_is_the_body_of_the_request_byte_for_byte(served: Served, request_: Request) -> None:
    await served.ask("ok", request_)
    call = served.server.calls[0]
    assert call.raw == encode(request_.body())
    assert decode(call.raw) == request_.body()
    assert call.path == ("/v1/completions" if request_.prompt else "/v1/chat/completions")


async def test_a_reply_has_text_finish_usage_model_and_seconds(served: Served) -> None:
    reply = await served.ask(Answer("hello", finish="length", whole={"model": "m-2024"}))
    assert (reply.text, reply.finish, reply.model, reply.reasoning) == ("hello", "length", "m-2024", "")
    assert reply.usage == Usage((len(served.server.calls[0].raw) + 3) // 4, 2)
    assert reply.seconds > 0
    reply = await served.ask(" there was", Request("m", prompt="once upon a time"))
    assert reply.text == " there was"


@pytest.mark.parametrize(
    ("usage", "cached", "reasoning"),
    [
        (
            {"prompt_tokens_details": {"cached_tokens": 7}, "completion_tokens_details": {"reasoning_tokens": 3}},
            7,
            3,
        ),
        ({"input_tokens_details": {"cached_tokens": 7}, "output_tokens_details": {"reasoning_tokens": 3}}, 7, 3),
        ({"prompt_cache_hit_tokens": 7, "prompt_cache_miss_tokens": 1}, 7, 0),
        ({"prompt_tokens_details": None, "completion_tokens_details": {"reasoning_tokens": "many"}}, 0, 0),
    ],
)
async def test_cached_and_reasoning_tokens_are_counted_where_an_endpoint_tells_them(
    served: Served, usage: dict[str, Any], cached: int, reasoning: int
) -> None:
    whole = {"usage": {"prompt_tokens": 8, "completion_tokens": 4, **usage}}
    told = (await served.ask(Answer("ok", whole=whole))).usage
    assert (told.cached, told.reasoning) == (cached, reasoning)
    assert told == Usage(8, 4)


@pytest.mark.parametrize(
    ("answer", "text", "reasoning"),
    [
        (Answer("ok", message={"reasoning_content": "hm"}), "ok", "hm"),
        (Answer("ok", message={"reasoning": "hm"}), "ok", "hm"),
        (Answer("<think>hm</think>\nok"), "ok", "hm"),
        (Answer("<think>b</think>ok", message={"reasoning_content": "a"}), "ok", "a\nb"),
        (Answer(message={"content": None}), "", ""),
        (Answer(message={"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}), "ab", ""),
        (
            Answer(
                message={
                    "content": [
                        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                        {"type": "text", "text": "ok"},
                    ]
                }
            ),
            "ok",
            "hm",
        ),
        (Answer("ok", whole={"usage": None, "model": None}), "ok", ""),
        (Answer("ok", whole={"usage": {"prompt_tokens": "many"}}), "ok", ""),
        (Answer("ok", headers={"content-type": "text/plain"}), "ok", ""),
        (Answer(raw=b'{"choices": [{"message": {"content": "half \\ud83d"}}]}'), "half \ufffd", ""),
        (Answer(raw=b'{"choices": [{"message": {"content": "ok"}, "logprobs": NaN}]}'), "ok", ""),
        (Answer(raw=b'{"choices": [{"message": {"content": "caf\xe9"}}]}'), "caf\ufffd", ""),
    ],
)
async def test_odd_answers_are_understood(served: Served, answer: Answer, text: str, reasoning: str) -> None:
    reply = await served.ask(answer)
    assert (reply.text, reply.reasoning, reply.finish) == (text, reasoning, "stop")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(fault="reset"), "dropped the connection"),
        (Answer(raw=b"<html>Bad gateway</html>", headers={"content-type": "text/html"}), "sent `<html>Bad gateway"),
        (Answer(raw=b""), "sent nothing instead of JSON"),
        (Answer(raw=b'"hello"'), 'sent `"hello"` instead of a reply'),
        (Answer(whole={"choices": []}), "sent no choices"),
        (Answer(whole={"choices": None}), "sent no choices"),
        (Answer(raw=b'{"error": {"message": "upstream is gone"}}'), "upstream is gone"),
        (failure(500, "boom"), "answered 500 internal server error: boom"),
        (failure(503, "loading"), "answered 503 service unavailable: loading"),
        (failure(529, "overloaded"), "answered 529: overloaded"),
        (failure(408, "too slow"), "answered 408"),
        (Answer(raw=b"<h1>Bad</h1> <p>gateway</p>", status=502), "502 bad gateway: Bad gateway"),
    ],
)
async def test_what_passes_is_an_endpoint_down(served: Served, answer: Answer, told: str) -> None:
    error = await served.fail(answer)
    assert type(error) in (EndpointDown, SentPage)
    assert told in str(error)
    assert str(error).startswith(f"`{served.server.base_url}` ")
    assert error.endpoint == served.server.base_url


async def test_an_endpoint_that_says_nothing_is_down_after_the_time_limit() -> None:
    async with OpenAIServer(lambda call: Answer(fault="hang")) as server:
        client = OpenAIClient(server.base_url, timeout_s=0.05)
        with pytest.raises(EndpointDown, match=r"gave no answer within 0\.05 s"):
            await client.complete(CHAT)
        await client.aclose()


async def test_an_endpoint_that_is_not_there_is_down() -> None:
    async with OpenAIServer() as server:
        address = server.base_url
    client = OpenAIClient(address)
    with pytest.raises(EndpointDown, match="refused the connection"):
        await client.complete(CHAT)
    await client.aclose()


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (failure(429, "slow down", retry_after="2.5"), 2.5),
        (failure(429, "slow down", retry_after_ms="300"), 0.3),
        (failure(429, "slow down"), None),
        (failure(503, "busy", retry_after="7"), 7.0),
        (Answer(raw=b'{"error": {"message": "slow down", "code": 429}}'), None),
    ],
)
async def test_being_pushed_back_says_for_how_long(served: Served, answer: Answer, seconds: float | None) -> None:
    error = await served.fail(answer)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("Wed, 21 Oct 2015 07:28:10 GMT", 10.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("soon", None),
        ("inf", None),
        ("-1", None),
    ],
)
def test_a_wish_may_be_a_date(stated: str, seconds: float | None) -> None:
    now = datetime(2015, 10, 21, 7, 28, 0, tzinfo=UTC)
    assert retry_after_s({"retry-after": stated}, now) == seconds


def test_a_date_is_read_by_the_clock_of_the_server() -> None:
    headers = {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:20 GMT"}
    assert retry_after_s(headers, datetime(2031, 1, 1, tzinfo=UTC)) == 10


@pytest.mark.parametrize(
    ("left", "reset", "seconds"),
    [
        ("0", "6m0s", 360),
        ("0", "20ms", 0.02),
        ("0", "1h2m3.5s", 3723.5),
        ("0", "2", 2),
        ("5", "6m", None),
        ("0", "soon", None),
    ],
)
def test_a_limit_that_has_run_out_says_when_there_is_more(left: str, reset: str, seconds: float | None) -> None:
    headers = {"x-ratelimit-remaining-tokens": left, "x-ratelimit-reset-tokens": reset}
    assert retry_after_s(headers, datetime.now(UTC)) == seconds


@pytest.mark.parametrize(
    ("answer", "told", "help"),
    [
        (failure(400, "bad temperature"), "400 bad request: bad temperature", "check the `sampling`"),
        (failure(401, "wrong key"), "401 unauthorized: wrong key", "`api_key_env`"),
        (failure(402, "pay"), "402 payment required: pay", "add credit"),
        (failure(403, "not you", code="region"), "403 forbidden: not you (region)", "may use this model"),
        (failure(422, "no"), "422 ", "check the `sampling`"),
        (failure(429, "You exceeded your current quota", code="insufficient_quota"), "quota", "add credit"),
        (Answer(status=422, raw=b'{"detail": [{"loc": ["x"], "msg": "Input should be"}]}'), "Input should be", "check"),
        (Answer(status=400, raw=b'{"error": "plain words"}'), "plain words", "check"),
        (Answer(status=400, raw=b'{"object": "error", "message": "flat"}'), "flat", "check"),
    ],
)
async def test_what_cannot_succeed_is_refused_with_the_words_of_the_server(
    served: Served, answer: Answer, told: str, help: str
) -> None:
    error = await served.fail(answer)
    assert isinstance(error, EndpointRefused)
    assert told in str(error)
    assert help in error.help
    assert len(served.server.calls) == 1


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 4096 tokens. However, you requested 5000",
        "the request exceeds the available context size, try increasing it",
        "prompt is too long: 210000 tokens > 200000 maximum",
    ],
)
async def test_a_request_that_is_too_long_is_told_apart(served: Served, words: str) -> None:
    error = await served.fail(failure(400, words))
    assert isinstance(error, ContextTooLong)
    assert "shorter" in error.help


async def test_an_unknown_model_is_told_with_the_models_there_are() -> None:
    def refuse(call: Call) -> Answer:
        return failure(404, "model not found")

    async with OpenAIServer(refuse, models=("qwen", "llama-8b")) as server:
        client = OpenAIClient(server.base_url)
        requests = [client.complete(Request("lama-8b", prompt="x")) for _ in range(3)]
        errors = await asyncio.gather(*requests, return_exceptions=True)
        await client.aclose()
    for error in errors:
        assert isinstance(error, EndpointRefused)
        assert str(error) == f"`{server.base_url}` has no model `lama-8b`; did you mean `llama-8b`?"
        assert error.help == "use one of the models it offers: `llama-8b`, `qwen`"


async def test_a_wrong_path_is_told_as_such() -> None:
    async with OpenAIServer() as server:
        client = OpenAIClient(server.base_url + "/nowhere")
        with pytest.raises(EndpointRefused, match="404 not found: no such address") as caught:
            await client.complete(Request("m", prompt="x"))
        assert caught.value.help == "check the address: most end in `/v1`"
        await client.aclose()


async def test_the_models_of_an_endpoint_can_be_listed() -> None:
    async with OpenAIServer(models=("b", "a")) as server:
        client = OpenAIClient(server.base_url)
        assert await client.models() == ["a", "b"]
        await client.aclose()


ESCAPED = "".join(f"\\u{ord(char):04x}" for char in KEY)
ECHOES = [
    failure(401, f"Incorrect API key provided: {KEY}"),
    failure(403, f"key {KEY}", code=KEY),
    failure(404, f"no model for {KEY}"),
    failure(429, f"too many calls with {KEY}", retry_after=KEY),
    failure(500, f"key {KEY}", x_key=KEY),
    Answer(status=500, raw=b"<p>" + KEY.encode() + b"</p>"),
    Answer(status=500, raw=b'{"error": "' + ESCAPED.encode() + b'"}'),
    Answer(raw=b"what about " + KEY.encode()),
    Answer(raw=b'{"error": {"message": "bad ' + KEY.encode() + b'"}}'),
    Answer(raw=b'{"choices": [], "key": "' + KEY.encode() + b'"}', headers={"x-key": KEY}),
    Answer(status=302, raw=b"", headers={"location": f"nowhere://{KEY}"}),
    Answer(fault="reset"),
]


@pytest.mark.parametrize("answer", ECHOES)
async def test_no_failure_shows_the_key(served: Served, answer: Answer) -> None:
    error = await served.fail(answer)
    assert served.server.calls[0].headers["authorization"] == f"Bearer {KEY}"
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = [served.client, served.client.endpoint, error, error.args, vars(error)]
    assert KEY[:8] not in f"{shown} {[str(one) for one in shown]}"


async def test_no_part_of_the_key_is_left_where_an_excerpt_is_cut(served: Served) -> None:
    for offset in range(80, 130):
        said = b"x" * offset + KEY.encode() + b"y" * 400
        for answer in (Answer(raw=said), Answer(raw=b'{"z": "' + said + b'"}')):
            assert KEY[:4] not in str(await served.fail(answer))
    for offset in range(360, 410):
        assert KEY[:4] not in str(await served.fail(failure(500, "x" * offset + KEY)))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(f"it is {KEY}", message={"reasoning": f"{KEY}?"}, whole={"model": KEY}, finish=KEY),
        Answer(raw=b'{"choices": [{"message": {"content": "it is ' + ESCAPED.encode() + b'"}}]}'),
        Answer(raw=b'{"choices": [{"message": {"content": "it is ' + KEY.encode() + b' \\/"}}]}'),
    ],
)
async def test_a_reply_that_repeats_the_key_is_kept_without_it(served: Served, answer: Answer) -> None:
    reply = await served.ask(answer)
    assert reply.text.startswith("it is …")
    assert KEY not in str(reply)


async def test_an_answer_that_is_no_http_is_told_without_its_words() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + KEY.encode() * 3 + b"\x00: " + KEY.encode() + b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        client = OpenAIClient(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", KEY)
        with pytest.raises(EndpointDown, match="sent an answer that is no HTTP") as caught:
            await client.complete(CHAT)
        await client.aclose()
    assert KEY[:8] not in str(caught.value)


@pytest.mark.parametrize("key", ["", "EMPTY", "x", "no-key", "lm-studio"])
async def test_a_word_that_stands_for_no_key_is_no_secret(key: str) -> None:
    async with OpenAIServer(lambda call: "x is EMPTY, no-key, lm-studio") as server:
        client = OpenAIClient(server.base_url, key)
        assert (await client.complete(CHAT)).text == "x is EMPTY, no-key, lm-studio"
        await client.aclose()


@pytest.mark.parametrize("depth", [9, 900, 5_000])
@pytest.mark.parametrize(("opening", "closing"), [('{"error":', "}"), ("[", "]")])
async def test_an_error_of_any_depth_is_told(served: Served, depth: int, opening: str, closing: str) -> None:
    body = opening * depth + '"x"' + closing * depth
    for status in (200, 400, 500):
        error = await served.fail(Answer(status=status, raw=body.encode()))
        assert error.endpoint == served.server.base_url


async def test_without_a_key_a_placeholder_is_sent_and_no_key_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with OpenAIServer() as server:
        client = OpenAIClient(server.base_url, "")
        await client.complete(CHAT)
        await client.aclose()
    assert server.calls[0].headers["authorization"] == "Bearer no-key"


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("localhost:8000/v1", None),
        ("ftp://x/v1", None),
        ("http://", None),
        ("http://x:99999/v1", None),
        ("http://localhost/v1", f"{KEY}\n{KEY}"),
        ("http://localhost/v1", f"“{KEY}”"),
    ],
)
def test_a_malformed_address_or_key_is_refused_at_once(address: str, key: str | None) -> None:
    with pytest.raises(EndpointRefused) as caught:
        OpenAIClient(address, key)
    assert KEY not in str(caught.value)
    assert caught.value.help


def test_a_password_in_the_address_is_not_shown() -> None:
    client = OpenAIClient("https://me:secret@[::1]:8000/v1/?key=secret")
    assert client.endpoint == "https://[::1]:8000/v1"


async def test_cancelling_a_call_passes_through_and_leaves_the_client_usable(served: Served) -> None:
    arrived = asyncio.Event()

    def hang(call: Call) -> Answer:
        arrived.set()
        return Answer(fault="hang")

    served.server.reply = hang
    task = asyncio.ensure_future(served.client.complete(CHAT))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    served.server.reply = lambda call: "ok"
    assert (await served.client.complete(CHAT)).text == "ok"


async def test_many_calls_share_few_connections(served: Served) -> None:
    replies = await asyncio.gather(*(served.client.complete(Request("m", prompt=str(n))) for n in range(50)))
    assert {reply.text for reply in replies} == {"ok"}
    assert served.server.stats()["answered"] == 50


def test_the_client_library_is_not_loaded_before_the_first_call() -> None:
    code = (
        "import sys; from atk_interp.llm.openai import OpenAIClient; OpenAIClient('http://localhost/v1');"
        "sys.exit(any(name in sys.modules for name in ('openai', 'httpx2', 'aiohttp', 'pydantic')))"
    )
    path = ":".join(sys.path)
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, check=False).returncode == 0


def test_a_status_nobody_knows_still_makes_a_sentence() -> None:
    error = failure_of_status(599, {}, b"", "http://there/v1")
    assert str(error) == "`http://there/v1` answered 599"

"""Our client against the plain `openai` client: what is sent, and what is understood, is the same."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import openai
import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion import Choice as ChatChoice

from atk_interp.llm.failure import failure_of_status
from atk_interp.llm.messages import EndpointDown, LlmError, Message, RateLimited, Request, SentPage
from atk_interp.llm.openai import OpenAIClient
from atk_interp.values import Value
from support.openai_server import AUTHORITY, Answer, Call, OpenAIServer, failure

KEY = "sk-very-secret-123"
SAMPLING: dict[str, Value] = {"temperature": 0.5, "max_tokens": 7, "stop": ["\n\n"], "seed": 3}
CHAT = Request("m", (Message("system", "be brief"), Message("user", "größer?")), sampling=SAMPLING)
PROMPT = Request("m", prompt="once upon a time", sampling=SAMPLING)
MATTER = ("host", "accept", "accept-encoding", "authorization", "connection", "content-type")
ACCOUNT = ("openai-organization", "openai-project")


@dataclass(frozen=True)
class Understood:
    """What a client makes of an answer. `failure` is the class of the error, `""` when there is a reply."""

    failure: str = ""
    told: str = ""
    retry_after: float | None = None
    model: str = ""
    finish: str = ""
    tokens: tuple[int, int] = (0, 0)


NO_ANSWER = Understood("EndpointDown", "no answer")


async def ours(base_url: str, request: Request, timeout_s: float = 20) -> Understood:
    client = OpenAIClient(base_url, KEY, timeout_s=timeout_s)
    try:
        reply = await client.complete(request)
    except LlmError as error:
        if f"`{base_url}` answered " not in str(error):
            return Understood(_name(error), "no answer")
        return _failed(error)
    finally:
        await client.aclose()
    return Understood("", reply.text, None, reply.model, reply.finish, (reply.usage.input, reply.usage.output))


async def plain(base_url: str, request: Request, timeout_s: float = 20) -> Understood:
    """What a script would do, as the package documents it."""
    client = openai.AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0, timeout=timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            return _read(await _created(client, request))
    except openai.APIStatusError as error:
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        return _failed(failure_of_status(error.status_code, headers, error.response.content, base_url))
    except (openai.OpenAIError, json.JSONDecodeError, TimeoutError):
        return NO_ANSWER
    finally:
        await client.close()


async def _created(client: openai.AsyncOpenAI, request: Request) -> object:
    body: dict[str, Any] = dict(request.body())
    create: Any = client.chat.completions.create if request.prompt is None else client.completions.create
    created: object = await create(**body)
    return created


def _read(answer: object) -> Understood:
    if not isinstance(answer, ChatCompletion | Completion) or not answer.choices:
        return NO_ANSWER
    choice = answer.choices[0]
    text = choice.message.content if isinstance(choice, ChatChoice) else choice.text
    tokens = (answer.usage.prompt_tokens, answer.usage.completion_tokens) if answer.usage else (0, 0)
    return Understood("", text or "", None, answer.model, choice.finish_reason, tokens)


def _failed(error: LlmError) -> Understood:
    wait = error.retry_after if isinstance(error, RateLimited) else None
    return Understood(_name(error), str(error), wait)


def _name(error: LlmError) -> str:
    """What failed; the package does not tell a web page from other answers that are none."""
    return EndpointDown.__name__ if isinstance(error, SentPage) else type(error).__name__


async def understood_by_both(answer: Answer, request: Request = CHAT, **options: Any) -> Understood:
    """What both make of an answer, which must be the same."""
    async with OpenAIServer(lambda call: answer, models=("m",), **options) as server:
        expected = await plain(server.base_url, request)
        assert await ours(server.base_url, request) == expected
    return expected


async def sent_by_both(base_url: str, calls: Callable[[], Sequence[Call]], request: Request) -> Call:
    """What both send, which must be the same."""
    await plain(base_url, request)
    await ours(base_url, request)
    expected, sent = calls()
    assert (sent.path, sent.body) == (expected.path, expected.body)
    for name in (*MATTER, *ACCOUNT):
        assert sent.headers.get(name) == expected.headers.get(name), name
    return sent


# -- what is sent


@pytest.mark.parametrize("request_", [CHAT, PROMPT])
async def test_the_same_is_sent(request_: Request) -> None:
    async with OpenAIServer() as server:
        sent = await sent_by_both(server.base_url, lambda: server.calls, request_)
    assert sent.body == request_.body()
    assert sent.raw == request_.sent()


@pytest.mark.parametrize("suffix", ["/", ""])
async def test_an_address_may_end_in_a_slash(suffix: str) -> None:
    async with OpenAIServer() as server:
        await sent_by_both(server.base_url + suffix, lambda: server.calls, CHAT)


@pytest.mark.parametrize("variable", ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID"])
async def test_what_the_environment_says_of_the_account_is_sent(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "mine")
    async with OpenAIServer() as server:
        sent = await sent_by_both(server.base_url, lambda: server.calls, CHAT)
    assert "mine" in sent.headers.values()


# -- what is understood


@pytest.mark.parametrize("request_", [CHAT, PROMPT])
@pytest.mark.parametrize(
    "answer",
    [
        Answer("fine"),
        Answer("größer als 😀\u2028 \u0000 \"'\\"),
        Answer("cut", finish="length"),
        Answer("ok", whole={"model": "m-2026-11"}),
        Answer("ok", whole={"usage": None}),
        Answer("ok", headers={"x-request-id": "7", "Set-Cookie": "a=b", "X-Empty": ""}),
        Answer("x" * 3_000_000),
    ],
    ids=["short", "unicode", "cut", "other model", "no usage", "headers", "huge"],
)
async def test_a_reply_is_understood(answer: Answer, request_: Request) -> None:
    understood = await understood_by_both(answer, request_)
    assert (understood.failure, understood.told) == ("", answer.text)


def completion(**choice: Any) -> Answer:
    """A text completion as vLLM and llama.cpp write it, with what is given of its choice in place of the usual."""
    usual = {"index": 0, "text": "", "finish_reason": "stop", "logprobs": None}
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m"}
    usage = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6, "prompt_tokens_details": None}
    return Answer(raw=json.dumps({**head, "choices": [{**usual, **choice}], "usage": usage}).encode())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (completion(text=" there was"), (" there was", "stop")),
        (
            completion(text=" there", finish_reason="length", stop_reason=None, prompt_logprobs=None),
            (" there", "length"),
        ),
        (completion(text="", finish_reason="content_filter"), ("", "content_filter")),
        (completion(text="a", logprobs={"tokens": ["a"], "token_logprobs": [-0.1]}), ("a", "stop")),
        (completion(text="  kept as it is\n"), ("  kept as it is\n", "stop")),
    ],
    ids=["usual", "cut", "filtered", "with logprobs", "with spaces"],
)
async def test_a_completion_is_understood(answer: Answer, expected: tuple[str, str]) -> None:
    understood = await understood_by_both(answer, PROMPT)
    assert (understood.told, understood.finish) == expected
    assert understood.tokens == (4, 2)


async def test_a_completion_without_what_is_of_no_use_is_understood() -> None:
    lean = Answer(raw=b'{"choices": [{"text": "so", "index": 0}]}')
    async with OpenAIServer(lambda call: lean) as server:
        assert await ours(server.base_url, PROMPT) == Understood("", "so", None, "", "stop", (0, 0))


@pytest.mark.parametrize("request_", [CHAT, PROMPT])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 501, 502, 503, 504, 529])
@pytest.mark.parametrize("retry_after", ["", "7"])
async def test_an_error_is_understood(status: int, retry_after: str, request_: Request) -> None:
    said = {"retry_after": retry_after} if retry_after else {}
    understood = await understood_by_both(failure(status, "no, größer", code="because", **said), request_)
    assert f"answered {status}" in understood.told
    assert "no, größer (because)" in understood.told


async def test_an_error_page_is_understood() -> None:
    page = Answer(status=502, raw=b"<h1>Bad</h1> gateway", headers={"content-type": "text/html"})
    assert "502 bad gateway: Bad gateway" in (await understood_by_both(page)).told


def chunked(body: bytes) -> list[bytes]:
    """In chunks of growing size, with an extension and a trailer, cut in all sorts of places."""
    whole = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    at = 0
    while at < len(body):
        part = body[at : at + 7 + at]
        whole += b"%x;note=1\r\n%b\r\n" % (len(part), part)
        at += len(part)
    whole += b"0\r\nX-Trailer: 1\r\n\r\n"
    return [whole[at : at + 29] for at in range(0, len(whole), 29)]


def packed(coding: str, pack: Callable[[bytes], bytes]) -> Callable[[bytes], list[bytes]]:
    def wire(body: bytes) -> list[bytes]:
        return [_with_length(pack(body), f"Content-Encoding: {coding}\r\n")]

    return wire


def _with_length(body: bytes, headers: str = "", status: str = "HTTP/1.1 200 OK") -> bytes:
    head = f"{status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


JSON = "Content-Type: application/json\r\n"
WIRES: dict[str, Callable[[bytes], list[bytes]]] = {
    "chunked": chunked,
    "gzip": packed("gzip", gzip.compress),
    "deflate": packed("deflate", zlib.compress),
    "bare deflate": packed("deflate", deflated),
    "identity": packed("identity", lambda body: body),
    "deflate and gzip": packed("deflate, gzip", lambda body: gzip.compress(zlib.compress(body))),
    "gzip in chunks": lambda body: [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n" + JSON.encode() + b"\r\n",
        b"%x\r\n" % len(gzip.compress(body)) + gzip.compress(body) + b"\r\n0\r\n\r\n",
    ],
    "byte by byte": lambda body: [bytes([byte]) for byte in _with_length(body)],
    "after a hint": lambda body: [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + _with_length(body)
    ],
    "no reason": lambda body: [_with_length(body, status="HTTP/1.1 200")],
    "bare line feeds": lambda body: [_with_length(body).replace(b"\r\n", b"\n")],
    "other spellings": lambda body: [
        _with_length(body).replace(b"Content-Length: ", b"CONTENT-length:").replace(b"\r\n\r\n", b"  \r\n\r\n")
    ],
}
CLOSING: dict[str, Callable[[bytes], list[bytes]]] = {
    "until the end": lambda body: [b"HTTP/1.1 200 OK\r\n" + JSON.encode() + b"\r\n", body[:9], body[9:]],
    "old": lambda body: [_with_length(body, status="HTTP/1.0 200 OK")],
    "closed": lambda body: [_with_length(body, headers="Connection: close\r\n")],
}
SHORTENED: dict[str, Callable[[bytes], list[bytes]]] = {
    "nothing": lambda body: [b""],
    "no HTTP": lambda body: [b"SSH-2.0-OpenSSH_9.6\r\n" * 9],
    "half a head": lambda body: [b"HTTP/1.1 200 OK\r\nContent-Le"],
    "half a body": lambda body: [_with_length(body)[:-9]],
    "half the chunks": lambda body: [b"".join(chunked(body))[:150]],
    "no chunk": lambda body: [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\n"],
    "no end of a chunk": lambda body: [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}{}{}\r\n0\r\n\r\n"
    ],
    "no length": lambda body: [_with_length(body).replace(b"Content-Length: ", b"Content-Length: -")],
    "two lengths": lambda body: [_with_length(body, headers="Content-Length: 3\r\n")],
    "no gzip": packed("gzip", lambda body: body),
    "half of gzip": packed("gzip", lambda body: gzip.compress(body)[:-20]),
    "no JSON": lambda body: [_with_length(b"<html>")],
    "half of JSON": lambda body: [_with_length(body[:-9])],
    "no choices": lambda body: [_with_length(b'{"id": "1", "choices": [], "object": "chat.completion"}')],
}


@pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)
async def test_an_answer_may_come_in_any_form(wire: Callable[[bytes], list[bytes]]) -> None:
    understood = await understood_by_both(Answer("it is größer", wire=wire))
    assert understood.told == "it is größer"


@pytest.mark.parametrize("wire", CLOSING.values(), ids=CLOSING)
async def test_an_answer_may_be_the_last_of_its_connection(wire: Callable[[bytes], list[bytes]]) -> None:
    understood = await understood_by_both(Answer("it is größer", wire=wire, close=True))
    assert understood.told == "it is größer"


@pytest.mark.parametrize("wire", SHORTENED.values(), ids=SHORTENED)
async def test_a_broken_answer_is_none(wire: Callable[[bytes], list[bytes]]) -> None:
    assert await understood_by_both(Answer("it is größer", wire=wire, close=True)) == NO_ANSWER


async def test_an_answer_that_drips_is_too_late() -> None:
    dripping = Answer("slow", wire=lambda body: [bytes([byte]) for byte in _with_length(body)], pause_s=0.01)
    async with OpenAIServer(lambda call: dripping) as server:
        assert await plain(server.base_url, CHAT, timeout_s=0.2) == NO_ANSWER
        assert await ours(server.base_url, CHAT, timeout_s=0.2) == NO_ANSWER


# -- where it is sent


MOVED = Answer(whole={"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "moved"}}]})


def moving(status: int) -> Callable[[Call], Answer]:
    """Says that chat has moved to the address of completions, and answers there."""
    away = Answer(status=status, raw=b"", headers={"location": "/v1/completions"})
    return lambda call: MOVED if call.path == "/v1/completions" else away


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_is_followed(status: int) -> None:
    async with OpenAIServer(moving(status)) as server:
        expected = await plain(server.base_url, CHAT)
        assert await ours(server.base_url, CHAT) == expected
        answered = [call for call in server.calls if call.path == "/v1/completions"]
    assert expected.told == "moved"
    assert [call.body for call in answered] == [CHAT.body(), CHAT.body()]
    assert [call.headers["authorization"] for call in answered] == [f"Bearer {KEY}"] * 2


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_redirect_that_takes_the_request_away_fails(status: int) -> None:
    """The client goes there with a `GET` and no body, as browsers do."""
    async with OpenAIServer(moving(status), models=("m",)) as server:
        expected = await plain(server.base_url, CHAT)
        assert await ours(server.base_url, CHAT) == expected
    assert expected.failure == "EndpointRefused"


@pytest.mark.parametrize("location", ["nowhere://x", "http://", "/v1/chat/completions"])
async def test_a_redirect_that_leads_nowhere_is_no_answer(location: str) -> None:
    assert await understood_by_both(Answer(status=307, raw=b"", headers={"location": location})) == NO_ANSWER


async def test_an_answer_may_name_no_place_to_go_to() -> None:
    assert (await understood_by_both(Answer(status=307, raw=b""))).failure == "EndpointRefused"


async def test_a_redirect_to_another_server_does_not_take_the_key_along() -> None:
    async with OpenAIServer() as other:
        elsewhere = Answer(status=308, raw=b"", headers={"location": f"{other.base_url}/chat/completions"})
        async with OpenAIServer(lambda call: elsewhere) as server:
            sent = await sent_by_both(server.base_url, lambda: other.calls, CHAT)
    assert "authorization" not in sent.headers


async def test_an_endpoint_that_redirects_one_call_redirects_the_others() -> None:
    async with OpenAIServer(moving(307)) as server:
        client = OpenAIClient(server.base_url, KEY)
        replies = await asyncio.gather(*(client.complete(CHAT) for _ in range(5)))
        replies.append(await client.complete(CHAT))
        await client.aclose()
    assert [reply.text for reply in replies] == ["moved"] * 6


async def test_a_server_with_a_certificate_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
    assert (await understood_by_both(Answer("safe"), tls=True)).told == "safe"
    assert (await understood_by_both(Answer("safe", wire=chunked), tls=True)).told == "safe"
    assert (await understood_by_both(Answer("x" * 3_000_000), tls=True)).told == "x" * 3_000_000
    last = Answer("safe", wire=CLOSING["until the end"], close=True)
    assert (await understood_by_both(last, tls=True)).told == "safe"


async def test_a_server_that_nobody_vouches_for_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with OpenAIServer(tls=True) as server:
        assert await plain(server.base_url, CHAT) == NO_ANSWER
        client = OpenAIClient(server.base_url, KEY)
        with pytest.raises(LlmError, match="cannot be trusted"):
            await client.complete(CHAT)
        await client.aclose()
    assert server.calls == []


async def test_a_certificate_for_another_name_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
    async with OpenAIServer(tls=True) as server:
        address = server.base_url.replace("localhost", "127.0.0.2")
        assert await plain(address, CHAT) == await ours(address, CHAT) == NO_ANSWER
    assert server.calls == []


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_a_proxy_is_asked(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with OpenAIServer() as proxy:
        monkeypatch.setenv(variable, proxy.base_url.removesuffix("/v1"))
        sent = await sent_by_both("http://127.0.0.1:1/v1", lambda: proxy.calls, CHAT)
    assert sent.headers["host"] == "127.0.0.1:1"


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("exempt", ["127.0.0.1", "*", "elsewhere.test, 127.0.0.1", "10.0.0.0/8,127.0.0.1"])
async def test_an_address_that_is_exempt_from_the_proxy_is_asked_itself(
    exempt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with OpenAIServer() as proxy, OpenAIServer() as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url.removesuffix("/v1"))
        monkeypatch.setenv("NO_PROXY", exempt)
        await sent_by_both(server.base_url, lambda: server.calls, CHAT)
    assert proxy.calls == []


@asynccontextmanager
async def tunnel() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that connects where it is told to: its address, and what it was told."""
    asked: list[str] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.split()[1])
        host, port = asked[-1].split(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer), return_exceptions=True)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


@pytest.mark.usefixtures("no_proxies")
async def test_a_proxy_leads_to_a_server_with_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
    async with OpenAIServer(tls=True) as server, tunnel() as (address, asked):
        monkeypatch.setenv("HTTPS_PROXY", address)
        await sent_by_both(server.base_url, lambda: server.calls, CHAT)
    assert asked == [server.base_url.removeprefix("https://").removesuffix("/v1")] * 2


# -- connections


async def connections_for(answer: Answer, calls: int = 5) -> int:
    """How many connections so many calls take, one after the other."""
    async with OpenAIServer(lambda call: answer) as server:
        client = OpenAIClient(server.base_url, KEY)
        for _ in range(calls):
            await client.complete(CHAT)
        await client.aclose()
    return server.accepted


@pytest.mark.parametrize("form", ["chunked", "gzip", "after a hint"])
async def test_a_connection_is_used_again(form: str) -> None:
    assert await connections_for(Answer("ok")) == 1
    assert await connections_for(Answer("ok", wire=WIRES[form])) == 1


@pytest.mark.parametrize("form", CLOSING)
async def test_a_connection_that_ends_is_not_used_again(form: str) -> None:
    assert await connections_for(Answer("ok", wire=CLOSING[form], close=True)) == 5


async def test_a_connection_that_says_more_than_it_was_asked_is_not_used_again() -> None:
    chatty = Answer("ok", wire=lambda body: [_with_length(body) + b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
    assert await connections_for(chatty) == 5


async def turns_of_the_loop() -> None:
    """Enough of them for both sides to hear what the other has done."""
    for _ in range(9):
        await asyncio.sleep(0)


async def test_a_connection_on_which_something_came_unasked_is_not_used_again() -> None:
    """Some servers say so when a connection has been idle for too long."""
    leaving = Answer("ok", wire=lambda body: [_with_length(body), _with_length(b"{}", status="HTTP/1.1 408")])
    async with OpenAIServer(lambda call: leaving) as server:
        client = OpenAIClient(server.base_url, KEY)
        for _ in range(2):
            assert (await client.complete(CHAT)).text == "ok"
            await turns_of_the_loop()
        await client.aclose()
    assert server.accepted == 2


async def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    async with OpenAIServer(lambda call: "ok") as server:
        client = OpenAIClient(server.base_url, KEY)
        await client.complete(CHAT)
        server.close_connections()
        await turns_of_the_loop()
        await client.complete(CHAT)
        await client.aclose()
    assert (len(server.calls), server.accepted) == (2, 2)


async def test_a_call_that_meets_a_closing_connection_is_sent_again_on_a_new_one() -> None:
    def reply(call: Call) -> Answer:
        return Answer(fault="reset") if server.accepted == 1 and call.nth == 1 else Answer("ok")

    async with OpenAIServer(reply) as server:
        client = OpenAIClient(server.base_url, KEY)
        assert [(await client.complete(CHAT)).text for _ in range(2)] == ["ok", "ok"]
        await client.aclose()
    assert (len(server.calls), server.accepted) == (3, 2)


async def test_a_call_is_sent_again_once_at_most() -> None:
    async with OpenAIServer(lambda call: Answer(fault="reset") if call.nth else Answer("ok")) as server:
        client = OpenAIClient(server.base_url, KEY)
        await client.complete(CHAT)
        with pytest.raises(EndpointDown, match="dropped the connection"):
            await client.complete(CHAT)
        await client.aclose()
    assert (len(server.calls), server.accepted) == (3, 2)


async def test_an_answer_that_has_begun_is_not_asked_for_again() -> None:
    begun = Answer(wire=lambda body: [b"HTTP/1.1 200"], close=True)
    async with OpenAIServer(lambda call: begun if call.nth else Answer("ok")) as server:
        client = OpenAIClient(server.base_url, KEY)
        await client.complete(CHAT)
        with pytest.raises(EndpointDown, match="broke off in the middle of its answer"):
            await client.complete(CHAT)
        await client.aclose()
    assert len(server.calls) == 2


async def test_calls_beyond_the_ceiling_wait_for_a_connection() -> None:
    async with OpenAIServer(lambda call: "ok", latency_s=0.001) as server:
        client = OpenAIClient(server.base_url, KEY, connections=3)
        await asyncio.gather(*(client.complete(Request("m", prompt=str(number))) for number in range(30)))
        await client.aclose()
    assert server.accepted == server.stats()["most_in_flight"] == 3


async def test_a_call_that_is_given_up_leaves_no_connection_to_its_answer() -> None:
    arrived = asyncio.Event()

    def reply(call: Call) -> Answer:
        arrived.set()
        return Answer(fault="hang") if call.last == "late" else Answer("ok")

    async with OpenAIServer(reply) as server:
        client = OpenAIClient(server.base_url, KEY)
        waiting = asyncio.create_task(client.complete(Request("m", prompt="late")))
        await arrived.wait()
        waiting.cancel()
        await turns_of_the_loop()
        assert server.stats()["in_flight"] == 0
        assert (await client.complete(CHAT)).text == "ok"
        await client.aclose()
    assert server.accepted == 2

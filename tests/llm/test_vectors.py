"""Vectors of texts: what is sent and understood is what the plain `openai` client sends and understands."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Sequence
from typing import Any

import openai
import pytest

from atk_interp.llm.embedded_vectors import EMBEDDED_VECTORS, PASSAGE, QUERY, EmbeddedVectors
from atk_interp.llm.messages import ContextTooLong, EndpointDown, EndpointRefused, RateLimited, Reply, Request
from atk_interp.llm.openai import OpenAIClient
from atk_interp.llm.script import ScriptError
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.llm.vectors import Vector, unit, vector_in
from atk_interp.values import Value
from support.openai_server import Answer, OpenAIServer, failure

KEY = "sk-very-secret-123"
TEXTS = ("the cat sat", "größer 🙂", "", "the cat")


def asked(*texts: str, sampling: dict[str, Value] | None = None, model: str = "m") -> list[Request]:
    return [Request(model, sampling=sampling or {}, embeds=text) for text in texts]


async def ours(base_url: str, requests: Sequence[Request]) -> list[Reply]:
    client = OpenAIClient(base_url, KEY)
    try:
        return await client.embed(requests)
    finally:
        await client.aclose()


async def plain(base_url: str, texts: Sequence[str], **sampling: Any) -> list[list[float]]:
    """What a script would do, as the package documents it."""
    async with openai.AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:
        created = await client.embeddings.create(model="m", input=list(texts), **sampling)
    return [item.embedding for item in sorted(created.data, key=lambda item: item.index)]


def similarity(one: Vector, other: Vector) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


def answer(*vectors: Any, **whole: Any) -> Answer:
    data = [{"index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    return Answer(raw=json.dumps({"data": data, "model": "m-1", "usage": {"prompt_tokens": 7}, **whole}).encode())


async def understood(said: Answer, *texts: str) -> list[Reply]:
    async with OpenAIServer(lambda call: said) as server:
        return await ours(server.base_url, asked(*texts))


# -- as the openai package


@pytest.mark.parametrize("sampling", [{}, {"dimensions": 3, "user": "me"}])
async def test_the_same_is_sent(sampling: dict[str, Value]) -> None:
    async with OpenAIServer() as server:
        await plain(server.base_url, TEXTS, **sampling)
        await ours(server.base_url, asked(*TEXTS, sampling=sampling))
        theirs, sent = server.calls
    assert (sent.path, sent.body) == (theirs.path, theirs.body)
    for name in ("accept", "authorization", "content-type"):
        assert sent.headers.get(name) == theirs.headers.get(name)


async def test_the_same_is_understood() -> None:
    async with OpenAIServer() as server:
        theirs = await plain(server.base_url, TEXTS)
        got = [vector_in(reply).tolist() for reply in await ours(server.base_url, asked(*TEXTS))]
    assert got == [pytest.approx(vector, abs=1e-6) for vector in theirs]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (failure(429, "slow down", retry_after="3"), RateLimited),
        (failure(500, "oh"), EndpointDown),
        (failure(401, "who are you?"), EndpointRefused),
        (failure(400, "maximum context length is 8192 tokens"), ContextTooLong),
        (Answer(raw=b'{"error": {"message": "no such model", "code": 404}}'), EndpointRefused),
        (Answer(raw=b'{"object": "list"}'), EndpointDown),
        (Answer(raw=b"[]"), EndpointDown),
        (Answer(fault="reset"), EndpointDown),
    ],
)
async def test_what_fails_is_told_as_for_other_calls(said: Answer, error: type[Exception]) -> None:
    with pytest.raises(error):
        await understood(said, "a")


# -- what servers send


@pytest.mark.parametrize("written", [[3.0, 4.0], [3, 4], base64.b64encode(struct.pack("<2f", 3, 4)).decode()])
async def test_vectors_come_as_numbers_or_in_base64_and_have_length_1(written: Any) -> None:
    replies = await understood(answer(written), "a")
    assert vector_in(replies[0]).tolist() == pytest.approx([0.6, 0.8])
    assert replies[0].model == "m-1"


async def test_vectors_are_for_the_text_of_their_index() -> None:
    data = [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}]
    replies = await understood(Answer(raw=json.dumps({"data": data}).encode()), "a", "b")
    assert [vector_in(reply).tolist() for reply in replies] == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    "vectors",
    [
        ([1, 0],),
        ([1, 0], [1, 0], [1, 0]),
        ([1, 0], [1, 0, 0]),
        ([1, 0], []),
        ([1, 0], None),
        ([1, 0], "no base64"),
        ([1, 0], "QUJD"),
        ([1, 0], ["a", "b"]),
        ([1, 0], [1e400, 0]),
        ([1, 0], [None, 0]),
    ],
)
async def test_anything_but_one_vector_for_each_text_is_worth_another_try(vectors: tuple[Any, ...]) -> None:
    with pytest.raises(EndpointDown):
        await understood(answer(*vectors), "a", "b")


async def test_a_vector_of_zeros_stays_one() -> None:
    assert vector_in((await understood(answer([0, 0]), "a"))[0]).tolist() == [0, 0]


async def test_tokens_are_shared_out_and_none_is_lost() -> None:
    replies = await understood(answer([1], [1], [1], usage={"total_tokens": 100}), "a", "a much longer text", "b")
    counts = [reply.usage.input for reply in replies]
    assert sum(counts) == 100
    assert counts[1] > counts[0]


# -- keys


def test_the_key_of_a_text_is_of_model_identity_text_and_dimensions() -> None:
    base = Request("m", embeds="a")
    others = [
        Request("m", embeds="b"),
        Request("n", embeds="a"),
        Request("m", embeds="a", identity="i"),
        Request("m", embeds="a", sampling={"dimensions": 3}),
        Request("m", prompt="a"),
    ]
    assert len({request.key() for request in [base, *others]}) == 6
    assert base.body() == {"model": "m", "input": "a"}


# -- scripts


async def test_a_script_gives_vectors_of_words_where_no_rule_says_another() -> None:
    client = ScriptedClient([{"reply": "no vector"}, {"when": {"contains": "dog"}, "vector": [0, 2]}])
    near, far, dog = map(vector_in, await client.embed(asked("the cat sat", "the cat lay", "a dog")))
    assert 0.5 < similarity(near, far) < 1
    assert dog.tolist() == [0, 1]
    assert vector_in((await client.embed(asked("the cat sat")))[0]) == near
    assert client.calls == 2


async def test_a_rule_with_a_vector_answers_no_call() -> None:
    client = ScriptedClient([{"vector": [1]}, {"reply": "text"}])
    assert (await client.complete(Request("m", prompt="a"))).text == "text"


async def test_an_error_of_a_script_hits_texts_too() -> None:
    client = ScriptedClient([{"error": 503, "times": 1}])
    with pytest.raises(EndpointDown):
        await client.embed(asked("a"))
    assert len(vector_in((await client.embed(asked("a")))[0])) == 64


@pytest.mark.parametrize("vector", [[], "a", [1, "b"], [True]])
def test_a_vector_is_a_list_of_numbers(vector: Any) -> None:
    with pytest.raises(ScriptError, match="a list of numbers"):
        ScriptedClient([{"vector": vector}])


# -- the embedded model


async def test_the_embedded_model_knows_what_is_meant() -> None:
    client = EmbeddedVectors()
    texts = ["The cat sat on the mat.", "Die Katze sitzt auf der Matte.", "Quarterly revenue rose by 4 percent."]
    replies = await client.embed(asked(*(QUERY + text for text in texts)))
    cat, katze, revenue = map(vector_in, replies)
    assert len(cat) == 384
    assert math.hypot(*cat) == pytest.approx(1, abs=1e-5)
    assert similarity(cat, katze) > similarity(cat, revenue) + 0.1
    assert all(reply.model == EMBEDDED_VECTORS and reply.usage.input > 4 for reply in replies)


async def test_the_embedded_model_says_the_same_alone_and_among_others() -> None:
    client = EmbeddedVectors()
    texts = [f"{PASSAGE}text {number}" for number in range(5)]
    together = [reply.text for reply in await client.embed(asked(*texts))]
    alone = [(await client.embed(asked(text)))[0].text for text in reversed(texts)]
    assert alone[::-1] == together


@pytest.mark.parametrize("text", ["", "a\0b", "\ud83d", "word " * 200])
async def test_the_embedded_model_takes_any_text(text: str) -> None:
    assert len(vector_in((await EmbeddedVectors().embed(asked(PASSAGE + text)))[0])) == 384


async def test_the_embedded_model_of_meaning_writes_nothing() -> None:
    with pytest.raises(EndpointRefused, match="writes no text"):
        await EmbeddedVectors().complete(Request("m", prompt="a"))


def test_a_length_of_1_is_left_as_it_is() -> None:
    vector = unit([0.6, 0.8])
    assert unit(vector) == vector
    with pytest.raises(ValueError, match="no vector"):
        unit([])

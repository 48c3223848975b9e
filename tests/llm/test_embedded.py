"""The embedded model, for real: few calls, no network, and structure compared rather than wording."""

from __future__ import annotations

import asyncio
import platform
from pathlib import Path

import pytest

from atk_interp.llm.embedded import CONTEXT_TOKENS, EMBEDDED_MODEL, EmbeddedClient, llguidance
from atk_interp.llm.messages import EndpointRefused, Message, Reply, Request
from atk_interp.llm.model_file import model_path
from atk_interp.llm.processor import check_processor
from atk_interp.values import Value

SHOTS = (
    Message("system", "Answer with the name of one thing that the sentence is about, in lower case, and nothing else."),
    Message("user", "Coffee beans are the seeds of the coffee cherry, and most of them are grown in Brazil."),
    Message("assistant", "coffee"),
)


def asking(text: str, sample: int = 0, attempt: int = 0, shots: tuple[Message, ...] = (), **sampling: Value) -> Request:
    sampling = {"max_tokens": 12, "temperature": 0.9, **sampling}
    messages = (*shots, Message("user", text))
    return Request(EMBEDDED_MODEL, messages, sampling=sampling, sample=sample, attempt=attempt)


def answers(*requests: Request) -> list[Reply]:
    """The replies, one call after another."""

    async def ask() -> list[Reply]:
        client = EmbeddedClient()
        return [await client.complete(request) for request in requests]

    return asyncio.run(ask())


@pytest.fixture
def loadable() -> None:
    """Skips where the weights are not on this machine: tests fetch nothing."""
    pytest.importorskip("xllamacpp")
    try:
        model_path(fetch=False)
    except EndpointRefused as missing:
        pytest.skip(str(missing))


real = pytest.mark.usefixtures("loadable")
pytestmark = pytest.mark.xdist_group("embedded")


@real
@pytest.mark.slow
def test_a_question_gets_an_answer_with_its_usage() -> None:
    (reply,) = answers(asking("What is the capital of France? Answer in one word.", temperature=0))
    assert "Paris" in reply.text
    assert reply.model == EMBEDDED_MODEL
    assert reply.usage.input > 10
    assert 0 < reply.usage.output <= 12


@real
@pytest.mark.slow
def test_the_same_request_brings_the_same_reply_in_any_order() -> None:
    """Also with few-shot pairs, whose beginning is kept between calls, and with calls at the same time."""
    requests = [
        asking("The mill grinds wheat between two stones.", shots=SHOTS),
        asking("Bees fly up to three miles for nectar.", shots=SHOTS),
        asking("Bees fly up to three miles for nectar, and more.", shots=SHOTS),
        asking("Name a colour."),
    ]

    async def at_once() -> list[Reply]:
        client = EmbeddedClient()
        return await asyncio.gather(*[client.complete(request) for request in reversed(requests)])

    first = [reply.text for reply in answers(*requests)]
    assert [reply.text for reply in reversed(asyncio.run(at_once()))] == first


@real
@pytest.mark.slow
def test_samples_and_attempts_differ_also_under_one_seed() -> None:
    requests = [asking("Tell a story.", seed=7), asking("Tell a story.", seed=7, sample=1)]
    requests += [asking("Tell a story.", seed=7, attempt=1), asking("Tell a story.", seed=8)]
    assert len({reply.text for reply in answers(*requests)}) == len(requests)


@real
@pytest.mark.slow
def test_a_grammar_holds_the_reply() -> None:
    grammar = 'start: "Verdict: " ("suitable" | "unsuitable")'
    (reply,) = answers(asking("Is this passage suitable?", grammar=grammar))
    assert reply.text in ("Verdict: suitable", "Verdict: unsuitable")
    assert reply.finish == "stop"


@real
@pytest.mark.slow
def test_a_grammar_can_hold_the_reply_to_words_of_a_passage() -> None:
    passage = "The red fox sleeps under the old oak."
    grammar = f'start: words\nwords: %regex {{"substring_words": "{passage}"}}'
    (reply,) = answers(asking(f"{passage} What does the fox do?", grammar=grammar, max_tokens=40))
    assert reply.text in passage


@real
@pytest.mark.slow
def test_a_completion_request_is_continued_and_its_limit_is_reported() -> None:
    request = Request(EMBEDDED_MODEL, prompt="One, two, three,", sampling={"temperature": 0, "max_tokens": 3})
    (reply,) = answers(request)
    assert "four" in reply.text
    assert reply.finish == "length"


@real
@pytest.mark.slow
def test_a_prompt_longer_than_the_context_is_refused_with_advice() -> None:
    with pytest.raises(EndpointRefused, match=f"takes {CONTEXT_TOKENS}") as refused:
        answers(asking("word " * (CONTEXT_TOKENS + 10)))
    assert "chunk_tokens" in refused.value.help


@real
@pytest.mark.slow
def test_a_parameter_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(EndpointRefused, match="temperature"):
        answers(asking("Hello", temperature="hot"))


@real
@pytest.mark.slow
def test_a_cancelled_call_makes_way_for_the_next() -> None:
    async def cancel_the_first() -> Reply:
        client = EmbeddedClient()
        endless = asking("Write a book.", grammar="start: /[a-z ]{3000}/", max_tokens=3000)
        running = asyncio.create_task(client.complete(endless))
        waiting = asyncio.create_task(client.complete(asking("Write another book.")))
        await asyncio.sleep(0)
        running.cancel()
        waiting.cancel()
        assert [type(end) for end in await asyncio.gather(running, waiting, return_exceptions=True)] == [
            asyncio.CancelledError,
            asyncio.CancelledError,
        ]
        return await client.complete(asking("Name a colour."))

    assert asyncio.run(cancel_the_first()).text


def test_grammars_of_both_languages_are_sent_in_the_form_the_engine_knows() -> None:
    assert llguidance('start: "yes"') == '%llguidance {}\nstart: "yes"'
    assert llguidance('%llguidance {}\nstart: "yes"') == '%llguidance {}\nstart: "yes"'
    assert llguidance('root ::= "yes"') == 'root ::= "yes"'


def test_a_processor_without_the_needed_instructions_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu sse2 avx fma f16c\n", encoding="utf-8")
    with pytest.raises(EndpointRefused, match="lacks `avx2`, `bmi2`") as refused:
        check_processor(cpuinfo)
    assert "models:" in refused.value.help

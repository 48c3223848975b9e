"""`dedupe` with `how: semantic`: rows that mean nearly the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from atk_interp.kinds.base import nearness
from atk_interp.kinds.base.nearness import likeness
from atk_interp.llm.vectors import word_vector
from support.lint_text import analysed
from support.one_step import Applied, applied
from support.openai_server import OpenAIServer
from support.pipelines import run


def deduped(texts: list[str], **options: Any) -> Applied:
    rows = [{"text": text, "n": n} for n, text in enumerate(texts)]
    return applied("dedupe", {"by": "text", "how": "semantic", "model": "m", **options}, rows)


def numbers(made: Applied) -> list[Any]:
    return [row["n"] for row in made.fields]


WORDS = ["old", "new", "mill", "river", "star", "bridge", "Elbe", "near", "far", "above"]


def drawn(count: int) -> list[str]:
    draw = random.Random(4)
    return [" ".join(draw.choice(WORDS) for _ in range(5)) for _ in range(count)]


def test_the_first_of_those_that_are_alike_stays_and_the_others_say_which() -> None:
    made = deduped(["the old mill", "a bridge", "mill the old"], threshold=0.99)
    assert numbers(made) == [0, 1]
    (lost,) = made.dropped
    assert (lost.outcome, lost.label) == ("filtered", "means nearly the same as another row")
    assert lost.row.fields["duplicate_of"] == made.rows[0].id


def test_the_best_stays() -> None:
    assert numbers(deduped(["the old mill", "mill  the old"], best="text | length")) == [1]


def test_texts_without_a_word_are_alike() -> None:
    assert numbers(deduped(["", "a mill", "  "])) == [0, 1]


@pytest.mark.parametrize("alone", [False, True])
def test_every_row_is_compared_with_every_row_that_stays(alone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks or one by one, with numpy and without."""
    if alone:
        monkeypatch.setattr(nearness, "_numpy", lambda: None)
    texts = drawn(300)
    kept: list[int] = []
    for number, text in enumerate(texts):
        if all(likeness(word_vector(text), word_vector(texts[other])) < 0.9 for other in kept):
            kept.append(number)

    assert 30 < len(kept) < 280
    assert numbers(deduped(texts, threshold=0.9)) == kept


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("how: semantic, model: e", None),
        ("how: semantic", "`how: semantic` needs `model`, a slot that makes vectors"),
        ("how: near, model: e", "`model` has no effect with `how: near`"),
        ("how: semantic, model: m", "step `made` needs vectors, and slot `m` expects `instruct`"),
        ("how: semantic, model: e, shingle: 3", "`shingle` has no effect with `how: semantic`"),
    ],
)
def test_lint_knows_what_goes_together(step: str, told: str | None) -> None:
    steps = f"  rows: {{kind: rows, rows: [{{text: a}}]}}\n  made: {{kind: dedupe, from: rows, by: text, {step}}}\n"
    models = "  e: {expects: embedding}\n  m: {expects: instruct}\n"
    found = [found.message for found in analysed(steps, models=models)[1] if found.is_error]
    assert found == ([told] if told else [])


SPEC = """
    spec: atk/v1
    name: case
    params: {output_dir: {type: path}}
    models: {m: {expects: embedding}}
    steps:
      given: {kind: rows, rows: [{text: the old mill}, {text: mill the old}, {text: stars}, {text: ""}]}
      fresh: {kind: dedupe, from: given, by: text, how: semantic, model: m}
      near: {kind: retrieve, from: given, with: fresh, query: text, text: text, how: embeddings, model: m, k: 1,
             exclude_self: true, take: [text], into: near}
    outputs:
      out.jsonl: {from: near, format: jsonl}
      fresh.jsonl: {from: fresh, format: jsonl}
    """


async def test_vectors_of_an_endpoint_are_paid_once_for_all_steps_and_runs(tmp_path: Path) -> None:
    async with OpenAIServer() as server:
        settings = {"base_url": server.base_url}
        ran = await run(tmp_path, SPEC, settings=settings)
        assert ran.result.status == "done", ran.result.message
        sent = sorted(text for call in server.calls for text in call.texts)
        again = await run(tmp_path, SPEC, settings=settings, output="again")

        assert sent == ["-", "mill the old", "stars", "the old mill"]
        assert sorted(text for call in server.calls for text in call.texts) == sent
    assert ran.count("fresh")["filtered"] == 1
    assert [row["near"][0]["text"] for row in ran.rows if row["text"] == "mill the old"] == ["the old mill"]
    assert again.bytes() == ran.bytes()

"""A model for the stock pipeline `factual_qa` that behaves as models do: it passes, fails, rambles, and varies.

What it says depends on the request alone, so it is the same in every run.
"""

from __future__ import annotations

import hashlib
import math
import random
from pathlib import Path

from atk_interp.llm.messages import Reply, Request, Usage
from atk_interp.tokens import count_tokens

__all__ = ["said_of", "write_documents"]

_WORDS = [
    *("river", "stone", "market", "winter", "engine", "garden", "letter", "harbour", "copper", "field", "lantern"),
    *("bridge", "paper", "forest", "signal", "valley", "window", "cotton", "mirror", "island", "silver", "travel"),
    *("season", "border", "kitchen", "captain", "village", "motion", "pattern", "number"),
]
_VERDICTS = (("suitable", "unsuitable"), ("accurate", "inaccurate"), ("relevant", "irrelevant"))
_COUNTED = 1.13
"""How many tokens this model counts where we count one: no two count alike."""


def said_of(request: Request) -> Reply:
    """The reply to a request of any step of the pipeline."""
    asked = [*(message.content for message in request.messages), str(request.sample), str(request.attempt)]
    draw = random.Random(hashlib.sha256("\0".join(asked).encode()).digest())
    text = _text(request, draw)
    used = math.ceil(_COUNTED * sum(count_tokens(message.content) + 4 for message in request.messages))
    return Reply(text, usage=Usage(used, math.ceil(_COUNTED * count_tokens(text))), model="varied")


def _text(request: Request, draw: random.Random) -> str:
    told = request.messages[0].content
    if told.startswith("You write questions"):
        return _questions(draw)
    if told.startswith("You turn lists"):
        asked = [message.content for message in request.messages if message.role == "user"]
        return _dialogue(max(text.count("Question:") for text in asked[2:]), draw)  # after the examples
    if "<repair>" in told:
        return _repair(draw)
    return _verdict(told, draw)


def _ramble(draw: random.Random, mean: float = 3.4, spread: float = 0.5) -> str:
    """Some words before the point: their number is lognormal."""
    return " ".join(draw.choice(_WORDS) for _ in range(max(1, round(draw.lognormvariate(mean, spread)))))


def _verdict(told: str, draw: random.Random) -> str:
    good, bad = next(words for words in _VERDICTS if f"Verdict: {words[1]}" in told)
    if draw.random() < 0.03:
        return f"{_ramble(draw)}; I cannot decide."
    return f"{_ramble(draw)}.\nVerdict: {good if draw.random() < 0.88 else bad}"


def _questions(draw: random.Random) -> str:
    if draw.random() < 0.06:
        return f"There is little to ask about. {_ramble(draw)}"
    pairs = []
    for _ in range(draw.choice([2, 3, 3, 3, 4, 4, 5])):
        question = f"What is the {draw.choice(_WORDS)} of {_ramble(draw, 2.0)}?"
        pairs.append(f"**QUESTION:** {question}\n**ANSWER:** It is {_ramble(draw, 2.6)}.")
    return "\n\n".join(pairs)


def _repair(draw: random.Random) -> str:
    kind = draw.random()
    if kind < 0.8:
        return f"{_ramble(draw)}\n<repair>pass</repair>"
    if kind < 0.95:
        return (
            f"{_ramble(draw)}\n<repair>reword</repair>\n<reworded_question>What is {_ramble(draw, 2.0)}?"
            f"</reworded_question>\n<reworded_answer>It is {_ramble(draw, 2.6)}.</reworded_answer>"
        )
    return "<repair>fail</repair>"


def _dialogue(pairs: int, draw: random.Random) -> str:
    turns = pairs if draw.random() < 0.85 else pairs - 1  # one is forgotten now and then
    spoken = [f"User: {_ramble(draw, 2.0)}?\nAssistant: {_ramble(draw, 2.8)}." for _ in range(turns)]
    return "\n".join(spoken) or "I do not know."


def write_documents(folder: Path, passages: int, words: int = 120) -> None:
    """Documents of about so many passages in all, each of some lognormal length."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(passages):
        draw = random.Random(number)
        length = max(40, round(draw.lognormvariate(math.log(words), 0.35)))
        (folder / f"{number:05}.txt").write_text(" ".join(draw.choice(_WORDS) for _ in range(length)) + f" {number}.\n")

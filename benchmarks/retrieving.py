"""What `retrieve` takes: passages of 300 tokens, found by words or by vectors, and then some questions."""

from __future__ import annotations

import argparse
import random
import resource
import time
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from atk_interp.kinds.base.bm25 import Texts
from atk_interp.kinds.base.nearness import Vectors

T = TypeVar("T")

_WORDS_OF_A_PASSAGE = 230
"""Some 300 tokens."""


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--numbers", type=int, default=384, help="of a vector")
    parser.add_argument(
        "--how", choices=("bm25", "embeddings"), default="bm25", help="one of a process, for its memory"
    )
    given = parser.parse_args()
    print(f"{given.how}: {given.passages:,} passages, {given.questions} questions")
    if given.how == "bm25":
        source = _passages(random.Random(1))
        texts = Texts()
        _taken_in(source, texts.add, given.passages)
        asked = [" ".join(next(source).split()[:20]) for _ in range(given.questions)]
        _asked(texts.ranked, asked)
    else:
        numbers = _vectors(random.Random(1), given.numbers)
        vectors = Vectors()
        _taken_in(numbers, vectors.add, given.passages)
        wanted = [next(numbers) for _ in range(given.questions)]
        _asked(vectors.ranked, wanted)


def _taken_in(source: Iterator[T], add: Callable[[T], None], count: int) -> None:
    took = 0.0
    for _ in range(count):
        item = next(source)
        begun = time.process_time()
        add(item)
        took += time.process_time() - begun
    _told("taken in", took)


def _asked(ranked: Callable[[T], Iterator[tuple[float, int]]], questions: list[T]) -> None:
    begun = time.process_time()
    for question in questions:
        list(islice(ranked(question), 3))
    _told("a question", (time.process_time() - begun) / len(questions))


def _told(what: str, took: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:12} {took:10.3f} s of CPU   {peak:8,.0f} MB at most")


def _passages(chance: random.Random) -> Iterator[str]:
    """Texts of which the words are as often as in a language: the n-th is the n-th part as often as the first."""
    vocabulary = [f"{chance.choice('bdfgklmnprst')}{number:x}a" for number in range(1, 300_000)]
    weights = [1 / number for number in range(1, len(vocabulary) + 1)]
    cumulated = [*_sums(weights)]
    while True:
        yield " ".join(chance.choices(vocabulary, cum_weights=cumulated, k=_WORDS_OF_A_PASSAGE))


def _sums(weights: list[float]) -> Iterator[float]:
    total = 0.0
    for weight in weights:
        total += weight
        yield total


def _vectors(chance: random.Random, size: int) -> Iterator[array[float]]:
    while True:
        numbers = [chance.gauss(0, 1) for _ in range(size)]
        length = sum(number * number for number in numbers) ** 0.5
        yield array("f", (number / length for number in numbers))


if __name__ == "__main__":
    main()

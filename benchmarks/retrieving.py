"""What `retrieve` takes: 200,000 passages of 300 tokens, by words and by vectors, and then some questions."""

from __future__ import annotations

import argparse
import random
import resource
import time
from array import array
from collections.abc import Callable, Iterator
from itertools import islice

from atk_interp.kinds.base.bm25 import Texts
from atk_interp.kinds.base.nearness import Vectors

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
        _told("taken in", lambda: [texts.add(next(source)) for _ in range(given.passages)])
        asked = [" ".join(next(source).split()[:20]) for _ in range(given.questions)]
        _told("a question", lambda: [list(islice(texts.ranked(each), 3)) for each in asked], given.questions)
    else:
        numbers = _vectors(random.Random(1), given.numbers)
        vectors = Vectors()
        _told("taken in", lambda: [vectors.add(next(numbers)) for _ in range(given.passages)])
        wanted = [next(numbers) for _ in range(given.questions)]
        _told("a question", lambda: [list(islice(vectors.ranked(each), 3)) for each in wanted], given.questions)


def _told(what: str, work: Callable[[], object], times: int = 1) -> None:
    begun = time.perf_counter()
    work()
    took = (time.perf_counter() - begun) / times
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:12} {took:10.3f} s   {peak:8,.0f} MB at most")


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

"""What a classifier has learned, as numbers: it labels texts without any library, and is written as plain JSON.

A text is its terms (those of `bm25`) and the pairs of neighbouring ones. Each has a weight, `(1 + ln n) * idf` for n
times (Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988); the weights of a text are
brought to length 1. The score of a label is its bias and what the weights come to with those of the label, and the
probabilities are the softmax of the scores.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from atk_interp.kinds.base.bm25 import terms
from atk_interp.records import dataclass
from atk_interp.values import decode, encode

__all__ = ["Learned", "Tried", "features"]

_FORMAT = "atk-classifier-v1"
"""Stands for the terms, too: when `features` gives others for a text, this is another format."""

_PLACES = 4


@dataclass(frozen=True, slots=True)
class Tried:
    """A test of a classifier on rows that it had not seen: how many labels it had learned from, and how it did."""

    round: int
    labels: int
    rows: int
    right: int

    @property
    def share(self) -> float:
        return self.right / self.rows


@dataclass(frozen=True)
class Learned:
    """A classifier that is ready to label. `terms` have their `idf`, and behind it a weight for each label."""

    labels: tuple[str | int | bool, ...]
    bias: tuple[float, ...]
    terms: Mapping[str, tuple[float, ...]]

    def predict(self, text: str) -> tuple[str | int | bool, float]:
        """The label of a text, and how probable it is, to four places."""
        scores = self._scores(text)
        best = max(range(len(scores)), key=scores.__getitem__)
        shares = [math.exp(score - scores[best]) for score in scores]
        return self.labels[best], round(1 / math.fsum(shares), _PLACES)

    def _scores(self, text: str) -> list[float]:
        known = [(count, self.terms[term]) for term, count in Counter(features(text)).items() if term in self.terms]
        weights = [(1 + math.log(count)) * numbers[0] for count, numbers in known]
        length = math.sqrt(math.fsum(weight * weight for weight in weights)) or 1.0
        return [
            bias + math.fsum(weight * numbers[at] for weight, (_, numbers) in zip(weights, known, strict=True)) / length
            for at, bias in enumerate(self.bias, 1)
        ]

    def written(self, tests: Sequence[Tried] = ()) -> str:
        """As JSON with a line for each term; `tests` are told in it. The same classifier gives the same text."""
        head = {
            "format": _FORMAT,
            "labels": list(self.labels),
            "tests": [
                {"round": test.round, "labels": test.labels, "rows": test.rows, "right": test.right} for test in tests
            ],
            "bias": list(self.bias),
        }
        lines = [f"{_json(name)}: {_json(value)},\n" for name, value in head.items()]
        entries = [f"{_json(term)}: {_json(list(numbers))}" for term, numbers in sorted(self.terms.items())]
        return "".join(["{\n", *lines, '"terms": {\n', ",\n".join(entries), "\n}}\n"])

    @staticmethod
    def read(data: bytes) -> Learned:
        """What `written` gave. Raises `ValueError`, in words, for anything else."""
        try:
            found: Any = decode(data)
        except ValueError as error:
            raise ValueError("it is no JSON") from error
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise ValueError(f"it does not say `format: {_FORMAT}`")
        labels, bias, terms = found.get("labels"), found.get("bias"), found.get("terms")
        if not isinstance(labels, list) or not labels or not all(type(label) in (str, int, bool) for label in labels):
            raise ValueError("its `labels` are not texts, whole numbers or truth values")
        if not isinstance(terms, dict):
            raise ValueError("it has no `terms`")
        size = len(labels)
        return Learned(
            tuple(labels),
            _numbers(bias, size, "bias"),
            {term: _numbers(numbers, size + 1, term) for term, numbers in terms.items()},
        )


def features(text: str) -> list[str]:
    """The terms of a text and the pairs of neighbours; one that is empty for a text without any."""
    found = terms(text)
    return [*found, *(f"{one} {other}" for one, other in itertools.pairwise(found))] or [""]


def _numbers(found: Any, count: int, where: str) -> tuple[float, ...]:
    fits = isinstance(found, list) and len(found) == count
    if not fits or not all(type(number) in (int, float) and math.isfinite(number) for number in found):
        raise ValueError(f"`{where}` has not {count} numbers")
    return tuple(map(float, found))


def _json(value: Any) -> str:
    return encode(value).decode()

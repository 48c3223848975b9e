"""Texts that share much with one that was there before. The only door to rensa."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from typing import Any

from atk_interp.expressions.words import words
from atk_interp.kinds.base.results import StepStopped

__all__ = ["NearTexts"]

_PERMUTATIONS = 128
_SEED = 1
_BANDS = (8, 16, 32, 64)
_FOUND = 0.999


class NearTexts:
    """The texts that were kept, and which of them a new one is like.

    Candidates come from MinHash with bands (Broder, "On the resemblance and containment of documents", 1997; Leskovec,
    Rajaraman and Ullman, "Mining of Massive Datasets", ch. 3), laid out so that texts at the threshold are found with a
    probability of 0.999; whether they are alike is then counted from their runs of words. The same texts in the
    same order give the same answers. Raises `StepStopped` when rensa is not installed.
    """

    def __init__(self, threshold: float, shingle: int) -> None:
        try:
            import rensa  # type: ignore[import-untyped]  # imported late: an extra
        except ImportError as error:
            raise StepStopped(
                "`dedupe` with `how: near` needs rensa, which is not installed", "`pip install 'atk-interp[dedupe]'`"
            ) from error
        self._rensa: Any = rensa
        self._threshold = threshold
        self._shingle = shingle
        self._index = rensa.RMinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS, num_bands=_bands(threshold))
        self._ids: list[str] = []
        self._runs: list[array[int]] = []

    def like(self, text: str, id_: str) -> str | None:
        """The id of the first kept text that this one is like; None when there is none, and then it is kept."""
        runs = {_hashed(run) for run in self._shingles(text)}
        minhash = self._rensa.RMinHash(num_perm=_PERMUTATIONS, seed=_SEED)
        minhash.update([f"{run:x}" for run in sorted(runs)])
        candidates: list[int] = sorted(self._index.query(minhash))
        for number in candidates:
            other = self._runs[number]
            shared = len(runs.intersection(other))
            if shared and shared >= self._threshold * (len(runs) + len(other) - shared):
                return self._ids[number]
        self._index.insert(len(self._ids), minhash)
        self._ids.append(id_)
        self._runs.append(array("Q", sorted(runs)))
        return None

    def _shingles(self, text: str) -> Iterator[str]:
        """The runs of words; the whole text where it has fewer."""
        found = words(text)
        for at in range(max(1, len(found) - self._shingle + 1)):
            yield " ".join(found[at : at + self._shingle])


def _hashed(run: str) -> int:
    return int.from_bytes(hashlib.blake2b(run.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _bands(threshold: float) -> int:
    """The fewest bands with which texts at the threshold are found nearly always: the fewer, the fewer candidates."""
    for bands in _BANDS:
        rows = _PERMUTATIONS // bands
        if 1 - (1 - threshold**rows) ** bands >= _FOUND:
            return bands
    return _PERMUTATIONS

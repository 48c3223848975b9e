"""The rows that a `retrieve` step looks through."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Set
from typing import Any

from atk_interp.kinds.base.bm25 import Texts
from atk_interp.kinds.base.bound import BoundStep, Closure
from atk_interp.kinds.base.context import Scratch, SetContext
from atk_interp.kinds.base.nearness import Vectors
from atk_interp.kinds.base.results import Dropped, RowFailed, StepStopped
from atk_interp.kinds.base.sets import compared
from atk_interp.kinds.base.view import expression_paths
from atk_interp.values import Row, Value, content_hash

__all__ = ["Corpus", "Reading"]

_MANY = 16


class Reading:
    """What the options of the step say of the rows that it looks through."""

    def __init__(self, step: BoundStep) -> None:
        view = step.view
        self.step = step
        self.how: str = view.option("how")
        self.slot: str = view.option("model") or ""
        self.text = step.rule(view.path("text")) if view.given("text") else None
        self.own_by = [step.rule(path) for path in expression_paths(view, "own_by")]
        self.take: list[str] | None = view.option("take")
        self.base: dict[str, Any] = dict.fromkeys(view.sides["with"].fields)
        """The names of their fields: null in a row that has not all of them."""


class Corpus:
    """The rows that are looked through, by their numbers: on disk, with what they are found by in memory."""

    def __init__(self, reading: Reading, scratch: Scratch) -> None:
        self.reading = reading
        self.scratch = scratch
        self.texts = Texts()
        self.vectors = Vectors()
        self.count = 0
        self._ids: list[str] = []
        self._owners: dict[bytes, list[int]] = {}
        self._sets: dict[bytes, Set[int]] = {}
        """The same as sets, as they are asked for, where there are many of one key."""
        self._ring: list[tuple[str, int]] = []
        self._rest: tuple[Set[int], list[tuple[str, int]]] = (frozenset(), [])
        """The ring without those of which it has few others."""

    def fill(self, context: SetContext) -> Iterator[Dropped]:
        """Take in the rows; those whose `text` fails are given back."""
        lost: list[Dropped] = []
        if self.reading.how == "embeddings":
            for vector in context.vectors(self.reading.slot, self._read(context, lost)):
                try:
                    self.vectors.add(vector)
                except ValueError as error:
                    raise StepStopped(f"step `{self.reading.step.name}`: {error}") from None
        else:
            for text in self._read(context, lost):
                if self.reading.how == "bm25":
                    self.texts.add(text)
        self._ring.sort()
        yield from lost

    def _read(self, context: SetContext, lost: list[Dropped]) -> Iterator[str]:
        """The texts of the rows that have one; these get their numbers in the same order."""
        reading = self.reading
        for row in context.others("with"):
            names = {**reading.step.base, **reading.base, **reading.step.names(row)}
            try:
                text = reading.text(names) if reading.text is not None else " "
                if text is not None and not isinstance(text, str):
                    raise RowFailed("`text`: a text is needed")
                key = _key(reading.own_by, names) if reading.own_by else row.id.encode()
            except RowFailed as error:
                lost.append(Dropped(row, "rejected", str(error)))
                continue
            self.count += 1
            if not (text or "").strip() and reading.text is not None:
                continue  # nothing can be found in it
            number = len(self._ids)
            self.scratch.put(number.to_bytes(6, "big"), row)
            self._ids.append(row.id)
            self._owners.setdefault(key, []).append(number)
            if reading.how == "random":
                self._ring.append((content_hash("atk-retrieve-place-v1", [reading.step.seed, row.id]), number))
            yield str(text)

    def drawn(self, row: Row, barred: Set[int]) -> Iterator[tuple[float, int]]:
        """All that are not barred, and maybe some that are, in an order that is drawn for a row.

        They stand on a ring in the order of hashes of their contents, and each draw hits the next one on it, so that
        another row on the ring changes few of the draws (as in Karger et al., "Consistent hashing", 1997).
        """
        ring = self._ring if 2 * len(barred) <= len(self._ring) else self._without(barred)
        seen: set[int] = set()
        for draw in range(4 * len(ring)):
            hit = content_hash("atk-retrieve-draw-v1", [self.reading.step.seed, row.id, draw])
            _, number = ring[bisect_left(ring, (hit, 0)) % len(ring)]
            if number not in seen:
                seen.add(number)
                yield 0.0, number
        yield from ((0.0, number) for _, number in ring if number not in seen)

    def _without(self, barred: Set[int]) -> list[tuple[str, int]]:
        """The ring without the most of it: those that one key has, as a rule, which are the same for many rows."""
        if self._rest[0] is not barred:
            self._rest = barred, [each for each in self._ring if each[1] not in barred]
        return self._rest[1]

    def own_of(self, row: Row, names: Mapping[str, Any]) -> Set[int]:
        """The numbers of a row's own. Raises `RowFailed`."""
        if self.reading.own_by:
            return self._set_of(_key(self.reading.own_by, names))
        ids = [row.id, row.parent] if row.parent is not None else [row.id]
        return {number for id_ in ids for number in self._owners.get(id_.encode(), ())}

    def _set_of(self, key: bytes) -> Set[int]:
        numbers = self._owners.get(key, [])
        if len(numbers) < _MANY:
            return set(numbers)
        if key not in self._sets:
            self._sets[key] = frozenset(numbers)
        return self._sets[key]

    def id(self, number: int) -> str:
        return self._ids[number]

    def row(self, number: int) -> Row:
        return self.scratch.find(number.to_bytes(6, "big"))[0]

    def record(self, score: float, number: int) -> Value:
        """What is given of one."""
        fields, take = self.row(number).fields, self.reading.take
        taken = dict(fields) if take is None else {name: fields.get(name) for name in take}
        return taken if self.reading.how == "random" else {"score": score, **taken}


def _key(own_by: list[Closure], names: Mapping[str, Any]) -> bytes:
    return hashlib.blake2b(compared(rule(names) for rule in own_by), digest_size=16).digest()

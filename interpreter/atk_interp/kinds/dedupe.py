"""The `dedupe` kind."""

from __future__ import annotations

import hashlib
import struct
import unicodedata
from abc import ABC, abstractmethod
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import AnyType, RecordType, TextType, without_null
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    RowFailed,
    SetContext,
    SetStep,
    StepKind,
    StepStopped,
    StepView,
    compared,
    expression_paths,
    in_place,
    key_of,
    place,
)
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.likeness import NearTexts
from atk_interp.kinds.base.nearness import Vectors
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, MISSING_KEY
from atk_interp.values import Row

__all__ = ["Dedupe"]


class Dedupe(StepKind):
    """Keep one of the rows that say the same.

    `how: exact` compares the values of `by` (3 and 3.0 are equal, and null is a value like another); with `normalise`,
    without regard to case, white space and punctuation. `how: near` compares texts by what they share: two are alike
    when the Jaccard index of their runs of `shingle` words is at least `threshold` (found by MinHash, and then counted
    exactly). `how: semantic` compares texts by what they mean: two are alike when the cosine between the vectors that
    the slot `model` makes of them is at least `threshold`; every row is compared with every row that stays, exactly. Of
    rows that are alike the first stays, or the one for which `best` is greatest; each of the others is filtered, and
    says which row it resembles under `duplicate_of` (for `semantic` the one that it is most like). A row is compared
    with those that stay, so that a chain of small differences does not make one row of many.

    Memory: for `exact` none to speak of, the rows wait on disk; for `near` some 1.5 kB for each row that stays, for
    `semantic` 4 bytes for each number of its vector and 1 kB more. Needs the extra `dedupe` for `near`; for `semantic`
    numpy, which the extra `embeddings` brings, makes it much faster and changes nothing.
    """

    name = "dedupe"
    cardinality = Cardinality.SET
    asks_model = True
    options = (
        Option("by", Takes.EXPRESSIONS, "What rows are compared by; but for `exact` a text.", required=True),
        Option(
            "how",
            Takes.NAME,
            "Equal values (`exact`), texts that share much (`near`), or that mean nearly the same (`semantic`).",
            default="exact",
            choices=("exact", "near", "semantic"),
        ),
        Option("model", Takes.NAME, "With `semantic`: the model slot that makes the vectors."),
        Option("normalise", Takes.BOOL, "With `exact`: case, white space and punctuation do not count.", default=False),
        Option(
            "threshold",
            Takes.NUMBER,
            "From which likeness on, up to 1, texts are alike; 0.8 for `near` and 0.95 for `semantic` when not given.",
            min=0,
            max=1,
        ),
        Option("shingle", Takes.INT, "With `near`: how many words a run has.", default=5, min=1, max=20),
        Option("best", Takes.EXPRESSION, "A number: of rows that are alike, the one with the greatest stays."),
    )
    examples = (
        Example(
            {"by": "text", "normalise": True},
            [{"text": "The old mill."}, {"text": "the  old mill"}, {"text": "A new mill."}],
            [{"text": "The old mill."}, {"text": "A new mill."}],
        ),
        Example(
            {"by": "text", "how": "near", "threshold": 0.5, "shingle": 2, "best": "text | length"},
            [{"text": "the old mill by the river"}, {"text": "the old mill by the river Elbe"}, {"text": "a new mill"}],
            [{"text": "the old mill by the river Elbe"}, {"text": "a new mill"}],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        for name in ("normalise", "threshold", "shingle"):
            view.value(name)
        types = [view.expression(path, view.row_scope()) for path in expression_paths(view, "by")]
        if view.option("how") != "exact":
            self._check_text(view, types)
        for name, ways in _ONLY.items():
            if view.given(name) and view.option("how") not in ways:
                told = f"`{name}` has no effect with `how: {view.option('how')}`"
                help_ = f"write `how: {ways[0]}`"
                view.sink.report(BAD_VALUE, view.document.key_span(view.path(name)), told, help=help_)
        if view.option("how") == "semantic" and not view.given("model"):
            told = "`how: semantic` needs `model`, a slot that makes vectors"
            help_ = "add `model:`, and a slot that expects `embedding`"
            view.sink.report(MISSING_KEY, view.document.key_span(view.step.path), told, help=help_)
        elif view.given("model"):
            view.slot(embeds=True)
        if view.given("best"):
            view.expression(view.path("best"), view.row_scope())
        return view.input

    def _check_text(self, view: StepView, types: list[Any]) -> None:
        span = view.document.span(view.path("by"))
        if len(types) != 1:
            view.sink.report(
                BAD_VALUE, span, f"`{view.option('how')}` compares one text", help="join them: `title ~ text`"
            )
        elif not isinstance(without_null(types[0]), TextType | AnyType):
            told = f"`{view.option('how')}` compares texts, and this is {type_in_words(types[0])}"
            view.sink.report(WRONG_VALUE_TYPE, span, told)

    def bind(self, step: BoundStep) -> SetStep:
        ways: dict[str, type[_Exact | _Near | _Semantic]] = {"exact": _Exact, "near": _Near, "semantic": _Semantic}
        return SetStep(ways[step.view.option("how")](step).apply)


_ONLY = {"normalise": ("exact",), "threshold": ("near", "semantic"), "shingle": ("near",), "model": ("semantic",)}
"""The ways for which some keys are."""


class _Ranked:
    """Rows in the order in which they may stay: the best first, and of equal ones the first."""

    def __init__(self, step: BoundStep) -> None:
        self.step = step
        self.best = step.rule(step.view.path("best")) if step.view.given("best") else None

    def order(self, row: Row) -> bytes:
        if self.best is None:
            return place(row)
        value = self.best(self.step.names(row))
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise RowFailed(f"`best`: a number is needed, not {value!r}")
        return _descending(float(value)) + place(row)


def _descending(number: float) -> bytes:
    """Bytes that are ordered as numbers are, the greatest first."""
    bits: int = struct.unpack(">Q", struct.pack(">d", number + 0.0))[0]
    ascending = bits ^ (2**64 - 1) if bits >> 63 else bits | 1 << 63
    return (ascending ^ (2**64 - 1)).to_bytes(8, "big")


class _Exact(_Ranked):
    def __init__(self, step: BoundStep) -> None:
        super().__init__(step)
        key = key_of(step, "by")
        assert key is not None
        self.key = _normalised(step, key) if step.value("normalise") else key

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
        alike = context.scratch()
        for row in rows:
            try:
                alike.put(_hashed(self.key(row)) + self.order(row), row)
            except RowFailed as error:
                yield Dropped(row, "rejected", str(error))
        lost = context.scratch()
        yield from in_place(context, self._kept(alike.rows(), lost.put))
        yield from (Dropped(row, "filtered", "says the same as another row") for row in lost.rows())

    def _kept(self, rows: Iterator[Row], lose: Callable[[bytes, Row], None]) -> Iterator[Row]:
        kept, kept_key = None, b""
        for row in rows:
            key = self.key(row)
            if kept is None or key != kept_key:
                kept, kept_key = row, key
                yield row
            else:
                lose(place(row), _marked(row, kept.id))


def _hashed(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _normalised(step: BoundStep, key: Callable[[Row], bytes]) -> Callable[[Row], bytes]:
    rules = [step.rule(path) for path in expression_paths(step.view, "by")]

    def normalised(row: Row) -> bytes:
        names = step.names(row)
        return compared(_plain(rule(names)) for rule in rules)

    return normalised


def _plain(value: Any) -> Any:
    """A text by its words alone; anything else as it is."""
    if not isinstance(value, str):
        return value
    from atk_interp.expressions.words import words

    return " ".join(words(unicodedata.normalize("NFKC", value)))


def _marked(row: Row, kept: str) -> Row:
    return row.replaced({**row.fields, "duplicate_of": kept})


class _Alike(_Ranked, ABC):
    """Texts that are alike from a threshold on."""

    usual = 0.8
    said = "is nearly the same as another row"

    def __init__(self, step: BoundStep) -> None:
        super().__init__(step)
        self.text = step.rule(expression_paths(step.view, "by")[0])
        given = step.value("threshold")
        self.threshold = self.usual if given is None else given
        if not isinstance(self.threshold, int | float) or not 0 < self.threshold <= 1:
            raise StepStopped(f"`threshold` of step `{step.name}` is {self.threshold}, and not above 0 and at most 1")

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
        ordered = context.scratch()
        for row in rows:
            try:
                if not isinstance(self.text(self.step.names(row)), str):
                    raise RowFailed("`by`: a text is needed")
                ordered.put(self.order(row), row)
            except RowFailed as error:
                yield Dropped(row, "rejected", str(error))
        lost = context.scratch()
        yield from in_place(context, self._kept(ordered.rows(), lost.put, context))
        yield from (Dropped(row, "filtered", self.said) for row in lost.rows())

    @abstractmethod
    def _kept(self, rows: Iterator[Row], lose: Callable[[bytes, Row], None], context: SetContext) -> Iterator[Row]:
        """The rows that stay, of those that come in the order in which they may."""


class _Near(_Alike):
    def __init__(self, step: BoundStep) -> None:
        super().__init__(step)
        self.shingle = step.whole("shingle") or 1

    def _kept(self, rows: Iterator[Row], lose: Callable[[bytes, Row], None], context: SetContext) -> Iterator[Row]:
        found = NearTexts(self.threshold, self.shingle)
        for row in rows:
            like = found.like(self.text(self.step.names(row)), row.id)
            if like is None:
                yield row
            else:
                lose(place(row), _marked(row, like))


class _Semantic(_Alike):
    usual = 0.95
    said = "means nearly the same as another row"

    def _kept(self, rows: Iterator[Row], lose: Callable[[bytes, Row], None], context: SetContext) -> Iterator[Row]:
        kept, ids = Vectors(), list[str]()
        embedded = self._embedded(rows, context)
        while block := list(islice(embedded, _BLOCK)):
            alike = kept.like([vector for _, vector in block], self.threshold)
            before, new = len(kept), Vectors()
            for (row, vector), earlier in zip(block, alike, strict=True):
                (own,) = new.like([vector], self.threshold)
                later = (own[0], before + own[1]) if own is not None else None
                nearest = max(filter(None, (earlier, later)), key=lambda found: (found[0], -found[1]), default=None)
                if nearest is not None:
                    lose(place(row), _marked(row, ids[nearest[1]]))
                    continue
                new.add(vector)
                ids.append(row.id)
                yield row
            kept.extend(new)

    def _embedded(self, rows: Iterator[Row], context: SetContext) -> Iterator[tuple[Row, array[float]]]:
        waiting: deque[Row] = deque()

        def texts() -> Iterator[str]:
            for row in rows:
                waiting.append(row)
                yield self.text(self.step.names(row)).strip() or _NO_TEXT

        for vector in context.vectors(self.step.view.option("model"), texts()):
            yield waiting.popleft(), vector


_BLOCK = 256
_NO_TEXT = "-"
"""What stands for a text without a character: endpoints refuse one, and all that are empty are alike."""

"""The `chunk` kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atk_interp.expressions.types import INT, TEXT, RecordType
from atk_interp.kinds.base import BoundStep, Cardinality, Dropped, Example, PureStep, StepKind, StepStopped, StepView
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, row_id

__all__ = ["SMALLEST", "Chunk"]

SMALLEST = 4
"""Tokens that a passage must have room for: `formats.chunking.SMALLEST_LIMIT`, which a test holds it to."""


class Chunk(StepKind):
    """Cut a text into passages of at most so many tokens, at paragraphs and sentences.

    Nothing is dropped: the passages and the white space between them give back the text exactly. Each passage
    has `text`, `index` (its place in the document, from 0), `tokens`, and `start` and `end` (characters).
    """

    name = "chunk"
    cardinality = Cardinality.MANY
    options = (
        Option("max_tokens", Takes.INT, "The largest passage, in tokens.", required=True, min=SMALLEST),
        Option("overlap", Takes.INT, "Tokens that a passage repeats from the one before.", default=0, min=0),
        Option("field", Takes.NAME, "The field that holds the text.", default="text"),
    )
    examples = (
        Example(
            {"max_tokens": 5},
            [{"text": "One two three.\n\nFour five six."}],
            [
                {"text": "One two three.", "index": 0, "tokens": 4, "start": 0, "end": 14},
                {"text": "Four five six.", "index": 1, "tokens": 4, "start": 16, "end": 30},
            ],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        view.value("max_tokens")
        view.value("overlap")
        view.has_field(view.option("field"), view.path("field"))
        added = {"text": TEXT, "index": INT, "tokens": INT, "start": INT, "end": INT}
        view.writes(added, view.step.path)
        return RecordType({**view.input.fields, **added}, view.input.open)

    def bind(self, step: BoundStep) -> PureStep:
        from atk_interp.formats.chunking import chunk_text  # imported late: linting cuts no text

        max_tokens = step.whole("max_tokens") or SMALLEST
        overlap = step.whole("overlap") or 0
        field = step.view.option("field")
        if max_tokens - overlap < SMALLEST:
            raise StepStopped(
                f"step `{step.name}`: `overlap` leaves {max_tokens - overlap} of {max_tokens} tokens for new text",
                help=f"leave at least {SMALLEST}",
            )

        def apply(row: Row) -> Iterable[Row] | Dropped:
            text = row.fields.get(field)
            return passages(row, text) if isinstance(text, str) else Dropped(row, "rejected", f"`{field}` is no text")

        def passages(row: Row, text: str) -> Iterator[Row]:
            seen: dict[str, int] = {}
            for index, passage in enumerate(chunk_text(text, max_tokens, overlap_tokens=overlap)):
                ordinal = seen.get(passage.text, 0)
                seen[passage.text] = ordinal + 1
                fields = {
                    **row.fields,
                    "text": passage.text,
                    "index": index,
                    "tokens": passage.tokens,
                    "start": passage.start,
                    "end": passage.end,
                }
                yield Row(row_id(row.id, [passage.text, ordinal]), row.source, (*row.order, index), fields, row.id)

        return PureStep(apply)

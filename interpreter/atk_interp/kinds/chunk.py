"""The `chunk` kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from atk_interp.diagnostics import Label
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import ANY, INT, TEXT, AnyType, RecordType, TextType, without_null
from atk_interp.kinds.base import BoundStep, Cardinality, Dropped, Example, PureStep, StepKind, StepStopped, StepView
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.written import settled_number
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE
from atk_interp.tokens import TOKENIZERS, count_tokens
from atk_interp.values import Row, row_id

__all__ = ["SMALLEST", "Chunk"]

SMALLEST = 4
"""Tokens that a passage must have room for: `formats.chunking.SMALLEST_LIMIT`, which a test holds it to."""


_FOUR = "Four five six."


class Chunk(StepKind):
    """Cut a text into passages of at most so many tokens, at paragraphs and sentences.

    Nothing is dropped: the passages and the white space between them give back the text exactly. Each passage
    has `text`, `index` (its place in the document, from 0), `tokens`, and `start` and `end` (characters).
    With `neighbours` it also has `before` and `after`: what stands around it, so many tokens of whole sentences.
    A passage below `min_tokens` shares the load of the one before it, where paragraphs allow.
    """

    name = "chunk"
    cardinality = Cardinality.MANY
    options = (
        Option("max_tokens", Takes.INT, "The largest passage, in tokens.", required=True, min=SMALLEST),
        Option("overlap", Takes.INT, "Tokens that a passage repeats from the one before.", default=0, min=0),
        Option(
            "neighbours", Takes.INT, "Tokens of the text before and after a passage to keep beside it.", min=SMALLEST
        ),
        Option("min_tokens", Takes.INT, "Passages below this share the load; a fifth of the limit if not said.", min=0),
        Option(
            "tokenizer", Takes.NAME, "The vocabulary that tokens are counted in.", default="o200k", choices=TOKENIZERS
        ),
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
        Example(
            {"max_tokens": 5, "neighbours": 4},
            [{"text": "One two three.\n\nFour five six."}],
            [
                {
                    "text": "One two three.",
                    "index": 0,
                    "tokens": 4,
                    "start": 0,
                    "end": 14,
                    "before": "",
                    "after": _FOUR,
                },
                {
                    "text": _FOUR,
                    "index": 1,
                    "tokens": 4,
                    "start": 16,
                    "end": 30,
                    "before": "One two three.",
                    "after": "",
                },
            ],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        for option in ("max_tokens", "overlap", "neighbours", "min_tokens"):
            view.value(option)
        field, place = view.option("field"), view.path("field" if view.given("field") else "max_tokens")
        view.has_field(field, place)
        type_ = without_null(view.input.fields.get(field, ANY))
        if not isinstance(type_, TextType | AnyType):
            told = f"`{field}` is {type_in_words(type_)}, and only texts are cut"
            view.sink.report(WRONG_VALUE_TYPE, view.document.span(place), told, help="name the field of the text")
        self._check_bounds(view)
        added = {"text": TEXT, "index": INT, "tokens": INT, "start": INT, "end": INT}
        if view.given("neighbours"):
            added |= {"before": TEXT, "after": TEXT}
        view.writes(added, view.step.path)
        return RecordType({**view.input.fields, **added}, view.input.open)

    def _check_bounds(self, view: StepView) -> None:
        least, most = (settled_number(view.spec, view.option(key)) for key in ("min_tokens", "max_tokens"))
        if least is not None and most is not None and least > most:
            view.sink.report(
                BAD_VALUE,
                view.document.span(view.path("min_tokens")),
                f"no passage has {least:,} tokens: `max_tokens` is {most:,}",
                labels=[Label(view.document.span(view.path("max_tokens")), "the largest passage")],
                help="write a smaller number, or leave `min_tokens` out",
            )

    def bind(self, step: BoundStep) -> PureStep:
        from atk_interp.formats.chunking import chunk_text, neighbours  # imported late: linting cuts no text

        max_tokens = step.whole("max_tokens") or SMALLEST
        overlap = step.whole("overlap") or 0
        around, shortest = step.whole("neighbours"), step.whole("min_tokens")
        field = step.view.option("field")
        count = partial(count_tokens, tokenizer=step.view.option("tokenizer"))
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
            cut = chunk_text(text, max_tokens, overlap_tokens=overlap, min_tokens=shortest, count=count)
            for index, passage in enumerate(cut):
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
                if around is not None:
                    fields["before"], fields["after"] = neighbours(text, passage.start, passage.end, around, count)
                elif step.view.given("neighbours"):
                    fields["before"] = fields["after"] = ""
                yield Row(row_id(row.id, [passage.text, ordinal]), row.source, (*row.order, index), fields, row.id)

        return PureStep(apply)

"""Additions to the language of atk-interp: one of each sort."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from atk_interp import extending as atk


class CountWords(atk.StepKind):
    """Count the words of a field, and drop rows that have too few."""

    name = "count_words"
    cardinality = atk.Cardinality.AT_MOST_ONE
    options = (
        atk.Option("field", atk.Takes.NAME, "The field that is counted.", required=True),
        atk.Option("at_least", atk.Takes.INT, "How many words a row must have.", default=1, min=1),
    )
    examples = (atk.Example({"field": "text"}, [{"text": "to be"}], [{"text": "to be", "words": 2}]),)

    def flow(self, view: atk.StepView) -> atk.RecordType:
        view.has_field(view.option("field"), view.path("field"))
        view.value("at_least")
        view.writes({"words": atk.INT}, view.path("field"))
        return atk.RecordType({**view.input.fields, "words": atk.INT}, view.input.open)

    def bind(self, step: atk.BoundStep) -> atk.PureStep:
        field, at_least = step.view.option("field"), step.value("at_least")

        def apply(row: atk.Row) -> Iterable[atk.Row] | atk.Dropped:
            words = len(str(row.fields[field]).split())
            if words < at_least:
                return atk.Dropped(row, "filtered", f"fewer than {at_least} words")
            return (row.replaced({**row.fields, "words": words}),)

        return atk.PureStep(apply)


class _LetterReader(atk.Reader):
    def __init__(self, field: str) -> None:
        self.field = field

    @property
    def fields(self) -> Mapping[str, atk.Type]:
        return {self.field: atk.TEXT}

    def _read(self, text: str) -> list[atk.Fields]:
        found = re.fullmatch(r"\W*([A-Za-z])\W*", text)
        if found is None:
            raise atk.ReplyUnreadable("expected one letter and nothing else")
        return [{self.field: found[1].upper()}]


class _LetterKind(atk.ReplyKind):
    """One letter, in upper case: `letter: grade`."""

    name = "letter"
    value_schema = {"type": "string"}  # noqa: RUF012 - as the class that it extends has it
    examples = (atk.ReplyExample({"letter": "grade"}, "b.", [{"grade": "B"}]),)

    def build(self, value: Any, options: Mapping[str, Any]) -> atk.Reader:
        return _LetterReader(value)


LETTER = _LetterKind()


class _ChatlogWriter:
    """Each message a line `role: content`, all of them one text."""

    name = "chatlog"
    takes: Any = "messages"

    def layout(self, fields: atk.RecordType) -> atk.RecordType:
        return atk.RecordType({"log": atk.TEXT})

    def record(self, content: atk.Content) -> bytes:
        if isinstance(content, Mapping) or not content:
            raise atk.RecordError("the conversation is empty")
        return atk.line({"log": "\n".join(f"{role}: {text}" for role, text, *_ in content)})


_MESSAGES = atk.Option("messages", atk.Takes.STRUCTURE, "The messages.", required=True, schema={"type": "list"})

CHATLOG = atk.OutputFormat("chatlog", "Conversations as a log.", (_MESSAGES,), written_by=_ChatlogWriter())


def read_log(file: atk.File) -> Iterator[atk.Document | atk.Problem]:
    """One document of a `.log` file, without its times."""
    with file.open() as stream:
        text, problems = atk.decoded_text(file, stream.read())
    yield from problems
    if text is not None:
        yield atk.text_document(file, re.sub(r"(?m)^\d\d:\d\d ", "", text))


VOWELS = atk.Function(
    "vowels",
    frozenset([atk.Kind.TEXT]),
    atk.INT,
    lambda text: sum(letter in "aeiou" for letter in text.lower()),
    "How many vowels of the Latin alphabet are in a text.",
    atk.FunctionExample('"audio" | vowels', 4),
    in_jinja=False,
)

PALINDROME = atk.Function(
    "palindrome",
    frozenset([atk.Kind.TEXT]),
    atk.BOOL,
    lambda text: text.lower() == text.lower()[::-1],
    "Whether a text is the same backwards.",
    atk.FunctionExample('"Otto" is palindrome', True),
    in_jinja=False,
)

"""Values of another type of which it is certain what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.diagnostics import Sink
from atk_interp.document import parse_document
from atk_interp.flow import analyse
from atk_interp.lint.fixing import applied
from atk_interp.source import SourceFile

SPEC = """spec: atk/v1
name: NAME
params: {size: {type: int, default: 1}}
models: {m: {sampling: {temperature: TEMPERATURE}}}
steps:
  a: {kind: rows, rows: [{text: one}]}
  b: {kind: chunk, from: a, max_tokens: TOKENS}  # so many
outputs: {o.jsonl: {from: b, format: jsonl}}
"""
GOOD = {"NAME": "x", "TEMPERATURE": "0.5", "TOKENS": "50"}


def mended(given: dict[str, str]) -> str | None:
    """The spec after the mend of the only finding; None when there is none."""
    text = filled(given)
    sink = Sink()
    document = parse_document(SourceFile("pipeline.yaml", text), sink)
    assert document is not None
    analyse(document, Path(), sink)
    (found,) = sink.sorted()
    return None if found.fix is None else applied(found.fix.edits)


def filled(given: dict[str, str]) -> str:
    text = SPEC
    for name, value in {**GOOD, **given}.items():
        text = text.replace(name, value)
    return text


@pytest.mark.parametrize(
    ("place", "wrong", "right"),
    [
        ("TOKENS", '"50"', "50"),
        ("TOKENS", "'50'", "50"),
        ("TOKENS", "size", "=size"),
        ("TOKENS", '"size"', '"=size"'),
        ("NAME", "5", '"5"'),
        ("NAME", "1.50", '"1.50"'),
        ("NAME", "no", '"no"'),
        ("TEMPERATURE", '"0.5"', "0.5"),
    ],
)
def test_quotes_and_formulas_are_mended_where_they_stand(place: str, wrong: str, right: str) -> None:
    assert mended({place: wrong}) == filled({place: right})


@pytest.mark.parametrize(
    ("place", "wrong"),
    [("TOKENS", "many"), ("TOKENS", '"0777"'), ("TOKENS", '"5.0"'), ("TOKENS", "true"), ("NAME", "[x]"), ("NAME", "")],
)
def test_what_was_meant_is_not_guessed(place: str, wrong: str) -> None:
    assert mended({place: wrong}) is None


@pytest.mark.parametrize(
    ("given", "help_"),
    [
        ({"TEMPERATURE": "1e-1"}, "write 0.1"),
        ({"TEMPERATURE": '"1e-1"'}, "write 0.1 without quotes"),
        ({"TEMPERATURE": "1e-9"}, "write 1.0e-09"),
        ({"TEMPERATURE": "nan"}, "write a number that is finite"),
        ({"TOKENS": "1e3"}, "write 1000"),
        ({"TOKENS": "99999999999999999999999"}, "write a smaller number: at most 9223372036854775807"),
        ({"TOKENS": '"0.5"'}, None),
    ],
)
def test_a_number_that_is_read_as_text_is_told_in_a_way_that_can_be_followed(
    given: dict[str, str], help_: str | None
) -> None:
    sink = Sink()
    document = parse_document(SourceFile("pipeline.yaml", filled(given)), sink)
    assert document is not None
    analyse(document, Path(), sink)
    (found,) = sink.sorted()
    assert found.help == help_

"""Slips of which the mend is certain: what they are replaced with, and what is only explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.document import parse_document
from atk_interp.flow import analyse
from atk_interp.lint.fixing import applied
from atk_interp.source import SourceFile

SPEC = """spec: atk/v1
name: x
steps:
  a: {kind: rows, rows: [{text: one, score: 3, note: {text: two}}]}
  b:
    kind: filter
    from: a
    keep: KEEP
outputs: {o.jsonl: {from: b, format: jsonl}}
"""


def found_in(text: str) -> list[Diagnostic]:
    sink = Sink()
    document = parse_document(SourceFile("pipeline.yaml", text), sink)
    assert document is not None
    analyse(document, Path(), sink)
    return sink.sorted()


def findings(keep: str) -> list[Diagnostic]:
    return found_in(SPEC.replace("KEEP", keep))


def mended(keep: str) -> str:
    """The expression after all mends, one after the other."""
    text = SPEC.replace("KEEP", keep)
    for _ in range(10):
        fix = next((finding.fix for finding in found_in(text) if finding.fix is not None), None)
        if fix is None:
            break
        text = applied(fix.edits)
    line = next(line for line in text.splitlines() if line.startswith("    keep: "))
    assert text.replace(line, "    keep: KEEP") == SPEC
    return line.removeprefix("    keep: ")


@pytest.mark.parametrize(
    ("keep", "right"),
    [
        ('"{{ score > 2 }}"', '"score > 2"'),
        ('"{{- score -}}"', '"score"'),
        ("={{ score }} > 2", "={{ score }} > 2"),
        ("'{{ score }}'  # why", "'score'  # why"),
        ("score > 2 && text != ''", "score > 2 and text != ''"),
        ("score>2&&text", "score>2 and text"),
        ("score > 2 || text", "score > 2 or text"),
        ("score === 2", "score == 2"),
        ("score !== 2 AND text <> 'x'", "score != 2 and text != 'x'"),
        ("score =< 2 Or NOT text", "score <= 2 or not text"),
        ("score = 2", "score == 2"),
        ("text != null", "text != none"),
        ("score == 3 or TRUE", "score == 3 or true"),
        ("len(text) > 2", "text | length > 2"),
        ("2 < len(note.text)", "2 < note.text | length"),
        ("text.lower() == 'x'", "text | lower == 'x'"),
        ("lower(text) == 'x'", "text | lower == 'x'"),
        ("|\n      score > 2\n      && text", "|"),
    ],
)
def test_a_slip_is_replaced_where_it_stands(keep: str, right: str) -> None:
    if "\n" in keep:
        (finding,) = findings(keep)
        assert finding.fix is not None
        assert "      score > 2\n      and text\n" in applied(finding.fix.edits)
    else:
        assert mended(keep) == right


@pytest.mark.parametrize("keep", ["text == 'a'", "text | length > 2", "score == 2 and text != none"])
def test_what_is_right_is_left_alone(keep: str) -> None:
    assert (findings(keep), mended(keep)) == ([], keep)


@pytest.mark.parametrize(
    "keep",
    [
        "'!score == 2'",
        "score ^ 2 == 4",
        "text.contains('x')",
        "len(text ~ text) > 2",
        "-len(text) > 2",
        "text.strip().lower() == 'x'",
        "text.split(',')[0] == 'x'",
        "score & 2 == 2",
        "text == yes",
        "'{{ score }} > {{ score }}'",
        "random(text) == 'x'",
        "'\"a\" in “x”'",
        "text.replace() == 'x'",
    ],
)
def test_what_may_mean_something_else_is_only_explained(keep: str) -> None:
    assert findings(keep) != []
    assert mended(keep) == keep

"""Every character of a decoded scalar is mapped to the place where it is written, in all five styles."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from atk_interp.diagnostics import Sink
from atk_interp.document import Document, parse_document
from atk_interp.source import SourceFile

ALPHABET = st.sampled_from("ab 'x\"\\#:-{}[]|>%@`*&!?,=.é—😀\t\n")
TEXT = st.text(ALPHABET, max_size=40)
BREAKS = st.sampled_from(["\n", "\r\n"])


def parsed(text: str) -> Document:
    sink = Sink()
    document = parse_document(SourceFile("t.yaml", text), sink)
    assert document is not None, sink.sorted()
    return document


def written(text: str, at: int) -> str:
    """What the characters that begin at an offset of the file stand for, as far as it is told by these few."""
    escape = re.compile(r"\\(x..|u....|U........|.)").match(text, at)
    return text[at] if escape is None else escape[0]


def check_places(document: Document, value: str) -> None:
    """Characters of the value that are themselves in the file are mapped to themselves, in order."""
    text = document.file.text
    mapped = document.text(("key",))

    assert mapped.value == value
    offsets = [mapped.offset(index) for index in range(len(value))]
    assert offsets == sorted(offsets)
    for character, at in zip(value, offsets, strict=True):
        found = written(text, at)
        if character == " ":
            assert found[0] in " \t\r\n\\", (character, at)
        elif character == "\n":
            assert found[0] in "\r\n\\", (character, at)
        else:
            assert found == character or found.startswith("\\"), (character, at, found)


@pytest.mark.parametrize("style", [None, "'", '"', "|", ">"])
@given(value=TEXT, line_break=BREAKS, width=st.sampled_from([10, 1000]), unicode=st.booleans())
@settings(max_examples=100)
def test_every_character_of_what_pyyaml_writes_has_its_place(
    style: str | None, value: str, line_break: str, width: int, unicode: bool
) -> None:
    text = yaml.dump(
        {"before": 1, "key": value, "z": "after"},
        default_style=style,
        line_break=line_break,
        width=width,
        allow_unicode=unicode,
        sort_keys=False,
    )
    document = parsed(text)
    assume(isinstance(document.data.get("key"), str))

    check_places(document, document.data["key"])


LINES = st.lists(st.one_of(st.just(""), st.text(st.sampled_from("ab :#'\"é😀"), min_size=1, max_size=8)), max_size=6)


@pytest.mark.parametrize("header", ["|", "|-", "|+", ">", ">-", ">+", "|2", ">2-", "| # why", ">+2"])
@given(lines=LINES, indent=st.integers(1, 4), line_break=BREAKS, last=st.booleans())
@example(lines=["a", "", " b", "c"], indent=2, line_break="\n", last=True)
@example(lines=["a", "b"], indent=2, line_break="\r\n", last=False)
@settings(max_examples=100)
def test_every_character_of_a_block_written_by_hand_has_its_place(
    header: str, lines: list[str], indent: int, line_break: str, last: bool
) -> None:
    """Any indentation and chomping, more indented lines, empty lines, blanks at their ends, CRLF, no last break."""
    indent = 2 if "2" in header else indent
    body = line_break.join(" " * indent + line if line.strip() else "" for line in lines)
    text = f"key: {header}{line_break}{body}" + (line_break if last else "")
    sink = Sink()
    document = parse_document(SourceFile("t.yaml", text), sink)
    assume(document is not None)
    assert document is not None

    check_places(document, document.data["key"])


@pytest.mark.parametrize("quote", ["", "'", '"'])
@given(
    words=st.lists(st.text(st.sampled_from("abé😀:"), min_size=1, max_size=6), min_size=1, max_size=6), data=st.data()
)
@settings(max_examples=100)
def test_every_character_of_folded_flow_text_has_its_place(quote: str, words: list[str], data: st.DataObject) -> None:
    """Words over several lines, with empty lines and blanks between them."""
    gap = st.sampled_from([" ", "  ", "\n  ", " \n  ", "\n\n  ", "\r\n   ", " \r\n \r\n  ", "\n\n\n "])
    body = "".join(word + data.draw(gap) for word in words[:-1]) + words[-1]
    sink = Sink()
    document = parse_document(SourceFile("t.yaml", f"key: {quote}{body}{quote}\n"), sink)
    assume(document is not None and isinstance(document.data, dict) and isinstance(document.data.get("key"), str))
    assert document is not None

    check_places(document, document.data["key"])


ESCAPES = {
    "\\n": "\n",
    "\\t": "\t",
    '\\"': '"',
    "\\\\": "\\",
    "\\x41": "A",
    "\\u00e9": "é",
    "\\U0001F600": "😀",
    "\\/": "/",
}


@given(parts=st.lists(st.one_of(st.sampled_from([*ESCAPES]), st.text("ab '", min_size=1, max_size=3)), max_size=8))
def test_an_escape_is_mapped_to_its_backslash(parts: list[str]) -> None:
    document = parsed('key: "' + "".join(parts) + '"\n')
    mapped = document.text(("key",))
    at = len('key: "')
    index = 0
    for part in parts:
        assert mapped.offset(index) == at
        index += 1 if part in ESCAPES else len(part)
        at += len(part)

    assert mapped.value == "".join(ESCAPES.get(part, part) for part in parts)


def test_a_doubled_quote_is_one_character_in_its_first_place() -> None:
    mapped = parsed("key: 'it''s x'\n").text(("key",))

    assert mapped.value == "it's x"
    assert [mapped.offset(index) - 6 for index in range(6)] == [0, 1, 2, 4, 5, 6]
    assert mapped.span(5, 6).text == "x"


def test_a_span_in_a_block_is_underlined_in_its_own_line() -> None:
    document = parsed("steps:\n  a:\n    keep: |\n      one\n      and two\n")
    mapped = document.text(("steps", "a", "keep"))
    span = mapped.span(mapped.value.index("two"), mapped.value.index("two") + 3)

    assert (span.text, span.begin.line, span.begin.column) == ("two", 5, 11)


def test_keys_and_values_have_their_places() -> None:
    text = "a: {\"b c\": [1, 'two', three]}\nd:\n  - e: >\n      f\n"
    document = parsed(text)

    assert document.key_span(("a",)).text == "a"
    assert document.key_span(("a", "b c")).text == '"b c"'
    assert document.span(("a", "b c", 1)).text == "'two'"
    assert document.span(("a",)).text == "{\"b c\": [1, 'two', three]}"
    assert document.head_span(("d",)).text == "- e: >"
    assert document.span(("d", 0, "nowhere")).text.startswith("e: >")


def test_a_merged_value_has_the_place_of_its_anchor() -> None:
    document = parsed("base: &b {x: 1, y: 2}\nother:\n  <<: *b\n  y: 3\n")

    assert document.data["other"] == {"y": 3, "x": 1}
    assert document.span(("other", "x")).begin.line == 1
    assert document.span(("other", "y")).begin.line == 4

"""Places: lines and columns from 1, counted in characters; spans half-open."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atk_interp.source import MappedText, Position, SourceFile

TEXTS = st.text(st.sampled_from("ab é😀\t\r\n"), max_size=40)


@given(TEXTS, st.integers(-3, 50))
def test_an_offset_survives_the_way_to_line_and_column_and_back(text: str, offset: int) -> None:
    file = SourceFile("t", text)
    place = file.position(offset)

    assert file.offset(place.line, place.column) == max(0, min(offset, len(text)))
    assert 1 <= place.line <= file.line_count


@given(TEXTS)
def test_the_lines_of_a_file_hold_all_of_it_but_the_breaks(text: str) -> None:
    file = SourceFile("t", text)

    assert [file.line(n) for n in range(1, file.line_count + 1)] == [line.rstrip("\r") for line in text.split("\n")]
    assert file.line(0) == file.line(file.line_count + 1) == ""


def test_columns_count_characters_not_bytes() -> None:
    assert SourceFile("t", "é😀x").position(2) == Position(1, 3)


def test_a_span_knows_its_text_and_both_its_ends() -> None:
    span = SourceFile("t", "one\ntwo three").span(4, 7)

    assert (span.text, span.begin, span.finish) == ("two", Position(2, 1), Position(2, 4))


def test_a_slice_of_a_mapped_text_keeps_the_places() -> None:
    file = SourceFile("t", "key: 'it''s so'")
    whole = MappedText.scattered("it's so", file, (6, 7, 8, 10, 11, 12, 13, 14))

    assert whole.slice(5).span().text == "so"
    assert whole.slice(3, 5).span(0, 1).text == "s"
    assert whole.span(2, 4).text == "''s"


@given(st.text("abc", max_size=8), st.integers(0, 10), st.integers(0, 10))
def test_a_span_of_a_mapped_text_is_never_reversed(value: str, start: int, end: int) -> None:
    span = MappedText.verbatim(value, SourceFile("t", "__" + value), 2).span(start, end)

    assert 2 <= span.start <= span.end <= 2 + len(value) + 1

"""Where a person is in a text that may be half typed: `¦` is the cursor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atk_interp.diagnostics import Sink
from atk_interp.document import Path, parse_document
from atk_interp.lsp.cursor import Cursor, cursor_at
from atk_interp.source import SourceFile


def at_mark(text: str) -> Cursor:
    return cursor_at(text.replace("¦", ""), text.index("¦"))


@pytest.mark.parametrize(
    ("text", "path", "before"),
    [
        ("a: 1\nb: ¦\n", ("b",), ""),
        ("a:\n  b:\n    c: one t¦wo\n    d: x", ("a", "b", "c"), "one t"),
        ("a: [x, {b: ¦y}]", ("a", 1, "b"), ""),
        ("a: {b: 1,\n  c: [x,\n  y¦]}", ("a", "c", 1), "y"),
        ('a: {b: "x, y: ¦z"}', ("a", "b"), '"x, y: '),
        ("a: 'it''s ¦'", ("a",), "'it''s "),
        ("a: |\n  one\n\n  two¦\nb: 1", ("a",), "  one\n\n  two"),
        ("a:\n  - b: >-\n      one: tw¦o\n    c: 1", ("a", 0, "b"), "      one: tw"),
        ("a:\n- b\n- c¦\nd: 1", ("a", 1), "c"),
        ("- a: 1\n- b:\n    - c: ¦", (1, "b", 0, "c"), ""),
        ("a:\n  b c: ¦x", ("a", "b c"), ""),
        ("a: &anchor ¦x", ("a",), ""),
        ('"a: b": ¦x', ("a: b",), ""),
        ("a: {b: [c\nd: ¦x", ("d",), ""),
        ("a: 'never closed\nd: ¦x", ("d",), ""),
    ],
)
def test_a_value_has_its_path_and_what_stands_before_it(text: str, path: Path, before: str) -> None:
    found = at_mark(text)

    assert (found.path, found.before, found.is_value) == (path, before, True)


@pytest.mark.parametrize(
    ("text", "path", "before"),
    [
        ("¦", (), ""),
        ("a: 1\n¦", (), ""),
        ("a: 1\nb¦", (), "b"),
        ("a: 1\nb¦: 2", (), "b"),
        ("a:\n  b: 1\n  ¦\n", ("a",), ""),
        ("a:\n  b:\n    c: 1\n  ¦\n", ("a",), ""),
        ("a:\n  b:\n    c: 1\n    ¦\n", ("a", "b"), ""),
        ("a: {¦}", ("a",), ""),
        ("a: {b: 1, c¦}", ("a",), "c"),
        ("- a: 1\n  ¦", (0,), ""),
        ("- a: 1\n- ¦", (1,), ""),
        ("a: |\n  text\n¦", (), ""),
        ("a:\n  b: 1\n\n  # a comment\n  c¦", ("a",), "c"),
    ],
)
def test_a_key_has_the_path_of_its_mapping(text: str, path: Path, before: str) -> None:
    found = at_mark(text)

    assert (found.path, found.before, found.is_key) == (path, before, True)


def test_windows_line_breaks_change_nothing() -> None:
    assert at_mark("a:\r\n  b:\r\n    c: d¦e\r\n").path == ("a", "b", "c")


_WORDS = st.text(alphabet="abcxyz", min_size=1, max_size=4).map(lambda text: f"k{text}")
_DATA: st.SearchStrategy[Any] = st.recursive(
    _WORDS,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_WORDS, inner, min_size=1, max_size=3),
    max_leaves=12,
)


def written(data: Any, indent: int = 0) -> str:
    """Data as YAML in blocks, as people write it."""
    pad = "  " * indent
    if isinstance(data, dict):
        lines = [f"{pad}{key}:{_behind(value, indent)}" for key, value in data.items()]
    else:
        lines = [f"{pad}-{_behind(value, indent)}" for value in data]
    return "\n".join(lines)


def _behind(value: Any, indent: int) -> str:
    return f" {value}" if isinstance(value, str) else "\n" + written(value, indent + 1)


@given(data=st.dictionaries(_WORDS, _DATA, min_size=1, max_size=3), flow=st.booleans())
@settings(max_examples=150, deadline=None)
def test_it_finds_the_path_that_a_parser_finds(data: dict[str, Any], flow: bool) -> None:
    text = f"top: {data!r}".replace("'", "") if flow else written(data)
    document = parse_document(SourceFile("x.yaml", text), Sink())
    assert document is not None

    for path, place in document.places.items():
        if isinstance(document.get(path), str):
            found = cursor_at(text, place.end)
            assert (found.path, found.before) == (path, text[place.start : place.end])


@given(text=st.text(alphabet="ab:-[]{}\"'|>#&*!,= \n\r\t😀", max_size=60), share=st.floats(0, 1))
@settings(max_examples=500, deadline=None)
def test_any_text_has_a_cursor(text: str, share: float) -> None:
    found = cursor_at(text, int(share * len(text)))

    assert 0 <= found.start <= len(text)

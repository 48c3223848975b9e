"""Offsets and positions: the code units that were agreed on, and the line breaks of the protocol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from atk_interp.lsp.positions import Positions

TEXT = "a😀b\r\nü\rc\u2028d\n"


@pytest.mark.parametrize(
    ("encoding", "b", "second", "d"),
    [("utf-16", 3, 1, 2), ("utf-8", 5, 2, 4), ("utf-32", 2, 1, 2)],
)
def test_a_position_counts_the_units_of_the_encoding(encoding: str, b: int, second: int, d: int) -> None:
    positions = Positions(TEXT, encoding)

    assert positions.position(TEXT.index("b")) == lsp.Position(0, b)
    assert positions.position(TEXT.index("ü") + 1) == lsp.Position(1, second)
    assert positions.position(TEXT.index("d")) == lsp.Position(2, d)  # U+2028 breaks no line in the protocol


@given(text=st.text(alphabet="a😀ü\u2028\n\r", max_size=20), encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_a_position_leads_back_to_its_character(text: str, encoding: str) -> None:
    positions = Positions(text, encoding)

    for offset in range(len(text) + 1):
        inside_break = text[offset - 1 : offset + 1] == "\r\n"
        assert inside_break or positions.offset(positions.position(offset)) == offset


def test_what_lies_beyond_is_the_end() -> None:
    positions = Positions("ab\ncd")

    assert positions.offset(lsp.Position(0, 99)) == 2
    assert positions.offset(lsp.Position(9, 0)) == 5
    assert positions.position(99) == lsp.Position(1, 2)

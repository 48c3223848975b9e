"""A late pattern does what a compiled one does, and is compiled when it is first used."""

from __future__ import annotations

import re

import pytest

from atk_interp.patterns import pattern


def test_it_finds_what_the_compiled_one_finds() -> None:
    late, compiled = pattern(r"(?P<word>B\w+)", re.IGNORECASE), re.compile(r"(?P<word>B\w+)", re.IGNORECASE)
    for text in ("a bee", "", "Bees buzz"):
        assert [found["word"] for found in late.finditer(text)] == [found["word"] for found in compiled.finditer(text)]
        assert late.sub("-", text) == compiled.sub("-", text)
        assert bool(late.match(text)) == bool(compiled.match(text))
    assert (late.pattern, late.flags, late.groupindex) == (compiled.pattern, compiled.flags, compiled.groupindex)
    assert pattern(rb"\d").findall(b"1a2") == [b"1", b"2"]


def test_a_mistake_comes_out_at_the_first_use() -> None:
    late = pattern("(")
    with pytest.raises(re.error):
        late.match("")

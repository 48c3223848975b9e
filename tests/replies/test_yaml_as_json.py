"""What is written the same in YAML and in JSON is understood the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from atk_interp.replies import build_reader
from atk_interp.values import Value, encode

WORDS = st.text("abno17.- ", min_size=1, max_size=6).map(lambda word: f"x{word}") | st.sampled_from(["no", "7", "true"])
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(-1e6, 1e6).map(lambda n: round(n, 3))
VALUES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
MEMBERS: dict[str, Any] = {"a": "any", "b": "list", "c": "record", "d": {"type": "list", "optional": True}}


@given(VALUES, st.lists(VALUES, max_size=3), st.dictionaries(WORDS, VALUES, max_size=3), st.none() | st.lists(WORDS))
def test_untyped_values_are_those_of_json(a: Value, b: list[Value], c: dict[str, Value], d: list[str] | None) -> None:
    said = encode({"a": a, "b": b, "c": c, "d": d}).decode()
    fenced = f"```\n{said}\n```"
    assert build_reader({"yaml": MEMBERS}).read(fenced) == build_reader({"json": MEMBERS}).read(fenced)

"""Canonical JSON, and ids that follow from content."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.values import Row, canonical, content_hash, decode, encode, root_id, row_id

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_a_value_survives_both_encodings(value: Any) -> None:
    assert decode(canonical(value)) == decode(encode(value)) == value


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=5))
def test_the_order_of_keys_does_not_count(record: dict[str, Any]) -> None:
    turned = dict(reversed(record.items()))

    assert canonical(turned) == canonical(record)
    assert list(json.loads(encode(turned))) == list(turned)


@pytest.mark.parametrize(
    ("value", "bytes_"),
    [
        ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
        ({"é": "ü\n"}, '{"é":"ü\\n"}'.encode()),
        (1.0, b"1.0"),
        (1e300, b"1e+300"),
        ({"B": 1, "a": 2}, b'{"B":1,"a":2}'),
    ],
)
def test_the_canonical_form_is_fixed(value: Any, bytes_: bytes) -> None:
    """Golden values: hashes of paid calls depend on them."""
    assert canonical(value) == bytes_


def test_hashes_are_fixed() -> None:
    whole = content_hash("atk-row-v1", ["x", 0])

    assert whole == "f3df2507d282abbb0fe55d21e60d88a0e3d57600e94984dcdb5c8a6b41542491"
    assert root_id("x", 0) == whole[:20]
    assert row_id("p", 1) == "6d02e574fa551cb75559"


def test_one_domain_never_answers_for_another() -> None:
    assert content_hash("a", "bc") != content_hash("ab", "c")
    assert content_hash("atk-row-v1", 1) != content_hash("atk-record-v1", 1)


@pytest.mark.parametrize("value", [{1, 2}, object(), 2**64, "\ud800", {"a": b"x"}])
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_broken_json_is_refused() -> None:
    with pytest.raises(ValueError, match="unexpected"):
        decode("{")


def test_a_row_has_the_id_of_its_content_and_its_way() -> None:
    parent = root_id({"text": "a"}, 0)

    assert parent == root_id({"text": "a"}, 0) != root_id({"text": "a"}, 1)
    assert row_id(parent, 0) != row_id(parent, 1) != row_id(root_id("b", 0), 1)
    assert len(parent) == len(row_id(parent, 0)) == 20


def test_a_changed_row_is_a_new_one() -> None:
    row = Row("id", "a.txt", (0,), {"a": 1, "b": 2}, "parent")

    assert row.replaced({"c": 1}).fields == {"c": 1}
    assert row.fields == {"a": 1, "b": 2}
    assert row.replaced({}).parent == "parent"

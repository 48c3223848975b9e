"""What fits at a glance is what cerberus accepts: a property over schemas like ours and data like an author's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds import KIND_OPTIONS
from atk_interp.replies import REPLY_KINDS
from atk_interp.spec import schema as schemas
from atk_interp.spec.fitting import fits
from atk_interp.spec.options import cerberus_schema
from atk_interp.spec.validate import errors_of

TYPES = ["integer", "number", "boolean", "string", "formula", "list", "dict"]
SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, float("nan"), "", "a", "b", "=a", "abc"])
)
KEYS = st.sampled_from(["a", "b", "c", "abc"])
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def rules(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """The rules of one value; `inner` are rules of what it holds."""
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True),
            "required": st.booleans(),
            "nullable": st.booleans(),
            "empty": st.booleans(),
            "min": st.integers(-1, 1),
            "max": st.integers(-1, 2),
            "minlength": st.integers(0, 2),
            "maxlength": st.integers(0, 2),
            "allowed": st.just(["a", "abc", 1]),
            "forbidden": st.just(["b", 2]),
            "regex": st.just("a.*"),
            "valuesrules": inner,
            "keysrules": st.just({"forbidden": ["a"]}),
            "schema": inner | st.dictionaries(KEYS, inner, min_size=1, max_size=2),
            "meta": st.just({"help": "What it is for."}),
        },
    )


SCHEMAS = st.dictionaries(KEYS, st.recursive(st.just({}), rules, max_leaves=3), max_size=3)


@given(st.dictionaries(KEYS, DATA, max_size=3), SCHEMAS)
def test_what_fits_is_valid(data: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    if fits(data, schema):
        assert errors_of(data, schema) == []


OURS: dict[str, Mapping[str, Any]] = {
    **{name: value for name, value in vars(schemas).items() if name.endswith("_SCHEMA")},
    **{f"kind {name}": cerberus_schema(options) for name, options in KIND_OPTIONS.items()},
    **{f"output {name}": cerberus_schema(output.options) for name, output in OUTPUTS.items()},
    **{f"reply {name}": {name: kind.value_schema, **kind.schema} for name, kind in REPLY_KINDS.items()},
}


@pytest.mark.parametrize("schema", OURS.values(), ids=OURS)
def test_every_schema_of_ours_is_one_that_cerberus_takes(schema: Mapping[str, Any]) -> None:
    """A schema with a slip would go unseen as long as every mapping fits."""
    errors_of({}, schema)


@pytest.mark.parametrize(
    ("data", "schema"),
    [
        ({"a": 1, "b": "x"}, {"a": {"type": "integer", "min": 1}, "b": {"type": "string", "meta": {"help": ""}}}),
        ({"a": "=x"}, {"a": {"type": ["integer", "formula"], "min": 1, "max": 3}}),
        ({"a": ["x"]}, {"a": {"type": ["string", "list"], "schema": {"type": "string"}}}),
        ({"a": {"b": {"c": 1}}}, {"a": {"type": "dict", "schema": {"b": {"type": "dict"}}}}),
        ({"a": {"x": True}}, {"a": {"type": "dict", "valuesrules": {"type": ["string", "boolean"]}, "minlength": 1}}),
    ],
)
def test_what_authors_write_fits_without_cerberus(data: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    assert fits(data, schema)

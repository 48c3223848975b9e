"""Values written as YAML are read as the same values."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from atk_interp.diagnostics import Sink
from atk_interp.diagnostics.render import render_text
from atk_interp.document import parse_document
from atk_interp.reference.yaml_text import flow, yaml_text
from atk_interp.source import SourceFile

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t #:-'\"{}[],|=&*!"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), inner),
    max_leaves=12,
)


def read(text: str) -> Any:
    sink = Sink()
    document = parse_document(SourceFile("test.yaml", text), sink)
    assert document is not None
    assert not sink.has_errors, f"{text}\n{render_text(sink.sorted())}"
    return document.data["value"]


@given(VALUES)
@example("a\nb\n")
@example("a\n\nb\n")
@example(" a\nb\n")
@example("a\nb\n\n")
@example(1e300)
@example("no")
@example([{"a": ["x" * 90, {"b": "y" * 90}]}, "z"])
def test_what_is_written_reads_as_the_same_value(value: Any) -> None:
    assert read(yaml_text({"value": value}) + "\n") == value
    assert read(f"value: {flow(value)}") == value


def test_short_parts_stay_on_a_line_and_texts_of_several_lines_become_blocks() -> None:
    value = {"kind": "generate", "parse": {"pattern": "Q: {q}\nA: {a}\n", "many": True}, "from": ["a", "b"]}

    assert (
        yaml_text(value) == "kind: generate\nparse:\n  pattern: |\n    Q: {q}\n    A: {a}\n  many: true\nfrom: [a, b]"
    )

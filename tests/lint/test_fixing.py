"""Mending: what fixes do to a text, and what they leave as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.diagnostics import Edit
from atk_interp.lint.check import Wishes
from atk_interp.lint.fixing import Change, applied, mend, written
from atk_interp.source import SourceFile, Span

SPEC = """spec: atk/v1   # atk: ignore[ATK522] old
name: x
# atk: ignore[ATK523, ATK521] older
steps: {a: {kind: rows, rows: [{text: one}]}}  # why so
# atk: ignore[ATK301] oldest
outputs: {a.jsonl: {from: a, format: jsonl}}
"""
CLEAN = """spec: atk/v1
name: x
steps: {a: {kind: rows, rows: [{text: one}]}}  # why so
outputs: {a.jsonl: {from: a, format: jsonl}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "pipeline.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_all_fixes_of_what_is_told_are_applied_and_nothing_is_written(spec: Path) -> None:
    mended = mend([spec])

    assert [change.after for change in mended.changes] == [CLEAN]
    assert [finding.code.name for finding in mended.findings] == ["unused-ignore"] * 3
    assert mended.checked.report.findings == ()
    assert spec.read_text() == SPEC


def test_what_is_not_told_is_not_mended(spec: Path) -> None:
    assert mend([spec], Wishes(ignore=("unused-ignore",))).changes == ()


def test_another_file_than_the_only_one_is_left_alone(spec: Path) -> None:
    assert mend([spec], only=spec.with_name("other.yaml")).changes == ()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_and_the_byte_order_mark_stay(spec: Path, mark: bytes, newline: str) -> None:
    data = mark + SPEC.replace("\n", newline).encode()
    spec.write_bytes(data)
    (change,) = mend([spec]).changes

    assert written(change, data) == mark + CLEAN.replace("\n", newline).encode()


def test_a_file_that_changed_meanwhile_is_not_overwritten() -> None:
    change = Change(Path("x"), SourceFile("x", "old"), "new")

    with pytest.raises(ValueError, match="changed"):
        written(change, b"other")


def test_an_insertion_of_lines_follows_the_line_ends_of_the_file() -> None:
    file = SourceFile("x", "a\r\nb\r\n")

    assert applied([Edit(Span(file, 3, 3), "new\n")]) == "a\r\nnew\r\nb\r\n"


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.text("xyz", max_size=3)), max_size=6))
def test_edits_that_do_not_touch_are_applied_as_if_one_after_the_other(given_: list[tuple[int, int, str]]) -> None:
    file = SourceFile("x", "abcdefghijklmnopqrstuvw")
    edits: list[Edit] = []
    expected, last = "", 0
    for start, length, text in sorted(given_):
        if start >= last and (not edits or start > edits[-1].span.start):
            edits.append(Edit(Span(file, start, start + length), text))
            expected += file.text[last:start] + text
            last = start + length
    if edits:
        assert applied(edits) == expected + file.text[last:]

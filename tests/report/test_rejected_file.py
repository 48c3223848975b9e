"""`rejected.jsonl`, grouped without being loaded."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from atk_interp.report.rejected import Group, grouped, lines_of, read_at
from atk_interp.values import encode


def record(number: int, label: str = "too short", step: str = "ask", **more: Any) -> bytes:
    fields = {"text": f"text {number}", **more}
    attempts = [{"sample": 0, "attempt": 0, "reason": label, "reply": "no", "finish": "stop"}]
    head = {"step": step, "outcome": "rejected", "label": label, "row": f"row{number}", "source": "a.txt"}
    return encode({**head, "fields": fields, "attempts": attempts}) + b"\n"


def written(folder: Path, *lines: bytes) -> Path:
    path = folder / "rejected.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def test_records_are_grouped_by_step_and_label_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path, *(record(number, ("too short", "too long")[number % 3 == 0]) for number in range(9)))
    groups = grouped(path, 2)
    assert [(group.step, group.outcome, group.label, group.count) for group in groups] == [
        ("ask", "rejected", "too long", 3),
        ("ask", "rejected", "too short", 6),
    ]
    assert [len(group.examples) for group in groups] == [2, 2]
    assert {read_at(path, at).label for at in groups[0].examples} == {"too long"}


def test_the_examples_are_the_same_in_whatever_order_the_records_stand(tmp_path: Path) -> None:
    lines = [record(number) for number in range(100)]

    def rows() -> set[str]:
        (group,) = grouped(path, 3)
        return {read_at(path, at).row for at in group.examples}

    path = written(tmp_path, *lines)
    first = rows()
    path = written(tmp_path, *reversed(lines))
    assert rows() == first
    assert len(first) == 3
    assert first != {"row0", "row1", "row2"}


def test_quotes_and_other_scripts_in_a_label_are_read_as_they_are(tmp_path: Path) -> None:
    label = 'is "quoted" \\ and späť \n on two lines'
    path = written(tmp_path, record(1, label))
    (group,) = grouped(path, 1)
    assert group.label == label


def test_half_a_line_and_what_is_no_record_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, b"what\n", b'{"step":1}\n', record(1), record(2)[:-20])
    assert [line.row for line in lines_of(path)] == [b'"row1"']


def test_no_file_has_no_groups(tmp_path: Path) -> None:
    assert grouped(tmp_path / "rejected.jsonl", 1) == []


def test_a_place_without_a_record_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, b"{}\n")
    with pytest.raises(ValueError, match="no record"):
        read_at(path, 0)


def test_labels_that_never_repeat_become_one_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atk_interp.report.rejected._MOST_GROUPS", 3)
    path = written(tmp_path, *(record(number, f"reason {number}") for number in range(10)))
    assert [(group.label, group.count) for group in grouped(path, 1)] == [
        ("reason 0", 1),
        ("reason 1", 1),
        ("reason 2", 1),
        ("other reasons than these", 7),
    ]


def test_a_long_file_takes_no_more_memory_than_its_groups(tmp_path: Path) -> None:
    path = written(tmp_path, *(record(number, text="x" * 2_000) for number in range(5_000)))
    tracemalloc.start()
    try:
        (group,) = grouped(path, 3)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(group, Group)
    assert group.count == 5_000
    assert peak < 500_000 < path.stat().st_size

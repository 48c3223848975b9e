"""The first rows of an output, as what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.report.first_rows import Message, Shown, first_rows


def rows(folder: Path, *records: Any, name: str = "out.jsonl") -> list[Shown]:
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return first_rows(path, 2)


def test_only_so_many_rows_are_read(tmp_path: Path) -> None:
    assert rows(tmp_path, {"n": 1}, {"n": 2}, {"n": 3}) == [Shown(fields=(("n", 1),)), Shown(fields=(("n", 2),))]


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "n": 1},
        {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}], "n": 1},
    ],
)
def test_conversations_of_both_formats_are_conversations(tmp_path: Path, record: Any) -> None:
    assert rows(tmp_path, record) == [Shown((Message("user", "a"), Message("assistant", "b")), (("n", 1),))]


def test_what_is_trained_on_is_known(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "a", "train": False}, {"role": "assistant", "content": "b", "weight": 1}]
    (row,) = rows(tmp_path, {"messages": turns})
    assert [message.trains for message in row.messages] == [False, True]


@pytest.mark.parametrize("messages", [[], "text", [1], [{"role": "user"}], [{"role": 1, "content": "x"}]])
def test_what_only_looks_like_a_conversation_is_a_field(tmp_path: Path, messages: Any) -> None:
    assert rows(tmp_path, {"messages": messages}) == [Shown(fields=(("messages", messages),))]


def test_a_file_of_text_is_shown_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    path.write_text("# A card\n" + "é" * 30_000)
    (shown,) = first_rows(path, 2)
    assert shown.text.startswith("# A card\néé")
    assert len(shown.text) <= 20_000


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01" * 9, b"{broken\n", b""])
def test_what_cannot_be_shown_is_not(tmp_path: Path, content: bytes) -> None:
    for name in ("out.jsonl", "out.parquet"):
        (tmp_path / name).write_bytes(content)
    assert first_rows(tmp_path / "out.jsonl", 2) == []
    assert content == b"{broken\n" or first_rows(tmp_path / "out.parquet", 2) == []
    assert first_rows(tmp_path / "none.jsonl", 2) == []

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.formats.conversations import ConversationError, conversation
from atk_interp.llm.messages import Request
from support.one_step import applied
from support.pipelines import run

TALKS = [
    {
        "id": 1,
        "conversations": [
            {"from": "system", "value": "Be brief."},
            {"from": "human", "value": "Hi"},
            {"from": "gpt", "value": "Hello"},
            {"from": "human", "value": "Bye"},
            {"from": "gpt", "value": "So long"},
        ],
    },
    {"id": 2, "messages": [{"role": "user", "content": "No"}, {"role": "assistant", "content": "REFUSE"}]},
    {
        "id": 3,
        "messages": [
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "1"},
            {"role": "user", "content": "Two"},
            {"role": "assistant", "content": "REFUSE"},
        ],
    },
]


def lines(path: Path, records: list[Any]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def test_both_styles_of_conversations_have_one_shape(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", TALKS[:2])
    found = applied("read", {"path": str(tmp_path), "as": "conversations", "fields": {"id": "int"}})
    assert found.fields == [
        {
            "id": 1,
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": "Bye"},
                {"role": "assistant", "content": "So long"},
            ],
            "system": "Be brief.",
        },
        {"id": 2, "messages": TALKS[1]["messages"], "system": None},
    ]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"text": "no talk"}, "no conversation: neither `messages` nor `conversations` is a list"),
        ({"messages": []}, "no messages in the conversation"),
        ({"messages": [{"role": "system", "content": "alone"}]}, "no messages in the conversation"),
        ({"messages": ["Hi"]}, "message 1 is no record"),
        ({"messages": [{"role": "narrator", "content": "x"}]}, "message 1 has the role `narrator`, which is none"),
        ({"messages": [{"role": "user", "content": None}]}, "message 1 has no text"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "message 1 has no text"),
    ],
)
def test_what_is_no_conversation_is_told(record: dict[str, Any], told: str) -> None:
    with pytest.raises(ConversationError) as error:
        conversation(record)
    assert str(error.value) == told


def test_a_broken_conversation_costs_no_other(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [TALKS[1], {"messages": 1}, TALKS[2]])
    (tmp_path / "b.txt").write_text("a text")
    found = applied("read", {"path": str(tmp_path), "as": "conversations"})
    assert [len(fields["messages"]) for fields in found.fields] == [2, 4]
    assert [(note.where, note.message) for note in found.notes] == [
        ("a.jsonl line 2", "no conversation: neither `messages` nor `conversations` is a list; skipped"),
        ("b.txt", "the file is a text and no conversation; skipped"),
    ]


def test_texts_in_parts_and_further_fields_are_kept() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    given: dict[str, Any] = {
        "system": "Be kind.",
        "messages": [{"role": "user", "content": parts, "weight": 0}],
        "n": 1,
    }
    assert conversation(given) == {
        "n": 1,
        "messages": [{"role": "user", "content": "ab", "weight": 0}],
        "system": "Be kind.",
    }


SPEC = """
steps:
  talks: {kind: read, path: talks, as: conversations, fields: {id: int}}
  parted: {kind: map, from: talks, set: {turns: =messages | turns, wanted: =messages | turns | length}}
  each: {kind: explode, from: parted, field: turns, into: turn}
  better: {kind: generate, from: each, model: m, prompt: ask, parse: {tag: answer}, attempts: 1}
  whole:
    kind: group
    from: better
    by: id
    collect:
      pairs: '=[{"role": "user", "content": turn.user}, {"role": "assistant", "content": answer}]'
    first: [id, wanted, system]
    whole: count == wanted
  again: {kind: map, from: whole, set: {messages: =pairs | flatten}}
outputs:
  talks.jsonl: {from: again, format: jsonl, fields: {id: =id, system: =system, messages: =messages}}
"""
PROMPT = """\
- user: "{{ turn.history | map(attribute='content') | join(', ') }}: {{ turn.user }} - {{ turn.assistant }}"
"""


async def test_conversations_are_rewritten_turn_by_turn_all_of_one_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "talks").mkdir()
    lines(tmp_path / "talks" / "a.jsonl", TALKS)

    def model(request: Request) -> str:
        said = str(request.messages[-1].content)
        return "I cannot." if "REFUSE" in said else f"<answer>{said}!</answer>"

    ran = await run(tmp_path, SPEC, model, prompts={"ask": PROMPT})
    assert len(ran.requests) == 5
    assert ran.rows == [
        {
            "id": 1,
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": ": Hi - Hello!"},
                {"role": "user", "content": "Bye"},
                {"role": "assistant", "content": "Hi, Hello: Bye - So long!"},
            ],
        }
    ]


def test_documents_of_all_kinds_are_read_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.html").write_text("<p>two</p>")
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "c.csv").write_text("text,n\nthree,3\n")
    (tmp_path / "d.pdf").write_text("no pdf")
    found = applied("read", {"path": str(tmp_path)})
    assert [(row.source, row.fields["text"]) for row in found.rows] == [
        ("a.txt", "one"),
        ("b.html", "two"),
        ("c.csv", "three"),
    ]
    assert [note.message for note in found.notes] == ["the file is damaged or no PDF; skipped"]

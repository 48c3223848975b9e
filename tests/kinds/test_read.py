from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow  # type: ignore[import-untyped]
import pytest
from pyarrow import parquet

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


TYPED = {"q": "text", "n": "int", "share": "float", "ok": "bool", "tags": "list", "more": "record", "z": "any"}


def test_declared_types_are_read_from_the_texts_of_a_table(tmp_path: Path) -> None:
    rows = [
        "q,n,share,ok,tags,more,z",
        '007,007, 3 ,true,"[1, ""a""]",{},',
        ',-1,-1.5e3,False,[],"{""a"": null}",5',
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    found = applied("read", {"path": str(tmp_path), "fields": TYPED})
    assert found.fields == [
        {"q": "007", "n": 7, "share": 3.0, "ok": True, "tags": [1, "a"], "more": {}, "z": ""},
        {"q": "", "n": -1, "share": -1500.0, "ok": False, "tags": [], "more": {"a": None}, "z": "5"},
    ]
    assert type(found.fields[0]["share"]) is float
    assert found.notes == []


@pytest.mark.parametrize(
    ("type_", "cell", "told"),
    [
        ("int", "5.0", 'the field `v` is not a whole number ("5.0"); skipped'),
        ("int", "", "the field `v` is empty, not a whole number; skipped"),
        ("int", str(2**64), 'the field `v` is not a whole number ("18446744073709551616"); skipped'),
        ("float", "1_000", 'the field `v` is not a number ("1_000"); skipped'),
        ("float", "nan", 'the field `v` is not a number ("nan"); skipped'),
        ("float", "1e999", 'the field `v` is not a number ("1e999"); skipped'),
        ("bool", "yes", 'the field `v` is neither true nor false ("yes"); skipped'),
        ("list", "{}", 'the field `v` is not a list ("{}"); skipped'),
        ("list", f"[{2**64}]", 'the field `v` is not a list ("[18446744073709551616]"); skipped'),
        ("record", "x", 'the field `v` is not a mapping ("x"); skipped'),
    ],
)
def test_a_cell_of_another_type_costs_its_line(tmp_path: Path, type_: str, cell: str, told: str) -> None:
    (tmp_path / "a.csv").write_text(f"q,v\none,{cell}\n")
    found = applied("read", {"path": str(tmp_path), "fields": {"q": "text", "v": type_}})
    assert found.fields == []
    assert [(note.where, note.message) for note in found.notes] == [("a.csv line 2", told)]


def test_a_whole_number_that_pandas_made_decimal_is_told_with_what_takes_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("v\n5.0\n99999999999999999999\n")
    found = applied("read", {"path": str(tmp_path), "fields": {"v": "int"}})
    assert [note.help for note in found.notes] == ["declare `v: float` to take it", ""]


@pytest.mark.parametrize(
    ("type_", "value", "told"),
    [
        ("text", None, "the field `v` holds null, not a text; skipped"),
        ("text", 5, "the field `v` holds a number, not a text (5); skipped"),
        ("int", "3", 'the field `v` holds a text, not a whole number ("3"); skipped'),
        ("int", 5.5, "the field `v` holds a number, not a whole number (5.5); skipped"),
        ("int", True, "the field `v` holds true or false, not a whole number (true); skipped"),
        ("float", False, "the field `v` holds true or false, not a number (false); skipped"),
        ("bool", 1, "the field `v` holds a number, neither true nor false (1); skipped"),
        ("list", {}, "the field `v` holds a record, not a list; skipped"),
        ("record", [1], "the field `v` holds a list, not a mapping; skipped"),
    ],
)
@pytest.mark.parametrize("optional", [False, True])
def test_a_value_of_another_type_costs_its_record(
    tmp_path: Path, type_: str, value: Any, told: str, optional: bool
) -> None:
    lines(tmp_path / "a.jsonl", [{"v": value}])
    declared = {"type": type_, "optional": True} if optional else type_
    found = applied("read", {"path": str(tmp_path), "fields": {"v": declared}})
    if optional and value is None:
        assert found.fields == [{"v": None}]
        return
    assert found.fields == []
    assert [(note.where, note.message) for note in found.notes] == [("a.jsonl line 1", told)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.parquet"])
def test_what_is_optional_is_none_where_it_is_missing_or_null(tmp_path: Path, name: str) -> None:
    records = [{"q": "one", "hint": "h", "n": 2}, {"q": "two", "hint": None, "n": None}]
    if name == "a.jsonl":
        lines(tmp_path / name, [*records, {"q": "three"}])
    elif name == "a.json":
        (tmp_path / name).write_text(json.dumps([*records, {"q": "three"}]))
    elif name == "a.csv":
        (tmp_path / name).write_text("q,hint,n\none,h,2\ntwo,,\nthree,,\n")
    else:
        parquet.write_table(pyarrow.Table.from_pylist([*records, {"q": "three"}]), tmp_path / name)
    rules = {"hint": {"type": "text", "optional": True}, "n": {"type": "int", "optional": True}}
    found = applied("read", {"path": str(tmp_path), "fields": {"q": "text", **rules}})
    assert found.fields == [*records, {"q": "three", "hint": None, "n": None}]
    assert found.notes == []


def test_a_text_has_none_in_an_optional_field(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    found = applied("read", {"path": str(tmp_path), "fields": {"text": "text", "n": {"type": "int", "optional": True}}})
    assert found.fields == [{"text": "one", "n": None}]


def test_a_field_of_any_type_may_be_null_and_may_not_be_missing(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [{"value": None, "q": 1}, {"q": 2}])
    found = applied("read", {"path": str(tmp_path), "fields": {"value": "any"}})
    assert found.fields == [{"value": None, "q": 1}]
    assert [(note.message, note.help) for note in found.notes] == [
        (
            "no field `value`; skipped",
            "its fields are `q`; where only some records have it, declare `value: {type: any, optional: true}`",
        )
    ]


def test_records_with_the_same_fault_are_counted_whatever_they_hold(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [{"v": str(number)} for number in range(30)])
    found = applied("read", {"path": str(tmp_path), "fields": {"v": "int"}})
    assert len(found.notes) == 21
    assert found.notes[-1].message == (
        "10 further lines with the same fault (the field `v` holds a text, not a whole number); skipped"
    )


def test_a_whole_number_is_a_number_where_one_is_declared(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", [{"v": 3}])
    [fields] = applied("read", {"path": str(tmp_path), "fields": {"v": "float"}}).fields
    assert repr(fields["v"]) == "3.0"


def test_an_object_with_some_of_the_optional_fields_is_a_record(tmp_path: Path) -> None:
    optional = {"type": "any", "optional": True}
    (tmp_path / "a.json").write_text('{"a": 1, "data": [{"x": 1}]}')
    (tmp_path / "b.json").write_text('{"data": [{"b": 1}]}')
    found = applied("read", {"path": str(tmp_path), "fields": {"a": optional, "b": optional}})
    assert [(fields["a"], fields["b"]) for fields in found.fields] == [(1, None), (None, 1)]

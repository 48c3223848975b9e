from __future__ import annotations

import json

import pytest

from atk_interp.formats.outputs import OUTPUTS
from atk_interp.formats.writers import WRITERS, Content, RecordError

SYSTEM, USER, ASSISTANT, TOOL = ("system", "Be kind."), ("user", "Why?"), ("assistant", "Because."), ("tool", "42")


def test_every_format_is_found_by_its_name() -> None:
    assert list(WRITERS) == list(OUTPUTS)
    assert {name: writer.takes for name, writer in WRITERS.items()} == {
        "jsonl": "fields",
        "sharegpt": "messages",
        "chat": "messages",
        "alpaca": "parts",
        "completion": "parts",
        "segments": "parts",
        "preference": "parts",
        "calls": "parts",
        "document": "fields",
        "classifier": "fields",
        "csv": "fields",
        "parquet": "fields",
    }


def test_jsonl_keeps_the_order_of_the_fields() -> None:
    assert WRITERS["jsonl"].record({"b": "é\n", "a": [1, None, {"x": 0.5}]}) == (
        '{"b":"é\\n","a":[1,null,{"x":0.5}]}\n'.encode()
    )


def test_sharegpt_names_the_roles_its_own_way() -> None:
    assert json.loads(WRITERS["sharegpt"].record([SYSTEM, USER, ASSISTANT, TOOL, TOOL, ASSISTANT])) == {
        "conversations": [
            {"from": "system", "value": "Be kind."},
            {"from": "human", "value": "Why?"},
            {"from": "gpt", "value": "Because."},
            {"from": "tool", "value": "42"},
            {"from": "tool", "value": "42"},
            {"from": "gpt", "value": "Because."},
        ]
    }


def test_chat_is_written_as_the_chat_api_has_it() -> None:
    assert WRITERS["chat"].record([USER, ASSISTANT]) == (
        b'{"messages":[{"role":"user","content":"Why?"},{"role":"assistant","content":"Because."}]}\n'
    )


@pytest.mark.parametrize("name", ["sharegpt", "chat"])
@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "the conversation is empty"),
        ([USER, ("assistant", " \n")], "message 2 (`assistant`) is empty"),
        ([SYSTEM, USER], "the conversation has no assistant message"),
        ([USER, SYSTEM, ASSISTANT], "message 2 is a system message, and only the first may be one"),
        ([SYSTEM, SYSTEM, USER, ASSISTANT], "message 2 is a system message, and only the first may be one"),
        ([USER, ("human", "x")], "message 2 has the role `human`; there are system, user, assistant, tool"),
        ({"a": "b"}, "the format takes messages, and got fields"),
    ],
)
def test_bad_conversations_are_refused_by_every_format(name: str, messages: Content, reason: str) -> None:
    with pytest.raises(RecordError) as refusal:
        WRITERS[name].record(messages)
    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([USER, USER, ASSISTANT], "a message of `user` follows one of `user`"),
        ([USER, ASSISTANT, ASSISTANT], "a message of `assistant` follows one of `assistant`"),
        ([USER, TOOL, ASSISTANT], "a message of `tool` follows one of `user`"),
        ([SYSTEM, ASSISTANT], "the conversation begins with a message of `assistant`, not of `user`"),
    ],
)
def test_sharegpt_wants_turns_to_alternate_and_chat_does_not(messages: Content, reason: str) -> None:
    with pytest.raises(RecordError) as refusal:
        WRITERS["sharegpt"].record(messages)
    assert str(refusal.value) == reason
    assert WRITERS["chat"].record(messages)


def test_chat_wants_the_last_word_to_be_the_assistants_and_sharegpt_does_not() -> None:
    messages = [USER, ASSISTANT, USER]
    with pytest.raises(RecordError, match="ends with a message of `user`, not of `assistant`"):
        WRITERS["chat"].record(messages)
    assert WRITERS["sharegpt"].record(messages)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({}, "the row has no fields to write"),
        ([USER], "the format takes fields, and got messages"),
        ({"a": [{"b": float("nan")}]}, "the row holds the number nan, which JSON cannot hold"),
        ({"a": float("inf")}, "the row holds the number inf, which JSON cannot hold"),
        ({"a": "\ud800"}, "the row cannot be written as JSON: str is not valid UTF-8: surrogates not allowed"),
    ],
)
def test_jsonl_refuses_what_json_cannot_hold(content: Content, reason: str) -> None:
    with pytest.raises(RecordError) as refusal:
        WRITERS["jsonl"].record(content)
    assert str(refusal.value) == reason

"""Filters for conversations: parted into turns, and lists of lists put together again."""

from __future__ import annotations

from itertools import pairwise

from atk_interp.expressions.bounds import MAX_ITEMS, MAX_SIZE, TooLarge, size
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions.model import Example, Function
from atk_interp.expressions.kinds import Kind
from atk_interp.expressions.types import ANY, TEXT, ListType, RecordType, Type

__all__ = ["CONVERSATION_FILTERS"]

_MESSAGES = ListType(RecordType({}, open=True))
_TURNS = ListType(RecordType({"user": TEXT, "assistant": TEXT, "history": _MESSAGES}))


def _turns(messages: list[object]) -> list[object]:
    turns: list[object] = []
    total = 0
    said = [_said(message) for message in messages]
    for at, ((before, user), (role, assistant)) in enumerate(pairwise(said)):
        if (before, role) == ("user", "assistant"):
            total += size(messages[:at])
            if total > MAX_SIZE:
                raise TooLarge("the conversation is too long to give every turn its history")
            turns.append({"user": user, "assistant": assistant, "history": messages[:at]})
    return turns


def _said(message: object) -> tuple[object, object]:
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        raise OperandError("a message is a record with the texts `role` and `content`")
    return message.get("role"), message["content"]


def _flatten(items: list[object]) -> list[object]:
    flat: list[object] = []
    for item in items:
        flat.extend(item if isinstance(item, list) else [item])
        if len(flat) > MAX_ITEMS:
            raise TooLarge(f"a list has at most {MAX_ITEMS:,} items")
    return flat


def _flat(value: Type, _: tuple[Type, ...]) -> Type:
    return value.item if isinstance(value, ListType) and isinstance(value.item, ListType) else ListType(ANY)


CONVERSATION_FILTERS = (
    Function(
        "turns",
        frozenset([Kind.LIST]),
        _TURNS,
        _turns,
        "The turns of a conversation's messages: what the `user` said, what the `assistant` said to it, and the "
        "messages before as `history`. A message that belongs to no such pair is in the history of later ones alone.",
        Example(
            '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}] | turns',
            [{"user": "Hi", "assistant": "Hello", "history": []}],
        ),
        items=frozenset([Kind.RECORD]),
        in_jinja=False,
    ),
    Function(
        "flatten",
        frozenset([Kind.LIST]),
        _flat,
        _flatten,
        "One list of the items of all lists in it.",
        Example("[[1, 2], [3]] | flatten", [1, 2, 3]),
        in_jinja=False,
    ),
)

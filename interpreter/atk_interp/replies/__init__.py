"""Reading a reply: one parser per file, listed here, and the one entry `build_reader`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atk_interp.replies.base import (
    NO_RULES,
    FieldRule,
    Fields,
    OptionsError,
    Reader,
    ReplyExample,
    ReplyKind,
    ReplyUnreadable,
    Rules,
)
from atk_interp.replies.choice import CHOICE
from atk_interp.replies.cleaning import quoted
from atk_interp.replies.dialogue import DIALOGUE
from atk_interp.replies.json import JSON
from atk_interp.replies.list import LIST
from atk_interp.replies.number import NUMBER
from atk_interp.replies.options import flag
from atk_interp.replies.pattern import PATTERN
from atk_interp.replies.regex import REGEX
from atk_interp.replies.tag import TAG
from atk_interp.replies.tags import TAGS
from atk_interp.replies.text import TEXT_REPLY
from atk_interp.replies.usable import why_unusable

__all__ = [
    "NO_RULES",
    "REPLY_KINDS",
    "FieldRule",
    "Fields",
    "OptionsError",
    "Reader",
    "ReplyExample",
    "ReplyKind",
    "ReplyUnreadable",
    "Rules",
    "build_reader",
    "reply_kind",
    "why_unusable",
]

REPLY_KINDS: tuple[ReplyKind, ...] = (
    TEXT_REPLY,
    TAG,
    TAGS,
    PATTERN,
    CHOICE,
    NUMBER,
    LIST,
    JSON,
    REGEX,
    DIALOGUE,
)
"""Every parser, in the order in which people are told of them."""


def reply_kind(parse: Mapping[str, Any]) -> ReplyKind:
    """The one parser that `parse:` names. Raises `OptionsError` when it names none or several."""
    named = [kind for kind in REPLY_KINDS if kind.name in parse]
    if len(named) == 1:
        return named[0]
    if named:
        names = quoted([kind.name for kind in named])
        raise OptionsError(f"a reply is read in one way, not by {names} at once", (named[1].name,), "keep one of them")
    names = quoted([kind.name for kind in REPLY_KINDS])
    raise OptionsError("`parse` does not say how the reply is read", (), f"use one of {names}")


def build_reader(parse: Mapping[str, Any]) -> Reader:
    """The reader for a whole `parse:` mapping of literals. Raises `OptionsError` with the path inside it."""
    kind = reply_kind(parse)
    options = {key: value for key, value in parse.items() if key != kind.name}
    known = [*kind.schema, "many"] if kind.takes_many else [*kind.schema]
    for key in options:
        if key == "many" and not kind.takes_many:
            raise OptionsError(f"`{kind.name}` reads one answer and has no `many`", ("many",))
        if key not in known:
            raise OptionsError(f"unknown key `{key}` beside `{kind.name}`", (key,), f"there are {quoted(known)}")
    flag(options, "many")
    return kind.build(parse[kind.name], options)

"""Reading a reply: one parser per file, listed here, and the one entry `build_reader`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atk_interp.installed import Extended, failure, why_refused
from atk_interp.registry import Registry
from atk_interp.replies.base import (
    NO_RULES,
    Cue,
    CueForm,
    FieldRule,
    Fields,
    OptionsError,
    Reader,
    ReplyExample,
    ReplyKind,
    ReplyUnreadable,
    Rules,
)
from atk_interp.replies.cleaning import quoted
from atk_interp.replies.options import flag
from atk_interp.replies.usable import why_unusable

__all__ = [
    "NO_RULES",
    "REPLY_KINDS",
    "Cue",
    "CueForm",
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

_OWN: Mapping[str, ReplyKind] = Registry(
    __name__,
    {
        "text": "text:TEXT_REPLY",
        "tag": "tag:TAG",
        "tags": "tags:TAGS",
        "pattern": "pattern:PATTERN",
        "choice": "choice:CHOICE",
        "number": "number:NUMBER",
        "list": "list:LIST",
        "headings": "headings:HEADINGS",
        "json": "json:JSON",
        "yaml": "yaml:YAML",
        "rubric": "rubric:RUBRIC",
        "regex": "regex:REGEX",
        "dialogue": "dialogue:DIALOGUE",
        "python": "python:PYTHON",
    },
)


def _wrong(name: str, kind: Any) -> str | None:
    if not isinstance(kind, ReplyKind):
        return "is no `ReplyKind`"
    return None if kind.name == name else f"calls itself `{kind.name}`"


REPLY_KINDS: Mapping[str, ReplyKind] = Extended(_OWN, "atk_interp.replies", _wrong)
"""Every parser by its name, in the order in which people are told of them; imported when a `parse:` names it."""


def reply_kind(parse: Mapping[str, Any]) -> ReplyKind:
    """The one parser that `parse:` names. Raises `OptionsError` when it names none or several."""
    # Names of ours first: a key beside one, such as `into`, is not looked for among those of packages.
    named = [name for name in _OWN if name in parse] or [name for name in parse if name in REPLY_KINDS]
    if len(named) == 1:
        return REPLY_KINDS[named[0]]
    if named:
        told = f"a reply is read in one way, not by {quoted(named)} at once"
        raise OptionsError(told, (named[1],), "keep one of them")
    for name in parse:
        if refused := why_refused(REPLY_KINDS, name):
            raise OptionsError(refused, (name,), "install another version of the package", is_key=True)
    raise OptionsError("`parse` does not say how the reply is read", (), f"use one of {quoted([*REPLY_KINDS])}")


_BUILT: dict[str, Reader] = {}
"""Readers that were built, by how their options are written; an editor asks for them at every key that is pressed."""

_MOST_BUILT = 1_000


def build_reader(parse: Mapping[str, Any]) -> Reader:
    """The reader for a whole `parse:` mapping of literals. Raises `OptionsError` with the path inside it."""
    written = repr(parse)
    reader = _BUILT.get(written)
    if reader is None:
        reader = _built(parse)
        if len(_BUILT) >= _MOST_BUILT:
            _BUILT.clear()
        _BUILT[written] = reader
    return reader


def _built(parse: Mapping[str, Any]) -> Reader:
    kind = reply_kind(parse)
    options = {key: value for key, value in parse.items() if key != kind.name}
    known = [*kind.schema, "many"] if kind.takes_many else [*kind.schema]
    for key in options:
        if key == "many" and not kind.takes_many:
            raise OptionsError(f"`{kind.name}` reads one answer and has no `many`", ("many",), is_key=True)
        if key not in known:
            told = f"unknown key `{key}` beside `{kind.name}`"
            raise OptionsError(told, (key,), f"there are {quoted(known)}", is_key=True)
    flag(options, "many")
    value = parse[kind.name]
    if kind.takes_formula and isinstance(value, str) and value.startswith("="):
        return kind.unfilled(options)
    try:
        return kind.build(value, options)
    except Exception as error:
        failed = failure(REPLY_KINDS, kind.name, error)
        if failed is None:
            raise
        raise OptionsError(failed, (kind.name,), "tell those who make the package") from error

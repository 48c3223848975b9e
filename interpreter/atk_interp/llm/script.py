"""Replies written beforehand: rules that say what to answer to which request. Pure; `scripted` is the client."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from atk_interp.diagnostics.suggest import did_you_mean
from atk_interp.llm.messages import Message, Request
from atk_interp.records import dataclass

__all__ = ["Outcome", "Rule", "ScriptError", "rules_from"]

_RULE_KEYS = ("when", "reply", "replies", "vector", "finish", "error", "times", "retry_after_s", "delay_s")
_WHEN_KEYS = ("contains", "matching", "in", "model", "sample", "attempt")
_PLACES = ("all", "last", "system")
_ERROR = re.compile(r"[45]\d\d|reset|timeout")
_REFERENCE = re.compile(r"\\g<(\w+)>")


class ScriptError(ValueError):
    """A script that makes no sense. `path` leads to the place in its data."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule says to one request: the reply with its ending, the vector of a text, or the error (a status,
    `reset`, `timeout`)."""

    text: str
    finish: str
    error: str
    retry_after_s: float | None
    delay_s: float
    vector: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. All its conditions must hold; a rule without conditions answers everything.

    `contains` and `matching` look at the messages that `place` names: `all` (joined by blank lines), the `last`
    one, or the `system` ones. `replies` go round: one further for each sample and each attempt. With `times`, an
    error hits only the first so many tries of a call; then the reply follows, or the rules after this one when it has
    none. A rule with a `vector` says what a text is embedded to, and answers nothing else; one without says nothing of
    texts to embed but an error.
    """

    contains: tuple[str, ...] = ()
    matching: re.Pattern[str] | None = None
    place: str = "all"
    model: str | None = None
    sample: int | None = None
    attempt: int | None = None
    replies: tuple[str, ...] = ("",)
    finish: str = "stop"
    error: str = ""
    times: int | None = None
    retry_after_s: float | None = None
    delay_s: float = 0.0
    vector: tuple[float, ...] | None = None

    def outcome(self, request: Request, tries: int) -> Outcome | None:
        """What the rule says to the request after so many earlier tries of it; None when it does not apply."""
        if any(
            wanted not in (None, actual)
            for wanted, actual in (
                (self.model, request.model),
                (self.sample, request.sample),
                (self.attempt, request.attempt),
            )
        ):
            return None
        failing = self.error if self.times is None or tries < self.times else ""
        says = self.vector is not None if request.embeds is not None else self.vector is None and bool(self.replies)
        if not failing and not says:
            return None
        text = _text_of(request, self.place)
        if not all(part in text for part in self.contains):
            return None
        match = self.matching.search(text) if self.matching else None
        if self.matching and match is None:
            return None
        reply = self.replies[(request.sample + request.attempt) % len(self.replies)] if self.replies else ""
        if match is not None:
            reply = _REFERENCE.sub(lambda reference: _group(match, reference.group(1)), reply)
        return Outcome(reply, self.finish, failing, self.retry_after_s, self.delay_s, self.vector)


def rules_from(data: object) -> tuple[Rule, ...]:
    """The rules in the data of a script: a list of rules, or a mapping from a part of the request to the reply.

    Raises `ScriptError`.
    """
    if isinstance(data, Mapping):
        return tuple(Rule(contains=(str(part),), replies=_texts(reply, (str(part),))) for part, reply in data.items())
    if isinstance(data, Sequence) and not isinstance(data, str):
        return tuple(_rule(rule, (index,)) for index, rule in enumerate(data))
    raise ScriptError("a script is a list of rules, or a mapping from text to reply")


def _rule(data: object, path: tuple[str | int, ...]) -> Rule:
    rule = _mapping(data, _RULE_KEYS, path)
    when = _mapping(rule.get("when") or {}, _WHEN_KEYS, (*path, "when"))
    if not rule.keys() & {"reply", "replies", "vector", "error"}:
        raise ScriptError("the rule says nothing: give it a `reply`, `replies`, a `vector` or an `error`", path)
    said, speaks = rule.get("replies", rule.get("reply", "")), "replies" in rule or "reply" in rule
    contains = when.get("contains")
    return Rule(
        contains=() if contains is None else _texts(contains, (*path, "when", "contains")),
        matching=_pattern(when.get("matching"), (*path, "when", "matching")),
        place=_one_of(when.get("in", "all"), _PLACES, (*path, "when", "in")),
        model=when.get("model"),
        sample=_count(when.get("sample"), (*path, "when", "sample")),
        attempt=_count(when.get("attempt"), (*path, "when", "attempt")),
        replies=_texts(said, (*path, "replies" if "replies" in rule else "reply")) if speaks else (),
        finish=str(rule.get("finish", "stop")),
        error=_error(rule.get("error"), (*path, "error")),
        times=_count(rule.get("times"), (*path, "times")),
        retry_after_s=_seconds(rule.get("retry_after_s"), (*path, "retry_after_s")),
        delay_s=_seconds(rule.get("delay_s"), (*path, "delay_s")) or 0.0,
        vector=_vector(rule.get("vector"), (*path, "vector")),
    )


def _mapping(data: object, keys: Sequence[str], path: tuple[str | int, ...]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ScriptError(f"this is a mapping with some of {_listed(keys)}", path)
    for key in data:
        if key not in keys:
            hint = did_you_mean(str(key), keys) or f"there are {_listed(keys)}"
            raise ScriptError(f"unknown key `{key}`; {hint}", (*path, key))
    return data


def _texts(data: object, path: tuple[str | int, ...]) -> tuple[str, ...]:
    texts = tuple(data) if isinstance(data, list | tuple) else (data,)
    if not texts or not all(isinstance(text, str) for text in texts):
        raise ScriptError("this is text or a list of texts", path)
    return texts


def _pattern(data: object, path: tuple[str | int, ...]) -> re.Pattern[str] | None:
    if data is None:
        return None
    try:
        return re.compile(str(data), re.DOTALL)
    except re.error as error:
        raise ScriptError(f"this regular expression cannot be read: {error}", path) from error


def _one_of(data: object, choices: Sequence[str], path: tuple[str | int, ...]) -> str:
    if data not in choices:
        raise ScriptError(f"`{data}` is none of {_listed(choices)}", path)
    return str(data)


def _error(data: object, path: tuple[str | int, ...]) -> str:
    if data is None:
        return ""
    if not _ERROR.fullmatch(str(data)):
        raise ScriptError(f"`{data}` is no error: write a status such as 503, `reset` or `timeout`", path)
    return str(data)


def _count(data: object, path: tuple[str | int, ...]) -> int | None:
    if data is not None and (isinstance(data, bool) or not isinstance(data, int) or data < 0):
        raise ScriptError("this is a whole number, from 0", path)
    return data


def _seconds(data: object, path: tuple[str | int, ...]) -> float | None:
    if data is None:
        return None
    if isinstance(data, bool) or not isinstance(data, int | float) or data < 0:
        raise ScriptError("this is a number of seconds", path)
    return float(data)


def _vector(data: object, path: tuple[str | int, ...]) -> tuple[float, ...] | None:
    if data is None:
        return None
    numbers = data if isinstance(data, list | tuple) else ()
    if not numbers or not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        raise ScriptError("this is a list of numbers", path)
    return tuple(map(float, numbers))


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _text_of(request: Request, place: str) -> str:
    alone = request.prompt if request.embeds is None else request.embeds
    messages = request.messages if alone is None else (Message("user", alone),)
    if place == "last":
        messages = messages[-1:]
    elif place == "system":
        messages = tuple(message for message in messages if message.role == "system")
    return "\n\n".join(message.content for message in messages)


def _group(match: re.Match[str], name: str) -> str:
    try:
        return match.group(int(name) if name.isdigit() else name) or ""
    except IndexError:
        return f"\\g<{name}>"

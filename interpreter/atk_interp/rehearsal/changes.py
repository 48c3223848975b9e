"""Why a call is not in the ledger: what differs from the recorded call that is nearest to it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from atk_interp.ledger.base import Entry
from atk_interp.plan import Plan
from atk_interp.records import dataclass
from atk_interp.rehearsal.recall import AskedCall
from atk_interp.rehearsal.rendering import asking_step, search_row
from atk_interp.rehearsal.stage import opened_ledger
from atk_interp.values import decode, encode

__all__ = ["Difference", "Why", "why_sent"]

_RELATED = 0.5
"""How much of its messages a recorded call must share with another one to be shown beside it."""


@dataclass(frozen=True)
class Difference:
    """One part of a call that is not as it was recorded. None is what was not there.

    `part` is `model`, `sampling NAME`, or `message N (ROLE)`.
    """

    part: str
    old: str | None
    new: str | None

    def lines(self) -> list[str]:
        """The lines that went, with `-`, and those that came, with `+`; equal ones between them with a blank."""
        old, new = (self.old or "").splitlines(), (self.new or "").splitlines()
        told = difflib.unified_diff(old, new, n=1, lineterm="")
        return [line for line in told if not line.startswith(("---", "+++", "@@"))]


@dataclass(frozen=True)
class Why:
    """A call that would be sent, and what differs from the `nearest` recorded one (its key; None without one).

    Without `differences` the request itself is recorded, for another sample, attempt or `identity`. `call` is None when
    all calls of the step, or of the row that was asked for, are in the ledger.
    """

    step: str
    call: AskedCall | None
    nearest: str | None = None
    created: int | None = None
    differences: tuple[Difference, ...] = ()


async def why_sent(plan: Plan, ledger: Path, step: str, row: str | None = None) -> Why:
    """Why a step would send a call: the first one for a row (its number or id), or the first one of all.

    Raises `CannotRun` when the row cannot be reached without a call, and `LedgerError`.
    """
    asking_step(plan, step)
    search = await search_row(plan, ledger, step, row or "1", only_missing=row is None)
    missing = [call for call in search.calls() if call.key not in search.recorded]
    if not missing:
        return Why(step, None)
    call = missing[0]
    opened = opened_ledger(ledger)
    if opened is None:
        return Why(step, call)
    try:
        entry = _nearest(call, opened.entries())
    finally:
        await opened.close()
    if entry is None:
        return Why(step, call)
    differences = tuple(_differences(_body(entry.request), call.request.body()))
    return Why(step, call, entry.key, entry.created, differences)


def _nearest(call: AskedCall, entries: Iterable[Entry]) -> Entry | None:
    """The recorded call with the most in common. Of equally near ones the latest."""
    body = call.request.body()
    told = _messages(body)
    best: tuple[float, int] = (_RELATED, -1)
    found = None
    for entry in entries:
        recorded = _body(entry.request)
        alike = _alike(told, _messages(recorded))
        # Texts count most; of equal ones, a call of the same model with the same sampling is nearer.
        score = (
            alike + 0.01 * (body["model"] == recorded.get("model")) + 0.01 * _same_rest(body, recorded),
            entry.created,
        )
        if alike >= _RELATED and score > best:
            best, found = score, entry
    return found


def _body(request: bytes) -> dict[str, Any]:
    body: Any = decode(request)
    return body if isinstance(body, dict) else {}


def _messages(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    if "input" in body:
        return [("text", str(body["input"]))]
    if "prompt" in body:
        return [("prompt", str(body["prompt"]))]
    return [(str(message.get("role")), str(message.get("content"))) for message in body.get("messages") or ()]


def _rest(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("model", "messages", "prompt", "input")}


def _same_rest(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    left, right = _rest(one), _rest(other)
    names = left.keys() | right.keys()
    return sum(left.get(name) == right.get(name) for name in names) / len(names) if names else 1.0


def _alike(one: Sequence[tuple[str, str]], other: Sequence[tuple[str, str]]) -> float:
    """The share of the characters of two lists of messages that they begin and end with alike, message by message."""
    length = max(sum(len(content) + 1 for _, content in messages) for messages in (one, other)) or 1
    return sum(_common(left[1], right[1]) + 1 for left, right in zip(one, other, strict=False)) / length


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning and end."""
    if one == other:
        return len(one)
    begin = _common_start(one, other)
    left, right = one[begin:], other[begin:]
    return begin + _common_start(left[::-1], right[::-1])


def _common_start(one: str, other: str) -> int:
    """By halving, which compares whole stretches at once."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    if old.get("model") != new["model"]:
        yield Difference("model", str(old.get("model")), str(new["model"]))
    before, after = _rest(old), _rest(new)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield Difference(f"sampling {name}", _json(before, name), _json(after, name))
    was, now = _messages(old), _messages(new)
    for index in range(max(len(was), len(now))):
        one, other = (messages[index] if index < len(messages) else None for messages in (was, now))
        if one != other:
            yield _of_messages(index + 1, one, other)


def _of_messages(number: int, old: tuple[str, str] | None, new: tuple[str, str] | None) -> Difference:
    roles = list(dict.fromkeys(message[0] for message in (old, new) if message))
    contents = [message[1] if message is not None else None for message in (old, new)]
    return Difference(f"message {number} ({', now '.join(roles)})", contents[0], contents[1])


def _json(values: Mapping[str, Any], name: str) -> str | None:
    return encode(values[name]).decode() if name in values else None

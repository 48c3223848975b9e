"""What happens again and again, told once: notices, rejections and failures by their cause, with a count."""

from __future__ import annotations

import re

from atk_interp.records import dataclass
from atk_interp.runtime.events import CallFailed, Cause, Event, Noted, Rejected, Waited

__all__ = ["Repeated", "repeats"]

_MOST_CAUSES = 200
"""Of each kind of event. What comes after them is counted as one: a message that never repeats is no cause."""

_VARIABLE = re.compile(r"(\bread as `[^`]*`)|`[^`]*`|\d+(?:\.\d+)?")
"""What differs between messages of one cause. What files are read as is a cause of its own: each may be wrong alone."""
_OTHERS = "other reasons than these"

_Repeating = Noted | Waited | Rejected | CallFailed


@dataclass(slots=True)
class _Tally:
    """`event` is the first of them."""

    event: _Repeating
    message: str
    first: str
    count: int = 0


class Repeated:
    """Counts what repeats. Messages are alike when they differ in numbers and in words between backticks alone.

    In one thread. Memory: one entry for each cause, at most some hundreds.
    """

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, str], _Tally] = {}
        self._kinds: dict[str, int] = {}

    def add(self, event: Event) -> int:
        """Count an event; which one of its cause it is, from 1. 0 for events that do not repeat."""
        if not isinstance(event, Noted | Waited | Rejected | CallFailed):
            return 0
        place, message, first = _parts(event)
        kind = type(event).__name__
        tally = self._tallies.get((kind, place, message))  # most labels are the author's own words
        if tally is None:
            tally = self._tally((kind, place, _gist(message)), event, message, first)
        tally.count += 1
        return tally.count

    def _tally(self, key: tuple[str, str, str], event: _Repeating, message: str, first: str) -> _Tally:
        known = self._tallies.get(key)
        if known is not None:
            return known
        if self._kinds.get(key[0], 0) >= _MOST_CAUSES:
            key, message = (key[0], "", _OTHERS), _OTHERS
            if key in self._tallies:
                return self._tallies[key]
        self._kinds[key[0]] = self._kinds.get(key[0], 0) + 1
        tally = self._tallies[key] = _Tally(event, message, first)
        return tally

    def failures(self, error: BaseException | None) -> int:
        """How many calls have failed as this one has."""
        alike = _gist(str(error))
        return sum(
            tally.count for (kind, _, gist), tally in self._tallies.items() if kind == "CallFailed" and gist == alike
        )

    def causes(self) -> list[Cause]:
        """What has happened so far, each once: the serious first, then the frequent, then in the order of telling."""
        found = [_cause(tally) for tally in self._tallies.values()]
        return sorted(found, key=lambda cause: (not cause.serious, -cause.count))


def repeats(count: int) -> bool:
    """Whether the so-manieth event of a cause is still worth a line: the first ones, then each tenth power."""
    return count <= 20 or (count >= 100 and set(str(count)[1:]) == {"0"} and str(count)[0] == "1")


def _gist(message: str) -> str:
    return _VARIABLE.sub(lambda found: found[1] or "…", message)


def _parts(event: _Repeating) -> tuple[str, str, str]:
    """Where it happens (step or slot), what, and to whom."""
    match event:
        case Noted():
            return event.step, event.message, event.where
        case Waited():
            # By address, which comes first: slots may share one. How long it waits is no part of the cause.
            return event.message.partition(" ")[0], event.message.partition("; trying again")[0], ""
        case Rejected():
            return event.step, event.label, event.row
    return event.slot, event.message, event.row


def _cause(tally: _Tally) -> Cause:
    event = tally.event
    kind = type(event).__name__
    step = "" if tally.message is _OTHERS else getattr(event, "step", "")
    help_ = event.help if isinstance(event, Noted) else ""
    serious = isinstance(event, CallFailed) or (isinstance(event, Noted) and event.serious)
    return Cause(kind, step, tally.message, tally.first, tally.count, help_, serious)

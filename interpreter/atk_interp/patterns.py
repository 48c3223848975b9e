"""Regular expressions that are compiled when they are first used: most are for what is rarely in a file."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

__all__ = ["pattern"]


def pattern(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, but nothing is compiled before a method of it is called. For constants of a module.

    A mistake in the expression comes out late, then: every pattern is called by some test. `re.sub` and its kin do
    not take it in place of a pattern; its own methods are there.
    """
    return cast("re.Pattern[AnyStr]", _Late(source, flags))


class _Late:
    """Looks like the pattern. What was asked for once is found without asking again."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._late = source, flags

    def __getattr__(self, name: str) -> Any:
        source, flags = self._late
        found = getattr(re.compile(source, flags), name)
        setattr(self, name, found)
        return found

"""Regular expressions in linear time. The only door to RE2.

RE2 knows no look-around and no back-references, so no pattern can hang a run. `\\w`, `\\d` and `\\b` mean
ASCII; letters of any script are `\\pL`. Case is ignored after `(?i)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from atk_interp.expressions.bounds import check_size
from atk_interp.patterns import pattern as late_pattern
from atk_interp.records import dataclass

__all__ = ["MAX_PATTERN", "MAX_PROGRAM", "Regex", "RegexError", "RegexMatch", "compile_regex"]


MAX_PATTERN = 10_000
"""Characters in a pattern."""

_GROUP = late_pattern(r"\\(?:(?P<number>[0-9]{1,2})|g<(?P<name>\w+)>|.|\Z)", re.DOTALL)

MAX_PROGRAM = 50_000
"""Instructions of a compiled pattern. Time is linear in the text, and at worst also in them."""


class RegexError(ValueError):
    """A pattern that RE2 cannot take. `start` and `end` are indices of the culprit in the pattern, if it is known."""

    def __init__(self, message: str, start: int | None = None, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start, self.end = start, end


@dataclass(frozen=True, slots=True)
class RegexMatch:
    """A stretch of text that matched: `text[start:end]`, its groups in order, and the named ones by name.

    A group that took no part in the match is None.
    """

    start: int
    end: int
    text: str
    groups: tuple[str | None, ...]
    named: dict[str, str | None]


class Regex:
    """A compiled pattern; make it with `compile_regex`. Safe for threads."""

    def __init__(self, pattern: str, compiled: Any) -> None:
        self.pattern = pattern
        self._compiled = compiled
        self.matches = _matcher(pattern, compiled)
        """Whether the pattern matches anywhere in a text."""

    @property
    def names(self) -> tuple[str, ...]:
        """The named groups, in the order of the pattern."""
        index: dict[str, int] = self._compiled.groupindex
        return tuple(sorted(index, key=index.__getitem__))

    def search(self, text: str) -> RegexMatch | None:
        """The first match."""
        found = self._compiled.search(text)
        return None if found is None else _match(found)

    def findall(self, text: str) -> Iterator[RegexMatch]:
        """All matches that do not overlap, from left to right."""
        for found in self._compiled.finditer(text):
            yield _match(found)

    def replacer(self, replacement: str) -> Callable[[str], str]:
        """What puts a text in the place of each match; in it `\\1` and `\\g<name>` stand for what a group matched.

        A group that took no part is empty, and two backslashes are one. Raises `RegexError` for any other
        backslash, and for a group that there is not; what is returned raises it when its result were too large.
        """
        parts = self._parts(replacement)
        find = self._compiled.finditer

        def replaced(text: str) -> str:
            pieces: list[str] = []
            end = size = 0
            for match in find(text):
                put = "".join([part if isinstance(part, str) else match.group(part[0]) or "" for part in parts])
                pieces += (text[end : match.start()], put)
                end = match.end()
                size += len(put)
                check_size(size)
            pieces.append(text[end:])
            return "".join(pieces)

        return replaced

    def _parts(self, replacement: str) -> list[str | tuple[int | str]]:
        """Texts, and groups as tuples of one."""
        parts: list[str | tuple[int | str]] = []
        end = 0
        for found in _GROUP.finditer(replacement):
            parts.append(replacement[end : found.start()])
            end = found.end()
            if found[0] == "\\\\":
                parts.append("\\")
                continue
            name = found["number"] or found["name"]
            if name is None:
                raise RegexError(f"`{found[0]}` is no group; a backslash itself is written as two")
            group = int(name) if name.isdecimal() else name
            if group not in self._compiled.groupindex if isinstance(group, str) else group > self._compiled.groups:
                raise RegexError(f"there is no group `{name}` in `{self.pattern}`")
            parts.append((group,))
        parts.append(replacement[end:])
        return [part for part in parts if part]

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"


def _matcher(pattern: str, compiled: Any) -> Callable[[str], bool]:
    """The search, when all that is asked is whether there is a match: the binding of RE2 without its match objects.

    They take longer to make than most searches. A pattern without any operator is looked for as text.
    """
    literal = _literal(pattern)
    if literal is not None:
        return lambda text: literal in text
    search, anywhere = compiled._regexp.Match, compiled._regexp.Anchor.UNANCHORED

    def matches(text: str) -> bool:
        encoded = text.encode()
        return bool(search(anywhere, encoded, 0, len(encoded))[0][0] >= 0)

    return matches


_OPERATORS = frozenset(".^$*+?()[]{}|")


def _literal(pattern: str) -> str | None:
    """The text that the pattern stands for; None when it stands for more than one."""
    parts: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            character = next(characters, "")
            if not character or not character.isascii() or character.isalnum():
                return None
        elif character in _OPERATORS:
            return None
        parts.append(character)
    return "".join(parts)


def _match(found: Any) -> RegexMatch:
    return RegexMatch(found.start(), found.end(), found.group(), found.groups(), found.groupdict())


@lru_cache(maxsize=1024)
def compile_regex(pattern: str) -> Regex:
    """The pattern, ready to use; the latest thousand are kept. Raises `RegexError`."""
    import re2  # imported late: most specs are checked without it

    if len(pattern) > MAX_PATTERN:
        raise RegexError(f"it has {len(pattern):,} characters, and {MAX_PATTERN:,} are the most")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise _explained(pattern, error) from None
    except UnicodeEncodeError:
        raise RegexError("half a character (a lone surrogate) cannot be searched for") from None
    if compiled.programsize > MAX_PROGRAM:
        raise RegexError(_TOO_LARGE)
    return Regex(pattern, compiled)


_PYTHON_ONLY = {
    "(?=": "look-ahead does not exist in RE2",
    "(?!": "look-ahead does not exist in RE2",
    "(?<=": "look-behind does not exist in RE2",
    "(?<!": "look-behind does not exist in RE2",
    "(?>": "atomic groups do not exist in RE2",
    "(?#": "comments do not exist in RE2",
}


_TOO_LARGE = "it is too large: repetitions of repetitions, or of classes of letters, multiply"
_PLAINLY = {
    "invalid repetition size": "a repetition goes up to 1000, and nested ones are multiplied",
    "pattern too large - compile failed": _TOO_LARGE,
}


def _explained(pattern: str, error: Exception) -> RegexError:
    """RE2 names the culprit after the last colon; where it stands in the pattern is looked up."""
    raw = error.args[0] if error.args else str(error)
    said = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    problem, colon, culprit = said.partition(": ")
    problem = _PLAINLY.get(problem, _PYTHON_ONLY.get(culprit, problem))
    if problem == "invalid escape sequence" and culprit[1:].isdigit():
        problem = "back-references do not exist in RE2"
    start = pattern.find(culprit) if colon and culprit else -1
    if start < 0:
        return RegexError(problem)
    return RegexError(problem, start, start + len(culprit))

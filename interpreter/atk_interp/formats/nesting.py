"""How deeply a page nests, in one pass over its tags and before it is parsed.

The time of a parser grows with the square of the depth: some 300,000 `<div>` that are never closed keep it busy for
minutes, and nothing can interrupt it. Likewise, elements of formatting that are never closed (`<font>`) are opened
again in every block that follows, each time in memory.
"""

from __future__ import annotations

import re
from collections import Counter

from atk_interp.patterns import pattern

__all__ = ["is_too_deep"]

_MOST_DEPTH = 2_000
_MOST_REOPENED = 5_000_000
_MARKUP = pattern(r"<(?:(?P<comment>!--)|(?P<other>[!?]|/[^a-zA-Z])|(?P<end>/)?(?P<name>[a-zA-Z][^\s/>]*))")
_COMMENT_END = pattern("--!?>")
_REST_OF_TAG = pattern(
    r"""(?:[\s/]++|(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])[^\s>]*+))?+)*+>"""
)
_RAW = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea", "title", "xmp")}
_FOREIGN = ("svg", "math")
_VOID = "area base br col embed hr img input link meta param source track wbr"
_CLOSING_THEMSELVES = """
    html head body a nobr form button p li dt dd option optgroup h1 h2 h3 h4 h5 h6
    caption colgroup tbody tfoot thead tr td th rb rp rt rtc
"""
_ASIDE = frozenset(f"{_VOID} {_CLOSING_THEMSELVES}".split())
"""They hold nothing, or the next of them ends the one before: alone they make no depth, and are seldom closed."""

_OF_FORMATTING = "b big code em font i s small strike strong tt u"
_FORMATTING = frozenset(_OF_FORMATTING.split())

_OF_PHRASES = "span abbr cite del dfn ins kbd label mark q samp sub sup var bdi bdo data time"
_ORDINARY = frozenset(_OF_PHRASES.split())
"""Their end tags end nothing outside them; the end of a block ends all that is open in it."""


def is_too_deep(markup: str) -> bool:
    """Whether a page nests more deeply than it is safe to parse. An estimate, rather too high than too low."""
    place = 0
    open_tags = _OpenTags()
    while (tag := _MARKUP.search(markup, place)) is not None:
        end = _end_of(tag, markup)
        if end is None:
            return False  # the rest of the page is no markup
        place = end
        name = (tag["name"] or "").lower()
        if not name or (name in _ASIDE and tag["end"]):
            continue
        if tag["end"]:
            open_tags.leave(name)
            continue
        if open_tags.enter(name):
            return True
        if name in _RAW and not open_tags.are_foreign:
            close = _RAW[name].search(markup, place)
            if close is None:
                return False
            place = close.start()
    return False


def _end_of(tag: re.Match[str], markup: str) -> int | None:
    """Where a tag or comment ends; None when it never does."""
    if tag["comment"]:
        found = _COMMENT_END.search(markup, tag.start() + 2)
    elif tag["other"]:
        after = markup.find(">", tag.start())
        return None if after < 0 else after + 1
    else:
        found = _REST_OF_TAG.match(markup, tag.end())
    return None if found is None else found.end()


class _OpenTags:
    """What is open at a place of the page. Every tag is put in once and taken out once, so that the pass is linear."""

    def __init__(self) -> None:
        self._stack: list[str] = []
        self._open: Counter[str] = Counter()
        self._formatting = 0
        self._reopened = 0

    @property
    def are_foreign(self) -> bool:
        return any(self._open[name] for name in _FOREIGN)

    def enter(self, name: str) -> bool:
        """Note a start tag. True when there are too many open by now."""
        if name in _FORMATTING:
            self._formatting += 1
            self._open[name] += 1
        else:
            self._reopened += self._formatting
            if name not in _ASIDE:
                self._stack.append(name)
                self._open[name] += 1
        return len(self._stack) + self._formatting > _MOST_DEPTH or self._reopened > _MOST_REOPENED

    def leave(self, name: str) -> None:
        if not self._open[name]:
            return
        if name in _FORMATTING:
            self._formatting -= 1
            self._open[name] -= 1
        elif name not in _ORDINARY or self._stack[-1] == name:
            while True:
                left = self._stack.pop()
                self._open[left] -= 1
                if left == name:
                    break

"""Prompts as rules see them: which step asks with which, what they say whatever the row, and holes that are none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import field
from functools import cached_property
from typing import TypeAlias

from atk_interp.kinds.base import StepView
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.replies import Fields, Reader, ReplyUnreadable
from atk_interp.replies.base import Cue, CueForm
from atk_interp.replies.tolerant import Skeleton, Wanted
from atk_interp.source import Span
from atk_interp.templates import MessageTemplate, Prompt, Template

__all__ = ["Asked", "Examples", "ForeignHole", "Told", "foreign_holes"]

Examples: TypeAlias = "tuple[tuple[MessageTemplate, list[Fields] | ReplyUnreadable], ...]"
"""The replies that a prompt shows, each with its readings, or why there are none."""

_READINGS: dict[tuple[str, str], list[Fields] | ReplyUnreadable] = {}
"""What was read in an example, by how its parser is written, for an editor that asks again and again."""

_MOST_READINGS = 1_000
_MARKUP = pattern(r"\b(?:tags?|xml|elements?)\b", re.IGNORECASE)
_FOREIGN_SIGNS = ("{", "<<", "[[", "%(")
_FOREIGN = pattern(
    r"""(?<![\w\\^`$#}{])\{[ ]*(?P<braces>[^\W\d]\w*)[ ]*\}(?![}`])
      | \$\{[ ]*(?P<dollar>[^\W\d]\w*)[ ]*\}
      | <<[ ]*(?P<angles>[^\W\d]\w*)[ ]*>>
      | \[\[[ ]*(?P<brackets>[^\W\d]\w*)[ ]*\]\]
      | %\((?P<percent>[^\W\d]\w*)\)s
    """,
    re.VERBOSE,
)
_CODE = pattern(r"\b[fF]r?[\"'][^\n]*\Z|`[^`\n]*\Z")
"""The beginning of a line of code, where braces are meant as they are."""


@dataclass(frozen=True)
class Asked:
    """One prompt as one step asks with it. `option` is the key of the step that names it."""

    view: StepView
    option: str
    prompt: Prompt
    read: dict[tuple[str, str], Examples] = field(default_factory=dict, repr=False)
    """Examples that were read, by parser and prompt: steps that share both need them read once."""

    @property
    def place(self) -> Span:
        """Where the spec names the prompt."""
        return self.view.document.head_span(self.view.prompt_paths[self.option])

    def place_of(self, cue: Cue) -> Span:
        """Where `parse` has the words of a cue: as a key, as a text or within one; its first line if nowhere."""
        document, base = self.view.document, self.view.path("parse")
        words = cue.words.strip().removesuffix(":")
        for path in document.places:
            if path[: len(base)] != base or len(path) == len(base):
                continue
            if path[-1] == words:
                return document.key_span(path)
            value = document.get(path)
            if isinstance(value, str) and words in value:
                text = document.text(path)
                at = text.value.index(words)
                end = at + len(words.split("\n")[0])
                return text.span(at, end + text.value.startswith(":", end))
        return document.head_span(base)

    @cached_property
    def examples(self) -> Examples:
        """The replies that the prompt shows, each with what the step reads in it, or why it reads nothing."""
        key = (repr(self.view.step.options.get("parse")), self.prompt.name)
        if key not in self.read:
            self.read[key] = tuple((shown, self._reading(key[0], shown)) for shown in self._shown_replies())
        return self.read[key]

    def _reading(self, parse: str, shown: MessageTemplate) -> list[Fields] | ReplyUnreadable:
        reader, text = self.view.reader, (shown.content.constant or "").strip()
        if reader is None or reader.function is not None:  # a check runs nobody's Python
            return []
        known = _READINGS.get((parse, text))
        if known is None:
            known = _read(reader, text)
            if len(_READINGS) >= _MOST_READINGS:
                _READINGS.clear()
            _READINGS[parse, text] = known
        return known

    def _shown_replies(self) -> Iterator[MessageTemplate]:
        """The assistant messages that are whole replies: without holes, and not for the model to go on from."""
        written = list(self.prompt.messages.written()) if self.prompt.messages is not None else []
        for index, message in enumerate(written):
            is_last = index == len(written) - 1
            if message.role.constant == "assistant" and message.content.constant and not is_last:
                yield message


def _read(reader: Reader, text: str) -> list[Fields] | ReplyUnreadable:
    try:
        return reader.read(text)
    except ReplyUnreadable as error:
        return error.with_traceback(None)


class Told:
    """The text of one prompt that is the same for every row."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lowered = text.lower()

    @cached_property
    def _skeleton(self) -> Skeleton:
        return Skeleton(self.text)

    @cached_property
    def _speaks_of_markup(self) -> bool:
        return _MARKUP.search(self.text) is not None

    def says(self, words: str) -> bool:
        """Whether these words stand in it, whole, in upper or lower case. Words without a letter need no saying."""
        plain = _bare(words)
        if not plain:
            return True
        wanted = plain.lower()
        at = self.lowered.find(wanted)
        while at >= 0:
            if not _joins(self.lowered[at - 1 : at]) and not _joins(self.lowered[at + len(wanted) :][:1]):
                return True
            at = self.lowered.find(wanted, at + 1)
        return bool(self._skeleton.find(Wanted(plain)))  # with other spacing or emphasis

    def speaks_of(self, cue: Cue) -> bool:
        """Whether a model that is told this can know of what the reader looks for."""
        match cue.form:
            case CueForm.TAG:
                return f"<{cue.words.lower()}" in self.lowered or (self._speaks_of_markup and self.says(cue.words))
            case CueForm.KEY:
                return self.says(cue.words) or self.says(cue.words.replace("_", " "))
            case CueForm.ANSWER:
                return len(cue.words) < 2 or cue.words.isdigit() or self.says(cue.words)
        return all(map(self.says, cue.words.split("\n")))


def _bare(words: str) -> str:
    """Words without the punctuation and marks round them."""
    first = next((index for index, character in enumerate(words) if character.isalnum()), len(words))
    last = next((index for index in range(len(words), 0, -1) if words[index - 1].isalnum()), 0)
    return words[first:last]


def _joins(character: str) -> bool:
    return character.isalnum() or character in ("_", "-") if character else False


@dataclass(frozen=True, slots=True)
class ForeignHole:
    """A place that looks like a hole of another tool: `{question}`, `${question}`."""

    name: str
    written: str
    span: Span
    is_braces: bool


def foreign_holes(template: Template, names: Collection[str]) -> Iterator[ForeignHole]:
    """The foreign holes with one of these names in a template."""
    value = template.text.value
    if not any(sign in value for sign in _FOREIGN_SIGNS) or "{% raw" in value or ".format(" in value:
        return
    for found in _FOREIGN.finditer(value):
        name = found[found.lastgroup or 0]
        line = value[value.rfind("\n", 0, found.start()) + 1 : found.start()]
        if name in names and not _CODE.search(line):
            span = template.text.span(*found.span())
            yield ForeignHole(name, found.group(), span, found.lastgroup == "braces")

"""Prompt files of another project: lists of `{role, content}` for `str.format`, and texts for completion models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import Document, parse_as_others_do
from atk_interp.elsewhere import SUPPLIED
from atk_interp.importing.json_text import readable_json
from atk_interp.importing.notes import Notes
from atk_interp.importing.placeholders import Converted, converted
from atk_interp.importing.prompt_text import prompt_file
from atk_interp.importing.secrets import DOUBTFUL, TOLD, doubtful, hidden, places
from atk_interp.records import dataclass
from atk_interp.source import MappedText, SourceFile
from atk_interp.templates import ROLES

__all__ = ["Names", "Prompt", "completion_prompt", "is_message_list", "message_prompt"]

_ROLES_OF_OTHERS = {"human": "user", "gpt": "assistant", "bot": "assistant", "ai": "assistant"}

STANDARD_NAMES = frozenset(("text", "metadata"))
"""What every row of a pipeline that reads documents has."""


@dataclass(frozen=True)
class Names:
    """Which names are filled in. `known` are the words in the Python of a pipeline; None where there is none."""

    known: frozenset[str] | None = None
    as_text: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()

    def fills(self, name: str) -> bool:
        if name in self.filled or name in self.as_text:
            return name in self.filled
        return self.known is None or name in self.known or name in STANDARD_NAMES

    def doubtful(self, used: Iterable[str]) -> list[str]:
        """Names that are filled in for want of Python that says more, and that no pipeline of the original supplies."""
        return sorted({*used} - SUPPLIED - self.filled) if self.known is None else []


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt of ours: the text of its file, and the names that it is filled in with."""

    text: str
    names: frozenset[str]


def is_message_list(data: Any) -> bool:
    """Whether the data of a YAML file look like messages, however they are spelt."""
    return isinstance(data, list) and any(isinstance(item, dict) and "content" in item for item in data)


def message_prompt(file: SourceFile, names: Names, notes: Notes) -> Prompt | None:
    """The prompt in a YAML file; None, with the reason in the notes, when it has no messages."""
    document = _document(file, notes)
    if document is None:
        return None
    if not isinstance(document.data, list) or not document.data:
        notes.failed(file.path, 0, "it is no list of messages, so it is no prompt")
        return None
    reader = _Reader(document, names, notes)
    messages = [reader.message(index) for index in range(len(document.data))]
    if None in messages:
        return None
    used = reader.used
    _tell_doubtful(file, names, used, notes)
    head = f"Imported from {' '.join(file.path.split())}." + (f" Reads: {', '.join(sorted(used))}." if used else "")
    return Prompt(prompt_file([message for message in messages if message], head), frozenset(used))


def completion_prompt(file: SourceFile, names: Names, notes: Notes) -> Prompt | None:
    """The prompt in a text file. It keeps all its white space."""
    if not file.text.strip():
        notes.failed(file.path, 0, "it is empty")
        return None
    text = MappedText.whole(file)
    found = converted(text.value, names.fills)
    _tell(found, text, notes, "the original fails on this prompt for every row")
    _tell_doubtful(file, names, found.names, notes)
    template = _concealed(found.template, text, notes)
    return Prompt(template + "\n" if template.endswith("\n") else template, found.names)  # Jinja drops the last one


def _document(file: SourceFile, notes: Notes) -> Document | None:
    sink = Sink()
    document = parse_as_others_do(readable_json(file), sink)
    for found in sink.sorted():
        line = found.span.begin.line if found.span else 0
        if document is None:  # it may be anything, a config with keys too: no word of it is told
            notes.failed(file.path, line, "this is not YAML" if "`" in found.message else found.message)
        elif found.code.name == "duplicate-key":
            notes.look(file.path, line, f"{found.message}; the last one counts, as for the original")
        else:
            notes.look(file.path, line, found.message)
    return document


class _Reader:
    """Reads the messages of one document. `used` collects the names that they are filled in with."""

    def __init__(self, document: Document, names: Names, notes: Notes) -> None:
        self.document = document
        self.names = names
        self.notes = notes
        self.used: set[str] = set()
        self._told: set[str] = set()

    def message(self, index: int) -> tuple[str, str] | None:
        """One message: its role, and its content as a template."""
        data = self.document.data[index]
        if not isinstance(data, dict) or not {"role", "content"} <= data.keys():
            self._failed((index,), "a message needs `role` and `content`, so the prompt is not imported")
            return None
        role = self._role(index, data["role"])
        for key in data.keys() - {"role", "content"}:
            self._look((index, key), f"`{key}` of a message has no effect here and is left out")
        if role is None:
            return None
        content = self.document.text((index, "content"))
        if isinstance(data["content"], dict | list) or data["content"] is None:
            self._failed((index, "content"), "the content of a message is no text, so the prompt is not imported")
            return None
        if not isinstance(data["content"], str):
            told = "the content is no text to YAML, and the original fails on it; here it is text"
            self._look((index, "content"), told)
        found = converted(content.value, self.names.fills)
        found = replace(found, told=tuple(one for one in found.told if one[1] not in self._told))
        self._told |= {told for _, told in found.told}
        _tell(found, content, self.notes, "the original sends this message as it stands, with nothing filled in")
        self.used.update(found.names)
        return role, _concealed(found.template, content, self.notes)

    def _role(self, index: int, role: Any) -> str | None:
        if role in ROLES:
            return str(role)
        if isinstance(role, str) and role in _ROLES_OF_OTHERS:
            self._look((index, "role"), f"the role `{role}` is `{_ROLES_OF_OTHERS[role]}` here")
            return _ROLES_OF_OTHERS[role]
        self._failed((index, "role"), f"`{str(role)[:40]}` is not a role, so the prompt is not imported")
        return None

    def _look(self, path: tuple[str | int, ...], told: str) -> None:
        self.notes.look(self.document.file.path, self.document.head_span(path).begin.line, told)

    def _failed(self, path: tuple[str | int, ...], told: str) -> None:
        self.notes.failed(self.document.file.path, self.document.head_span(path).begin.line, told)


def _tell(found: Converted, text: MappedText, notes: Notes, fails: str) -> None:
    """Tell what a person should know of a template, where it stands in the original."""
    name = text.file.path
    if found.failed:
        filled = " and ".join(f"`{{{one}}}`" for one in sorted(found.names))
        verb = "is" if len(found.names) == 1 else "are"
        here = (
            f"here {filled} {verb} filled in, and all other braces are text" if filled else "here it is the same text"
        )
        notes.look(name, text.span().begin.line, f"{found.failed}, so {fails}; {here}")
    for at, told in found.told:
        notes.look(name, text.span(at).begin.line, told)


def _concealed(template: str, text: MappedText, notes: Notes) -> str:
    """A template without the credentials of the original, each of which is told where it stands."""
    for begin, end in places(text.value):
        notes.look(text.file.path, text.slice(begin, end).span().begin.line, TOLD)
    for at in doubtful(text.value):
        notes.look(text.file.path, text.span(at).begin.line, DOUBTFUL)
    return hidden(template)


def _tell_doubtful(file: SourceFile, names: Names, used: Iterable[str], notes: Notes) -> None:
    for name in names.doubtful(used):
        told = f"`{{{name}}}` is a field now; where nothing fills it in, it was text: `--text {name}` keeps it so"
        notes.look(file.path, 0, told)

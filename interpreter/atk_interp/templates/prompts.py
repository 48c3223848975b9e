"""Prompt files: finding them, reading them, rendering them.

`NAME.yaml` is a list of chat messages, `NAME.txt` a prompt for completion models. Folders are searched in order
and the first that has the file wins, so that an override folder holds only the files it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.document import parse_document, read_source
from atk_interp.expressions.types import Type
from atk_interp.source import MappedText, SourceFile, Span
from atk_interp.templates import codes
from atk_interp.templates.analysis import check_template, used_names
from atk_interp.templates.messages import Explain, MessageList, MessageTemplate, Rendered, parse_messages
from atk_interp.templates.render import Template, compile_template, environment

__all__ = ["Prompt", "PromptLibrary"]


@dataclass(frozen=True)
class Prompt:
    """One prompt file: chat messages, or a completion text."""

    name: str
    file: SourceFile
    messages: MessageList | None = None
    completion: Template | None = None

    def check(self, scope: Mapping[str, Type], sink: Sink, explain: Explain = lambda name: ((), None)) -> None:
        if self.messages is not None:
            self.messages.check(scope, sink, explain)
        if self.completion is not None:
            check_template(self.completion, scope, sink, explain)

    def names(self) -> set[str]:
        """The names that the prompt uses."""
        if self.completion is not None:
            return used_names(self.completion)
        return self.messages.names() if self.messages is not None else set()

    def renderer(self) -> Callable[[Mapping[str, Any]], list[Rendered]]:
        """A function from names to messages; a completion prompt is one message of the role `prompt`."""
        if self.completion is not None:
            template = self.completion
            return lambda names: [("prompt", template.render(names))]
        assert self.messages is not None
        return self.messages.renderer()


class PromptLibrary:
    """The prompts of one pipeline: an ordered list of folders. Files are read once."""

    def __init__(self, folders: Sequence[FilePath], show: Callable[[FilePath], str] = str) -> None:
        self.folders = tuple(folders)
        self._show = show
        self._env = environment(self._fragment)
        self._read: dict[str, Prompt | None] = {}

    def find(self, name: str) -> FilePath | None:
        """The file of a prompt: the first folder that has `NAME.yaml` or `NAME.txt`."""
        for folder in self.folders:
            for suffix in (".yaml", ".yml", ".txt"):
                path = folder / f"{name}{suffix}"
                if path.is_file() and _inside(path, folder):
                    return path
        return None

    def names(self) -> list[str]:
        """The names of all prompts in all folders."""
        found: set[str] = set()
        for folder in self.folders:
            for path in folder.glob("*"):
                if path.suffix in (".yaml", ".yml", ".txt"):
                    found.add(path.stem)
        return sorted(found)

    def load(self, name: str, span: Span, sink: Sink) -> Prompt | None:
        """A prompt by name; None, and findings, when it is missing or malformed. `span` is who asks for it."""
        path = self.find(name)
        if path is None:
            looked = ", ".join(f"`{self._show(folder)}`" for folder in self.folders) or "no folder"
            sink.report(
                codes.PROMPT_NOT_FOUND,
                span,
                f"there is no prompt `{name}`",
                notes=[f"looked for `{name}.yaml` and `{name}.txt` in {looked}"],
                help=did_you_mean(name, self.names()) or f"write `{name}.yaml`",
            )
            return None
        if name not in self._read:
            self._read[name] = self._parse(name, path, sink)
        return self._read[name]

    def _parse(self, name: str, path: FilePath, sink: Sink) -> Prompt | None:
        file = read_source(path, sink, self._show(path))
        if file is None:
            return None
        if path.suffix == ".txt":
            template = compile_template(MappedText.whole(file), sink, self._env)
            return Prompt(name, file, completion=template) if template else None
        document = parse_document(file, sink)
        if document is None:
            return None
        messages = parse_messages(document, (), sink, self._env)
        if messages is None:
            return None
        last = messages.items[-1] if messages.items else None
        if isinstance(last, MessageTemplate) and last.role.constant in ("assistant", "system"):
            sink.report(
                codes.NOTHING_TO_ANSWER,
                document.head_span(last.path),
                f"the last message is from `{last.role.constant}`, so there is nothing to answer",
                help="end with a `user` message",
            )
        return Prompt(name, file, messages=messages)

    def _fragment(self, name: str) -> str | None:
        """The text of a file that a template includes, from any folder of the library."""
        for folder in self.folders:
            path = folder / name
            if path.is_file() and _inside(path, folder):
                return path.read_text(encoding="utf-8")
        return None


def _inside(path: FilePath, folder: FilePath) -> bool:
    return path.resolve().is_relative_to(folder.resolve())

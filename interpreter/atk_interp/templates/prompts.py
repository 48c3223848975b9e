"""Prompt files: finding them, reading them, rendering them.

`NAME.yaml` is a list of chat messages, `NAME.txt` a prompt for completion models. Folders are searched in order
and the first that has the file wins, so that an override folder holds only the files it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.document import DISK, Files, parse_document, read_source, shown
from atk_interp.expressions.types import Type
from atk_interp.records import dataclass
from atk_interp.source import MappedText, SourceFile, Span
from atk_interp.templates import codes
from atk_interp.templates.analysis import Explain, check_template, used_names
from atk_interp.templates.environment import Sandbox
from atk_interp.templates.items import MessageTemplate, Rendered
from atk_interp.templates.messages import MessageList, parse_messages
from atk_interp.templates.render import Template, compile_template

__all__ = ["Prompt", "PromptLibrary"]

_SUFFIXES = (".yaml", ".yml", ".txt")
"""Of prompt files, the first that is there wins."""


@dataclass(frozen=True)
class Prompt:
    """One prompt file: chat messages, or a completion text."""

    name: str
    file: SourceFile
    messages: MessageList | None = None
    completion: Template | None = None

    def check(self, scope: Mapping[str, Type], sink: Sink, explain: Explain | None = None) -> None:
        if self.messages is not None:
            self.messages.check(scope, sink, explain)
        if self.completion is not None:
            check_template(self.completion, scope, sink, explain)

    @cached_property
    def contents(self) -> tuple[Template, ...]:
        """The templates of all messages, or the one of a completion."""
        if self.completion is not None:
            return (self.completion,)
        return tuple(item.content for item in self.messages.written()) if self.messages is not None else ()

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The text of the prompt file and of every file that it includes, imports or extends, by the path as shown."""
        included = self.completion.files() if self.completion is not None else {}
        if self.messages is not None:
            included = self.messages.files()
        return {self.file.path: self.file.text, **included}

    @cached_property
    def written(self) -> str:
        """All text that is written out in the prompt, also in branches, in examples, and in what it includes."""
        parts = [content.facts.written if content.constant is None else content.constant for content in self.contents]
        included = self.files.values() if any(content.facts.naming for content in self._with_holes) else ()
        return "\n".join([*parts, *(text for text in included if text is not self.file.text)])

    @property
    def _with_holes(self) -> list[Template]:
        return [content for content in self.contents if content.constant is None]

    def names(self) -> set[str]:
        """The names that the prompt uses."""
        return set(self._names)

    @cached_property
    def _names(self) -> set[str]:
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

    def origins(self, names: Mapping[str, Any]) -> list[Span]:
        """Where each message stands that `renderer` gives for these names, in the same order. Raises as it does."""
        if self.completion is not None:
            return [self.completion.text.span()]
        assert self.messages is not None
        return self.messages.origins(names)


class PromptLibrary:
    """The prompts of one pipeline: an ordered list of folders. Files are read once."""

    def __init__(self, folders: Sequence[FilePath], files: Files = DISK) -> None:
        self.folders = tuple(folders)
        self._roots = [folder.resolve() for folder in self.folders]
        self._files = files
        self._env = Sandbox(self._fragment)
        self._read: dict[str, Prompt | None] = {}
        self._fragments: dict[str, SourceFile | None] = {}

    def find(self, name: str) -> FilePath | None:
        """The file of a prompt: the first folder that has `NAME.yaml` or `NAME.txt`."""
        for folder, root in zip(self.folders, self._roots, strict=True):
            for suffix in _SUFFIXES:
                path = folder / f"{name}{suffix}"
                if self._files.is_file(path) and path.resolve().is_relative_to(root):
                    return path
        return None

    def names(self) -> list[str]:
        """The names of all prompts in all folders."""
        return sorted({path.stem for folder in self.folders for path in self.files_in(folder)})

    def files_in(self, folder: FilePath) -> list[FilePath]:
        """The prompt files of one folder; of those of one name the first is the one that is read."""
        found = [path for path in self._files.in_folder(folder) if path.suffix in _SUFFIXES]
        return sorted(found, key=lambda path: (path.stem, _SUFFIXES.index(path.suffix)))

    def names_in(self, folder: str) -> list[str]:
        """The names of the prompts in a folder below those of the library, in the order of the alphabet."""
        found: set[str] = set()
        for above, root in zip(self.folders, self._roots, strict=True):
            below = above / folder
            if below.resolve().is_relative_to(root):
                found.update(f"{folder.rstrip('/')}/{path.stem}" for path in self.files_in(below))
        return sorted(found)

    def load(
        self, name: str, span: Span, sink: Sink, *, followed: bool = False, suffix: str = ".yaml"
    ) -> Prompt | None:
        """A prompt by name; None, and findings, when it is missing or malformed. `span` is who asks for it.

        After a prompt that is `followed` come other messages, so it need not end with one to answer.
        `suffix` is that of the file to write when there is none.
        """
        path = self.find(name)
        if path is None:
            looked = ", ".join(f"`{shown(folder)}`" for folder in self.folders) or "no folder"
            sink.report(
                codes.PROMPT_NOT_FOUND,
                span,
                f"there is no prompt `{name}`",
                notes=[f"looked for `{name}.yaml` and `{name}.txt` in {looked}"],
                help=self._nearest(name, suffix),
            )
            return None
        if name not in self._read:
            self._read[name] = self._parse(name, path, sink, followed)
        return self._read[name]

    def _nearest(self, name: str, suffix: str) -> str:
        """What to do about a prompt that is not there."""
        stem = FilePath(name).stem
        if stem != name and self.find(stem) is not None:
            return f"write `{stem}`: a prompt is named without its folder and suffix"
        return did_you_mean(name, self.names()) or f"write the file `{stem}{suffix}`"

    def _parse(self, name: str, path: FilePath, sink: Sink, followed: bool) -> Prompt | None:
        file = read_source(path, sink, files=self._files)
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
        if not followed:
            _check_last(messages, sink)
        return Prompt(name, file, messages=messages)

    def _fragment(self, name: str) -> SourceFile | None:
        """A file that a template includes, from the first folder that has it; None when it cannot be read."""
        if name not in self._fragments:
            paths = (folder / name for folder in self.folders if _inside(folder / name, folder))
            path = next((path for path in paths if self._files.is_file(path)), None)
            self._fragments[name] = read_source(path, Sink(), files=self._files) if path is not None else None
        return self._fragments[name]


def _check_last(messages: MessageList, sink: Sink) -> None:
    """Report a prompt that does not end with a user. A last message that could not be read is told already."""
    last = messages.items[-1] if messages.items else None
    written = (len(messages.document.data) - 1,)
    if isinstance(last, MessageTemplate) and last.path == written and last.role.constant in ("assistant", "system"):
        sink.report(
            codes.NOTHING_TO_ANSWER,
            messages.document.head_span(last.path),
            f"the last message is from `{last.role.constant}`, so there is nothing to answer",
            help="end with a `user` message",
        )


def _inside(path: FilePath, folder: FilePath) -> bool:
    return path.resolve().is_relative_to(folder.resolve())

"""The texts that are open, and what is known of the files that they belong to.

A text that is being typed is seldom whole. What is known of a place is asked of several readings of its file, the
best first: the text as it is; the text without the line of the cursor; the last text that could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.document import Document, Files, parse_document, shown
from atk_interp.flow import Analysis
from atk_interp.kinds.base import StepView
from atk_interp.lint.check import check_found
from atk_interp.lint.engine import Linted, lint_path
from atk_interp.lint.search import Found, find, is_ours
from atk_interp.lint.settings import SettingsFinder
from atk_interp.records import dataclass
from atk_interp.source import SourceFile

__all__ = ["Project", "Sort", "Use", "sort_of"]

_SPEC = re.compile(r"^(?:spec|steps|outputs)[ \t]*:", re.MULTILINE)
_CONFIG = re.compile(r"^pipeline[ \t]*:", re.MULTILINE)
_MESSAGE = re.compile(r"^-(?:[ \t]|$)", re.MULTILINE)


class Sort(Enum):
    """The sorts of files."""

    SPEC = "spec"
    CONFIG = "config"
    PROMPT = "prompt"
    TEMPLATE = "template"
    """A prompt for completion models, or a part of prompts: a template from its first character."""
    OTHER = "other"


def sort_of(path: Path, text: str) -> Sort:
    """What a file is, by what begins a line of it; by its name while it is empty."""
    if path.suffix not in (".yaml", ".yml"):
        return Sort.TEMPLATE if path.suffix == ".txt" else Sort.OTHER
    for sort, mark in ((Sort.SPEC, _SPEC), (Sort.CONFIG, _CONFIG), (Sort.PROMPT, _MESSAGE)):
        if mark.search(text):
            return sort
    named = {"pipeline": Sort.SPEC, "config": Sort.CONFIG}.get(path.stem, Sort.OTHER)
    return Sort.PROMPT if named is Sort.OTHER and "prompts" in path.parts else named


@dataclass(frozen=True)
class Use:
    """A step or output that reads a prompt file, with the spec that it stands in."""

    analysis: Analysis
    view: StepView


class Project:
    """What the server knows. Not safe for threads: one question at a time."""

    def __init__(self) -> None:
        self._texts: dict[Path, str] = {}
        self._linted: dict[tuple[Path, str], Linted] = {}
        self._good: dict[Path, Linted] = {}
        """The last reading of each file that came to a spec, and the last in which every step was whole."""
        self._whole: dict[Path, Linted] = {}
        self._searched: dict[Path, Found] = {}

    def put(self, path: Path, text: str) -> None:
        """Take a text, new or changed. What was worked out before may no longer hold."""
        if self._texts.get(path) == text:
            return
        if path not in self._texts:
            self._searched.clear()
        self._texts[path] = text
        self.forget()

    def drop(self, path: Path) -> None:
        """The file is closed: what is on disk holds again."""
        self._texts.pop(path, None)
        self._searched.clear()
        self.forget()

    def forget(self) -> None:
        """A file on disk may have changed."""
        self._linted.clear()

    @property
    def files(self) -> Files:
        return Files(dict(self._texts))

    @property
    def open(self) -> list[Path]:
        return list(self._texts)

    def text(self, path: Path) -> str:
        """The text of a file, typed or on disk; empty where there is none."""
        if path in self._texts:
            return self._texts[path]
        try:
            return self.files.read(path, 2_000_000).decode("utf-8", "replace").removeprefix("\ufeff")
        except (OSError, ValueError):
            return ""

    def findings(self) -> dict[Path, list[Diagnostic]]:
        """What lint says of the open files and those that belong to them, by file; open ones are always there."""
        found: dict[Path, list[Diagnostic]] = {path: [] for path in self._texts}
        if not self._texts:
            return found
        checked = check_found(self._belonging(), self.open[0], files=self.files)
        for unit in checked.linted:
            self._keep(unit)
        for finding in checked.report.findings:
            if finding.span is not None:
                found.setdefault(Path(finding.span.file.path).resolve(), []).append(finding)
        return found

    def _belonging(self) -> Found:
        """The specs and configs that are open or use an open prompt, and the open prompts that none uses."""
        specs = dict.fromkeys(self._open_specs())
        prompts: list[Path] = []
        for path, text in self._texts.items():
            users = () if path in specs else self._search(path).files
            specs |= dict.fromkeys(file.resolve() for file in users)
            if not users and path not in specs and sort_of(path, text) is Sort.PROMPT:
                prompts.append(path)
        return Found(tuple(specs), tuple(prompts))

    def _open_specs(self) -> list[Path]:
        finder, files = SettingsFinder(), self.files
        return [path for path in self._texts if is_ours(path, files) and not finder.of(path).leaves_out(path)]

    def _search(self, path: Path) -> Found:
        """The files that use a prompt. The whole project is searched, so it is done once while files stay open."""
        if path not in self._searched:
            finder = SettingsFinder()
            self._searched[path] = find(
                [path], files=self.files, leaves_out=lambda one: finder.of(one).leaves_out(one), skip_foreign=True
            )
        return self._searched[path]

    def readings(self, path: Path, offset: int) -> list[Linted]:
        """What is known of a spec or config, for a cursor in it: the readings that make sense, the best first."""
        text = self.text(path)
        wanted = (text, _without_line(text, offset))
        found = [linted for linted in (self._lint(path, one) for one in wanted) if linted.analysis is not None]
        for linted in reversed(found):
            self._keep(linted)
        known = (self._whole.get(path), self._good.get(path))
        return [*found, *(linted for linted in known if linted is not None and all(linted is not one for one in found))]

    def data(self, path: Path, offset: int) -> Any:
        """The plain data of a file, for a cursor in it; of its last good reading when it cannot be read."""
        document = self.document(path, offset)
        return document.data if document is not None else None

    def document(self, path: Path, offset: int) -> Document | None:
        """A file as a YAML document."""
        text = self.text(path)
        for one in (text, _without_line(text, offset)):
            document = parse_document(SourceFile(shown(path), one), Sink())
            if document is not None:
                return document
        good = self._good.get(path)
        if good is None:
            return None
        return (
            good.config.document if good.config is not None else good.analysis.spec.document if good.analysis else None
        )

    def uses(self, path: Path) -> list[Use]:
        """The steps and outputs that read a prompt file, or a file that includes it."""
        found: list[Use] = []
        for user in dict.fromkeys([*(file.resolve() for file in self._search(path).files), *self._open_specs()]):
            linted = self._lint(user, self.text(user))
            linted = linted if linted.analysis is not None else self._good.get(user, linted)
            if linted.analysis is not None:
                found += [Use(linted.analysis, view) for view in _readers(linted.analysis, path)]
        return found

    def _lint(self, path: Path, text: str) -> Linted:
        if (path, text) not in self._linted:
            files = Files({**self._texts, path: text})
            self._linted[path, text] = lint_path(path, complete=False, files=files)
        return self._linted[path, text]

    def _keep(self, linted: Linted) -> None:
        if linted.analysis is None:
            return
        self._good[linted.path.resolve()] = linted
        if all(step.valid for step in linted.analysis.spec.steps.values()):
            self._whole[linted.path.resolve()] = linted


def _without_line(text: str, offset: int) -> str:
    """The text with blanks for the line of the cursor, so that all else stays in its place."""
    start = text.rfind("\n", 0, offset) + 1
    stop = text.find("\n", offset)
    stop = len(text) if stop < 0 else stop
    return text[:start] + " " * (stop - start) + text[stop:]


def _readers(analysis: Analysis, path: Path) -> Iterator[StepView]:
    """The steps that load a prompt file, also while it cannot be read, or load one that includes it."""
    name = shown(path)
    for view in analysis.views.values():
        named = [value for key, value in view.step.options.items() if key == "prompt" and isinstance(value, str)]
        loads = any(file is not None and file.resolve() == path for file in map(analysis.library.find, named))
        if loads or any(name in prompt.files for prompt in view.loaded.values()):
            yield view

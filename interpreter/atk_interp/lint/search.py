"""Which files to lint: the specs and configs in folders, and those that use a prompt file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import DISK, Document, Files, is_utf16, load_document, shown
from atk_interp.flow import prompt_folders
from atk_interp.lint.engine import lint_path
from atk_interp.lint.scripts import is_script
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.spec import is_config
from atk_interp.stock import find_pipeline

__all__ = ["Found", "find", "is_ours", "specs_and_configs", "specs_using"]

_YAML = (".yaml", ".yml")
_OURS_BY_NAME = ("pipeline.yaml", "config.yaml")
_SKIPPED = ("node_modules", "__pycache__")
_MARKS_OF_OTHERS = ("pyvenv.cfg", ".atk-lock", "run.json")
"""What stands in a virtual environment and in the output folder of a run."""
_MARKS_OF_PROJECTS = (".atk", "pyproject.toml", ".git", "pipeline_specs")
_HEAD_BYTES = 200_000
_SPEC = pattern(r"""^spec:[ \t]*["']?atk""", re.MULTILINE)
_CONFIG = pattern(r"""^pipeline:[ \t]*["']?(?P<name>[^\s"'#][^"'#\r\n]*)""", re.MULTILINE)
_ROLES = {"system", "user", "assistant"}
_KEYS = pattern(r"^(spec|pipeline):", re.MULTILINE)
_MESSAGE = pattern(r"^-[ \t]+(system|user|assistant|role|each|when)[ \t]*:", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """`files` are specs and configs to lint, `prompts` those that no spec uses, `foreign` what was left alone.

    `scripts` are scripts of replies.
    """

    files: tuple[Path, ...] = ()
    prompts: tuple[Path, ...] = ()
    foreign: tuple[Path, ...] = ()
    scripts: tuple[Path, ...] = ()


def find(
    paths: Sequence[Path],
    *,
    files: Files = DISK,
    leaves_out: Callable[[Path], bool] = lambda path: False,
    skip_foreign: bool = False,
) -> Found:
    """What the paths stand for. A folder stands for the specs and configs in it, a prompt for those that use it.

    A named file that is none of these is taken for a spec, so that its author is told; with `skip_foreign` it is
    left alone, as is a named file that `leaves_out` says so of.
    """
    search = _Search(files, leaves_out, skip_foreign)
    for path in paths:
        search.add(path)
    return Found(tuple(search.files.values()), tuple(search.prompts), tuple(search.foreign), tuple(search.scripts))


def specs_using(prompt: Path) -> set[Path]:
    """The specs of the project that use a prompt file by themselves, without a config; their resolved paths."""
    search = _Search(DISK, lambda path: False, skip_foreign=False)
    return {candidate.path.resolve() for candidate in search.users(prompt) if candidate.is_spec}


class _Search:
    def __init__(self, files: Files, leaves_out: Callable[[Path], bool], skip_foreign: bool) -> None:
        self._texts = files
        self._leaves_out = leaves_out
        self._skip_foreign = skip_foreign
        self.files: dict[Path, Path] = {}
        self.prompts: list[Path] = []
        self.foreign: list[Path] = []
        self.scripts: list[Path] = []
        self._candidates: dict[Path, list[_Candidate]] = {}

    def add(self, path: Path) -> None:
        if path.is_dir():
            for file in specs_and_configs(path, self._leaves_out):
                self._take(file)
        elif self._skip_foreign and self._leaves_out(path):
            self.foreign.append(path)
        elif is_ours(path, self._texts):
            self._take(path)
        else:
            self._add_prompt(path)

    def _take(self, path: Path) -> None:
        self.files.setdefault(path.resolve(), path)

    def _add_prompt(self, path: Path) -> None:
        users = self.users(path)
        for user in users:
            self._take(user.path)
        if users:
            return
        document = load_document(path, Sink(), self._texts) if path.suffix in _YAML else None
        if document is not None and is_script(document.data):
            self.scripts.append(path)
        elif self._looks_like_prompt(path, document):
            self.prompts.append(path)
        elif self._skip_foreign:
            self.foreign.append(path)
        else:
            self._take(path)

    def _looks_like_prompt(self, path: Path, document: Document | None) -> bool:
        """Whether a file is one of messages; with `skip_foreign` other lists of such keys are not taken for one."""
        if document is not None and self._skip_foreign:
            return _is_prompt(document.data)
        try:
            return path.suffix in _YAML and _MESSAGE.search(_head(path, self._texts)) is not None
        except (OSError, ValueError):
            return False

    def users(self, prompt: Path) -> list[_Candidate]:
        """The specs and configs of the project whose steps read a prompt file, or include it."""
        resolved = prompt.resolve()
        root = _root(resolved)
        if root is None:
            return []
        if root not in self._candidates:
            self._candidates[root] = [_candidate(file) for file in specs_and_configs(root, self._leaves_out)]
        near = [one for one in self._candidates[root] if any(resolved.is_relative_to(f) for f in one.folders)]
        return [candidate for candidate in near if self._reads(candidate, prompt)]

    def _reads(self, candidate: _Candidate, prompt: Path) -> bool:
        return lint_path(candidate.path, files=self._texts).reads(shown(prompt))


def _is_prompt(data: Any) -> bool:
    return isinstance(data, list) and data != [] and all(isinstance(item, dict) and _is_message(item) for item in data)


def _is_message(item: dict[str, Any]) -> bool:
    keys = item.keys() - {"when", "each"}
    if keys == {"messages"}:
        return "each" in item and _is_prompt(item["messages"])
    return (len(keys) == 1 and keys <= _ROLES) or keys == {"role", "content"}


@dataclass(frozen=True)
class _Candidate:
    """A spec or config, and the folders in which its prompts are looked for."""

    path: Path
    folders: tuple[Path, ...]
    is_spec: bool = True


def _candidate(path: Path) -> _Candidate:
    document = load_document(path, Sink())
    if document is None or not isinstance(document.data, dict):
        return _Candidate(path, (path.resolve().parent / "prompts",))
    data, folder = document.data, path.resolve().parent
    overrides: list[Path] = []
    is_spec = not is_config(data)
    if not is_spec:
        named = data.get("prompts")
        listed = named if isinstance(named, list) else [named]
        overrides = [folder / Path(item).expanduser() for item in listed if isinstance(item, str)]
        spec = find_pipeline(str(data.get("pipeline")), folder)
        loaded = load_document(spec, Sink()) if spec is not None else None
        if spec is None or loaded is None or not isinstance(loaded.data, dict):
            return _Candidate(path, tuple(one.resolve() for one in overrides), is_spec=False)
        data, folder = loaded.data, spec.resolve().parent
    folders = prompt_folders(folder, str(data.get("name", "")), overrides)
    return _Candidate(path, tuple(one.resolve() for one in folders), is_spec)


def specs_and_configs(folder: Path, leaves_out: Callable[[Path], bool] = lambda path: False) -> list[Path]:
    """The specs and configs in a folder and below, in order; what tools and runs made is passed over."""
    found: list[Path] = []
    for where, folders, names in os.walk(folder):
        here = Path(where)
        folders[:] = sorted(name for name in folders if not _is_skipped(here / name) and not leaves_out(here / name))
        paths = (here / name for name in sorted(names) if name.endswith(_YAML) and not name.startswith("."))
        found += [path for path in paths if is_ours(path) and not leaves_out(path)]
    return sorted(found)


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    try:
        return name.startswith(".") or name in _SKIPPED or any((folder / mark).exists() for mark in _MARKS_OF_OTHERS)
    except OSError:
        return True  # not for us to look into


def is_ours(path: Path, files: Files = DISK) -> bool:
    """Whether a YAML file is a spec or config of ours: other tools have such keys and file names too."""
    if path.suffix not in _YAML:
        return False
    try:
        head = _head(path, files)
    except (OSError, ValueError):
        return path.name in _OURS_BY_NAME  # so that it is told that it cannot be read
    if _SPEC.search(head):
        return True
    if path.name in _OURS_BY_NAME and (_KEYS.search(head) or _has_our_keys(path, files)):
        return True
    named = _CONFIG.search(head)
    return named is not None and find_pipeline(named["name"].strip(), path.resolve().parent) is not None


def _has_our_keys(path: Path, files: Files) -> bool:
    """The same of a file that is written in braces, as JSON is, or has its keys in quotes."""
    document = load_document(path, Sink(), files)
    data = document.data if document is not None and isinstance(document.data, dict) else {}
    return str(data.get("spec")).startswith("atk") or isinstance(data.get("pipeline"), str)


def _head(path: Path, files: Files) -> str:
    data = files.read(path, _HEAD_BYTES)
    if is_utf16(data):  # that it is, is told of a spec and not of other files
        data = data.replace(b"\0", b"").lstrip(b"\xff\xfe")
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def _root(prompt: Path) -> Path | None:
    """The project of a prompt; without any mark of one, what stands around its folder.

    None for a prompt that lies loose in the home folder or above it: what is below is no project, and too much.
    """
    home = Path.home().resolve()
    too_wide = {home, *home.parents}
    around = list(takewhile(lambda folder: folder not in too_wide, prompt.parents))
    marked = (folder for folder in around if any((folder / mark).exists() for mark in _MARKS_OF_PROJECTS))
    beside = (folder.parent for folder in around if folder.name == "prompts" and folder.parent in around)
    return next(marked, None) or next(beside, None) or next(reversed(around[:2]), None)

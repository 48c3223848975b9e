"""Which of our pipelines a config of another project is for, and what its paths and prompt folders become."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import Document, parse_document
from atk_interp.elsewhere import NO_PIPELINE, SHARED, Known, known_pipeline
from atk_interp.elsewhere.spellings import is_old
from atk_interp.importing.configs import Target, config_text, read_config, spec_of, stock_spec
from atk_interp.importing.draft import Drafted
from atk_interp.importing.overriding import overridden
from atk_interp.importing.work import COMPLETION, Work, joined, leaf
from atk_interp.records import dataclass
from atk_interp.source import SourceFile
from atk_interp.stock import stock_folders

__all__ = ["CHECKOUT", "Drafts", "Own", "import_config"]

CHECKOUT = ("run_augmentoolkit.py", "super_config.yaml", "generation")
"""What only a whole checkout has."""


@dataclass(frozen=True)
class Own:
    """A pipeline of the project that was imported. `goal` is its folder below the output.

    `folders` are its folders of prompts, by the names that they had, with those that they have.
    """

    name: str
    goal: str
    drafted: Drafted | None
    folders: Mapping[str, str]


Drafts = Mapping[str, Own]


def import_config(work: Work, file: SourceFile, goal: str, drafts: Drafts, around: str = "") -> None:
    """Import a config into the file `goal`. `around` is the folder of the pipeline that it stands in, if any."""
    document = read_config(file, work.notes)
    if document is None:
        return
    named = str(leaf(document.data, "pipeline") or "")
    named = work.wishes.pipeline or work.aliases.get(named, named) or around
    reason = next((NO_PIPELINE[word] for word in _words(named) if word in NO_PIPELINE), None)
    if reason is not None:
        work.notes.left(file.path, 0, reason)
        return
    target = _target(work, document, named, around, goal, drafts)
    if target is None:
        told = f"`{named}` is no pipeline that is known" if named else "it does not say which pipeline it is for"
        work.notes.failed(file.path, 0, f"{told}; name one with `--pipeline NAME` (`atk-interp list`)")
        return
    work.put(goal, config_text(document, target, work.notes), file.path)
    from_output = replace(target, moved=_mover(work, document, "from the output"))
    work.overriding[goal] = partial(overridden, document, from_output, work.notes)


def _words(name: str) -> list[str]:
    """The names that a pipeline may be known by, the last part of a dotted path first."""
    return [*reversed(name.replace("/", ".").split(".")), name]


def _target(work: Work, document: Document, named: str, around: str, goal: str, drafts: Drafts) -> Target | None:
    data = document.data
    known = known_pipeline(named)
    spec = stock_spec(known.ours) if known is not None else None
    if known is not None and spec is not None:
        folders = [_from(work.output / goal, folder) for folder in _style(known, data)]
        _tell_prompts(work, known, document, folders)
        return Target(
            spec,
            known.ours,
            {**SHARED, **known.keys},
            known.slots,
            known.whole,
            tuple(folders),
            _mover(work, document, goal),
            known.subset,
            known.firsts,
            known.composed,
        )
    own = next((drafts[word] for word in (*_words(named), around) if word in drafts), None)
    return _draft_target(work, own, document, goal) if own is not None else None


def _draft_target(work: Work, own: Own, config: Document, goal: str) -> Target | None:
    document = parse_document(SourceFile("draft", own.drafted.text), Sink()) if own.drafted else None
    if document is None:
        return None
    data = config.data
    here = work.output / goal
    folders = tuple(_from(here, work.output / own.goal / each) for each in _overrides(own, data, work.files))
    name = _from(here, work.output / own.goal / "pipeline.yaml")
    slots = {"small": "small", "large": "large"}
    return Target(spec_of(document), name, SHARED, slots, prompts=folders, moved=_mover(work, config, goal))


def _overrides(own: Own, data: Mapping[str, Any], files: Iterable[str]) -> list[str]:
    """The folders that a config of a pipeline looks into before `prompts/`, as far as they were imported."""
    parts = [part for part in PurePosixPath(str(leaf(data, "prompts") or "")).parts if part not in (".", "/")]
    folder = "/".join([own.folders.get(parts[0], parts[0]), *parts[1:]]) if parts else ""
    found = [folder] if folder and folder != "prompts" else []
    if leaf(data, "completion_mode") is True:
        found = [*(f"{each}{COMPLETION}" for each in (*found, "prompts")), *found]
    return [each for each in found if any(name.startswith(joined(own.goal, each) + "/") for name in files)]


def _style(known: Known, data: Mapping[str, Any]) -> list[Path]:
    """Our prompts for the style that a config of the original has chosen among its prompt overrides."""
    name = PurePosixPath(str(leaf(data, "prompts") or "")).name
    for specs in stock_folders():
        folder = specs.parent / "prompts" / known.ours / "styles" / known.styles.get(name, name)
        if name and folder.is_dir():
            return [folder]
    return []


def _tell_prompts(work: Work, known: Known, config: Document, folders: Sequence[str]) -> None:
    """Tell what becomes of the folder of prompts that a config of the original names."""
    named = leaf({key: part for key, part in config.data.items() if key not in known.whole}, "prompts")
    if folders:
        style = PurePosixPath(folders[0]).name
        work.notes.renamed(config.file.path, 0, f"`prompts: {named}` is the style `{style}` of `{known.ours}`")
    elif named and PurePosixPath(str(named)).name != "prompts":
        told = f"`prompts: {named}` is left out: `{known.ours}` asks with prompts of its own, whose replies it reads"
        work.notes.look(config.file.path, 0, f"{told}; write what you have changed into copies of them")


def _from(file: Path, target: Path) -> str:
    """The path from the folder of a file to another one, as a config has it."""
    return Path(os.path.relpath(target, file.parent)).as_posix()


def _mover(work: Work, config: Document, goal: str) -> Callable[[str], str]:
    """How a path in a config is written: it was relative to the folder that the original is started in."""
    source = config.file.path
    base = _started_in(work.tree.root, source) if _is_old(config.data) else _base(work.tree.root)

    def moved(path: str) -> str:
        if os.path.isabs(path) or "://" in path or path.startswith("~"):
            return path
        if base is None:
            told = f"`{path}` was relative to the folder of the checkout; here it is relative to the config"
            work.notes.look(source, 0, told)
            return path
        return _from(work.output / goal, base / path)

    return moved


def _is_old(data: Mapping[Any, Any]) -> bool:
    return any(is_old(str(key)) for key, part in data.items() if isinstance(part, dict))


def _started_in(root: Path, source: str) -> Path:
    """The folder that an earlier version of the original started a pipeline in: its own."""
    folder = (root / source).parent
    return next((one for one in (folder, *folder.parents) if (one / "processing.py").is_file()), folder)


def _base(root: Path) -> Path | None:
    """The folder of the checkout that a path lies in; None where it cannot be told."""
    for folder in (root, *root.parents):
        if folder.name in ("generation", "external_configs"):
            return folder.parent
        if any((folder / mark).exists() for mark in CHECKOUT):
            return folder
    return None

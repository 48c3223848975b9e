"""What a path to import is (a checkout, a pipeline, prompts, a config), and all that is made of it."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from atk_interp.elsewhere import NO_PIPELINE, known_pipeline
from atk_interp.importing.aiming import CHECKOUT, Own, import_config
from atk_interp.importing.draft import Drafted, draft_spec
from atk_interp.importing.notes import Notes
from atk_interp.importing.prompts import Names, is_message_list
from atk_interp.importing.reading import Tree
from atk_interp.importing.runs import aliases_of, tell_order
from atk_interp.importing.steps import Read, read_python
from atk_interp.importing.work import MESSAGES, YAML, Wishes, Work, data_of, joined, leaf
from atk_interp.source import SourceFile
from atk_interp.stock import stock_names

__all__ = ["NothingToImport", "import_path"]

_CONFIG = "config"
_ORDER = "super_config.yaml"
_NO_PIPELINES = frozenset(("inputs", "outputs", "logs", "docs", "atk-interface", "external_configs"))


class NothingToImport(Exception):
    """The path holds nothing of the kind. The message says why."""


def import_path(path: Path, output: Path, wishes: Wishes) -> Work:
    """All that becomes of a path. `output` is where it will stand: paths in configs lead from there.

    Raises `NothingToImport`; `OSError` and `TooManyFiles` where a folder cannot be read.
    """
    root = path.resolve()
    work = Work(Tree(root if root.is_dir() else root.parent), output.absolute(), wishes)
    if not root.is_dir():
        _file(work, root)
    elif any((root / mark).exists() for mark in CHECKOUT):
        _checkout(work)
    elif _is_pipeline(root):
        _pipeline(work, root, "", {})
    else:
        _loose(work)
    work.conceal()
    if not work.files:
        first = next(iter(work.notes), None)
        raise NothingToImport(f"there is nothing to import in `{path}`" + (f": {first.told}" if first else ""))
    return work


def _file(work: Work, path: Path) -> None:
    """A prompt or a config by itself."""
    file = work.tree.read(path)
    if file is None:
        return
    if path.suffix.lower() == ".txt":
        work.prompt(file, f"{path.stem}.txt", work.names(None))
    elif path.suffix.lower() not in MESSAGES:
        work.notes.failed(file.path, 0, "it is neither YAML nor text")
    elif isinstance(data_of(file), dict):
        import_config(work, file, f"{path.stem}.yaml", {}, path.parent.name)
    else:
        work.prompt(file, f"{path.stem}.yaml", work.names(None))


def _loose(work: Work) -> None:
    """A folder of prompts, of configs, of pipelines, or of all of these."""
    root, tree = work.tree.root, work.tree
    pipelines = list(_pipelines(tree, root))
    drafts: dict[str, Own] = {}
    for folder in pipelines:
        goal = (folder.relative_to(root).parent / _unlike_ours(folder.name)).as_posix()
        drafts[folder.name] = _pipeline(work, folder, goal, drafts)
    apart = [path for path in tree.files(root, (*YAML, ".py")) if not {*path.parents} & {*pipelines}]
    files = [file for path in apart if path.suffix != ".py" and (file := tree.read(path)) is not None]
    if any(isinstance(data_of(file), list) for file in files) or "prompt" in root.name or _holds_prompts(tree, root):
        work.prompts(
            root, "", work.names(None), leave_out=lambda file: isinstance(data_of(file), dict), without=pipelines
        )
    for file in files:
        if isinstance(data_of(file), dict):
            import_config(work, file, file.path, drafts, Path(file.path).parent.name)
    for path in apart:
        if path.suffix == ".py":
            _tell_python(work, path)


def _tell_python(work: Work, path: Path) -> None:
    """Tell of steps that are passed over, since neither prompts nor a config stand beside them."""
    file = work.tree.read(path)
    steps = read_python([file], Notes()).steps if file is not None else ()
    if file is not None and steps:
        told = f"it makes {len(steps)} step{'' if len(steps) == 1 else 's'}, and is passed over"
        why = f"a pipeline has `prompts/` or `{_CONFIG}.yaml` beside its Python"
        work.notes.look(file.path, steps[0].line, f"{told}: {why}")


# ------------------------------------------------------------------------------------------------------- pipelines


def _is_pipeline(folder: Path) -> bool:
    """Whether a folder has Python beside prompts or a config."""
    names = [entry.name for entry in os.scandir(folder)]
    has_prompts = any(name.startswith("prompt") and (folder / name).is_dir() for name in names)
    return any(name.endswith(".py") for name in names) and (has_prompts or f"{_CONFIG}.yaml" in names)


def _pipeline(work: Work, folder: Path, goal: str, drafts: Mapping[str, Own]) -> Own:
    """The folder of a pipeline: its prompts, a draft of its spec, its configs."""
    tree = work.tree
    python = [file for path in tree.files(folder, (".py",)) if (file := tree.read(path)) is not None]
    work.read_python = work.read_python or bool(python)
    read = read_python(python, work.notes)
    names = work.names(read.names if python else None)
    yaml = [(path, file) for path in tree.files(folder, YAML, below=False) if (file := tree.read(path)) is not None]
    configs = [(path, file) for path, file in yaml if not is_message_list(data_of(file))]
    folders = {below.name: below.name for below in tree.folders(folder) if _holds_prompts(tree, below)}
    configs += _configs_below(tree, folder, folders)
    default = _default_folder(folders, [data_of(file) for _, file in configs])
    if default in folders and "prompts" not in folders:
        folders[default] = "prompts"
        work.notes.renamed(tree.shown(folder / default), 0, "prompts of a pipeline stand in `prompts/` beside its spec")
    reads, instead = _prompts(work, folder, goal, folders, names)
    drafted = _draft(work, folder, goal, read, reads, instead)
    own = Own(folder.name, goal, drafted, folders)
    for path, file in configs:
        name = path.relative_to(folder).with_suffix(".yaml").as_posix()
        import_config(work, file, joined(goal, name), {**drafts, folder.name: own}, folder.name)
    return own


def _configs_below(tree: Tree, folder: Path, prompts: Container[str]) -> Iterator[tuple[Path, SourceFile]]:
    """The configs in the folders of a pipeline that are not of prompts: those that say where rows are written."""
    for below in tree.folders(folder):
        for path in tree.files(below, YAML) if below.name not in prompts else ():
            file = tree.read(path)
            data = data_of(file) if file is not None else None
            if file is not None and _looks_like_config(data):
                yield path, file


def _looks_like_config(data: Any) -> bool:
    """Whether YAML says where rows are written, and one thing more that a config says; configs of trainers do not."""
    if not isinstance(data, dict) or not (leaf(data, "output_dir") or leaf(data, "output")):
        return False
    return any(leaf(data, key) for key in ("input_dir", "input", "input_dirs", "default_prompts", "concurrency_limit"))


def _holds_prompts(tree: Tree, folder: Path) -> bool:
    if "prompt" in folder.name:
        return True
    return any((file := tree.read(path)) and is_message_list(data_of(file)) for path in tree.files(folder, MESSAGES))


def _default_folder(folders: Mapping[str, str], configs: Sequence[Any]) -> str:
    """The folder of the prompts that others override."""
    for data in configs:
        named = Path(str(leaf(data, "default_prompts") or "")).name if isinstance(data, dict) else ""
        if named in folders:
            return named
    if "prompts" in folders:
        return "prompts"
    return next((name for name in sorted(folders) if name.startswith("prompt")), "")


def _prompts(
    work: Work, folder: Path, goal: str, folders: Mapping[str, str], names: Names
) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """All prompts below the folder of a pipeline.

    Gives the names that each of `prompts/` is filled in with, and those of all that may take their place.
    """
    reads: dict[str, frozenset[str]] = {}
    instead: set[str] = set()
    for old, new in folders.items():
        found = work.prompts(folder / old, joined(goal, new), names, leave_out=lambda file: _is_no_list(work, file))
        reads = found if new == "prompts" else reads
        instead.update(*found.values())
    return reads, frozenset(instead)


def _is_no_list(work: Work, file: SourceFile) -> bool:
    if not isinstance(data_of(file), dict):
        return False
    work.notes.left(file.path, 0, "it is no list of messages, so it is no prompt")
    return True


def _draft(
    work: Work, folder: Path, goal: str, read: Read, reads: Mapping[str, frozenset[str]], instead: frozenset[str]
) -> Drafted | None:
    shown = work.tree.shown(folder)
    if folder.name in NO_PIPELINE:
        work.notes.left(shown, 0, NO_PIPELINE[folder.name])
        return None
    if not read.steps:
        work.notes.look(shown, 0, "no steps were found in its Python, so there is no draft of a spec")
        return None
    known = known_pipeline(folder.name)
    if known is not None:
        told = f"`{known.ours}` does this, with parsers and prompts of its own; the draft is for what you changed"
        work.notes.look(shown, 0, told)
    drafted = draft_spec(re.sub(r"\W+", "_", folder.name), read.steps, reads, instead, shown, work.notes, read.values)
    work.put(joined(goal, "pipeline.yaml"), drafted.text, shown)
    for param in drafted.params:
        told = f"`{param}` is a parameter of the draft: a prompt is filled in with it, and no step writes it"
        work.notes.look(shown, 0, told)
    return drafted


# -------------------------------------------------------------------------------------------------------- checkouts


def _checkout(work: Work) -> None:
    """A whole checkout: every pipeline in it, and the configs that stand apart from them."""
    root = work.tree.root
    order = work.tree.read(root / _ORDER) if (root / _ORDER).is_file() and not (root / _ORDER).is_symlink() else None
    work.aliases = aliases_of(data_of(order)) if order is not None else {}
    drafts: dict[str, Own] = {}
    folders = [*_pipelines(work.tree, root)]
    for folder in folders:
        drafts[folder.name] = _pipeline(work, folder, f"pipeline_specs/{_unlike_ours(folder.name)}", drafts)
    outside = root / "external_configs"
    for path in work.tree.files(outside, YAML) if outside.is_dir() and not outside.is_symlink() else ():
        file = work.tree.read(path)
        if file is not None:
            name = path.relative_to(outside).with_suffix(".yaml").as_posix()
            import_config(work, file, f"configs/{name}", drafts)
    _tell_configs(work, root, {*folders, outside})
    if order is not None:
        tell_order(work, order)


def _tell_configs(work: Work, folder: Path, known: Container[Path], depth: int = 5) -> None:
    """Tell of configs that stand where none is looked for."""
    for path in work.tree.files(folder, YAML, below=False):
        file = work.tree.read(path)
        if file is not None and path.name != _ORDER and _looks_like_config(data_of(file)):
            told = "it looks like a config, and is passed over: import it by itself, or from `external_configs/`"
            work.notes.look(file.path, 0, told)
    for below in work.tree.folders(folder) if depth else ():
        if below not in known and below.name not in _NO_PIPELINES:
            _tell_configs(work, below, known, depth - 1)


def _unlike_ours(name: str) -> str:
    """A name for the folder of a draft that does not hide one of ours, which a config names."""
    return f"{name}_imported" if name in stock_names() else name


def _pipelines(tree: Tree, folder: Path, depth: int = 5) -> Iterator[Path]:
    """The folders of pipelines at and below a folder; a pipeline holds no other."""
    if folder != tree.root and _is_pipeline(folder):
        yield folder
    elif depth:
        for below in tree.folders(folder):
            if below.name not in _NO_PIPELINES:
                yield from _pipelines(tree, below, depth - 1)

"""The list of runs of a checkout: what it calls its pipelines and configs, and which command does the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from atk_interp.importing.work import Work, data_of, leaf
from atk_interp.source import SourceFile

__all__ = ["aliases_of", "tell_order"]

_DEPTH = 5
"""So many aliases may lead to one another, as in the original."""


def aliases_of(data: Any) -> dict[str, str]:
    """The paths that names lead to, those that are made of other names put together."""
    found = leaf(data, "path_aliases") if isinstance(data, dict) else None
    names = {name: path for name, path in found.items() if isinstance(path, str)} if isinstance(found, dict) else {}
    return {name: _path(name, names) for name in names}


def _path(name: str, aliases: Mapping[str, str]) -> str:
    """What a name of a pipeline or a config stands for: `gen:mine/config.yaml` where `gen` is a name as well."""
    for _ in range(_DEPTH):
        head, colon, rest = name.partition(":")
        if name in aliases:
            name = aliases[name].strip()
        elif colon and head in aliases:
            name = f"{aliases[head].strip().rstrip('/')}/{rest}"
        else:
            break
    return name


def tell_order(work: Work, file: SourceFile) -> None:
    """Tell what the list of runs becomes: a command with the configs that were imported, in their order."""
    data = data_of(file)
    order = leaf(data, "pipeline_order") if isinstance(data, dict) else None
    runs = [entry for entry in order or () if isinstance(entry, dict) and entry.get("config")]
    goals = {source: goal for goal, source in work.sources.items()}
    found = [next((goals[path] for path in _configs(work, entry) if path in goals), None) for entry in runs]
    for entry, goal in zip(runs, found, strict=True):
        if goal is None:
            work.notes.left(
                file.path, 0, f"the run of `{entry['config']}` is left out: there is no config of ours for it"
            )
    configs = " ".join(goal for goal in found if goal is not None)
    if not configs:
        return
    told = f"the order of runs is that of the command: `atk-interp run {configs}`"
    if any(entry.get("parameters") for entry in runs):
        told += "; what it sets under `parameters` is `--set NAME=VALUE`"
    work.notes.look(file.path, 0, told)


def _configs(work: Work, entry: Mapping[str, Any]) -> Iterator[str]:
    """Where the config of a run may stand: below the checkout, or in the folder of the pipeline."""
    name = _path(str(entry["config"]), work.aliases)
    for path in (name, f"{entry.get('folder') or ''}/{name}"):
        for suffix in ("", ".yaml"):
            yield PurePosixPath(path.lstrip("/") + suffix).as_posix()

"""The list of runs of a checkout: what it calls its pipelines and configs, and which commands do the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
    """Tell what the list of runs becomes: commands with the configs that were imported, in their order."""
    data = data_of(file)
    order = leaf(data, "pipeline_order") if isinstance(data, dict) else None
    runs: list[tuple[str, list[str]]] = []
    for number, entry in enumerate(order if isinstance(order, list) else (), 1):
        goal, named = _config(work, entry)
        if not goal:
            told = f"the run of `{named}`" if named else f"run {number}"
            work.notes.left(file.path, 0, f"{told} is left out: there is no config of ours for it")
            continue
        over = entry.get("parameters") if isinstance(entry, dict) else None
        if over and not isinstance(over, dict):
            work.notes.left(file.path, 0, f"run {number}: its `parameters` are left out: they are no map")
        sets = work.overriding[goal](over, file.path, f"run {number}") if isinstance(over, dict) else []
        runs.append((goal, sets))
    _tell_commands(work, file.path, runs)


def _tell_commands(work: Work, file: str, runs: Sequence[tuple[str, Sequence[str]]]) -> None:
    """What is set counts for all configs of a command: a run with something set has a command of its own."""
    commands: list[str] = []
    together = False
    for goal, sets in runs:
        if together and not sets:
            commands[-1] += f" {goal}"
        else:
            commands.append(" ".join(("atk-interp run", goal, *sets)))
        together = not sets
    told = " and ".join(f"`{command}`" for command in commands)
    if told:
        of = "command:" if len(commands) == 1 else "commands"
        work.notes.look(file, 0, f"the order of runs is that of the {of} {told}")
    outputs = Counter((goal, next((one for one in sets if "output_dir=" in one), "")) for goal, sets in runs)
    for (goal, _), count in outputs.items():
        if count > 1:
            told = (
                f"{count} runs of `{goal}` write into one folder: give them an `output_dir` of their own with `--set`"
            )
            work.notes.look(file, 0, told)


def _config(work: Work, entry: Any) -> tuple[str, str]:
    """The config of ours for a run, and what the list calls the run; nothing where there is none.

    A text alone is the folder of a pipeline, or the end of its path, and its `config.yaml` is meant.
    """
    goals = {source: goal for goal, source in work.sources.items() if goal in work.overriding}
    if isinstance(entry, dict):
        named = str(entry.get("config") or entry.get("folder") or entry.get("node") or "")
        if not entry.get("config"):
            entry = {**entry, "config": "config.yaml"}
    elif isinstance(entry, str):
        named = entry
        end = f"/{_path(entry, work.aliases).strip('/')}/config.yaml"
        found = [goal for source, goal in goals.items() if f"/{source}".endswith(end)]
        if len(found) == 1:
            return found[0], named
        entry = {"config": entry}
    else:
        return "", ""
    return next((goals[path] for path in _configs(work, entry) if path in goals), ""), named


def _configs(work: Work, entry: Mapping[str, Any]) -> Iterator[str]:
    """Where the config of a run may stand: below the checkout, or in the folder of the pipeline."""
    name = _path(str(entry["config"]), work.aliases)
    for path in (name, f"{entry.get('folder') or ''}/{name}"):
        for suffix in ("", ".yaml"):
            yield PurePosixPath(path.lstrip("/") + suffix).as_posix()

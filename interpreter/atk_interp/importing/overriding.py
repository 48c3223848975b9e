"""What a run of a checkout sets over its config, as `--set` of ours."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from atk_interp.document import Document
from atk_interp.elsewhere.spellings import names_of
from atk_interp.importing.configs import Target, given_by
from atk_interp.importing.notes import LEFT, LOOK, Note, Notes
from atk_interp.importing.work import leaf
from atk_interp.reference.yaml_text import flow
from atk_interp.spec import Param

__all__ = ["overridden"]

_OF_CONFIGS = ("pipeline", "prompts", "completion_mode")
"""What is no parameter of ours."""

_RUN = "parameters of a run"
"""The section of a config in which these are read."""


def overridden(
    document: Document, target: Target, notes: Notes, over: Mapping[Any, Any], file: str, run: str
) -> list[str]:
    """The `--set` that do what a run sets over a config, quoted for a shell. Paths lead from where `target` has them.

    The config is read as it is, and with what is set over it: what differs then is set. What has no parameter is told
    of as that of `run` in `file`.
    """
    mine, others = Notes(), Notes()
    before = given_by(document, target, others)
    below = _without(document.data, {*_names(over, (_RUN,), target)}, (), target)
    after = given_by(replace(document, data={_RUN: over, **below}), target, mine)
    for secret in mine.secrets:
        notes.hide(secret)
    for note in _new(mine, others):
        notes.add(note.kind, file, 0, f"{run}: {note.told}")
    for told in _left(over, sorted(slot for slot in after.models if after.models[slot] != before.models.get(slot))):
        notes.left(file, 0, f"{run}: {told}")
    values, was = after.given.values, before.given.values
    found = {name: value for name, value in values.items() if value != was.get(name)}
    found |= {name: None for name in was if name not in values and not target.spec.params[name].required}
    settings = [f"{name}={_written(target.spec.params[name], value)}" for name, value in found.items()]
    for setting in settings:
        if "\n" in setting:
            told = f"`{setting.partition('=')[0]}` has several lines; write it into a config for this run"
            notes.left(file, 0, f"{run}: {told}")
    settings = [setting for setting in settings if "\n" not in setting]
    if isinstance(after.seed, int) and after.seed != before.seed:
        settings.append(f"seed={after.seed}")
    return [f"--set {shlex.quote(setting)}" for setting in settings]


def _names(data: Mapping[Any, Any], path: tuple[str, ...], target: Target) -> Iterator[str]:
    """The names of all settings."""
    for key, part in data.items():
        if isinstance(part, dict) and key not in target.whole:
            yield from _names(part, (*path, str(key)), target)
        else:
            yield from names_of((*path, str(key)))


def _without(data: Mapping[Any, Any], names: set[str], path: tuple[str, ...], target: Target) -> dict[Any, Any]:
    """A config without some settings, in whatever section these stand."""
    left: dict[Any, Any] = {}
    for key, part in data.items():
        if isinstance(part, dict) and key not in target.whole:
            left[key] = _without(part, names, (*path, str(key)), target)
        elif not names.issuperset(names_of((*path, str(key)))):
            left[key] = part
    return left


def _new(notes: Notes, others: Notes) -> Iterator[Note]:
    """What is left out, or to be looked at, for what a run sets alone."""
    known = {note.told for note in others}
    for note in notes:
        if note.kind in (LEFT, LOOK) and note.told not in known:
            yield note


def _left(over: Mapping[Any, Any], slots: list[str]) -> Iterator[str]:
    """What no `--set` can do."""
    for slot in slots:
        yield f"what it sets of the model `{slot}` stands under `models:` of a config; write one for this run"
    for key in _OF_CONFIGS:
        if leaf(over, key) not in (None, "", False):
            yield f"`{key}` stands in a config; write one for this run"


def _written(param: Param, value: Any) -> str:
    """A value as `--set` takes it: texts as they are, all else as YAML."""
    return value if param.type in ("text", "path") and isinstance(value, str) else flow(value)

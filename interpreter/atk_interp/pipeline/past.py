"""A run of the past, made again from what its `run.json` says: for those who verify, retry or trace it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from atk_interp.ledger import LedgerError
from atk_interp.ledger.places import default_ledger
from atk_interp.ledger.runs import latest_folders
from atk_interp.lint.check import check_file
from atk_interp.pipeline.calling import Pipeline
from atk_interp.pipeline.errors import InvalidSpec
from atk_interp.plan import Extent, Plan
from atk_interp.records import dataclass
from atk_interp.runtime import CannotRun
from atk_interp.runtime.making import endpoint_from
from atk_interp.spec import Config
from atk_interp.stock import find_pipeline

__all__ = ["PastRun", "past_run", "run_folder"]

_RECORD = "run.json"


@dataclass(frozen=True)
class PastRun:
    """A run that has left a record. `arguments` and `extent` are those with which `pipeline` makes its plan again."""

    folder: Path
    record: Mapping[str, Any]
    ledger: Path
    pipeline: Pipeline = field(repr=False)
    arguments: Mapping[str, Any]
    extent: Extent

    @property
    def status(self) -> str:
        return str(self.record["status"])

    @property
    def grants(self) -> str | None:
        """The fingerprint of what was granted to rejected rows when it was run; None where that is not known."""
        made_from = self.record.get("made_from")
        return made_from.get("grants") if isinstance(made_from, dict) else None

    def plan(self) -> Plan:
        """Raises `CannotRun`, as a run does before any work."""
        return self.pipeline.plan(self.arguments, self.extent)


def run_folder(run: str | None, ledger: Path | None = None) -> Path:
    """The output folder that is meant: a folder, that of a config or spec, or of the latest run. Raises `CannotRun`."""
    if run is None:
        return _latest(ledger or default_ledger())
    folder = Path(run)
    if (folder / _RECORD).is_file():
        return folder
    file = folder if folder.is_file() else find_pipeline(run, Path.cwd(), configs=True)
    if file is not None and file.name == _RECORD:
        return file.parent
    if file is not None:
        return _output_of(file)
    if folder.is_dir():
        raise CannotRun(f"`{run}` has no `{_RECORD}`, so no run has ended there", "name the output folder of a run")
    raise CannotRun(f"there is no run `{run}`", "name the output folder of a run, or its config")


def past_run(folder: Path, *, ledger: Path | None = None, now: bool = False) -> PastRun:
    """The run that has left its outputs in a folder.

    Its endpoints are those that it had; `now` takes them from its config as it is today, if that is still there. Files
    that are not where they were are looked for where they would be if they had moved together with the folder. Raises
    `CannotRun` when there is no record, or the spec is gone, and `InvalidSpec`.
    """
    record = _record(folder)
    made: Mapping[str, Any] = record["made_by"]
    moved = _Moved(Path(made["output_dir"]), folder.absolute())
    spec = moved.file(made["spec"], "the spec")
    config = moved.path(made["config"]) if made["config"] is not None else None
    seed = record["seed"]
    if now and config is not None and config.is_file():
        pipeline = _pipeline(config)
    else:
        pipeline = _with_endpoints(_pipeline(spec), made["endpoints"], seed, moved)
    params = pipeline.spec.params
    values = {name: value for name, value in record["params"].items() if name in params and value is not None}
    values = {name: moved.value(value) if params[name].type == "path" else value for name, value in values.items()}
    arguments: dict[str, Any] = {**values, "seed": seed, "output_dir": str(folder.absolute())}
    folders = [moved.path(each) for each in made["prompt_folders"]]
    if folders:
        arguments["prompts"] = folders
    extent = Extent(record.get("limit"), record.get("until") or "", bool(made["strict"]))
    return PastRun(folder, record, ledger or moved.path(made["ledger"]), pipeline, arguments, extent)


def _record(folder: Path) -> Mapping[str, Any]:
    path = folder / _RECORD
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise CannotRun(f"`{path}` cannot be read: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise CannotRun(
            f"`{path}` is damaged: {str(error).lower()}", "run the pipeline again, from the ledger"
        ) from error
    if not isinstance(record, dict) or not isinstance(record.get("made_by"), dict):
        raise CannotRun(
            f"`{path}` does not say what the run was made of", "run the pipeline again, from the ledger, and it will"
        )
    if record["made_by"].get("rows_handed_over"):
        raise CannotRun(
            f"the run into `{folder}` was handed rows by a program, and they are not recorded",
            "write them to a file, and let a `read` step take them",
        )
    return record


@dataclass(frozen=True)
class _Moved:
    """Where files are now that stood in some relation to an output folder."""

    was: Path
    now: Path

    def path(self, recorded: str) -> Path:
        """As recorded if it is there, or if nothing has moved; else where it went if all has moved together."""
        path = Path(recorded)
        if self.was == self.now or path.exists():
            return path
        there = Path(os.path.normpath(self.now / os.path.relpath(path, self.was)))
        return there if there.exists() else path

    def value(self, recorded: str) -> str:
        """As `path`, for the value of a parameter, which may be an address."""
        return recorded if "://" in recorded else str(self.path(recorded))

    def file(self, recorded: str, what: str) -> Path:
        found = self.path(recorded)
        if not found.is_file():
            raise CannotRun(f"{what} of the run, `{recorded}`, is not there any more", "put it back")
        return found


def _pipeline(file: Path) -> Pipeline:
    checked = check_file(file, complete=False)
    linted = checked.linted[0]
    if linted.analysis is None or checked.report.stopping:
        raise InvalidSpec(checked.report.everything)
    return Pipeline(linted.analysis, linted.config)


def _with_endpoints(pipeline: Pipeline, endpoints: Mapping[str, Any], seed: int, moved: _Moved) -> Pipeline:
    models = {slot: endpoint_from(settings) for slot, settings in endpoints.items()}
    for slot, config in models.items():
        if config.script is not None:
            models[slot] = replace(config, script=str(moved.path(config.script)))
    spec = pipeline.spec
    return pipeline.configured(Config(spec.name, {}, models, (), seed, Path.cwd(), spec.document))


def _output_of(file: Path) -> Path:
    """The output folder of a config or spec."""
    pipeline = _pipeline(file)
    found = pipeline.output_dir(pipeline.defaults().get("output_dir"))
    if not (found / _RECORD).is_file():
        raise CannotRun(f"no run of `{file}` has ended in `{found}`", "name the output folder of the run")
    return found


def _latest(ledger: Path) -> Path:
    try:
        folders = latest_folders(ledger)
    except LedgerError as error:
        raise CannotRun(f"the latest run is not known: {error}", "name the output folder of a run") from error
    found = next((folder for folder in folders if (folder / _RECORD).is_file()), None)
    if found is None:
        raise CannotRun(
            f"the ledger `{ledger}` knows of no run whose outputs are there", "name the output folder of a run"
        )
    return found

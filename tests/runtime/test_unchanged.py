"""A finished run that nothing has changed since answers at once; whatever may change a result runs as usual."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult
from atk_interp.runtime.events import CallFinished, Event, Noted, Progressed, RunFinished, RunStarted
from support.pipelines import replying, write_project

SPEC = """
    spec: atk/v1
    name: case
    params:
      input_dir: {type: path}
      output_dir: {type: path}
      least: {type: int, default: 0}
    models: {m: {expects: any}}
    steps:
      documents: {kind: read, path: =input_dir}
      asked: {kind: generate, from: documents, model: m, prompt: ask, parse: {text: reply}}
      long: {kind: filter, from: asked, keep: text | length > least}
    outputs:
      out.jsonl: {from: long, format: jsonl}
    """


class Project:
    """A project with two documents, and a scripted model."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.documents = folder / "documents"
        self.documents.mkdir()
        for name in ("one", "two"):
            (self.documents / f"{name}.txt").write_text(name)
        self.models: dict[str, Any] = {"m": replying(folder, [{"reply": "fine"}])}
        self.write()
        self.events: list[Event] = []

    def write(self, spec: str = SPEC) -> None:
        config = {"input_dir": "documents", "output_dir": "out", "models": self.models}
        self.config = write_project(self.folder, spec, None, config)

    async def run(self, ledger: str = "ledger.db", **options: Any) -> RunResult:
        self.events.clear()
        pipeline = compile_pipeline(self.config)
        given = options.pop("given", {})
        ran = await pipeline.run(given, ledger=self.folder / ledger, listeners=[self.events.append], **options)
        assert ran.status == "done", ran.message
        return ran


@pytest.fixture
async def project(tmp_path: Path) -> Project:
    """A project after its first run."""
    made = Project(tmp_path)
    assert not (await made.run()).unchanged
    return made


def written(path: Path) -> tuple[int, int, int]:
    """What differs when a file is written again; reading it changes none of it."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


async def test_an_unchanged_run_answers_at_once_with_what_the_first_one_left(tmp_path: Path) -> None:
    project = Project(tmp_path)
    first = await project.run(given={"least": 2})
    own = ("events.jsonl", ".atk-lock")
    files = {path.name: written(path) for path in (tmp_path / "out").iterdir() if path.name not in own}
    again = await project.run(given={"least": 2})
    assert (first.unchanged, again.unchanged) == (False, True)
    assert {path.name: written(path) for path in (tmp_path / "out").iterdir() if path.name in files} == files
    assert list(again.rows()) == list(first.rows())
    assert again.outputs == first.outputs
    assert [(step.rows_in, step.called, step.from_ledger) for step in again.steps] == [(0, 0, 0), (2, 0, 2), (2, 0, 0)]
    kinds = [type(event) for event in project.events]
    assert kinds == [RunStarted, Noted, Progressed, RunFinished]
    assert isinstance(project.events[1], Noted)
    assert project.events[1].message.startswith("nothing has changed since the run of 2")


async def test_force_runs_all_the_same(project: Project) -> None:
    assert not (await project.run(force=True)).unchanged
    assert sum(isinstance(event, CallFinished) and event.from_ledger for event in project.events) == 2
    assert (await project.run()).unchanged


def _same_size(path: Path) -> None:
    path.write_bytes(bytes(reversed(path.read_bytes())))


def _older(path: Path) -> None:
    """Other contents of the same size, with the times that the file had."""
    before = path.stat()
    _same_size(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _other_model(project: Project) -> None:
    project.models["m"]["model"] = "other"
    project.write()


CHANGES: dict[str, Callable[[Project], object]] = {
    "a document": lambda project: _same_size(project.documents / "one.txt"),
    "a document, its times kept": lambda project: _older(project.documents / "one.txt"),
    "a new document": lambda project: (project.documents / "three.txt").write_text("three"),
    "one document less": lambda project: (project.documents / "two.txt").unlink(),
    "the name of a document": lambda project: (project.documents / "two.txt").rename(project.documents / "zwei.txt"),
    "a prompt": lambda project: (project.folder / "prompts" / "ask.yaml").write_text('- user: "Say {{ text }}"'),
    "the spec": lambda project: project.write(SPEC.replace("length > least", "length >= least")),
    "an output": lambda project: _older(project.folder / "out" / "out.jsonl"),
    "no output": lambda project: (project.folder / "out" / "out.jsonl").unlink(),
    "what was rejected": lambda project: (project.folder / "out" / "rejected.jsonl").write_text("none"),
    "the script of the model": lambda project: (project.folder / "script.json").write_text('[{"reply": "other"}]'),
    "the model": _other_model,
    "no ledger": lambda project: (project.folder / "ledger.db").unlink(),
    "no record": lambda project: (project.folder / "out" / "run.json").unlink(),
    "half a record": lambda project: (project.folder / "out" / "run.json").write_text('{"status": "done", "made_fr'),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_of_anything_runs_as_usual(project: Project, change: str) -> None:
    CHANGES[change](project)
    assert not (await project.run()).unchanged


@pytest.mark.parametrize(
    "options",
    [{"given": {"least": 1}}, {"ledger": "other.db"}],
    ids=["a parameter", "another ledger"],
)
async def test_another_command_runs_as_usual(project: Project, options: dict[str, Any]) -> None:
    assert not (await project.run(**options)).unchanged


async def test_another_version_of_the_program_runs_as_usual(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "another")
    assert not (await project.run()).unchanged


async def test_a_document_that_changes_while_it_is_read_does_not_pass_for_what_was_read(tmp_path: Path) -> None:
    project = Project(tmp_path)

    met: list[Event] = []

    def meddle(event: Event) -> None:
        if isinstance(event, CallFinished) and not met:
            met.append(event)
            _older(project.documents / "one.txt")

    pipeline = compile_pipeline(project.config)
    assert (await pipeline.run({}, ledger=tmp_path / "ledger.db", listeners=[meddle])).status == "done"
    assert not (await project.run()).unchanged


async def test_a_run_that_stopped_is_gone_on_with(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "script.json").write_text(json.dumps([{"when": {"contains": "one"}, "reply": "fine"}]))
    pipeline = compile_pipeline(project.config)
    ran = await pipeline.run({}, ledger=tmp_path / "ledger.db")
    assert ran.status == "impossible"
    assert json.loads((tmp_path / "out" / "run.json").read_text())["made_from"] is None

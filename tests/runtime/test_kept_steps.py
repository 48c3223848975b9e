"""A run goes on from the steps that are the same as before, and makes the same as one that computes everything."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime.events import CallFinished, Event
from atk_interp.runtime.kept import kept_folder
from support.many_steps import documents, write_all

SET_WISE = ("whole", "graded", "joined", "some", "mixed", "sorted", "first")


class Project:
    """The pipeline with a step of every kind, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.given: dict[str, Any] = {}
        self.events: list[Event] = []
        self.asked: set[str] = set()
        """The steps that have asked in the last run with what is kept."""
        self.config = write_all(folder, input_dir="docs", output_dir="out")
        spec = folder / "pipeline.yaml"
        lines = spec.read_text().splitlines(keepends=True)
        spec.write_text("".join(line for line in lines if "format: calls" not in line))  # what has calls is not kept
        documents(folder / "docs")
        os.chdir(folder)

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text()
        assert text.count(old) == 1, (file, old)
        (self.folder / file).write_text(text.replace(old, new))

    def set(self, *path: str, to: Any) -> None:
        """Change a value in the config."""
        data = json.loads(self.config.read_text())
        place = data
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = to
        self.config.write_text(json.dumps(data))

    async def run(self, output: str = "out", **options: Any) -> dict[str, Any]:
        """The record of a run."""
        self.events.clear()
        ledger = self.folder / "ledger.db"
        pipeline = compile_pipeline(self.config)
        given = {**self.given, "output_dir": self.folder / output}
        ran = await pipeline.run(given, ledger=ledger, listeners=[self.events.append], **options)
        assert ran.status == "done", (ran.message, ran.error)
        record: dict[str, Any] = json.loads((self.folder / output / "run.json").read_text())
        return record

    def files(self, output: str) -> dict[str, bytes]:
        own = ("run.json", "events.jsonl", "report.html", ".atk-lock")
        return {path.name: path.read_bytes() for path in (self.folder / output).iterdir() if path.name not in own}

    async def same_with_and_without(self) -> dict[str, Any]:
        """A run that takes what is kept, compared with one that computes everything; the record of the first."""
        kept = await self.run()
        self.asked = {event.step for event in self.events if isinstance(event, CallFinished)}
        assert not self.asked & set(kept["kept"])
        computed = await self.run("computed", force=True)
        assert computed["kept"] == []
        assert self.files("out") == self.files("computed")
        assert told(kept) == told(computed)
        return kept


def told(record: dict[str, Any]) -> dict[str, Any]:
    """What a record says of the results, whoever has paid."""
    steps = []
    for step in record["steps"]:
        calls = step.pop("called") + step.pop("from_ledger")
        steps.append({**{key: value for key, value in step.items() if "tokens" not in key}, "calls": calls})
    spent = record["spending"]
    sums = {key: spent["paid"][key] + spent["from_ledger"][key] for key in spent["paid"] if key != "usd"}
    outputs = [{**output, "file": None} for output in record["outputs"]]
    answered = {slot: model["answered_as"] for slot, model in record["models"].items()}
    return {"steps": steps, "spent": sums, "outputs": outputs, "rejected": record["rejected"], "models": answered}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def _same_size(path: Path) -> None:
    path.write_text(path.read_text().replace("little", "nothing"[:6]))


def _times_kept(path: Path) -> None:
    before = path.stat()
    _same_size(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replaced(path: Path) -> None:
    other = path.with_suffix(".new")
    shutil.copy2(path, other)
    _times_kept(other)
    os.replace(other, path)


def _spec(old: str, new: str) -> Callable[[Project], None]:
    return lambda project: project.edit("pipeline.yaml", old, new)


def _inner(old: str, new: str) -> Callable[[Project], None]:
    return lambda project: project.edit("inner.yaml", old, new)


def _prompt(name: str, old: str, new: str) -> Callable[[Project], None]:
    return lambda project: project.edit(f"prompts/{name}", old, new)


def _doc(name: str, change: Callable[[Path], object]) -> Callable[[Project], object]:
    return lambda project: change(project.folder / "docs" / name)


def _given(**values: Any) -> Callable[[Project], None]:
    return lambda project: project.given.update(values)


def _append(path: Path) -> None:
    with path.open("a") as file:
        file.write("\n\nThis is about moon 77 and it says little more.")


CHANGES: dict[str, Callable[[Project], object]] = {
    "nothing but a comment": _spec("\nsteps:\n", "\n# a comment\n\nsteps:\n"),
    "quotes": _spec("tone: {type: text, default: plain}", "tone: {type: text, default: 'plain'}"),
    # -- options of steps
    "chunk": _spec("max_tokens: =words}", "max_tokens: =words + 1}"),
    "rows": _spec("{topic: salt, weight: 1}", "{topic: salt, weight: 3}"),
    "draw, a source": _spec("choice: [easy, hard, odd]", "choice: [easy, odd, hard]"),
    "draw, its count": _spec("count: 6, fields", "count: 5, fields"),
    "draw, of rows": _spec("choice: [glad, sad]", "choice: [sad, glad]"),
    "samples": _spec("samples: 2", "samples: 3"),
    "parse": _spec("SAYS (?P<word>[a-z]+) (?P<number>[0-9]+)", "SAYS (?P<word>[a-z]+) +(?P<number>[0-9]+)"),
    "parse, with other readings": _spec("+(?P<number>[0-9]+)", "+(?P<number>[0-9])"),
    "accept": _spec('no nine: number[-1] != "9"', 'no nine: number[-1] != "1"'),
    "the label of a rule": _spec("no nine:", "not the number:"),
    "attempts": _spec("attempts: 2", "attempts: 1"),
    "keep": _spec('keep: number[-1] != "4"', 'keep: number[-1] != "6"'),
    "filter": _spec("length >= least - 2", "length >= least - 2 and word != 'moon'"),
    "map": _spec("label: =word ~ number", "label: =number ~ word"),
    "map, the order of its fields": _spec(
        'label: =number ~ word, about: "{{ tone }} {{ word }}"', 'about: "{{ tone }} {{ word }}", label: =number ~ word'
    ),
    "when": _spec('when: number != "7"', 'when: number != "2"'),
    "group": _spec("collect: {seen: =word}", "collect: {seen: =number}"),
    "once": _prompt("rubric.yaml", "Rule for", "Rule for all"),
    "explode": _spec("parts: '=[word, number]'", "parts: '=[word, mood]'"),
    "votes": _spec("votes: 3", "votes: 2"),
    "pass": _spec("rubric.rule | length > 2", "rubric.rule | length > 3"),
    "the order of inputs": _spec("from: [named, parted]", "from: [parted, named]"),
    "one input more": _spec("from: [parted, named]", "from: [parted, named, listed]"),
    "one input less": _spec("from: [parted, named, listed]", "from: [parted, named]"),
    "until": _spec('round >= 2 or number[-1] == "3"', 'round >= 2 or number[-1] == "2"'),
    "max_rounds": _spec("max_rounds: 3", "max_rounds: 1"),
    "on_exhausted": _spec("on_exhausted: keep", "on_exhausted: drop"),
    "and back": _spec("on_exhausted: drop", "on_exhausted: keep"),
    "a step of a loop": _spec("keep: said | length > 1}", "keep: said | length > 2}"),
    "when of a pipeline": _spec('models: {o: n}, when: number != "5"', 'models: {o: n}, when: number != "3"'),
    "values of a pipeline": _spec("with: {style: =tone}", "with: {style: =tone ~ 's'}"),
    "slots of a pipeline": _spec("models: {o: n}", "models: {o: m}"),
    "matrix": _spec("matrix: {style: [one, two]}", "matrix: {style: [two, one, three]}"),
    "join": _spec("how: left", "how: inner"),
    "sample": _spec("count: 9", "count: 8"),
    "sort": _spec("from: mixed, by: number", "from: mixed, by: label"),
    "limit": _spec("from: sorted, count: 6", "from: sorted, count: 6, skip: 1"),
    "split": _spec("train: 0.5, test: 0.5", "train: 0.6, test: 0.4"),
    "an output": _spec("where: 'number[-1] != \"8\"'", "where: 'number[-1] != \"2\"'"),
    "another output": _spec("  asked.jsonl:", "  parted.jsonl: {from: parted, format: jsonl}\n  asked.jsonl:"),
    "a step": _spec(
        "  some: {kind: sample, from: nested",
        "  more: {kind: filter, from: nested, keep: true}\n  some: {kind: sample, from: more",
    ),
    "the name of a step": lambda project: [
        _spec("  graded: {kind: group", "  marked: {kind: group")(project),
        _spec("with: graded", "with: marked")(project),
    ],
    # -- another pipeline
    "a step of another pipeline": _inner('set: {styled: "{{ style }}"}', 'set: {styled: "so {{ style }}"}'),
    "an output of another pipeline": _inner("where: told | length > 1", "where: told | length > 2"),
    "the sampling of its slot": _inner("max_tokens: 50", "max_tokens: 40"),
    # -- prompts
    "a prompt": _prompt("ask.yaml", "Ask about", "Please Ask about"),
    "an include": _prompt("manner.txt", "brief", "kind"),
    "a prompt of a vote": _prompt("judge.yaml", "Judge", "Now Judge"),
    "a prompt of a loop": _prompt("better.yaml", "Better", "Now Better"),
    "a prompt of another pipeline": _prompt("tell.yaml", "Tell in", "Now Tell in"),
    # -- parameters, models, seed
    "a parameter": _given(words=20),
    "another parameter": _given(tone="fancy"),
    "a parameter that nothing reads": _given(unread=2),
    "a parameter with the value that it has": _given(least=3),
    "the model": lambda project: project.set("models", "m", "model", to="third"),
    "its identity": lambda project: project.set("models", "n", "identity", to="mine"),
    "its sampling": lambda project: project.set("models", "n", "sampling", to={"top_p": 0.5}),
    "the sampling of a slot": _spec("sampling: {temperature: 0.5}", "sampling: {temperature: 0.6}"),
    "the seed": lambda project: project.set("seed", to=5),
    "its concurrency": lambda project: project.set("models", "m", "concurrency", to=1),
    # -- inputs
    "a document": _doc("00.txt", _same_size),
    "a document, its size and times kept": _doc("01.txt", _times_kept),
    "a document, replaced by one with the same size and times": _doc("02.txt", _replaced),
    "a longer document": _doc("04.txt", _append),
    "a document more": lambda project: documents(project.folder / "docs", [9]),
    "a document less": _doc("06.txt", Path.unlink),
    "the name of a document": _doc("05.txt", lambda path: path.rename(path.with_name("55.txt"))),
}


NOTHING = (
    "nothing but a comment",
    "quotes",
    "an output",
    "a parameter that nothing reads",
    "a parameter with the value that it has",
    "its concurrency",
    "sort",
    "split",
)
"""Changes that no step that asks knows of."""


@pytest.mark.slow
async def test_whatever_changes_the_same_comes_out_as_if_all_was_computed(project: Project) -> None:
    assert (await project.same_with_and_without())["kept"] == []
    asked: dict[str, set[str]] = {}
    for name, change in CHANGES.items():
        change(project)
        try:
            record = await project.same_with_and_without()
        except AssertionError as error:
            raise AssertionError(f"after a change of {name}") from error
        asked[name] = project.asked
        assert name == "on_exhausted" or all(output["rows"] > 1 for output in record["outputs"]), name
    assert {name: asked[name] for name in NOTHING} == {name: set() for name in NOTHING}
    assert asked["a prompt of a loop"] == {"polished.better", "nested.told"}
    assert asked["a prompt of another pipeline"] == {
        "nested.told",
        "levelled.1.told",
        "levelled.2.told",
        "levelled.3.told",
    }
    assert "asked" in asked["the seed"]


@pytest.fixture(autouse=True)
def back() -> Any:
    """Tests go into their folders."""
    before = Path.cwd()
    yield
    os.chdir(before)


def test_the_folder_is_beside_the_ledger(tmp_path: Path) -> None:
    assert kept_folder(tmp_path / "ledger.db") == tmp_path / "ledger.db.kept"

"""What a `classifier` step has learned: told of its tests, written as an output, read again, and used elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from atk_interp.kinds.base import StepStopped
from atk_interp.kinds.base.learned import Learned, Tried
from atk_interp.kinds.base.training import trained
from atk_interp.lint.check import check
from atk_interp.rehearsal.verified import verify
from support.lint_text import analysed
from support.one_step import applied
from support.pipelines import compiled, run

WORDS = ["mill", "river", "star", "bridge", "well", "tide", "salt", "moon"]
ROWS: list[dict[str, Any]] = [
    {"text": f"{sign} {one} {other}", "old": label}
    for sign, label in (("good", "praise"), ("fine", "praise"), ("bad", "blame"), ("poor", "blame"))
    for one in WORDS
    for other in WORDS[:2]
]
LEARNING: dict[str, Any] = {"text": "text", "labels": "old", "into": "sort", "first": 20, "test": 10}


def test_what_is_saved_labels_as_what_was_learned(tmp_path: Path) -> None:
    made = applied("classifier", {**LEARNING, "tell": "by", "confidence": "sure"}, ROWS)
    (tmp_path / "sorter.json").write_text(made.learned[-1])
    by_classifier = [row for row in made.fields if row["by"] == "classifier"]
    assert len(by_classifier) == 34

    given = [{"text": row["text"]} for row in by_classifier]
    options = {"text": "text", "load": "sorter.json", "into": "sort", "tell": "by", "confidence": "sure"}
    used = applied("classifier", options, given, folder=tmp_path)
    wanted = [{name: row[name] for name in ("text", "sort", "by", "sure")} for row in by_classifier]
    assert used.fields == wanted


def test_using_what_is_saved_needs_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = applied("classifier", LEARNING, ROWS)
    (tmp_path / "sorter.json").write_text(made.learned[-1])
    monkeypatch.setitem(sys.modules, "sklearn", None)
    used = applied(
        "classifier", {"text": "text", "load": "sorter.json", "into": "sort"}, [{"text": "good"}], folder=tmp_path
    )
    assert used.fields == [{"text": "good", "sort": "praise"}]


def test_the_tests_of_a_classifier_stand_in_what_is_saved() -> None:
    made = applied("classifier", LEARNING, ROWS)
    assert json.loads(made.learned[-1])["tests"] == [{"round": 1, "labels": 20, "rows": 10, "right": 10}]


def test_the_rows_of_a_test_tell_what_the_classifier_took_them_for() -> None:
    options = {**LEARNING, "first": 2, "test": 8, "more": 4, "accuracy": 0.99, "guess": "guessed", "round": "round"}
    made = applied("classifier", options, ROWS)
    tested = [row for row in made.fields if row["guessed"] is not None]
    rounds = {row["round"] for row in tested}
    assert len(rounds) > 1
    first = [row["guessed"] == row["sort"] for row in tested if row["round"] == 1]
    tests = json.loads(made.learned[-1])["tests"]
    assert (len(first), sum(first)) == (tests[0]["rows"], tests[0]["right"])
    assert [row["round"] for row in made.fields].count(0) == 2, "those of the first training"
    assert any(row["round"] == 1 and row["guessed"] is None for row in made.fields), "those that were added"


def test_labels_of_all_sorts_are_saved_as_they_are() -> None:
    for labels in (["true", "false"], ["1", "2", "10"], ['"a"', '"ü"']):
        learned = trained([f"word{n} again" for n in range(len(labels))], labels)
        assert [json.dumps(label, ensure_ascii=False) for label in learned.labels] == sorted(labels)
        again = Learned.read(learned.written().encode())
        assert again == learned
        assert [type(again.predict(f"word{n} again")[0]) for n in range(2)] == [type(learned.labels[0])] * 2


def test_the_same_labels_give_the_same_bytes_and_a_line_for_each_term() -> None:
    texts, labels = ["good mill", "bad mill"], ['"good"', '"bad"']
    one, other = (trained(texts, labels).written([Tried(1, 2, 1, 1)]) for _ in range(2))
    assert one == other
    assert [line.split(":")[0] for line in one.splitlines()] == [
        "{",
        '"format"',
        '"labels"',
        '"tests"',
        '"bias"',
        '"terms"',
        '"bad"',
        '"bad mill"',
        '"good"',
        '"good mill"',
        '"mill"',
        "}}",
    ]


def test_a_saved_classifier_labels_the_same_for_ever() -> None:
    """A file of the first version: another reading of it, or of texts, needs another version."""
    saved = (
        b'{"format": "atk-classifier-v1", "labels": ["no", "yes"], "bias": [0.25, 0],'
        b' "terms": {"good": [1.5, -1, 2], "mill": [1, 0.5, 0], "good mill": [2, 0, 3], "\xe6\xb5\xb7": [1, 2, 0]}}'
    )
    learned = Learned.read(saved)
    assert [learned.predict(text) for text in ("Good mill", "the mill mill", "", "海", "what else")] == [
        ("yes", 0.9696),
        ("no", 0.6792),
        ("no", 0.5622),
        ("no", 0.9047),
        ("no", 0.5622),
    ]


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        ("", "it is no JSON"),
        ("[]", "it does not say `format: atk-classifier-v1`"),
        ('{"format": "atk-classifier-v1"}', "its `labels` are not texts, whole numbers or truth values"),
        ('{"format": "atk-classifier-v1", "labels": ["a"]}', "it has no `terms`"),
        ('{"format": "atk-classifier-v1", "labels": ["a"], "terms": {}, "bias": [0, 1]}', "`bias` has not 1 numbers"),
        (
            '{"format": "atk-classifier-v1", "labels": ["a"], "terms": {"b": [1, "x"]}, "bias": [0]}',
            "`b` has not 2 numbers",
        ),
    ],
)
def test_what_is_no_classifier_is_told(tmp_path: Path, saved: str, told: str) -> None:
    (tmp_path / "sorter.json").write_text(saved)
    with pytest.raises(StepStopped) as error:
        applied("classifier", {"text": "text", "load": "sorter.json", "into": "sort"}, [], folder=tmp_path)
    assert str(error.value) == f"`load` of step `step`: `sorter.json` is no classifier: {told}"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StepStopped, match="cannot be read: no such file") as error:
        applied("classifier", {"text": "text", "load": "sorter.json", "into": "sort"}, [], folder=tmp_path)
    assert error.value.help == "name a file that an output with `format: classifier` has written"


GIVEN = "\n".join(f"      - {{text: {row['text']}, old: {row['old']}}}" for row in ROWS)
SAVING = f"""
    steps:
      given:
        kind: rows
        rows:
{GIVEN.replace("      - ", "          - ")}
      made: {{kind: classifier, from: given, text: text, labels: old, into: sort, first: 20, test: 10}}
    outputs:
      out.jsonl: {{from: made, format: jsonl}}
      sorter.json: {{from: made, format: classifier}}
"""
USING = """
    steps:
      given: {kind: rows, rows: [{text: good tide}, {text: poor salt}]}
      made: {kind: classifier, from: given, text: text, load: "saved/sorter.json", into: sort}
    outputs:
      out.jsonl: {from: made, format: jsonl}
"""


async def test_a_run_saves_it_as_an_output_and_another_spec_uses_it(tmp_path: Path) -> None:
    ran = await run(tmp_path / "one", SAVING, lambda request: "")
    assert ran.result.status == "done", ran.result.message
    record = json.loads((ran.folder / "run.json").read_text())
    assert [(output["name"], output["rows"]) for output in record["outputs"]] == [
        ("out.jsonl", 64),
        ("sorter.json", 64),
    ]

    (tmp_path / "other" / "saved").mkdir(parents=True)
    (tmp_path / "other" / "saved" / "sorter.json").write_bytes(ran.bytes()["sorter.json"])
    used = await run(tmp_path / "other", USING, lambda request: "")
    assert used.result.status == "done", used.result.message
    assert used.rows == [{"text": "good tide", "sort": "praise"}, {"text": "poor salt", "sort": "blame"}]


async def test_another_classifier_in_the_same_place_runs_again(tmp_path: Path) -> None:
    saved = tmp_path / "saved" / "sorter.json"
    saved.parent.mkdir()
    saved.write_text(trained(["good", "poor"], ['"a"', '"b"']).written())
    one = [row["sort"] for row in (await run(tmp_path, USING, lambda request: "")).rows]
    saved.write_text(trained(["poor", "good"], ['"a"', '"b"']).written())
    other = [row["sort"] for row in (await run(tmp_path, USING, lambda request: "")).rows]
    assert [one, other] == [["a", "b"], ["b", "a"]]


async def test_what_was_learned_is_written_again_though_the_rows_are_kept(tmp_path: Path) -> None:
    one = await run(tmp_path, SAVING, lambda request: "")
    other = await run(tmp_path, SAVING, lambda request: "", output="again")
    assert other.result.status == "done", other.result.message
    assert other.bytes() == one.bytes()


async def test_a_run_is_proved_from_the_ledger_with_what_it_has_learned(tmp_path: Path) -> None:
    ran = await run(tmp_path, SAVING, lambda request: "")
    record = json.loads((ran.folder / "run.json").read_text())
    plan = compiled(tmp_path, SAVING).plan(record["params"])
    found = await verify(plan, tmp_path / "ledger.db", ran.folder, record)
    assert found.holds, found
    assert [file.name for file in found.files] == ["out.jsonl", "sorter.json", "rejected.jsonl"]

    (ran.folder / "sorter.json").write_text("{}")
    assert not (await verify(plan, tmp_path / "ledger.db", ran.folder, record)).holds


async def test_a_run_that_no_test_was_passed_in_leaves_what_it_had_as_incomplete(tmp_path: Path) -> None:
    hopeless = SAVING.replace("first: 20, test: 10", "first: 2, test: 3, more: 0, max_rounds: 1, accuracy: 1")
    ran = await run(tmp_path, hopeless, lambda request: "")
    assert ran.result.status == "stopped"
    assert sorted(name for name in ran.bytes() if "sorter" in name) == ["sorter.incomplete.json"]


async def test_nothing_learned_is_no_whole_run(tmp_path: Path) -> None:
    nothing = SAVING.replace("labels: old", "labels: old if text == 'x' else none")
    ran = await run(tmp_path, nothing, lambda request: "")
    assert ran.result.status == "stopped"
    assert "sorter.json" not in ran.bytes()


@pytest.mark.parametrize(
    ("step", "output", "told"),
    [
        ("labels: old, into: sort", "", []),
        ("labels: old, into: sort", ", where: old", ["`where` has no effect on `sorter.json`, which holds no rows"]),
        ("load: sorter.json, into: sort", "", ["step `made` learns nothing that could be saved"]),
        (
            "load: sorter.json",
            "",
            ["`load` needs `into`, the field for the label", "step `made` learns nothing that could be saved"],
        ),
        (
            "load: sorter.json, into: sort, first: 3, guess: g",
            "",
            [
                "`first` and `load` do not go together: nothing is learned",
                "`guess` and `load` do not go together: nothing is learned",
                "step `made` learns nothing that could be saved",
            ],
        ),
    ],
)  # fmt: skip
def test_lint_knows_what_learns(step: str, output: str, told: list[str]) -> None:
    steps = "  rows: {kind: rows, rows: [{text: a, old: b}]}\n"
    steps += f"  made: {{kind: classifier, from: rows, text: text, {step}}}\n"
    outputs = f"  sorter.json: {{from: made, format: classifier{output}}}\n"
    found = [found.message for found in analysed(steps, outputs=outputs)[1] if found.is_error]
    assert found == told


def test_an_output_of_another_kind_is_told_which_steps_learn(tmp_path: Path) -> None:
    spec = tmp_path / "pipeline.yaml"
    spec.write_text(
        "spec: atk/v1\nname: t\nsteps:\n  given: {kind: rows, rows: [{text: a, old: b}]}\n"
        "  made: {kind: classifier, from: given, text: text, labels: old, into: sort}\n"
        "outputs:\n  a.jsonl: {from: made, format: jsonl}\n  sorter.json: {from: given, format: classifier}\n"
    )
    (found,) = [found for found in check([spec]).report.findings if found.is_error]
    assert (found.message, found.help) == (
        "step `given` learns nothing that could be saved",
        "steps that learn are `made`",
    )

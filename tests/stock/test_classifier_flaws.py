"""What the pipeline `classifier` must never do: count a record twice, lose some of its budget of text, train on a
test before it, or forget what it has predicted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from atk_interp.pipeline import PipelineFailed, compile_pipeline
from atk_interp.runtime import RunResult

CASE = Path(__file__).parent / "cases" / "classifier" / "until_good"


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunResult:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(CASE, tmp_path / "case")
    result: RunResult = compile_pipeline(tmp_path / "case" / "config.yaml")(output_dir=tmp_path / "out")
    return result


def records(result: RunResult, name: str) -> list[Any]:
    return [json.loads(line) for line in (result.output_dir / name).read_text(encoding="utf-8").splitlines()]


def test_a_record_of_a_jsonl_file_is_one_text(ran: RunResult) -> None:
    given = [json.loads(line)["text"] for line in (CASE / "inputs" / "notes.jsonl").read_text().splitlines()]
    assert [row["text"] for row in records(ran, "labelled.jsonl") if row["source"] == "notes.jsonl"] == given


def test_a_text_that_is_cut_shows_all_that_may_be_seen(ran: RunResult) -> None:
    letter = (CASE / "inputs" / "letter.txt").read_text(encoding="utf-8")
    seen = (ran.output_dir / "labelled.csv").read_text(encoding="utf-8").split('"')[1]
    head, _, tail = seen.replace("\r\n", "\n").partition("\n[…]\n")
    assert (len(head), len(tail)) == (20, 20), "half of `max_chars` each"
    assert letter.startswith(head)
    assert letter.endswith(tail)


def test_every_text_has_a_label_of_the_model_or_of_the_classifier_or_is_rejected(ran: RunResult) -> None:
    by = [row["labelled_by"] for row in records(ran, "labelled.jsonl")]
    lost = records(ran, "rejected.jsonl")
    assert (len(by) + len(lost), len(lost)) == (38, 1)
    assert by.count("classifier") == 17


def test_no_row_of_a_test_was_trained_on_before_it(ran: RunResult) -> None:
    first, second = json.loads((ran.output_dir / "classifier.json").read_text(encoding="utf-8"))["tests"]
    assert first["labels"] == 4
    assert second["labels"] == 4 + 6 + 4, "the rows of the first test, and those that were added"


def test_the_report_of_a_run_that_stopped_does_not_say_that_there_was_no_test(ran: RunResult, tmp_path: Path) -> None:
    run = compile_pipeline(tmp_path / "case" / "config.yaml")
    how = {"required_accuracy": 1.0, "max_rounds": 1, "when_not_reached": "stop", "output_dir": tmp_path / "stopped"}
    with pytest.raises(PipelineFailed, match=r"or `train_set_increment`.*write `when_not_reached: predict`"):
        run(**how)
    told = (tmp_path / "stopped" / "report.incomplete.md").read_text(encoding="utf-8")
    assert "The run stopped before there was anything to count" in told
    assert "no test" not in told
    assert "labelled.jsonl" not in told


def test_the_saved_classifier_labels_as_it_did_in_the_run(ran: RunResult, tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(
        "spec: atk/v1\nname: again\nparams: {output_dir: {type: path}}\nsteps:\n"
        "  texts: {kind: read, path: out/labelled.jsonl, fields: {text: text, label: text, labelled_by: text}}\n"
        "  short: {kind: filter, from: texts, keep: text | length <= 40 and labelled_by == 'classifier'}\n"
        "  made: {kind: classifier, from: short, text: text, load: out/classifier.json, into: again}\n"
        "outputs: {out.jsonl: {from: made, format: jsonl}}\n",
        encoding="utf-8",
    )
    again: RunResult = compile_pipeline(tmp_path / "pipeline.yaml")(output_dir=tmp_path / "again")
    rows = records(again, "out.jsonl")
    assert len(rows) == 16
    assert all(row["again"] == row["label"] for row in rows)

"""The `classifier` kind: labels, tests on rows that were not seen, more labels, and the rest predicted."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest

from atk_interp.kinds.base import StepStopped
from atk_interp.llm.messages import Request
from atk_interp.rehearsal.forecast import forecast
from support.lint_text import analysed
from support.one_step import Applied, applied
from support.pipelines import Ran, compiled, run, said

SIGNS = {"praise": ["good", "great", "fine"], "blame": ["bad", "poor", "awful"], "水": ["海水", "河水"]}
FILLER = ["mill", "river", "star", "bridge", "the", "old"]


def texts(count: int) -> list[dict[str, Any]]:
    draw = random.Random(9)
    rows = []
    for number in range(count):
        label = draw.choice(list(SIGNS))
        told = [draw.choice(FILLER), draw.choice(SIGNS[label]), draw.choice(FILLER), draw.choice(FILLER)]
        rows.append({"text": " ".join(told), "old": label, "n": number})
    return rows


def labelled(count: int = 300, **options: Any) -> Applied:
    given = {"text": "text", "labels": "old", "into": "sort", "first": 30, "test": 30, **options}
    return applied("classifier", given, texts(count))


def test_it_labels_the_rest_when_it_is_good_enough() -> None:
    made = labelled(tell="by", confidence="sure")
    by = [row["by"] for row in made.fields]

    assert by.count("model") == 60
    assert by.count("classifier") == 240
    assert all(row["sort"] == row["old"] and row["sure"] is None for row in made.fields if row["by"] == "model")
    wrong = [row for row in made.fields if row["sort"] != row["old"]]
    assert len(wrong) < 10
    assert all(1 / 3 <= row["sure"] <= 1 for row in made.fields if row["by"] == "classifier")
    (told,) = made.notes
    assert told.message.startswith("round 1: after 30 labels ")
    assert "`blame`: " in told.message


def test_a_test_that_fails_adds_labels() -> None:
    made = labelled(first=2, test=10, more=20, accuracy=0.95, tell="by")
    rounds = len(made.notes)
    assert rounds > 1
    assert [note.message.split(" labels")[0] for note in made.notes][:2] == ["round 1: after 2", "round 2: after 32"]
    assert [row["by"] for row in made.fields].count("model") == 2 + 30 * rounds - 20


def test_the_same_labels_make_the_same_classifier_and_other_rows_before_it_change_no_row_that_is_labelled() -> None:
    one, other = labelled(confidence="sure"), labelled(confidence="sure")
    assert one.fields == other.fields


def test_out_of_rounds_it_stops_or_does_as_it_is_told() -> None:
    hopeless: dict[str, Any] = {"first": 2, "test": 5, "more": 0, "max_rounds": 2, "accuracy": 1.0}
    with pytest.raises(StepStopped, match=r"^step `step` has no classifier that is right for 100\.0%: after 7 labels"):
        labelled(**hopeless)
    assert len(labelled(**hopeless, otherwise="predict").rows) == 300
    dropped = labelled(**hopeless, otherwise="drop")
    assert len(dropped.rows) == 12
    assert {lost.label for lost in dropped.dropped} == {"no classifier was good enough to label it"}


def test_labels_of_one_sort_teach_nothing() -> None:
    one: dict[str, Any] = {"labels": "'praise'", "max_rounds": 2, "more": 10}
    with pytest.raises(StepStopped, match="all 70 labels to learn from are `praise`"):
        labelled(**one)
    assert "all predictions" in labelled(**one, otherwise="predict").notes[-1].message
    assert labelled(**one, otherwise="predict").notes[-1].serious


def test_a_test_of_one_label_is_told_to_prove_little() -> None:
    notes = labelled(test=1).notes
    assert notes[-1].serious
    assert "rows of one label alone" in notes[-1].message


def test_what_to_do_out_of_rounds_may_follow_from_a_parameter() -> None:
    options: dict[str, Any] = {"first": 2, "test": 5, "more": 0, "max_rounds": 2, "accuracy": 1.0, "otherwise": "=how"}
    given = {"text": "text", "labels": "old", "into": "sort", **options}
    assert len(applied("classifier", given, texts(100), params={"how": "drop"}).rows) == 12
    with pytest.raises(StepStopped, match="`otherwise` of step `step` is `keep`, and not one of `stop`"):
        applied("classifier", given, texts(100), params={"how": "keep"})


def test_a_run_that_stops_names_what_can_be_set() -> None:
    options: dict[str, Any] = {"first": 2, "test": 5, "more": 0, "max_rounds": 2, "accuracy": 1.0}
    given = {"text": "text", "labels": "old", "into": "sort", "otherwise": "=how", **options}
    with pytest.raises(StepStopped) as stopped:
        applied("classifier", given, texts(100), params={"how": "stop"})
    told = "raise `max_rounds` or `more`, make the labels clearer, or write `how: predict`"
    assert stopped.value.help == told


def test_few_rows_are_all_labelled() -> None:
    made = labelled(20, tell="by")
    assert [row["by"] for row in made.fields] == ["model"] * 20
    assert made.notes == []


def test_labels_may_be_numbers_and_truth_values() -> None:
    made = labelled(labels='old == "praise"')
    assert {row["sort"] for row in made.fields} == {True, False}
    assert {type(row["sort"]) for row in labelled(labels="old | length").fields} == {int}


def test_rows_without_a_text_or_a_label_are_rejected() -> None:
    rows: list[dict[str, Any]] = [{"text": "good", "old": "a"}, {"text": 3, "old": "a"}, {"text": "bad", "old": None}]
    made = applied("classifier", {"text": "text", "labels": "old", "into": "sort"}, rows)
    assert sorted(lost.label for lost in made.dropped) == ["`text`: a text is needed", "it has no label"]


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(StepStopped, match="needs scikit-learn") as error:
        labelled()
    assert error.value.help == "`pip install 'atk-interp[classifier]'`"


def spec(rows: list[dict[str, Any]]) -> str:
    given = ", ".join(f"{{text: {row['text']}}}" for row in rows)
    return f"""
    steps:
      given: {{kind: rows, rows: [{given}]}}
      made: {{kind: classifier, from: given, text: text, model: m, prompt: ask, first: 20, test: 10, tell: by,
              accuracy: 0.8, attempts: 2, parse: {{choice: [praise, blame, "水"], into: sort, after: "Label:"}}}}
    outputs:
      out.jsonl: {{from: made, format: jsonl}}
    """


def judge(request: Request) -> str:
    text = said(request)
    if "awful" in text:
        return "who knows"
    return "Label: " + next(label for label, signs in SIGNS.items() if any(sign in text for sign in signs))


async def test_a_model_labels_and_what_it_cannot_label_is_replaced(tmp_path: Path) -> None:
    ran: Ran = await run(tmp_path, spec(texts(100)), judge)
    assert ran.result.status == "done", ran.result.message

    by = [row["by"] for row in ran.rows]
    assert by.count("model") == 30
    assert all("awful" in lost["fields"]["text"] and len(lost["attempts"]) == 2 for lost in ran.rejected)
    assert len(by) + len(ran.rejected) == 100
    again = await run(tmp_path, spec(texts(100)), lambda request: "never", output="again")
    assert again.requests == []
    assert again.bytes() == ran.bytes()


async def test_a_plan_tells_the_calls_of_the_first_labels(tmp_path: Path) -> None:
    pipeline = compiled(tmp_path, spec(texts(100)))
    told = await forecast(pipeline.plan({"output_dir": str(tmp_path / "out")}), tmp_path / "none.db")
    made = next(step for step in told.steps if step.name == "made")
    assert made.to_send.value is not None
    assert made.to_send.value >= 10


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("labels: old, into: sort", None),
        ("labels: old", "`labels` needs `into`, the field for the label"),
        ("model: m", "`prompt` is missing in a `classifier` step without `labels`"),
        ("labels: old, into: sort, model: m", "`model` and `labels` do not go together"),
        ("labels: '[old]', into: sort", "a label is a text, a whole number or a truth value, and this is a list"),
        ("labels: old, into: sort, text: n", "`text` takes text, and this is a whole number"),
        (
            "labels: old, into: sort, otherwise: predct",
            "`otherwise` is one of `stop`, `predict`, `drop`, and not `predct`",
        ),
        ("labels: old, into: n2, tell: seed", "field `seed` bears the name of a built-in name"),
    ],
)
def test_lint_knows_what_goes_together(step: str, told: str | None) -> None:
    text = "" if "text: n" in step else "text: text, "
    steps = f"""
  rows: {{kind: rows, rows: [{{text: a, old: b, n: 1}}]}}
  made: {{kind: classifier, from: rows, {text}{step}}}
"""
    found = [found.message for found in analysed(steps, models="  m: {expects: instruct}\n")[1] if found.is_error]
    assert found == ([told] if told else [])

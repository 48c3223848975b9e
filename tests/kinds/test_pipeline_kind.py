"""The `pipeline` kind: another spec as a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atk_interp.lint import lint_path
from atk_interp.llm.messages import Request
from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import CannotRun
from support.pipelines import Ran, run, said, write_project
from support.slow_model import Slow

INNER = """\
spec: atk/v1
name: inner
description: Two questions about each text.
params:
  output_dir: {type: path}
  count: {type: int, default: 2, max: 3}
  style: {type: text}
models: {asker: {}}
steps:
  given: {kind: input, fields: {text: text}}
  asked: {kind: generate, from: given, model: asker, prompt: question, samples: =count, parse: {text: question}}
  unused: {kind: generate, from: given, model: asker, prompt: question, parse: {text: other}}
  sorted: {kind: sort, from: asked, by: question, descending: true}
outputs:
  questions.jsonl: {from: sorted, where: question != "drop", format: jsonl}
"""
PROMPT = '- user: "{{ style }} {{ text }} {{ sample }}"\n'
OUTER = """
    steps:
      rows: {kind: rows, rows: [{text: a, keep: 1}, {text: b, keep: 2}]}
      asked: {kind: pipeline, from: rows, pipeline: inner.yaml, with: {style: dry}, models: {asker: m}}
      again: {kind: generate, from: asked, model: m, prompt: ask2, parse: {text: answer}}
    outputs:
      out.jsonl: {from: again, format: jsonl}
    """
ASK = {"ask2": '- user: "answer {{ question }}"', "question": PROMPT}


def project(folder: Path, inner: str = INNER, outer: str = OUTER) -> Path:
    (folder / "inner.yaml").write_text(inner)
    return write_project(folder, outer, ASK)


async def ran(folder: Path, outer: str = OUTER, model: Any = said, inner: str = INNER, **more: Any) -> Ran:
    project(folder, inner, outer)
    return await run(folder, outer, model, ASK, **more)


async def test_the_steps_of_the_pipeline_are_steps_of_the_run(tmp_path: Path) -> None:
    found = await ran(tmp_path)

    assert [row["answer"] for row in found.rows] == [
        "answer dry b 1", "answer dry b 0", "answer dry a 1", "answer dry a 0",
    ]  # fmt: skip
    assert [state.name for state in found.result.steps] == [
        "rows", "asked.given", "asked.asked", "asked.sorted", "asked", "again",
    ]  # fmt: skip
    assert found.count("asked.asked") == {"rows_in": 2, "passed": 2, "rows_out": 4, "called": 4}
    assert found.count("asked") == {"rows_in": 4, "passed": 4, "rows_out": 4}
    assert list(found.rows[0]) == ["text", "question", "answer"]
    assert not (found.folder / "questions.jsonl").exists()


async def test_its_replies_are_those_that_the_pipeline_would_have_by_itself(tmp_path: Path) -> None:
    """One ledger, the same keys: what was paid for alone is not paid for again."""
    await ran(tmp_path)
    alone = INNER.replace("asker", "m").replace("{type: text}", "{type: text, default: dry}")
    alone = alone.replace("{kind: input, fields: {text: text}}", "{kind: rows, rows: [{text: a}, {text: b}]}")
    single = await run(tmp_path, alone, lambda request: "never", {"question": PROMPT})

    assert single.requests == []
    assert single.count("asked")["from_ledger"] == 4


async def test_a_second_run_asks_nothing_and_concurrency_changes_nothing(tmp_path: Path) -> None:
    first = await ran(tmp_path, model=Slow(1), settings={"concurrency": 16})
    second = await ran(tmp_path, model=lambda request: "never")
    third = await ran(tmp_path, model=Slow(2), settings={"concurrency": 1}, ledger="other.db", output="third")

    assert second.requests == []
    assert first.bytes() == second.bytes() == third.bytes()


async def test_rows_that_when_leads_past_it_and_rows_that_where_leaves_out_are_in_the_books(tmp_path: Path) -> None:
    outer = OUTER.replace("from: rows, pipeline", 'from: rows, when: text != "a", pipeline')
    outer = outer.replace(
        "again: {kind: generate, from: asked,", "again: {kind: generate, from: asked, when: question is not none,"
    )
    inner = INNER.replace('question != "drop"', 'question != "dry b 1"')
    found = await ran(tmp_path, outer, inner=inner)

    assert found.result.status == "done"
    assert found.rows == [
        {"text": "b", "question": "dry b 0", "answer": "answer dry b 0"},
        {"text": "a", "keep": 1},
    ]
    assert found.count("asked.given") == {"rows_in": 2, "passed": 2, "rows_out": 1}
    assert found.count("asked") == {"rows_in": 3, "passed": 2, "filtered": 1, "rows_out": 2}


async def test_a_pipeline_without_an_input_is_a_source_and_may_be_used_twice(tmp_path: Path) -> None:
    inner = INNER.replace("{kind: input, fields: {text: text}}", "{kind: rows, rows: [{text: a}]}")
    found = await ran(
        tmp_path,
        """
        params:
          output_dir: {type: path}
          how: {type: text, default: long}
        models: {m: {}}
        steps:
          one: {kind: pipeline, pipeline: ./inner.yaml, with: {style: dry, count: 1}, models: {asker: m}}
          two: {kind: pipeline, pipeline: inner, with: {style: =how}, models: {asker: m}, output: asked}
          both: {kind: map, from: [one, two], set: {id: =row.id}}
        outputs:
          out.jsonl: {from: both, format: jsonl}
        """.replace("        params", "spec: atk/v1\nname: outer\nparams").replace("\n        ", "\n"),
        inner=inner,
    )
    assert [row["question"] for row in found.rows] == ["dry a 0", "long a 0", "long a 1"]
    assert len({row["id"] for row in found.rows}) == 3


async def test_a_pipeline_in_a_pipeline_in_a_pipeline(tmp_path: Path) -> None:
    (tmp_path / "middle.yaml").write_text(
        """\
spec: atk/v1
name: middle
description: x
params: {mood: {type: text}}
models: {big: {}}
steps:
  taken: {kind: input}
  looped:
    kind: loop
    from: taken
    until: text | length > 2
    steps: {more: {kind: map, set: {text: =text ~ mood}}}
  inner: {kind: pipeline, from: looped, pipeline: inner.yaml, with: {style: =mood, count: 1}, models: {asker: big}}
"""
    )
    outer = OUTER.replace(
        "pipeline: inner.yaml, with: {style: dry}, models: {asker: m}",
        'pipeline: middle.yaml, with: {mood: "!"}, models: {big: m}, output: inner',
    )
    found = await ran(tmp_path, outer)

    assert [row["question"] for row in found.rows] == ["! b!! 0", "! a!! 0"]
    assert "asked.inner.sorted" in {state.name for state in found.result.steps}
    assert found.count("asked.looped.more")["rows_in"] == 4


def lint(folder: Path, outer: str, inner: str = INNER) -> list[tuple[str, str]]:
    found = lint_path(project(folder, inner, outer)).sink.sorted()
    return [(item.code.id, item.span.text if item.span else "") for item in found if item.is_error]


STEP = "{kind: pipeline, from: rows, pipeline: inner.yaml, with: {style: dry}, models: {asker: m}}"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (STEP, []),
        (STEP.replace("inner.yaml", "iner.yaml"), [("ATK705", "iner.yaml")]),
        (STEP.replace("style: dry", "stile: dry"), [("ATK534", "with"), ("ATK534", "stile")]),
        (STEP.replace("style: dry", "style: dry, count: 4"), [("ATK534", "4")]),
        (STEP.replace("style: dry", "style: dry, count: many"), [("ATK534", "many")]),
        (STEP.replace("style: dry", "style: =1 + 1"), [("ATK534", "=1 + 1")]),
        (STEP.replace("style: dry", "style: =text"), [("ATK302", "text")]),
        (STEP.replace("asker: m", "askr: m"), [("ATK534", "askr")]),
        (STEP.replace("asker: m", "asker: mm"), [("ATK502", "mm")]),
        (STEP.replace("from: rows, ", ""), [("ATK535", "inner.yaml")]),
        (STEP.replace("from: rows", "from: bare"), [("ATK535", "bare")]),
        (STEP.replace("from: rows", "from: numbers"), [("ATK535", "numbers")]),
        (STEP.replace("models:", "output: asket, models:"), [("ATK536", "asket")]),
        (STEP.replace("models:", "output: asked, models:"), []),
    ],
)
def test_a_step_that_does_not_fit_its_pipeline_is_told(
    tmp_path: Path, step: str, expected: list[tuple[str, str]]
) -> None:
    sources = "      bare: {kind: rows, rows: [{x: 1}]}\n      numbers: {kind: rows, rows: [{text: 1}]}\n"
    outer = OUTER.replace("    outputs:", sources + "    outputs:").replace(
        "{kind: pipeline, from: rows, pipeline: inner.yaml, with: {style: dry}, models: {asker: m}}", step
    )
    assert lint(tmp_path, outer) == expected


def test_rows_that_its_steps_could_not_read_are_told_at_the_step(tmp_path: Path) -> None:
    inner = INNER.replace("{kind: input, fields: {text: text}}", "{kind: input}")
    outer = OUTER.replace("{text: a, keep: 1}, {text: b, keep: 2}", "{txt: a}")
    (found,) = [item for item in lint_path(project(tmp_path, inner, outer)).sink.sorted() if item.is_error]

    assert (found.code.id, found.span and found.span.text) == ("ATK535", "rows")
    assert found.message == "the rows do not fit pipeline `inner`: undefined variable `text`"


def test_the_fields_that_come_out_are_those_of_the_pipeline(tmp_path: Path) -> None:
    inner = INNER.replace("{kind: input, fields: {text: text}}", "{kind: input}")
    analysis = lint_path(project(tmp_path, inner)).analysis

    assert analysis is not None
    assert {name: str(type_) for name, type_ in analysis.fields["asked"].fields.items()} == {
        "text": "text", "keep": "int", "question": "text",
    }  # fmt: skip


def test_an_error_in_the_pipeline_is_told_once_where_it_stands(tmp_path: Path) -> None:
    outer = OUTER.replace(
        "    outputs:",
        f"      more: {STEP}\n    outputs:",
    )
    found = lint_path(project(tmp_path, INNER.replace("by: question", "by: questoin"), outer)).sink.sorted()
    errors = [item for item in found if item.is_error]

    assert [(item.code.id, item.span and item.span.text) for item in errors] == [("ATK302", "questoin")]
    assert errors[0].span is not None
    assert errors[0].span.file.path.endswith("inner.yaml")


def test_a_pipeline_within_itself_is_told_with_the_way_around(tmp_path: Path) -> None:
    inner = INNER.replace("  unused:", "  back: {kind: pipeline, from: given, pipeline: pipeline.yaml}\n  unused:")
    errors = [item for item in lint_path(project(tmp_path, inner)).sink.sorted() if item.is_error]

    assert [item.code.id for item in errors] == ["ATK533"]
    name = tmp_path.name
    assert errors[0].message == f"this pipeline would be a step within itself: `{name}` → `inner` → `{name}`"


async def test_a_value_that_does_not_fit_stops_before_any_work(tmp_path: Path) -> None:
    outer = OUTER.replace("style: dry", "style: dry, count: =size")
    head = "spec: atk/v1\nname: case\nparams:\n  output_dir: {type: path}\n  size: {type: int}\nmodels:\n  m: {}\n"
    body = "\n".join(line[4:] for line in outer.splitlines())
    with pytest.raises(CannotRun, match="`count` must be at most 3, not 9"):
        await ran(tmp_path, head + body, size=9)


async def test_a_refusal_within_it_names_the_whole_way(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        return "" if said(request).startswith("dry a") else said(request)

    found = await ran(tmp_path, model=model)

    assert {row["step"] for row in found.rejected} == {"asked.asked"}


MATRIX = OUTER.replace("with: {style: dry}", "matrix: {style: [dry, wet], count: [1, 2]}")


async def test_a_matrix_uses_the_pipeline_once_for_each_combination(tmp_path: Path) -> None:
    found = await ran(tmp_path, MATRIX, Slow(1), settings={"concurrency": 8})
    again = await ran(tmp_path, MATRIX, lambda request: "never")

    assert [(row["style"], row["count"], row["question"]) for row in found.rows][:6] == [
        ("dry", 1, "DRY B 0"), ("dry", 1, "DRY A 0"),
        ("dry", 2, "DRY B 1"), ("dry", 2, "DRY B 0"), ("dry", 2, "DRY A 1"), ("dry", 2, "DRY A 0"),
    ]  # fmt: skip
    assert len(found.rows) == 12
    assert found.count("asked") == {"rows_in": 12, "passed": 12, "rows_out": 12}
    assert found.count("asked.3.asked") == {"rows_in": 2, "passed": 2, "rows_out": 2, "called": 2}
    assert again.requests == []
    assert again.bytes() == found.bytes()


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ("matrix: {style: [dry, wet]}", []),
        ("matrix: {stile: [dry, wet]}", [("ATK534", "pipeline"), ("ATK534", "stile")]),
        ("with: {style: dry}, matrix: {style: [dry, wet]}", [("ATK534", "style")]),
        ("with: {style: dry}, matrix: {count: [1, 9]}", [("ATK534", "count")]),
        ("with: {style: dry}, matrix: {count: =1}", [("ATK534", "=1")]),
        ("when: keep > 1, matrix: {style: [dry, wet]}", [("ATK535", "rows")]),
    ],
)
def test_a_matrix_that_does_not_fit_is_told(tmp_path: Path, matrix: str, expected: list[tuple[str, str]]) -> None:
    assert lint(tmp_path, OUTER.replace("with: {style: dry}", matrix)) == expected


OF_A_VALUE = """\
spec: atk/v1
name: inner
params:
  output_dir: {type: path}
steps:
  given: {kind: input, fields: {text: text}}
  one: {kind: rows, rows: [{word: hello}]}
  value: {kind: once, from: one}
  said: {kind: map, from: given, use: value, set: {first: "{{ value.word }} {{ text }}"}}
  again:
    kind: loop
    from: said
    use: value
    until: "true"
    max_rounds: 1
    steps: {more: {kind: map, set: {second: =value.word ~ first}}}
outputs:
  out.jsonl: {from: again, format: jsonl}
"""


async def test_a_value_for_all_rows_is_known_inside_of_a_pipeline_too(tmp_path: Path) -> None:
    inner = OF_A_VALUE
    outer = """
    steps:
      rows: {kind: rows, rows: [{text: a}, {text: b}]}
      other: {kind: rows, rows: [{on: true}]}
      gate: {kind: once, from: other}
      asked: {kind: pipeline, from: rows, use: gate, when: gate.on, pipeline: inner.yaml}
    outputs:
      out.jsonl: {from: asked, format: jsonl}
    """
    found = await ran(tmp_path, outer, inner=inner)

    assert [(row["first"], row["second"]) for row in found.rows] == [
        ("hello a", "hellohello a"),
        ("hello b", "hellohello b"),
    ]


async def test_a_row_that_lacks_a_declared_field_is_rejected_and_told_of_beforehand(tmp_path: Path) -> None:
    outer = OUTER.replace("[{text: a, keep: 1}, {text: b, keep: 2}]", "[{text: a}, {keep: 2}]")
    (told,) = [item for item in lint_path(project(tmp_path, outer=outer)).sink.sorted() if item.code.id == "ATK309"]
    found = await ran(tmp_path, outer)

    assert told.message.startswith("`text` may be none, and pipeline `inner` takes text")
    assert {row["text"] for row in found.rows} == {"a"}
    assert found.count("asked.given") == {"rows_in": 2, "passed": 1, "rejected": 1, "rows_out": 1}
    labels = next(state.labels for state in found.result.steps if state.name == "asked.given")
    assert labels == {"`text` is missing, and text is declared": 1}


async def test_an_optional_field_may_be_missing_and_a_wrong_type_is_rejected(tmp_path: Path) -> None:
    inner = INNER.replace("{text: text}}", "{text: text, keep: {type: int, optional: true}}}")
    outer = OUTER.replace("[{text: a, keep: 1}, {text: b, keep: 2}]", "\"=[{'text': 'a'}, {'text': 2, 'keep': 2}]\"")
    found = await ran(tmp_path, outer, inner=inner)

    assert {row["text"] for row in found.rows} == {"a"}
    assert found.rejected[0]["label"] == "`text` is a whole number, and text is declared"


def test_rows_of_a_caller_in_python_are_held_to_what_is_declared(tmp_path: Path) -> None:
    text = "spec: atk/v1\nname: alone\nsteps: {given: {kind: input, fields: {n: float, t: any}}}\n"
    (tmp_path / "alone.yaml").write_text(text + "outputs: {out.jsonl: {from: given, format: jsonl}}\n")
    rows = [{"n": 1}, {"n": "1"}, {"t": 2}, {"n": 0.5, "t": None}]
    result = compile_pipeline(tmp_path / "alone.yaml")(rows=rows, output_dir=tmp_path / "out")

    assert list(result.rows()) == [{"n": 1}, {"n": 0.5, "t": None}]
    (step,) = result.steps
    assert (step.rows_in, step.passed, step.rejected, step.rows_out) == (4, 2, 2, 2)
    assert sorted(step.labels) == ["`n` is missing, and a number is declared", "`n` is text, and a number is declared"]

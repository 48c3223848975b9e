"""From a checked spec and the values of a run to callables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atk_interp.kinds import KINDS
from atk_interp.kinds.base import CallStep, PureStep, RowFailed, StepContext
from atk_interp.runtime import CannotRun
from atk_interp.values import Row
from support.pipelines import compiled, run, said

SPEC = """
    spec: atk/v1
    name: case
    params:
      output_dir: {type: path}
      count: {type: int, optional: true}
      size: {type: int, default: 10}
    models: {m: {}}
    steps:
      given: {kind: rows, rows: [{text: some words}]}
      some: {kind: sample, from: given, count: =count}
      pieces: {kind: chunk, from: some, max_tokens: =size - 5}
      ask: {kind: generate, from: [pieces, some], model: m, prompt: ask, parse: {text: reply}}
    outputs:
      NAME: {from: ask, format: jsonl, where: reply != "no"}
    """


def spec(output: str = "out.jsonl") -> str:
    return SPEC.replace("NAME", output)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"size": 5}, "`max_tokens` of step `pieces` must be at least 4, not 0"),
        ({"count": -1}, "`count` of step `some` must be at least 0, not -1"),
    ],
)
async def test_a_value_that_makes_a_step_impossible_is_told_before_any_work(
    tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(CannotRun, match=told):
        await run(tmp_path, spec(), said, **given)
    assert not (tmp_path / "out").exists()


async def test_an_output_may_stand_in_a_folder(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec("sets/out.jsonl"), said)
    assert (tmp_path / "out" / "sets" / "out.jsonl").exists()
    assert len(ran.rows) == 2


async def test_where_is_about_the_output_alone(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec(), lambda request: "no")
    assert ran.result.status == "done"
    assert ran.rows == []
    assert any("`where` left all of them out" in str(event) for event in ran.events)


def test_the_plan_knows_what_leads_where(tmp_path: Path) -> None:
    pipeline = compiled(tmp_path, spec())
    values = pipeline.values({"output_dir": "out"})
    plan = pipeline._plan(pipeline._analysis, values, None, None)
    assert plan.ancestors("ask") == {"given", "some", "pieces"}
    assert [step.name for step in plan.consumers("some")] == ["pieces", "ask"]
    assert {name: step.depth for name, step in plan.steps.items()} == {"given": 0, "some": 1, "pieces": 2, "ask": 3}


ROWS = """
    steps:
      given: {kind: rows, rows: [{text: a, n: 1}, {text: b, n: 0}, {text: c, n: 2}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}}
      %s
    outputs:
      out.jsonl: {from: last, format: jsonl}
    """


@pytest.mark.parametrize(
    ("step", "label"),
    [
        ("last: {kind: filter, from: ask, keep: 4 / n > 1}", "`keep`: a division by 0"),
        ("last: {kind: filter, from: ask, when: 4 / n > 1, keep: true}", "`when`: a division by 0"),
        ("last: {kind: map, from: ask, set: {x: =4 / n}}", "`set.x`: a division by 0"),
        ("last: {kind: group, from: ask, by: 4 / n, collect: {texts: =text}}", "`by`: a division by 0"),
        ("last: {kind: group, from: ask, by: n, collect: {x: =4 / n}}", "`collect.x`: a division by 0"),
        ("last: {kind: generate, from: ask, when: 4 / n > 1, model: m, prompt: ask, parse: {text: more}}",
         "`when`: a division by 0"),
    ],
)  # fmt: skip
async def test_a_row_on_which_an_expression_fails_is_rejected_and_the_others_go_on(
    tmp_path: Path, step: str, label: str
) -> None:
    ran = await run(tmp_path, ROWS % step, said)
    assert ran.result.status == "done"
    (rejected,) = ran.rejected
    assert (rejected["step"], rejected["outcome"], rejected["label"]) == ("last", "rejected", label)
    assert rejected["fields"]["text"] == "b"
    count = ran.count("last")
    assert (count["rows_in"], count["passed"], count["rejected"], count["rows_out"]) == (3, 2, 1, 2)


async def test_an_expression_of_parameters_alone_that_fails_stops_the_run(tmp_path: Path) -> None:
    ran = await run(tmp_path, ROWS % "last: {kind: filter, from: ask, keep: 4 / (seed - seed) > n}", said)
    assert len(ran.rejected) == 3
    ran = await run(tmp_path, ROWS % "last: {kind: filter, from: ask, keep: 4 / (seed - seed) > 1}", said)
    assert (ran.result.status, ran.result.message) == ("stopped", "`keep` of step `last`: a division by 0")


@pytest.mark.parametrize(
    ("output", "label"),
    [
        ("format: jsonl, where: 4 / n > 1", "`where`: a division by 0"),
        ("format: jsonl, fields: {x: =4 / n}", "`fields.x`: a division by 0"),
        ("format: jsonl, fields: {x: '{{ 4 // n }}'}", "`fields.x`: integer division or modulo by zero"),
        ("format: chat, messages: [{user: '{{ text }}'}, {assistant: '{{ 4 // n }}'}]",
         "`messages`: integer division or modulo by zero"),
    ],
)  # fmt: skip
async def test_a_row_that_an_output_cannot_be_made_of_is_not_written(tmp_path: Path, output: str, label: str) -> None:
    text = (ROWS % "last: {kind: sample, from: ask}").replace("format: jsonl", output)
    ran = await run(tmp_path, text, said)
    assert ran.result.status == "done"
    assert len(ran.rows) == 2
    assert [(rejected["step"], rejected["label"]) for rejected in ran.rejected] == [("output out.jsonl", label)]


async def test_rows_made_before_a_row_fails_stay_and_the_loss_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(row: Row) -> Iterator[Row]:
        if row.fields["text"] != "c":
            yield row
        if row.fields["text"] != "a":
            raise RowFailed("no more of it")

    monkeypatch.setattr(KINDS["explode"], "bind", lambda step: PureStep(made))
    ran = await run(
        tmp_path, ROWS.replace("n: 1", "n: 1, tags: []") % "last: {kind: explode, from: given, field: tags}", said
    )
    assert [row["text"] for row in ran.rows] == ["a", "b"]
    assert [(rejected["fields"]["text"], rejected["label"]) for rejected in ran.rejected] == [
        ("b", "no more of it"),
        ("c", "no more of it"),
    ]
    assert ran.count("last") == {"rows_in": 3, "passed": 2, "rejected": 1, "rows_out": 2, "refused": 1}


async def test_a_kind_may_raise_for_a_row_that_it_cannot_work_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(row: Row) -> list[Row]:
        raise RowFailed("not this one")

    async def ask(row: Row, context: StepContext) -> list[Row]:
        return refuse(row)

    for runner in (PureStep(refuse), CallStep(ask)):
        monkeypatch.setattr(KINDS["generate"], "bind", lambda step, runner=runner: runner)
        ran = await run(tmp_path, ROWS % "last: {kind: sample, from: ask}", said)
        assert ran.count("ask") == {"rows_in": 3, "rejected": 3}
        assert {rejected["label"] for rejected in ran.rejected} == {"not this one"}


MANY = ", ".join(f"{{text: t{number}}}" for number in range(40))
CHANCE = f"""
    steps:
      given: {{kind: rows, rows: [{MANY}]}}
      one: {{kind: filter, from: given, keep: chance(0.5)}}
      two: {{kind: filter, from: given, keep: "chance( 0.5 )"}}
      ask: {{kind: generate, from: one, model: m, prompt: ask, parse: {{text: reply}}}}
    outputs:
      out.jsonl: {{from: ask, format: jsonl}}
      two.jsonl: {{from: two, format: jsonl}}
    """


async def test_another_name_for_a_step_draws_and_sends_the_same(tmp_path: Path) -> None:
    first = await run(tmp_path, CHANCE, said)
    again = await run(tmp_path, CHANCE.replace("one", "other").replace("given", "made"), said)
    assert 5 < len(first.requests) < 35
    assert again.requests == []
    assert again.rows == first.rows


async def test_equal_draws_of_two_steps_are_independent(tmp_path: Path) -> None:
    ran = await run(tmp_path, CHANCE, said)
    two = {json.loads(line)["text"] for line in (ran.folder / "two.jsonl").read_text().splitlines()}
    assert {row["text"] for row in ran.rows} != two


async def test_the_record_of_a_run_has_the_hashes_of_included_files_too(tmp_path: Path) -> None:
    prompts = {"ask": "- user: \"{% include 'part.txt' %} {{ text }}\"", "part.txt": "Say"}
    ran = await run(tmp_path, ROWS % "last: {kind: sample, from: ask}", said, prompts)
    recorded = json.loads((ran.folder / "run.json").read_text())["prompts"]
    assert sorted(Path(path).name for path in recorded) == ["ask.yaml", "part.txt"]
    assert hashlib.sha256(b"Say").hexdigest() in recorded.values()

"""The books of a run: a row that this program loses fails it, wherever it is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atk_interp.plan import PlannedStep
from atk_interp.runtime.publish import Collector
from atk_interp.runtime.spool import Spool
from atk_interp.runtime.walking import Walker
from atk_interp.values import Row
from support.pipelines import run, said

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      twice: {kind: map, from: [given, given], set: {n: 1}}
      some: {kind: sample, from: twice, count: 2, when: text != "a"}
    outputs:
      out.jsonl: {from: some, where: text != "b", format: jsonl}
    """


async def lossy(folder: Path) -> str:
    """What is told of a run in which a row is lost."""
    ran = await run(folder, SPEC)
    assert (ran.result.status, ran.result.exit_code) == ("failed", 3)
    assert not (ran.folder / "out.jsonl").exists()
    return ran.result.message


async def test_the_books_balance_with_rows_taken_twice_led_past_and_left_out(tmp_path: Path) -> None:
    ran = await run(tmp_path, SPEC)
    assert ran.result.status == "done"
    assert ran.count("twice")["rows_in"] == 6
    assert ran.count("some") == {"rows_in": 6, "passed": 4, "filtered": 2, "rows_out": 4}


async def test_a_set_wise_step_that_needs_to_see_no_row_still_answers_for_all(tmp_path: Path) -> None:
    ran = await run(tmp_path, SPEC.replace("count: 2", "count: 0"))
    assert ran.result.status == "done"
    assert ran.count("some") == {"rows_in": 6, "passed": 2, "filtered": 4, "rows_out": 2}


async def test_a_row_lost_between_two_steps_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = Walker._enter

    def enter(self: Walker, edge: Any, row: Row, ask: Any) -> Any:
        lost = edge.step.name == "twice" and edge.number == 1 and row.fields["text"] == "b"
        return None if lost else entered(self, edge, row, ask)

    monkeypatch.setattr(Walker, "_enter", enter)
    assert "step `twice`: 5 rows in, but its inputs gave 6" in await lossy(tmp_path)


async def test_a_row_lost_on_the_way_to_a_set_wise_step_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Spool.read

    def short(self: Spool) -> Iterator[bytes]:
        kept = list(read(self))
        return iter(kept[1:] if kept and kept[0].startswith(b"[") else kept)

    monkeypatch.setattr(Spool, "read", short)
    assert "step `some`: 6 rows in, but 4 passed + 1 filtered" in await lossy(tmp_path)


async def test_a_row_lost_on_the_way_to_an_output_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = Collector.row

    def row(self: Collector, step: PlannedStep, row: Row) -> None:
        if step.name != "some" or row.fields["text"] != "a" or row.order[0]:
            take(self, step, row)

    monkeypatch.setattr(Collector, "row", row)
    assert "output `out.jsonl`: step `some` gave 4 rows, but" in await lossy(tmp_path)


async def test_a_record_lost_on_the_way_to_the_disk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Spool.read

    def short(self: Spool) -> Iterator[bytes]:
        kept = list(read(self))
        return iter(kept[1:] if kept and kept[0].startswith(b"{") else kept)

    monkeypatch.setattr(Spool, "read", short)
    assert "`out.jsonl` would have " in await lossy(tmp_path)


INNER = """
spec: atk/v1
name: inner
params: {least: {type: int, default: 1}}
steps:
  given: {kind: input, fields: {text: text, n: int}}
  short: {kind: filter, from: given, keep: n >= least}
  tagged: {kind: map, from: short, set: {tags: "=[text, n | string]"}}
  halves: {kind: explode, from: tagged, field: tags, when: n > 2}
outputs:
  short.jsonl: {from: halves, format: jsonl, where: n < 5}
"""

EVERYTHING = """
    steps:
      given: {kind: rows, rows: [{text: a, n: 1}, {text: b, n: 2}, {text: c, n: 3}, {text: a, n: 4}, {text: e, n: 5}]}
      ask:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {text: reply}
        samples: 2
        attempts: 2
        accept: {is not b: reply != "b"}
      voted: {kind: vote, from: ask, model: m, prompt: ask, parse: {text: said}, votes: 3, pass: 'said | first != "c"'}
      refined:
        kind: loop
        from: voted
        steps:
          again: {kind: generate, model: m, prompt: ask, parse: {text: more}, attempts: 1}
          longer: {kind: filter, keep: 'text != "a" or round < 2'}
        until: round == 2
        max_rounds: 3
      led: {kind: pipeline, from: refined, pipeline: inner.yaml, when: n != 4}
      inner: {kind: pipeline, from: led, pipeline: inner.yaml, matrix: {least: [1, 3]}}
      one: {kind: group, from: inner, by: text, collect: {ns: =n}, first: [text]}
      both: {kind: join, from: inner, with: one, by: text}
      shuffled: {kind: shuffle, from: both}
    outputs:
      out.jsonl: {from: shuffled, format: jsonl, where: n != 3}
      asked.jsonl: {from: voted, format: jsonl}
    """


@pytest.mark.parametrize("how", [{}, {"limit": 2}, {"until": "refined"}, {"until": "one"}])
async def test_every_step_says_what_became_of_every_row(tmp_path: Path, how: dict[str, Any]) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    ran = await run(tmp_path, EVERYTHING, said, **how)
    assert (ran.result.status, ran.result.message) == ("done", "")
    record = json.loads((ran.folder / "run.json").read_text())
    taken = record["graph"]["steps"]
    books = {step["name"]: step for step in record["steps"]}
    for name, step in books.items():
        lost = step["filtered"] + step["rejected"] + step["merged"]
        assert step["rows_in"] == step["passed"] + lost, name
        if lost:
            assert step["labels"] or step["merged"], name
        if taken[name]["from"] and "." not in name:
            assert step["rows_in"] == sum(books[source]["rows_out"] for source in taken[name]["from"]), name

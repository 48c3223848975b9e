"""The `once` kind and `use`: one value for all rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.llm.messages import Request
from support.lint_text import analysed, found_in
from support.pipelines import run, said
from support.slow_model import Slow

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      rubric: {kind: once, model: m, prompt: rubric, parse: {text: words}}
      judged: {kind: generate, from: given, use: rubric, model: m, prompt: judge, parse: {text: reply}}
      kept: {kind: filter, from: judged, use: [rubric], keep: reply is in(rubric.words) or text == "a"}
    outputs:
      out.jsonl: {from: kept, format: jsonl}
    """
PROMPTS = {"rubric": '- user: "write a rubric"', "judge": '- user: "{{ rubric.words }}: {{ text }}"'}


def model(request: Request) -> str:
    return "b c" if said(request) == "write a rubric" else said(request)[-1]


async def test_the_value_is_asked_for_once_and_known_to_every_row(tmp_path: Path) -> None:
    ran = await run(tmp_path, SPEC, model, PROMPTS)

    assert ran.said == ["b c: a", "b c: b", "b c: c", "write a rubric"]
    assert [row["text"] for row in ran.rows] == ["a", "b", "c"]
    assert ran.count("rubric") == {"rows_in": 1, "passed": 1, "rows_out": 1, "called": 1}
    assert ran.count("judged") == {"rows_in": 3, "passed": 3, "rows_out": 3, "called": 3}


async def test_a_second_run_asks_nothing_and_another_value_asks_what_hangs_on_it(tmp_path: Path) -> None:
    first = await run(tmp_path, SPEC, model, PROMPTS)
    second = await run(tmp_path, SPEC, lambda request: "never", PROMPTS)
    other = {**PROMPTS, "rubric": '- user: "write another rubric"'}
    third = await run(tmp_path, SPEC, lambda request: "c b" if "rubric" in said(request) else "b", other)

    assert second.requests == []
    assert first.bytes() == second.bytes()
    assert len(third.requests) == 4


async def test_a_value_may_be_made_of_all_rows_that_another_step_gives(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{text: a}, {text: b}]}
          asked: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}}
          all: {kind: group, from: asked, by: "1", collect: {replies: =reply}}
          summary: {kind: once, from: all}
          story: {kind: once, from: all, use: summary, model: m, prompt: story, parse: {text: story}}
          told: {kind: map, from: asked, use: [summary, story], when: summary.count > 1,
                 set: {n: =summary.replies | length, tale: =story.story}}
        outputs:
          out.jsonl: {from: told, format: jsonl}
        """,
        Slow(3),
        {"story": '- user: "story of {{ summary.replies | join }} and {{ replies | length }}"'},
    )
    assert ran.rows == [
        {"text": "a", "reply": "A", "n": 2, "tale": "STORY OF AB AND 2"},
        {"text": "b", "reply": "B", "n": 2, "tale": "STORY OF AB AND 2"},
    ]
    assert all(
        state.rows_in == state.passed + state.filtered + state.rejected + state.merged for state in ran.result.steps
    )


async def test_set_wise_steps_and_loops_may_use_it(tmp_path: Path) -> None:
    ran = await run(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{n: 1}, {n: 2}, {n: 3}]}
          limits: {kind: rows, rows: [{most: 2, goal: 5}]}
          limit: {kind: once, from: limits}
          sorted: {kind: sort, from: given, use: limit, by: -n, when: n <= limit.most}
          grown:
            kind: loop
            from: sorted
            use: limit
            until: n >= limit.goal
            steps: {more: {kind: map, set: {n: =n + 1}}}
        outputs:
          out.jsonl: {from: sorted, format: jsonl}
          grown.jsonl: {from: grown, format: jsonl}
        """,
        model,
    )
    assert ran.rows == [{"n": 2}, {"n": 1}, {"n": 3}]
    assert list(ran.result.rows("grown.jsonl")) == [{"n": 5}, {"n": 5}, {"n": 5}]


@pytest.mark.parametrize(
    ("rubric", "told"),
    [
        ("{kind: once, from: given}", "step `rubric` takes one row, and 3 have come"),
        (
            "{kind: once, model: m, prompt: rubric, parse: {number: words}, attempts: 1}",
            "step `rubric` has no value, and step `judged` uses it",
        ),
    ],
)
async def test_without_a_value_the_run_stops(tmp_path: Path, rubric: str, told: str) -> None:
    spec = SPEC.replace("{kind: once, model: m, prompt: rubric, parse: {text: words}}", rubric)
    spec = spec.replace("is in(rubric.words)", '!= ""').replace("use: [rubric], ", "")
    prompts = {**PROMPTS, "judge": '- user: "{{ text }} {{ rubric }}"'}
    ran = await run(tmp_path, spec, model, prompts)

    assert (ran.result.status, ran.result.message) == ("stopped", told)


A = "  a: {kind: rows, rows: [{text: x, n: 1}]}\n  o: {kind: once, from: a}\n"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{kind: filter, from: a, use: o, keep: o.n > 1}", []),
        ("{kind: filter, from: a, use: o, keep: o.m > 1}", [("ATK302", "m")]),
        ("{kind: filter, from: a, use: o, keep: o.text > 1}", [("ATK306", "o.text > 1")]),
        ("{kind: filter, from: a, keep: o.n > 1}", [("ATK302", "o")]),
        ("{kind: filter, from: a, use: a, keep: true}", [("ATK514", "a")]),
        ("{kind: filter, from: a, use: [o, oo], keep: true}", [("ATK511", "oo")]),
        ("{kind: map, from: a, use: o, set: {o: 1}}", [("ATK501", "o")]),
        ("{kind: once, from: a, prompt: ask, parse: {text: t}}", [("ATK202", "b")]),
        ("{kind: once}", [("ATK202", "b")]),
        ("{kind: once, from: a, attempts: 2}", [("ATK202", "b")]),
        ("{kind: once, from: a, examples: [{reply: x, passes: true}]}", [("ATK202", "b")]),
    ],
)
def test_what_is_used_is_checked(step: str, expected: list[tuple[str, str]]) -> None:
    assert found_in(A + f"  b: {step}\n") == expected


def test_a_value_that_hangs_on_what_uses_it_is_a_circle() -> None:
    steps = "  a: {kind: rows, rows: [{x: 1}]}\n  b: {kind: filter, from: a, use: c, keep: true}\n"
    steps += "  c: {kind: once, from: b}\n"
    _, (found,) = analysed(steps)

    assert found.message == "these steps feed each other in a circle: `b` → `c` → `b`"
    assert (found.label, [label.text for label in found.labels]) == ("`b` uses `c`", ["`c` takes rows of `b`"])


def test_the_help_says_how_to_use_a_value() -> None:
    _, (found,) = analysed(A + "  b: {kind: filter, from: a, keep: o.n > 1}\n")

    assert found.help == "`o` is a `once` step; write `use: o` to name its fields here"

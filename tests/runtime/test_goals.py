"""`until` of a source: it gives rows until enough of them have come through, and always the same ones."""

from __future__ import annotations

import asyncio
import itertools
import random
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atk_interp.llm.messages import EndpointDown, Reply, Request
from atk_interp.pipeline.errors import InvalidSpec
from atk_interp.plan import Goal
from atk_interp.plan.goals import batch
from atk_interp.runtime import CannotRun
from support.pipelines import Ran, compiled, run, said

SPEC = """
    steps:
      given: {kind: draw, until: %s, fields: {n: {int: [1, 1000000]}}}
      asked:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {number: score}
        accept: {is not low: score > 60}
        attempts: 1
      more: {kind: generate, from: asked, model: m, prompt: more, parse: {number: mark}}
      sorted: {kind: sort, from: more, by: score}
    outputs:
      out.jsonl: {from: sorted, where: mark > 10, format: jsonl}
    """
PROMPTS = {name: f'- user: "{name} {{{{ n }}}}"' for name in ("ask", "more")}


class Wild:
    """A model with latencies of a heavy tail, that says numbers from 0 to 99."""

    def __init__(self, seed: int = 0, fails_at: int = 0) -> None:
        self._random = random.Random(seed)
        self.calls = 0
        self._fails_at = fails_at

    async def complete(self, request: Request) -> Reply:
        self.calls += 1
        if self.calls == self._fails_at:
            raise EndpointDown("`here` dropped the connection", "here")
        for _ in range(min(60, int(self._random.paretovariate(1.0)) - 1)):
            await asyncio.sleep(0)
        return Reply(str(random.Random(f"{said(request)} {request.sample} {request.attempt}").randrange(100)))

    async def aclose(self) -> None:
        return None


_numbers = itertools.count()


async def ran(folder: Path, goal: str, model: Wild, concurrency: int = 1, **how: Any) -> Ran:
    name = how.pop("name", None) or str(next(_numbers))
    how |= {"settings": {"concurrency": concurrency}, "ledger": f"{name}.db", "output": name}
    return await run(folder, SPEC % goal, model, PROMPTS, **how)


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(1, 10**6), concurrency=st.sampled_from([1, 3, 16, 64]), calls=st.integers(1, 150))
def test_the_same_rows_are_given_whoever_was_first_and_however_often_it_was_stopped(
    tmp_path: Path, seed: int, concurrency: int, calls: int
) -> None:
    async def scenario() -> None:
        calm, model, name = await ran(tmp_path, "30 of more", Wild()), Wild(seed), str(next(_numbers))
        await ran(tmp_path, "30 of more", model, concurrency, name=name, budget=f"{3 * calls} tokens")
        wild = await ran(tmp_path, "30 of more", model, concurrency, name=name)
        assert calm.result.status == wild.result.status == "done"
        assert calm.count("more")["rows_out"] >= 30
        files = {file: content for file, content in wild.bytes().items() if "incomplete" not in file}
        assert files == calm.bytes()
        books = [(state.name, state.rows_in, state.rows_out) for state in wild.result.steps]
        assert books == [(state.name, state.rows_in, state.rows_out) for state in calm.result.steps]

    asyncio.run(scenario())


async def test_rows_are_given_until_the_step_has_enough_and_few_beyond(tmp_path: Path) -> None:
    few = await ran(tmp_path, "25 of more", Wild(), 8)
    assert 25 <= few.count("more")["rows_out"] < 35
    many = await ran(tmp_path, "{rows: 60, of: more}", Wild(), 8)
    assert 60 <= many.count("more")["rows_out"] < 75
    assert many.count("given")["rows_out"] < 60 / 0.39 * 1.4


async def test_what_an_output_takes_is_counted_when_no_step_is_named(tmp_path: Path) -> None:
    text = SPEC.replace("from: sorted, where", "from: more, where") % "25 accepted"
    found = await run(tmp_path, text, Wild(), PROMPTS)
    assert 25 <= len(found.rows) < 35
    assert found.count("more")["rows_out"] > len(found.rows)


async def test_a_number_may_be_a_parameter(tmp_path: Path) -> None:
    head = "spec: atk/v1\nname: case\nparams: {output_dir: {type: path}, wanted: {type: int}}\nmodels: {m: {}}"
    text = head + (SPEC % "{rows: =wanted, of: more}").replace("\n    ", "\n")
    found = await run(tmp_path, text, Wild(), PROMPTS, wanted=21)
    assert 21 <= found.count("more")["rows_out"] < 30


async def test_a_ceiling_that_is_not_enough_stops_the_run(tmp_path: Path) -> None:
    text = (SPEC % "25 of more").replace("until:", "count: 30, until:")
    found = await run(tmp_path, text, Wild(), PROMPTS)
    came = found.count("more")["rows_out"]
    told = (
        f"step `given` has given all of its 30 rows, and {came} of the 25 that are wanted have come through step `more`"
    )
    assert (found.result.exit_code, found.result.message) == (1, told)


async def test_documents_are_read_until_there_are_enough(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for number in range(50):
        (tmp_path / f"docs/{number:02}.txt").write_text(f"text {number}")
    text = (SPEC % "10 of more").replace("draw,", "read, path: docs,").replace(", fields: {n: {int: [1, 1000000]}}", "")
    prompts = {name: content.replace("{{ n }}", "{{ text }}") for name, content in PROMPTS.items()}
    found = await run(tmp_path, text, Wild(), prompts)
    assert 10 <= found.count("more")["rows_out"] < 20
    assert found.count("given")["rows_out"] < 50


async def test_rows_that_were_lost_are_asked_again_before_more_are_given(tmp_path: Path) -> None:
    calm, shaken = await ran(tmp_path, "25 of more", Wild()), await ran(tmp_path, "25 of more", Wild(1, fails_at=7), 4)
    assert calm.bytes() == shaken.bytes()


async def test_a_trial_and_a_run_up_to_a_step_take_the_first_rows(tmp_path: Path) -> None:
    trial = await ran(tmp_path, "30 of more", Wild(), limit=5)
    assert trial.count("limit before asked") == {"rows_in": 20, "passed": 5, "filtered": 15, "rows_out": 5}
    upto = await ran(tmp_path, "30 of more", Wild(), until="asked")
    assert upto.count("given") == {"rows_out": 20}


@pytest.mark.parametrize(
    ("until", "told"),
    [
        (
            "30 of sorted",
            "step `sorted` waits for all rows, so its own cannot be counted before the end",
        ),
        ("30 accepted", "step `sorted` waits for all rows, so its own cannot be counted before the end"),
    ],
)
async def test_what_cannot_be_counted_on_the_way_is_told_before_anything_is_sent(
    tmp_path: Path, until: str, told: str
) -> None:
    model = Wild()
    with pytest.raises(InvalidSpec, match=told):
        await ran(tmp_path, until, model)
    assert model.calls == 0


async def test_what_waits_for_all_rows_by_a_parameter_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    spec = (SPEC % "30 of sorted").replace(
        "{kind: sort, from: more, by: score}", "{kind: sample, from: more, count: =n}"
    )
    head = "spec: atk/v1\nname: t\nparams: {output_dir: {type: path}, n: {type: int, default: 3}}\nmodels: {m: {}}"
    with pytest.raises(CannotRun, match="step `sorted` waits for all rows"):
        await run(
            tmp_path,
            head + textwrap.dedent(spec.replace("n: {int", "x: {int")),
            Wild(),
            {name: content.replace("{{ n }}", "{{ x }}") for name, content in PROMPTS.items()},
        )


async def test_rows_that_enter_a_limit_in_front_of_the_output_are_enough(tmp_path: Path) -> None:
    spec = """
        steps:
          given: {kind: draw, until: 12 accepted, fields: {n: {int: [1, 1000]}}}
          some: {kind: filter, from: given, keep: n > 500}
          few: {kind: limit, from: some, count: 12}
        outputs:
          out.jsonl: {from: few, where: n > 510, format: jsonl}
        """
    found = await run(tmp_path, spec, Wild())
    assert found.count("few")["rows_out"] == 12
    assert found.count("given")["rows_out"] < 60


def test_how_many_rows_are_given_next_follows_from_the_counts_alone() -> None:
    goal = Goal(1000, "more", bool)
    assert [batch(goal, 0, 0), batch(goal, 100, 50), batch(goal, 100, 0), batch(goal, 500, 1000)] == [100, 400, 100, 0]
    assert [batch(goal, 1900, 950), batch(goal, 1900, 999)] == [100, 2]
    assert batch(Goal(3, "more", bool), 0, 0) == 3


async def test_plan_tells_what_the_first_rows_would_send(tmp_path: Path) -> None:
    from atk_interp.rehearsal.forecast import forecast

    pipeline = compiled(tmp_path, SPEC % "300 of more", PROMPTS)
    plan = pipeline.plan({"output_dir": "out", "models": {"m": {"model": "test-model"}}})
    told = await forecast(plan, tmp_path / "none.db")
    assert told.error is None
    steps = {step.name: step for step in told.steps}
    assert (steps["given"].rows.value, steps["given"].rows.sure) == (30, "least")
    assert (steps["asked"].to_send.value, steps["asked"].to_send.sure) == (30, "least")
    done = await ran(tmp_path, "300 of more", Wild(), name="whole")
    half = await ran(tmp_path, "300 of more", Wild(), name="half", limit=30)
    assert half.result.status == "done"
    told = await forecast(plan, tmp_path / "half.db")
    given = next(step for step in told.steps if step.name == "given")
    assert given.rows.sure == "estimated"
    assert given.rows.value == pytest.approx(done.count("given")["rows_out"], rel=0.5)
    told = await forecast(plan, tmp_path / "whole.db")
    assert [step.to_send.value for step in told.asking] == [0, 0]

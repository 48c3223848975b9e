"""A budget: what is paid stays within it, over all runs that go on with one another, and what is left is the same."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atk_interp.llm.messages import Reply, Request, Usage
from atk_interp.llm.retry import RetryPolicy
from atk_interp.runtime import CannotRun
from atk_interp.runtime.budget import Budget, parsed_budget
from atk_interp.runtime.spent import usd_told
from support.pipelines import Ran, run, said

SPEC = """
    steps:
      given: {kind: draw, count: 30, fields: {n: {int: [1, 1000000]}}}
      asked:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {number: score}
        accept: {is not low: score > 20}
        attempts: 2
      more: {kind: generate, from: asked, model: m, prompt: more, parse: {number: mark}, samples: 2}
      sorted: {kind: sort, from: more, by: score}
      last: {kind: generate, from: sorted, model: m, prompt: last, parse: {number: end}}
    outputs:
      out.jsonl: {from: more, format: jsonl}
      last.jsonl: {from: last, format: jsonl}
    """
PROMPTS = {name: f'- user: "{name} {{{{ n }}}}"' for name in ("ask", "more", "last")}


class Paid:
    """A model that takes its time at random, counts what it was paid and how many calls were under way at most."""

    def __init__(self, seed: int = 0, fails_after: int | None = None) -> None:
        self._random = random.Random(seed)
        self.calls = self.under_way = 0
        self.fails_after = fails_after

    async def complete(self, request: Request) -> Reply:
        self.calls += 1
        self.under_way += 1
        try:
            for _ in range(min(60, int(self._random.paretovariate(1.0)) - 1)):
                await asyncio.sleep(0)
        finally:
            self.under_way -= 1
        number = random.Random(f"{said(request)} {request.sample} {request.attempt}").randrange(100)
        return Reply(str(number) if number % 7 else "no idea", usage=Usage(90, 10))

    async def aclose(self) -> None:
        return None


_numbers = itertools.count()


async def ran(folder: Path, name: str, model: Paid, concurrency: int = 1, price: bool = True, **how: Any) -> Ran:
    priced = {"price": {"input": 100, "output": 100}} if price else {}
    endpoint = {"concurrency": concurrency, **priced}
    return await run(folder, SPEC, model, PROMPTS, settings=endpoint, ledger=f"{name}.db", output=name, **how)


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(1, 10**6),
    concurrency=st.sampled_from([1, 2, 3, 7, 16, 64]),
    steps=st.lists(st.integers(1, 60), min_size=1, max_size=3),
)
def test_a_budget_is_kept_over_resumes_and_changes_nothing_of_what_is_made(
    tmp_path: Path, seed: int, concurrency: int, steps: list[int]
) -> None:
    async def scenario() -> None:
        name, model = str(next(_numbers)), Paid(seed)
        calls = 0
        for step in steps:
            calls += step
            stopped = await ran(tmp_path, name, model, concurrency, budget=f"{100 * calls} tokens")
            if stopped.result.status == "done":
                break
            assert stopped.result.exit_code == 4
            assert calls <= model.calls < calls + concurrency
            told = f"the budget of {100 * calls:,} tokens is used up: {model.calls:,} call"
            assert stopped.result.message.startswith(told)
            # With the same ledger and nothing to pay with: the same files.
            before = stopped.bytes()
            again = await ran(tmp_path, name, model, concurrency, budget=f"{100 * calls} tokens")
            assert (again.result.message, again.bytes()) == (stopped.result.message, before)
            assert calls <= model.calls < calls + concurrency
            calls = model.calls
        free = await ran(tmp_path, f"{name}-free", Paid())
        last = await ran(tmp_path, name, model, concurrency)
        files = {file: content for file, content in last.bytes().items() if "incomplete" not in file}
        assert (last.result.status, files) == ("done", free.bytes())

    asyncio.run(scenario())


async def test_what_a_budget_leaves_is_the_beginning_of_the_whole(tmp_path: Path) -> None:
    free = await ran(tmp_path, "free", Paid())
    stopped = await ran(tmp_path, "stopped", Paid(7), 4, budget="0.7 usd")
    assert stopped.result.message.startswith("the budget of 0.70 USD is used up: ")
    assert stopped.result.message.endswith(" USD")
    assert stopped.result.help.startswith("run the same command with a `--budget` above 0.7")
    written = (stopped.folder / "out.incomplete.jsonl").read_text()
    assert written
    assert (free.folder / "out.jsonl").read_text().startswith(written)
    assert (stopped.folder / "last.incomplete.jsonl").read_text() == ""


@pytest.mark.parametrize("seed", range(4))
async def test_calls_that_come_back_while_the_run_ends_are_told_as_paid(tmp_path: Path, seed: int) -> None:
    model = Paid(seed)
    stopped = await ran(tmp_path, "stopped", model, 16, budget="6000 tokens")
    assert stopped.result.spending is not None
    spent = stopped.result.spending.as_json()
    assert model.calls == spent["paid"]["calls"] == spent["paid_with_resumes"]["calls"]
    assert model.calls == sum(state.called for state in stopped.result.steps)


async def test_a_run_that_just_fits_is_done(tmp_path: Path) -> None:
    model = Paid()
    free = await ran(tmp_path, "free", model)
    fits = await ran(tmp_path, "fits", Paid(3), 8, budget=f"{100 * model.calls} tokens")
    assert (fits.result.status, fits.bytes()) == ("done", free.bytes())


async def test_calls_whose_tokens_nobody_tells_are_counted(tmp_path: Path) -> None:
    class Silent(Paid):
        async def complete(self, request: Request) -> Reply:
            return Reply((await super().complete(request)).text)

    stopped = await ran(tmp_path, "silent", Silent(), budget="50 tokens")
    assert stopped.result.exit_code == 4
    assert "have cost 5" in stopped.result.message


class Crash(BaseException):
    """Nothing is written after this."""


async def test_what_a_killed_run_has_paid_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from atk_interp.ledger.sqlite import SqliteLedger
    from atk_interp.runtime import run as module

    async def gone(*args: object) -> None:
        raise Crash

    with monkeypatch.context() as killed:
        killed.setattr(module._Run, "_end", gone)
        killed.setattr(SqliteLedger, "finish", gone)
        model = Paid()
        with pytest.raises(Crash):
            await ran(tmp_path, "killed", model, 4, budget="1000 tokens")
    assert not (tmp_path / "killed/run.json").exists()
    first = model.calls
    assert 10 <= first < 14
    again = await ran(tmp_path, "killed", model, 4, budget="1000 tokens")
    assert (again.result.exit_code, model.calls) == (4, first)
    more = await ran(tmp_path, "killed", model, 4, budget="2000 tokens")
    told = json.loads((more.folder / "run.json").read_text())["spending"]
    assert told["paid_with_resumes"]["calls"] == model.calls
    assert told["paid_with_resumes"]["usd"] == pytest.approx(0.01 * model.calls)


async def test_money_needs_prices_and_says_so_before_anything_is_sent(tmp_path: Path) -> None:
    model = Paid()
    with pytest.raises(CannotRun, match="needs the price of `m`") as told:
        await ran(tmp_path, "out", model, price=False, budget="5usd")
    assert "or give a budget in tokens" in told.value.help
    assert model.calls == 0
    assert (await ran(tmp_path, "out", model, price=False, budget="1M tokens")).result.status == "done"


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("5usd", Budget(usd=5)),
        ("0.25 USD", Budget(usd=0.25)),
        ("$12", Budget(usd=12)),
        ("1M tokens", Budget(tokens=1_000_000)),
        ("1.5m tokens", Budget(tokens=1_500_000)),
        ("20k tokens", Budget(tokens=20_000)),
        ("20000tokens", Budget(tokens=20_000)),
        ("1,000,000 tokens", Budget(tokens=1_000_000)),
        ("1 token", Budget(tokens=1)),
        ("1e-3usd", Budget(usd=0.001)),
        ("$1e2", Budget(usd=100)),
        ("2e3 tokens", Budget(tokens=2000)),
    ],
)
def test_budgets_are_read_as_people_write_them(text: str, budget: Budget) -> None:
    assert parsed_budget(text) == budget


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        (0.0, "0.00"),
        (0.001, "0.001"),
        (0.000123456, "0.00012"),
        (0.0174, "0.02"),
        (0.999, "1.00"),
        (1234.5, "1,234.50"),
    ],
)
def test_small_money_is_told_with_the_digits_that_count(usd: float, told: str) -> None:
    assert usd_told(usd) == f"{told} USD"
    assert not usd or str(Budget(usd=usd)) == f"{told} USD"


@pytest.mark.parametrize("text", ["5", "five usd", "5 eur", "-1usd", "0usd", "0 tokens", "usd", "1e999usd", "e3usd"])
def test_what_is_no_budget_is_told_with_how_to_write_one(text: str) -> None:
    with pytest.raises(CannotRun) as told:
        parsed_budget(text)
    assert told.value.help


async def test_rows_that_wait_for_an_endpoint_do_not_hold_up_the_end(tmp_path: Path) -> None:
    from atk_interp.llm.messages import EndpointDown

    class Down(Paid):
        async def complete(self, request: Request) -> Reply:
            if said(request).endswith("1"):
                raise EndpointDown("`here` dropped the connection", "here")
            return await super().complete(request)

    policy = RetryPolicy(tries=1, first_wait_s=0.001, unreached_after_s=9.0, gone_after_s=9.0, gone_failures=10**9)
    stopped = await ran(tmp_path, "down", Down(), 4, budget="500 tokens", policy=policy)
    assert stopped.result.exit_code == 4

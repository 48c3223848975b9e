"""Rules that stop a run for its rejected rows: what they decide, tell and leave is the same whoever was first."""

from __future__ import annotations

import asyncio
import functools
import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atk_interp.llm.messages import Reply, Request
from support.pipelines import Ran, run, said

SPEC = """
    {top}
    steps:
      given: {{kind: draw, count: {count}, fields: {{n: {{int: [1, 1000000]}}}}}}
      other: {{kind: draw, count: 7, fields: {{n: {{int: [1, 1000000]}}}}}}
      asked:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {{number: score}}
        accept: {{is not low: score > 20}}
        attempts: {attempts}
        {rule}
      more: {{kind: generate, from: asked, model: m, prompt: more, parse: {{number: mark}}, samples: 2}}
      sorted: {{kind: sort, from: more, by: score}}
      beside: {{kind: generate, from: other, model: m, prompt: more, parse: {{number: mark}}}}
    outputs:
      out.jsonl: {{from: more, format: jsonl}}
      calls.jsonl: {{from: asked, format: calls}}
      sorted_calls.jsonl: {{from: asked, format: calls, reached: sorted}}
      sorted.jsonl: {{from: sorted, format: jsonl}}
      beside.jsonl: {{from: beside, format: jsonl}}
    """
PROMPTS = {"ask": '- user: "ask {{ n }}"', "more": '- user: "more {{ n }}"'}


def spec(rule: str = "description: none", top: str = "", count: int = 60, attempts: int = 1) -> str:
    return SPEC.format(rule=rule, top=top, count=count, attempts=attempts).replace("    \n", "", 1)


class Wild:
    """A model with latencies of a heavy tail. It says numbers from 0 to 99, or that it has no idea."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.calls = 0

    async def complete(self, request: Request) -> Reply:
        self.calls += 1
        for _ in range(min(60, int(self._random.paretovariate(1.0)) - 1)):
            await asyncio.sleep(0)
        number = random.Random(f"{said(request)} {request.sample} {request.attempt}").randrange(100)
        return Reply(str(number) if number % 7 else "no idea")

    async def aclose(self) -> None:
        return None


_numbers = itertools.count()


def ran(folder: Path, text: str, seed: int = 0, concurrency: int = 1, ledger: str = "", **how: object) -> Ran:
    name = str(next(_numbers))
    how |= {"settings": {"concurrency": concurrency}, "ledger": ledger or f"{name}.db", "output": name}
    return asyncio.run(run(folder, text, Wild(seed), PROMPTS, **how))  # type: ignore[arg-type]


RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "strict": ("description: none", {"strict": True}),
    "stop": ("on_reject: stop", {}),
    "share": ("stop_when_rejected: 27%", {}),
    "share of few": ("stop_when_rejected: {share: 0.3, rows: 9}", {}),
    "kept": ("on_reject: keep\n        stop_when_rejected: 27%", {}),
}


@functools.cache
def calmly(folder: Path, rule: str) -> Ran:
    """A run with one call after the other."""
    text, how = RULES[rule]
    return ran(folder, spec(text), **how)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(1, 10**6), concurrency=st.sampled_from([1, 2, 3, 7, 16, 64]))
def test_a_stop_is_the_same_whoever_was_first(tmp_path: Path, rule: str, seed: int, concurrency: int) -> None:
    calm = calmly(tmp_path, rule)
    text, how = RULES[rule]
    wild = ran(tmp_path, spec(text), seed, concurrency, **how)
    assert calm.result.exit_code == wild.result.exit_code == 1
    assert (calm.result.message, calm.result.help) == (wild.result.message, wild.result.help)
    assert calm.bytes() == wild.bytes()
    again = ran(tmp_path, spec(text), seed + 1, concurrency, ledger=f"{wild.folder.name}.db", **how)
    assert again.result.message == wild.result.message
    assert again.bytes() == wild.bytes()


def test_strict_stops_at_the_first_rejection_of_all_steps_with_its_reply(tmp_path: Path) -> None:
    whole, strict = ran(tmp_path, spec()), ran(tmp_path, spec(), concurrency=16, strict=True)
    first = strict.rejected[-1]
    told = f"the first rejection of a strict run: step `{first['step']}` rejected row {first['row']}: {first['label']}"
    assert (strict.result.message, strict.result.exit_code) == (told, 1)
    assert strict.result.help == f"the last reply was: {first['attempts'][-1]['reply']}"
    assert [lost for lost in strict.rejected if lost["outcome"] == "rejected"] == [first]
    assert first in whole.rejected
    assert whole.result.status == "done"
    written = (strict.folder / "out.incomplete.jsonl").read_text()
    assert (whole.folder / "out.jsonl").read_text().startswith(written)


def test_strict_lets_a_run_without_rejections_be(tmp_path: Path) -> None:
    text = spec(attempts=100)
    whole, strict = ran(tmp_path, text), ran(tmp_path, text, strict=True)
    assert (strict.result.status, strict.bytes()) == ("done", whole.bytes())


def test_too_many_rejections_stop_a_run_with_their_reasons_and_three_replies(tmp_path: Path) -> None:
    stopped = ran(tmp_path, spec("stop_when_rejected: 25%"), concurrency=8)
    whole = ran(tmp_path, spec())
    lost = [row for row in stopped.rejected if row["step"] == "asked"]
    labels = [row["label"] for row in lost]
    reasons = sorted((-labels.count(label), label) for label in set(labels))
    assert len(reasons) == 2
    assert stopped.result.message == (
        f"step `asked` rejected {len(lost)} of its first 20 rows, and `stop_when_rejected` is 25%: "
        + "; ".join(f"{-count} x {label}" for count, label in reasons)
    )
    replies = "".join(f"\n    reply {at}: {row['attempts'][-1]['reply']}" for at, row in enumerate(lost[:3], 1))
    assert stopped.result.help == f"mend the prompt, `parse` or `accept`; what was replied:{replies}"
    assert whole.rejected[: len(lost)] == lost


def test_a_run_below_the_share_goes_to_its_end(tmp_path: Path) -> None:
    free, bound = ran(tmp_path, spec()), ran(tmp_path, spec("stop_when_rejected: 60%"), concurrency=8)
    assert (bound.result.status, bound.bytes()) == ("done", free.bytes())


def test_few_rows_are_no_reason_to_stop(tmp_path: Path) -> None:
    assert ran(tmp_path, spec("stop_when_rejected: 1%", count=19)).result.status == "done"
    assert ran(tmp_path, spec("stop_when_rejected: 1%", count=20)).result.status == "stopped"


def test_the_rule_of_a_spec_holds_for_steps_without_one_of_their_own(tmp_path: Path) -> None:
    top = "stop_when_rejected: {share: 15%, rows: 5}"
    assert ran(tmp_path, spec(top=top)).result.message.startswith("step `asked` rejected ")
    own = ran(tmp_path, spec("stop_when_rejected: 99%", top=top))
    assert own.result.message.startswith("step `more` rejected ") or own.result.status == "done"


VOTE = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      judged:
        kind: vote
        from: given
        model: m
        prompt: ask
        parse: {choice: [good, bad], into: verdict}
        votes: 3
        pass: verdict is none or (verdict | first) == "good"
        attempts: 1
        on_reject: %s
    outputs:
      out.jsonl: {from: judged, format: jsonl}
    """


def voter(request: Request) -> str:
    return "no idea" if said(request) == "b" else "good"


async def test_a_row_without_a_vote_is_dropped_or_kept_or_stops_the_run(tmp_path: Path) -> None:
    dropped = await run(tmp_path, VOTE % "drop", voter)
    assert [row["text"] for row in dropped.rows] == ["a", "c"]
    kept = await run(tmp_path, VOTE % "keep", voter)
    assert [(row["text"], row["verdict"] is None) for row in kept.rows] == [("a", False), ("b", True), ("c", False)]
    assert [row["label"] for row in kept.rejected] == ["no vote could be read"]
    stopped = await run(tmp_path, VOTE % "stop", voter)
    assert (stopped.result.exit_code, stopped.result.help) == (1, "the last reply was: no idea")
    assert stopped.result.message.endswith(": no vote could be read")


async def test_what_an_output_cannot_hold_is_a_rejection(tmp_path: Path) -> None:
    text = """
        steps:
          given: {kind: rows, rows: [{text: a}]}
        outputs:
          out.jsonl: {from: given, format: jsonl, fields: {first: "=text[7]"}}
        """
    loose, strict = await run(tmp_path, text), await run(tmp_path, text, strict=True, output="strict")
    assert loose.result.status == strict.result.status == "stopped"
    assert strict.result.message.startswith("the first rejection of a strict run: output out.jsonl rejected row ")

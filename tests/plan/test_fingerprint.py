"""What the results of a run depend on is in its fingerprint, whoever adds to the plan or to the options of a run."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from atk_interp.kinds.base import SourceStep
from atk_interp.plan import Extent, Plan
from atk_interp.plan.fingerprint import fingerprint, step_fingerprints
from atk_interp.plan.identity import CHANGES_NO_REPLY, digest, endpoint_identity
from atk_interp.runtime import RunOptions
from atk_interp.spec import EndpointConfig
from support.pipelines import asking_about, compiled

CHANGES: dict[str, dict[str, Any]] = {
    "params": {"params": {"output_dir": "there"}},
    "endpoints": {"endpoints": {"m": EndpointConfig(model="other")}},
    "seed": {"seed": 7},
    "prompts": {"prompts": {"ask.yaml": "another hash"}},
    "specs": {"specs": {"pipeline.yaml": "another hash"}},
    "python": {"python": {"made: own.py:f": "another hash"}},
    "handed": {"handed": "another hash"},
    "extent": {"extent": Extent(limit=3)},
    "steps": {"steps": {}},
    "outputs": {"outputs": {}},
}
STANDS_FOR_ITSELF = {"spec", "checks"}
"""What `specs` has the hash of."""
CHANGES_NOTHING = {
    *("output_dir", "task_id", "listeners", "handle_signals", "policy", "room", "clock", "force"),
    *("budget", "called"),
}
"""Options of a run that do not change its results. The ledger is compared beside the fingerprint, `clients` never."""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    pipeline = compiled(tmp_path, asking_about("a"))
    return pipeline._plan(pipeline._analysis, {"output_dir": "out"}, {"m": {"model": "one"}}, None)


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_of_any_part_of_the_plan_is_another_fingerprint(plan: Plan, part: str) -> None:
    before = fingerprint(plan, 0)
    assert before is not None
    assert fingerprint(replace(plan), 0) == before
    assert fingerprint(replace(plan, **CHANGES[part]), 0) not in (None, before)


def test_every_part_of_a_plan_is_accounted_for() -> None:
    assert {part.name for part in fields(Plan)} == CHANGES.keys() | STANDS_FOR_ITSELF


def test_every_option_of_a_run_is_accounted_for() -> None:
    """What changes the results of a run belongs into its plan."""
    assert {option.name for option in fields(RunOptions)} == CHANGES_NOTHING | {"ledger", "clients"}


@pytest.mark.parametrize("setting", [setting.name for setting in fields(EndpointConfig)])
def test_of_an_endpoint_whatever_may_change_a_reply_is_in_the_fingerprint_of_steps(plan: Plan, setting: str) -> None:
    def step(value: Any) -> str:
        config = replace(EndpointConfig(model="one"), **{setting: value})
        return digest("test", endpoint_identity(config))

    values = ("one", "two") if setting != "folder" else (Path("one"), Path("two"))
    if setting == "script":
        with pytest.raises(OSError, match="two"):
            step("two")  # it is read
    else:
        assert (step(values[0]) == step(values[1])) == (setting in CHANGES_NO_REPLY)


def test_a_step_knows_of_the_steps_before_it_and_of_nothing_else(plan: Plan) -> None:
    before = step_fingerprints(plan, "terms")
    assert before.keys() == plan.steps.keys()
    assert step_fingerprints(replace(plan, outputs={}, params={}), "terms") == before
    assert not before.items() & step_fingerprints(plan, "other terms").items()
    assert not before.items() & step_fingerprints(replace(plan, seed=7), "terms").items()
    other = replace(plan.steps["given"], identity=lambda: "other")
    assert not before.items() & step_fingerprints(replace(plan, steps={**plan.steps, "given": other}), "terms").items()
    other = replace(plan.steps["ask"], identity=lambda: "other")
    after = step_fingerprints(replace(plan, steps={**plan.steps, "ask": other}), "terms")
    assert [name for name in before if before[name] == after[name]] == ["given"]
    unknown = replace(plan.steps["given"], identity=None)
    assert step_fingerprints(replace(plan, steps={**plan.steps, "given": unknown}), "terms") == {}


def test_a_source_that_does_not_say_what_it_reads_has_no_fingerprint(plan: Plan) -> None:
    silent = replace(plan.steps["given"], runner=SourceStep(lambda context: iter(())))
    assert fingerprint(replace(plan, steps={**plan.steps, "given": silent}), 0) is None

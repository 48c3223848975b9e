"""What `plan` foretells of the stock pipeline after a trial of one passage in twenty, and what the full run then does.

A trial is a sample. Of 15 passages none foretells to within 5 %: whether a passage is suitable, and how many questions
it gives, differs too much (by 38 % of the mean, which 15 passages bring down to 10 %, and 300 to 2 %). So what must
hold here is that forecasts lean neither way: over several trials they are right on the average.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.scripted import ScriptedClient
from atk_interp.pipeline import compile_pipeline
from atk_interp.rehearsal.forecast import forecast, total
from support.factual_model import said_of, write_documents

PASSAGES, SHARE, TRIALS = 300, 0.05, 8
ENDPOINT = {"model": "varied", "price": {"input": 1.0, "output": 4.0}}
FIGURES = ("calls", "input_tokens", "output_tokens", "usd")


async def paid(folder: Path, ledger: Path, **given: Any) -> Mapping[str, float]:
    """Runs the pipeline; what was paid."""
    client = ScriptedClient(said_of)
    arguments = {**inputs(folder), "output_dir": folder / ledger.stem, **given}
    clients = {"small": client, "large": client}
    result = await compile_pipeline("factual_qa").run(arguments, ledger=ledger, clients=clients)
    assert result.status == "done", result.message
    assert result.spending is not None
    told: dict[str, float] = result.spending.paid.as_json()
    return told


def inputs(folder: Path) -> dict[str, Any]:
    return {"input_dir": folder / "documents", "models": {"small": ENDPOINT, "large": ENDPOINT}}


async def foretold(folder: Path, ledger: Path) -> dict[str, float]:
    """What a full run would pay, by `plan`."""
    plan = compile_pipeline("factual_qa").plan({**inputs(folder), "output_dir": folder / "none"})
    steps = (await forecast(plan, ledger)).asking
    sums = (
        total(step.to_send for step in steps),
        total(step.input_tokens for step in steps),
        total(step.output_tokens for step in steps),
        total(step.cost for step in steps if step.cost is not None),
    )
    assert all(amount.sure == "estimated" and amount.value is not None for amount in sums)
    return dict(zip(FIGURES, (amount.value or 0.0 for amount in sums), strict=True))


@pytest.mark.slow
async def test_forecasts_after_small_trials_lean_neither_way(tmp_path: Path) -> None:
    write_documents(tmp_path / "documents", PASSAGES)
    whole = await paid(tmp_path, tmp_path / "whole.db")
    ratios: dict[str, list[float]] = {name: [] for name in FIGURES}
    for seed in range(TRIALS):
        ledger = tmp_path / f"trial-{seed}.db"
        trial = await paid(tmp_path, ledger, subset_size=round(PASSAGES * SHARE), seed=seed)
        told = await foretold(tmp_path, ledger)
        for name in FIGURES:
            ratios[name].append(told[name] / (whole[name] - trial[name]))
    for name, found in ratios.items():
        error = statistics.stdev(found) / TRIALS**0.5
        assert abs(statistics.mean(found) - 1) < max(0.05, 2.5 * error), (name, found)
        assert max(abs(ratio - 1) for ratio in found) < 0.4, (name, found)

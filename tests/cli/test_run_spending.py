"""What a run tells of its cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.command import Cli
from support.openai_server import server_thread
from support.pipelines import asking_about, write_project


def project(folder: Path, base_url: str, **endpoint: Any) -> str:
    models = {"m": {"model": "test-model", "base_url": base_url, **endpoint}}
    return str(write_project(folder, asking_about("a", "b"), config={"models": models}))


def test_a_run_tells_what_was_paid_and_what_the_ledger_had(tmp_path: Path, cli: Cli) -> None:
    with server_thread() as server:
        path = project(tmp_path, server.base_url, price={"input": 1e6, "output": 0})
        first = cli("run", path, "--set", "output_dir=out")
        second = cli("run", path, "--set", "output_dir=other")
    (paid,) = [line for line in first.err.splitlines() if line.startswith("paid: ")]
    assert paid.startswith("paid: 2 calls, ")
    assert paid.endswith(".00 USD")
    assert "from the ledger: 0 calls, 0 tokens in, 0 out\n" in first.err
    assert "paid: 0 calls, 0 tokens in, 0 out\n" in second.err
    assert paid.replace("paid", "from the ledger") in second.err


def test_without_a_price_no_cost_is_told(tmp_path: Path, cli: Cli) -> None:
    with server_thread() as server:
        told = cli("run", project(tmp_path, server.base_url), "--set", "output_dir=out")
    assert "paid: 2 calls, " in told.err
    assert "USD" not in told.err

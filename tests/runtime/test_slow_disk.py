"""However long the disk takes to commit, only so many calls are in flight."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from atk_interp.llm.messages import Request
from atk_interp.runtime.sending import UNCOMMITTED_SHARE
from support.pipelines import run, said

SPEC = """
steps:
  given: {kind: rows, rows: [ROWS]}
  ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}}
outputs:
  out.jsonl: {from: ask, format: jsonl}
""".replace("ROWS", ", ".join(f"{{text: row {number}}}" for number in range(100)))


@pytest.mark.parametrize("places", [1, 3, 8])
async def test_while_nothing_can_be_committed_only_so_many_calls_are_sent(tmp_path: Path, places: int) -> None:
    may_be_sent = places + max(1, places // UNCOMMITTED_SHARE)
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    sent = sent_while_held = 0
    held = False
    all_sent = asyncio.Event()

    def answer(request: Request) -> str:
        nonlocal sent, sent_while_held, held
        if sent == 0:
            other.execute("BEGIN IMMEDIATE")  # nobody else can commit
            held = True
        sent += 1
        sent_while_held += held
        if sent == may_be_sent:
            all_sent.set()
        return said(request)

    async def let_go() -> None:
        nonlocal held
        await all_sent.wait()
        for _ in range(1000):  # more than enough turns for another call to be sent
            await asyncio.sleep(0)
        held = False
        other.execute("ROLLBACK")

    letting_go = asyncio.create_task(let_go())
    ran = await run(tmp_path, SPEC, answer, settings={"concurrency": places})
    await letting_go
    other.close()
    assert ran.result.status == "done"
    assert (len(ran.rows), sent, sent_while_held) == (100, 100, may_be_sent)

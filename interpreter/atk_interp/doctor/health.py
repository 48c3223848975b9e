"""The stock pipeline `health_check`, run whole, again, and to fail."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from atk_interp.doctor.model import Check
from atk_interp.pipeline import compile_pipeline
from atk_interp.runtime import RunResult
from atk_interp.stock import stock_folders

__all__ = ["health_checks"]

_LESSONS = "c07e019985227ffa"
"""The beginning of the SHA-256 of `lessons.jsonl`, the same on every machine."""


async def health_checks() -> AsyncIterator[Check]:
    """Run the pipeline in a temporary folder with a ledger of its own. No model is asked."""
    spec = next(folder for folder in stock_folders() if (folder / "health_check").is_dir()) / "health_check"
    pipeline = compile_pipeline(spec / "pipeline.yaml")
    with tempfile.TemporaryDirectory(prefix="atk-doctor-") as name:
        folder = Path(name)

        async def run(fail_in: str) -> RunResult:
            given = {"output_dir": str(folder / fail_in), "fail_in": fail_in}
            return await pipeline.run(given, ledger=folder / "ledger.db")

        first = await run("nothing")
        if first.status != "done":
            yield Check("a run", "wrong", first.message, first.help)
            return
        digest = hashlib.sha256((folder / "nothing" / "lessons.jsonl").read_bytes()).hexdigest()
        if not digest.startswith(_LESSONS):
            told = f"`lessons.jsonl` is not what it is on other machines (SHA-256 {digest[:16]}…)"
            yield Check("a run", "wrong", told, "please report it, with what `atk-interp doctor` says of the program")
        else:
            rows = sum(output.rows for output in first.outputs)
            yield Check("a run", "ok", f"{len(first.steps)} steps, {rows} rows written, as they are on every machine")
        again = await run("nothing")
        if again.unchanged:
            yield Check("the same again", "ok", "nothing was left to do")
        else:
            yield Check("the same again", "wrong", "a finished run was not known to be finished")
        failed = await run("check")
        if failed.status == "stopped" and "no failure is asked for" in failed.message:
            yield Check("a run that is to fail", "ok", "it failed, and said why")
        else:
            yield Check(
                "a run that is to fail", "wrong", f"it ended `{failed.status}`: {failed.message or 'no reason'}"
            )

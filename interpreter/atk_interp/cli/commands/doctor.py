"""`atk-interp doctor`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atk_interp.cli.exits import FINDINGS, OK
from atk_interp.cli.output import notice, say
from atk_interp.cli.preparing import compiled, reported

if TYPE_CHECKING:
    from atk_interp.doctor import Check
    from atk_interp.pipeline import Pipeline

__all__ = ["command"]

_SIGNS = {"ok": "ok   ", "lacking": "-    ", "wrong": "WRONG"}


@click.command(name="doctor")
@click.argument("config", required=False)
@click.option("--ledger", type=click.Path(path_type=Path), help="Another ledger than that of the project.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def command(config: str | None, ledger: Path | None, format_: str) -> int:
    """Look whether this machine can do what a run asks of it, and whether the endpoints of a config answer.

    Without CONFIG no model is asked: it looks at what is installed, at the ledger and the disk, and runs the stock
    pipeline `health_check`. With CONFIG it looks at the folder and the disk of the outputs as well, and every address
    of every model slot is asked for one word, which is paid for and not kept. The exit code is 1 when something is to
    be mended.
    """

    def look() -> int:
        pipeline = compiled(config, quiet=True, undone="no endpoint was asked") if config is not None else None
        found = asyncio.run(_look(pipeline, ledger, format_))
        if format_ == "json":
            say(json.dumps([asdict(check) for check in found], ensure_ascii=False, indent=2))
        wrong = sum(check.state == "wrong" for check in found)
        if format_ == "text":
            say(f"\n{wrong} to be mended" if wrong else "\nall is well")
        return FINDINGS if wrong else OK

    return reported(look)


async def _look(pipeline: Pipeline | None, ledger: Path | None, format_: str) -> list[Check]:
    found = []
    async for check in _checks(pipeline, ledger):
        found.append(check)
        if format_ == "text":
            say(f"{_SIGNS[check.state]} {check.name}: {check.told}")
            if check.help and check.state != "ok":
                say(f"        {check.help}")
    return found


async def _checks(pipeline: Pipeline | None, ledger: Path | None) -> AsyncIterator[Check]:
    from atk_interp.doctor import endpoint_checks, health_checks, machine_checks
    from atk_interp.ledger.places import default_ledger

    outputs = None if pipeline is None else pipeline.output_dir(pipeline.defaults().get("output_dir"))
    async for check in machine_checks(ledger or default_ledger(), outputs):
        yield check
    async for check in health_checks():
        yield check
    if pipeline is not None:
        async for check in endpoint_checks(pipeline, notice):
            yield check

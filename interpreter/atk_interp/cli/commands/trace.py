"""`atk-interp trace`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atk_interp.cli.exits import OK
from atk_interp.cli.output import say
from atk_interp.cli.preparing import past, reported

if TYPE_CHECKING:
    from atk_interp.rehearsal.traced import Stage, Trace, TracedCall

__all__ = ["command"]

_LONGEST = 600
_SHOWN = 5


@click.command(name="trace")
@click.argument("run_and_row", nargs=-1, required=True, metavar="[RUN] ROW")
@click.option("--full", is_flag=True, help="Print long texts to their end.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="In place of a recorded parameter.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Another ledger than that of the run.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def command(
    run_and_row: tuple[str, ...], full: bool, settings: tuple[str, ...], ledger: Path | None, format_: str
) -> int:
    """Tell where a row comes from: its document, and each step with what it set, asked and was answered.

    RUN is an output folder, a config or spec whose output folder is known, or nothing for the latest run of the
    project. ROW is the id of a row, or the beginning of one, as in `rejected.jsonl`, or `OUTPUT:LINE` for a line of an
    output. All of it comes from the ledger; nothing is sent.
    """
    if len(run_and_row) > 2:
        raise click.UsageError("name one run and one row")

    def trace_it() -> int:
        from atk_interp.rehearsal.traced import trace

        *run, row = run_and_row
        found = past(run[0] if run else None, settings, ledger)
        told = asyncio.run(trace(found.plan(), found.ledger, found.folder, row))
        say(json.dumps(_as_json(told), ensure_ascii=False, indent=2) if format_ == "json" else _text(told, full))
        return OK

    return reported(trace_it)


def _as_json(told: Trace) -> dict[str, Any]:
    return {
        "row": told.row,
        "source": told.source,
        "document": str(told.document) if told.document is not None else None,
        "steps": [
            {
                "step": stage.step,
                "kind": stage.kind,
                "row": stage.row,
                "set": dict(stage.set),
                "gone": list(stage.gone),
                "made_of": list(stage.made_of),
                "outcome": stage.outcome or "passed",
                "label": stage.label,
                "calls": [_call_json(call) for call in stage.calls],
            }
            for stage in told.stages
        ],
    }


def _call_json(call: TracedCall) -> dict[str, Any]:
    return {
        "slot": call.slot,
        "model": call.model,
        "sample": call.sample,
        "attempt": call.attempt,
        "key": call.key,
        "sampling": dict(call.sampling),
        "messages": [{"role": role, "content": content} for role, content in call.messages],
        "reply": call.reply.as_json() if call.reply is not None else None,
        "not_accepted": call.reason or None,
    }


def _text(told: Trace, full: bool) -> str:
    source = f", from {told.document or told.source}" if told.source else ""
    blocks = [f"row {told.row}{source}"]
    before = ""
    for stage in told.stages:
        blocks += _stage(stage, before, full)
        before = stage.row
    return "\n\n".join(blocks)


def _stage(stage: Stage, before: str, full: bool) -> list[str]:
    head = f"=== step {stage.step} ({stage.kind})"
    if before and stage.row != before and not stage.made_of:
        head += f": row {stage.row}, made of {before}"
    elif stage.row != before:
        head += f": row {stage.row}"
    blocks = [head + (f", {_place(stage)}" if _place(stage) else "")]
    if stage.made_of:
        more = f" and {len(stage.made_of) - _SHOWN} more" if len(stage.made_of) > _SHOWN else ""
        blocks.append(f"made of {len(stage.made_of)} rows: {', '.join(stage.made_of[:_SHOWN])}{more}")
    shown: dict[tuple[tuple[str, str], ...], int] = {}
    for number, call in enumerate(stage.calls, 1):
        blocks += _call(call, number, len(stage.calls), shown, full)
    told = [f"{name} = {_cut(_json(value), full)}" for name, value in stage.set.items()]
    told += [f"{name} is gone" for name in stage.gone]
    if told:
        blocks.append("\n".join(told))
    if stage.outcome:
        blocks.append(f"{stage.outcome}: {stage.label}")
    return blocks


def _place(stage: Stage) -> str:
    """Where in its document a passage stands."""
    start, end = stage.set.get("start"), stage.set.get("end")
    page = stage.set.get("page")
    where = f"page {page}" if isinstance(page, int) else ""
    if isinstance(start, int) and isinstance(end, int):
        where += f"{', ' if where else ''}characters {start} to {end}"
    return where


def _call(
    call: TracedCall, number: int, count: int, shown: dict[tuple[tuple[str, str], ...], int], full: bool
) -> list[str]:
    which = f"call {number} of {count} (sample {call.sample}, attempt {call.attempt})" if count > 1 else "call"
    blocks = [f"{which} to model {call.model or call.slot} (slot {call.slot}), key {call.key}"]
    if call.messages in shown:
        blocks.append(f"the messages of call {shown[call.messages]}")
    else:
        shown[call.messages] = number
        blocks += [f"--- {role}\n{_cut(content, full)}" for role, content in call.messages]
    if call.reply is None:
        blocks.append("--- no reply in the ledger")
        return blocks
    if call.reply.reasoning:
        blocks.append(f"--- reasoning\n{_cut(call.reply.reasoning, full)}")
    cut = f" ({call.reply.finish})" if call.reply.finish != "stop" else ""
    blocks.append(f"--- reply{cut}\n{_cut(call.reply.text, full)}")
    if call.reason:
        blocks.append(f"--- failed: {call.reason}")
    return blocks


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str, full: bool) -> str:
    if full or len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters; `--full` prints them)"

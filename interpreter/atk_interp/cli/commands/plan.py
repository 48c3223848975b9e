"""`atk-interp plan`."""

from __future__ import annotations

import asyncio
import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atk_interp.cli.exits import OK
from atk_interp.cli.output import complain, say
from atk_interp.cli.preparing import compiled, no_python, reported, settings_for, without_output
from atk_interp.cli.tables import table

if TYPE_CHECKING:
    from atk_interp.rehearsal.changes import Difference, Why
    from atk_interp.rehearsal.forecast import Amount, Forecast, StepForecast

__all__ = ["command"]

_MARKS = {"exact": "{}", "estimated": "~{}", "least": "{}+", "most": "<={}"}
_LEGEND = {
    "~": "~ estimated, from what the ledger has of the step",
    "+": "+ at least: attempts that fail, and rows that are not known yet, come on top",
    "<": "<= at most: no reply tells yet how long they are",
    "?": "? not known before the steps before it have replies",
}


@click.command(name="plan")
@click.argument("pipeline")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set a parameter; wins over the config.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Another ledger than `.atk/ledger.db` of the project.")
@click.option("--why", "step", metavar="STEP", help="Say why this step would send a call, and nothing else.")
@click.option("--row", metavar="N|ID", help="With `--why`: for which row; the first that has a call to send.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="For a trial run of so many rows.")
@click.option("--until", default="", metavar="STEP", help="For a run up to and with this step.")
@no_python
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def command(
    pipeline: str,
    settings: tuple[str, ...],
    ledger: Path | None,
    step: str | None,
    row: str | None,
    limit: int | None,
    until: str,
    format_: str,
) -> int:
    """Say what a run would do, step by step: rows, calls, tokens and cost; nothing is sent.

    PIPELINE is a config, a spec or the name of a pipeline. The steps are run, and those that ask a model get the
    replies that are in the ledger. Numbers are exact where the rows are known without a call, and marked where not.
    `--why` shows what differs between a call that would be sent and the nearest one in the ledger.
    """
    if row is not None and step is None:
        raise click.UsageError("`--row` belongs to `--why`")

    def plan() -> int:
        from atk_interp.ledger.places import default_ledger
        from atk_interp.plan import Extent
        from atk_interp.rehearsal.changes import why_sent
        from atk_interp.rehearsal.forecast import forecast
        from atk_interp.runtime.outcome import EXIT_CODES, ending

        found = compiled(pipeline, True, undone="nothing was planned")
        extent = Extent(limit, until)
        planned = found.plan(without_output(found, settings_for(settings, found)), extent)
        if step is not None:
            why = asyncio.run(why_sent(planned, ledger or default_ledger(), step, row))
            say(json.dumps(_why_json(why), ensure_ascii=False, indent=2) if format_ == "json" else _why(why))
            return OK
        told = asyncio.run(forecast(planned, ledger or default_ledger()))
        say(json.dumps(_as_json(told), indent=2) if format_ == "json" else _text(told))
        if told.error is None:
            return OK
        how = ending(told.error)
        complain(f"a run would stop: {how.message}", how.help)
        return EXIT_CODES[how.status]

    return reported(plan)


def _as_json(told: Forecast) -> dict[str, object]:
    return {
        "steps": [
            {
                "name": step.name,
                "kind": step.kind,
                "slot": step.slot,
                "model": step.model,
                "rows": _amount_json(step.rows),
                "in_ledger": _amount_json(step.recorded),
                "to_send": _amount_json(step.to_send),
                "input_tokens": _amount_json(step.input_tokens),
                "output_tokens": _amount_json(step.output_tokens),
                "usd": _amount_json(step.cost) if step.cost is not None else None,
            }
            for step in told.steps
        ]
    }


def _amount_json(amount: Amount) -> dict[str, object]:
    return {"value": amount.value, "is": "unknown" if amount.value is None else amount.sure}


def _text(told: Forecast) -> str:
    priced = any(step.cost is not None for step in told.steps)
    head = ["step", "rows", "in ledger", "to send", "tokens in", "tokens out", *(["USD"] if priced else [])]
    lines = [head, *(_line(step, priced) for step in told.steps)]
    if len(told.asking) > 1:
        lines.append(_total(told.asking, priced))
    text = table(lines)
    legend = [
        meaning for mark, meaning in _LEGEND.items() if any(mark in cell for line in lines[1:] for cell in line[1:])
    ]
    return "\n".join([text, *([""] if legend else []), *legend])


def _line(step: StepForecast, priced: bool) -> list[str]:
    if step.slot is None:
        return [step.name, _shown(step.rows), *[""] * (5 if priced else 4)]
    amounts = (step.rows, step.recorded, step.to_send, step.input_tokens, step.output_tokens)
    cells = [step.name, *map(_shown, amounts)]
    return [*cells, _money(step.cost)] if priced else cells


def _total(steps: list[StepForecast], priced: bool) -> list[str]:
    from atk_interp.rehearsal.forecast import total

    amounts = ((step.recorded, step.to_send, step.input_tokens, step.output_tokens) for step in steps)
    cells = ["total", "", *(_shown(total(column)) for column in zip(*amounts, strict=True))]
    return [*cells, _money(total(step.cost for step in steps if step.cost is not None))] if priced else cells


def _shown(amount: Amount) -> str:
    return "?" if amount.value is None else _MARKS[amount.sure].format(f"{round(amount.value):,}")


def _money(amount: Amount | None) -> str:
    if amount is None:
        return "-"
    return "?" if amount.value is None else _MARKS[amount.sure].format(f"{amount.value:,.2f}")


def _why_json(why: Why) -> dict[str, object]:
    call = why.call
    return {
        "step": why.step,
        "row": call.row.id if call else None,
        "sample": call.sample if call else None,
        "attempt": call.attempt if call else None,
        "key": call.key if call else None,
        "nearest": why.nearest,
        "differences": [{"part": part.part, "old": part.old, "new": part.new} for part in why.differences],
    }


def _why(why: Why) -> str:
    call = why.call
    if call is None:
        return f"step {why.step} has no call to send: the ledger has them all, as far as its rows are known"
    lines = [
        f"step {why.step}, row {call.row.id}, sample {call.sample}, attempt {call.attempt} would be sent",
        f"key {call.key}, not in the ledger",
    ]
    if why.nearest is None or why.created is None:
        return "\n".join([*lines, "no call like it is in the ledger: it is new"])
    at = datetime.datetime.fromtimestamp(why.created, datetime.UTC).isoformat(sep=" ", timespec="minutes")
    lines.append(f"nearest recorded call {why.nearest}, of {at}")
    if not why.differences:
        lines.append("the request is the same, recorded for another sample or attempt, or under another `identity`")
    return "\n".join([*lines, *(_difference(part) for part in why.differences)])


def _difference(part: Difference) -> str:
    if part.part.startswith("message"):
        return "\n".join(["", part.part, *(f"  {line}" for line in part.lines())])
    return f"{part.part}: {part.old or 'not given'} -> {part.new or 'not given'}"

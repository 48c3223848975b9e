"""`atk-interp render`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atk_interp.cli.exits import OK
from atk_interp.cli.output import complain, notice, say
from atk_interp.cli.preparing import compiled, reported, settings_for, without_output

if TYPE_CHECKING:
    from atk_interp.rehearsal.rendering import RenderedCall, RenderedMessage, RenderedRow

__all__ = ["command"]


@click.command(name="render")
@click.argument("pipeline")
@click.argument("step")
@click.option("--row", default="1", metavar="N|ID", help="Which row: its number among those of the step, or its id.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set a parameter; wins over the config.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Another ledger than `.atk/ledger.db` of the project.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
def command(pipeline: str, step: str, row: str, settings: tuple[str, ...], ledger: Path | None, format_: str) -> int:
    """Print the exact messages that a step would send for a row; nothing is sent.

    PIPELINE is a config, a spec or the name of a pipeline, STEP a step of it that asks a model. The steps before it
    are run; those that ask a model get the replies that are in the ledger, and rows for which there are none are
    counted. The exit code is 2 when the row cannot be reached without a call.
    """

    def render() -> int:
        from atk_interp.ledger.places import default_ledger
        from atk_interp.rehearsal.rendering import render_row

        found = compiled(pipeline, True, undone="nothing was rendered")
        plan = found.plan(without_output(found, settings_for(settings, found)))
        rendered = asyncio.run(render_row(plan, ledger or default_ledger(), step, row))
        say(json.dumps(_as_json(rendered), ensure_ascii=False, indent=2) if format_ == "json" else _text(rendered))
        _tell_others(rendered)
        return OK

    return reported(render)


def _tell_others(rendered: RenderedRow) -> None:
    for name, count in rendered.waiting.items():
        rows = "1 row waits" if count == 1 else f"{count} rows wait"
        notice(f"notice: {rows} at step `{name}`, for want of replies in the ledger, and may come to this step later")
    if rendered.lost is not None:
        complain(f"a run would stop: {rendered.lost}", getattr(rendered.lost, "help", ""))


def _as_json(rendered: RenderedRow) -> dict[str, object]:
    return {
        "step": rendered.step,
        "row": {"number": rendered.number, "of": rendered.reached, "id": rendered.row, "source": rendered.source},
        "calls": [
            {
                "slot": call.slot,
                "model": call.model,
                "sample": call.sample,
                "attempt": call.attempt,
                "sampling": dict(call.sampling),
                "key": call.key,
                "in_ledger": call.recorded,
                "tokens": call.tokens,
                "messages": [
                    {
                        "role": message.role,
                        "content": message.content,
                        "tokens": message.tokens,
                        "file": message.file,
                        "line": message.line,
                    }
                    for message in call.messages
                ],
            }
            for call in rendered.calls
        ],
        "waiting": dict(rendered.waiting),
    }


def _text(rendered: RenderedRow) -> str:
    source = f", from {rendered.source}" if rendered.source else ""
    blocks = [f"step {rendered.step}, row {rendered.number} of {rendered.reached}: {rendered.row}{source}"]
    shown: dict[tuple[RenderedMessage, ...], int] = {}
    for number, call in enumerate(rendered.calls, 1):
        blocks.append(_head(call, number, len(rendered.calls)))
        if call.messages in shown:
            blocks.append(f"the messages of call {shown[call.messages]}")
            continue
        shown[call.messages] = number
        blocks += [_message(message, call.attempt) for message in call.messages]
    return "\n\n".join(blocks)


def _head(call: RenderedCall, number: int, count: int) -> str:
    which = f"call {number} of {count} (sample {call.sample}, attempt {call.attempt}): " if count > 1 else ""
    return "\n".join(
        (
            f"{which}{call.tokens} tokens to model {call.model or call.slot} (slot {call.slot})",
            f"sampling {json.dumps(dict(call.sampling), ensure_ascii=False)}",
            f"key {call.key}, {'in the ledger' if call.recorded else 'not in the ledger'}",
        )
    )


def _message(message: RenderedMessage, attempt: int) -> str:
    said = "added by `feedback`" if attempt else "said before"
    place = f"{message.file}:{message.line}" if message.file else said
    return f"--- {message.role}, {message.tokens} tokens, {place}\n{message.content}"

"""`atk-interp explain`."""

from __future__ import annotations

import click

from atk_interp.cli.exits import IMPOSSIBLE, OK
from atk_interp.cli.output import complain, say
from atk_interp.diagnostics import Code

__all__ = ["command"]


@click.command(name="explain")
@click.argument("code")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def command(code: str, format_: str) -> int:
    """Say what a code (or its name) means, why it matters, and what to write instead."""
    from atk_interp.catalogue import all_codes
    from atk_interp.diagnostics import did_you_mean

    codes = all_codes()
    wanted = next((known for known in codes if code.upper() == known.id or code == known.name), None)
    if wanted is None:
        names = [name for known in codes for name in (known.id, known.name)]
        complain(f"there is no code `{code}`", did_you_mean(code.upper(), names) or did_you_mean(code, names) or "")
        return IMPOSSIBLE
    if format_ == "json":
        say(_as_json(wanted))
        return OK
    mends = "\n`lint --fix` mends it where that is safe." if wanted.fixable else ""
    say(f"{wanted.id} {wanted.name} ({wanted.severity.value})\n\n{wanted.finds}\n{wanted.why}{mends}\n")
    say("Instead of\n" + _indented(wanted.bad) + "\nwrite\n" + _indented(wanted.good))
    return OK


def _as_json(code: Code) -> str:
    from atk_interp.values import encode

    severity = {"severity": code.severity.value}
    texts = {name: getattr(code, name) for name in ("id", "name", "finds", "why", "bad", "good", "fixable")}
    return encode({**texts, **severity}).decode()


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())

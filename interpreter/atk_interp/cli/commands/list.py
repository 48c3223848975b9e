"""`atk-interp list`."""

from __future__ import annotations

import click

from atk_interp.cli.exits import OK
from atk_interp.cli.output import say

__all__ = ["command"]


@click.command(name="list")
@click.argument("what", type=click.Choice(["pipelines", "kinds", "replies", "formats", "codes"]), default="pipelines")
def command(what: str) -> int:
    """List the stock pipelines, or what the language has: kinds, replies, formats, codes."""
    from atk_interp.catalogue import entries

    found = entries(what)
    width = max((len(name) for name, _ in found), default=0)
    for name, help_ in found:
        say(f"{name:<{width}}  {help_}")
    return OK

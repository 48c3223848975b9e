"""`atk-interp list`."""

from __future__ import annotations

import click

from atk_interp.cli.exits import OK
from atk_interp.cli.output import say

__all__ = ["command"]

_LISTED = ("pipelines", "kinds", "replies", "formats", "filters", "tests", "plugins", "codes")


@click.command(name="list")
@click.argument("what", type=click.Choice(_LISTED), default="pipelines")
def command(what: str) -> int:
    """List the stock pipelines, what the language has, or what installed packages add to it (`plugins`)."""
    from atk_interp.catalogue import entries

    found = entries(what)
    if not found:
        say(f"there are no {what}")
    width = max((len(name) for name, _ in found), default=0)
    for name, help_ in found:
        say(f"{name:<{width}}  {help_}")
    return OK

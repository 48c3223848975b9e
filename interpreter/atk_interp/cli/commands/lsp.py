"""`atk-interp lsp`."""

from __future__ import annotations

import click

from atk_interp.cli.exits import IMPOSSIBLE, OK
from atk_interp.cli.output import complain

__all__ = ["command"]


@click.command(name="lsp")
def command() -> int:
    """Serve an editor over standard input and output, by the Language Server Protocol.

    Findings while typing in specs, configs and prompts; completion of kinds, keys, steps and fields; hover with
    types; definitions; mends. The editor starts this command itself: `docs/editors.md` says how.
    """
    try:
        from atk_interp.lsp.server import make_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        complain("the language server is not installed", 'install it with `pip install "atk-interp[lsp]"`')
        return IMPOSSIBLE
    make_server().start_io()
    return OK

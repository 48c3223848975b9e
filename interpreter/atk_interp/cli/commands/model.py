"""`atk-interp model`."""

from __future__ import annotations

from pathlib import Path

import click

from atk_interp.cli.exits import IMPOSSIBLE, OK
from atk_interp.cli.output import complain, notice, say

__all__ = ["command"]


@click.group(name="model")
def command() -> None:
    """Fetch, find or import the embedded model."""


@command.command()
def fetch() -> int:
    """Fetch the embedded model into the cache, and print where it is."""
    return _show(fetch=True)


@command.command()
def path() -> int:
    """Print where the embedded model is, without fetching it."""
    return _show(fetch=False)


@command.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(file: Path) -> int:
    """Put a model file that you have into the cache, after checking its hash."""
    from atk_interp.llm.messages import EndpointRefused
    from atk_interp.llm.model_file import import_model

    try:
        say(str(import_model(file)))
    except EndpointRefused as error:
        complain(str(error), error.help)
        return IMPOSSIBLE
    return OK


def _show(fetch: bool) -> int:
    from atk_interp.llm.messages import EndpointRefused
    from atk_interp.llm.model_file import model_path

    try:
        say(str(model_path(fetch=fetch, say=notice)))
    except EndpointRefused as error:
        complain(str(error), error.help)
        return IMPOSSIBLE
    return OK

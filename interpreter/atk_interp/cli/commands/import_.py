"""`atk-interp import`."""

from __future__ import annotations

from pathlib import Path

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE, OK
from atk_interp.cli.output import complain, counted, notice, say

__all__ = ["command"]


@click.command(name="import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="The folder to write into; a new one when not given."
)
@click.option("--pipeline", default="", metavar="NAME", help="What a config is for that does not say it.")
@click.option("--text", multiple=True, metavar="NAME", help="Keep `{NAME}` as text; may be given several times.")
@click.option(
    "--fill", multiple=True, metavar="NAME", help="Fill `{NAME}` in, whatever the Python says; may be repeated."
)
def command(path: Path, output: Path | None, pipeline: str, text: tuple[str, ...], fill: tuple[str, ...]) -> int:
    """Make pipelines, prompts and configs of Augmentoolkit into ours.

    PATH is a checkout, the folder of a pipeline, a folder of prompts or of configs, a prompt or a config. Python is
    read as text and never run, links out of PATH are not followed, and no file is overwritten: all is written or
    nothing. Keys are left out, and the variables named that they belong into. `IMPORTED.md` tells what became of
    everything. The exit code is 1 when a file could not be imported, or `lint` finds an error in what was written.
    """
    from atk_interp.importing import AlreadyThere, NothingToImport, TooManyFiles, Wishes, import_into, new_folder

    if not path.exists():
        complain(f"`{path}` does not exist")
        return IMPOSSIBLE
    goal = output if output is not None else new_folder(Path(), path.resolve().stem)
    try:
        done = import_into(path, goal, Wishes(frozenset(text), frozenset(fill), pipeline))
    except NothingToImport as error:
        complain(str(error), "name a checkout, a folder of a pipeline, of prompts or of configs, a prompt or a config")
        return IMPOSSIBLE
    except TooManyFiles as error:
        complain(str(error), "name the folder of a pipeline in it")
        return IMPOSSIBLE
    except AlreadyThere as error:
        for name in error.files:
            complain(f"`{name}` is in `{goal}` already", "name another folder with `--output`")
        return IMPOSSIBLE
    except OSError as error:
        complain(f"`{error.filename or goal}`: {(error.strerror or str(error)).lower()}")
        return IMPOSSIBLE
    say(done.report.rstrip())
    notice(f"\n{counted(len(done.files), 'file')} written into `{goal}`")
    return OK if done.is_whole else FINDINGS

"""`atk-interp test`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE, OK
from atk_interp.cli.output import coloured, notice, say
from atk_interp.cli.paths import files_of
from atk_interp.cli.preparing import no_python
from atk_interp.diagnostics import Diagnostic
from atk_interp.diagnostics.render import render_text, summary
from atk_interp.printable import printable

if TYPE_CHECKING:
    from atk_interp.testing import Difference, Trial

__all__ = ["command"]

VERSION = 1
"""Of the JSON. Raised when a field changes its meaning or goes; new fields do not raise it."""


@click.command(name="test")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print.")
@no_python
@click.option("--skip-foreign", is_flag=True, help="Leave named files alone that are no spec, config or prompt.")
def command(paths: tuple[Path, ...], format_: str, skip_foreign: bool) -> int:
    """Try the `examples` of specs: what their steps make of replies that are given. No model is asked.

    PATHS are specs, configs, prompts (the specs that use them are tried), names of pipelines, or folders, which are
    searched; without a path the working folder is. The examples of a config's spec are tried with its values and
    prompts.

    Exit codes: 0 all hold; 1 one does not, or a spec has errors; 2 a path does not exist; 3 our mistake.
    """
    from atk_interp.lint.check import check_file
    from atk_interp.testing import try_linted

    files = files_of(paths, skip_foreign=skip_foreign)
    if files is None:
        return IMPOSSIBLE
    errors: dict[Diagnostic, None] = {}
    tried: list[Trial] = []
    for file in files:
        checked = check_file(file, complete=False)
        errors.update(dict.fromkeys(checked.report.stopping))
        if checked.linted[0].analysis is not None and not checked.report.stopping:
            tried += try_linted(checked.linted[0])
    if format_ == "json":
        say(_as_json(tried, list(errors)))
    else:
        _print(tried, list(errors))
    return FINDINGS if errors or not all(trial.holds for trial in tried) else OK


def _print(tried: Sequence[Trial], errors: Sequence[Diagnostic]) -> None:
    colour = coloured(sys.stdout.isatty())
    if errors:
        say(render_text(errors, colour=colour), painted=colour)
    for trial in tried:
        if not trial.holds:
            say(_painted(printable(trial.told()), colour) + "\n", painted=colour)
    notice(_summary(tried, errors))


def _painted(text: str, colour: bool) -> str:
    if not colour:
        return text
    head, *lines = text.split("\n")
    marks = {"    -": "31", "    +": "32"}
    painted = [f"\x1b[{marks[line[:5]]}m{line}\x1b[0m" if line[:5] in marks else line for line in lines]
    return "\n".join([f"\x1b[1m{head}\x1b[0m", *painted])


def _summary(tried: Sequence[Trial], errors: Sequence[Diagnostic]) -> str:
    """How many examples hold, what could not be tried, and what was tried in part."""
    failing = sum(not trial.holds for trial in tried)
    count = "no example" if not tried else "one example" if len(tried) == 1 else f"{len(tried)} examples"
    held = (
        "" if not tried else "; all hold" if not failing else f"; {failing} {'does' if failing == 1 else 'do'} not hold"
    )
    parts = [f"{count} tried{held}"]
    blank = sum(bool(trial.unfilled) for trial in tried)
    if blank:
        parts.append(f"{blank} without the prompt, whose fields are not all given")
    if errors:
        parts.append(f"specs with errors were left out: {summary(errors)}")
    return "; ".join(parts)


def _as_json(tried: Sequence[Trial], errors: Sequence[Diagnostic]) -> str:
    """`{"version": 1, "examples": [...], "diagnostics": [...]}`, with errors of specs as `lint` has them."""
    from atk_interp.diagnostics.render.json import render_json
    from atk_interp.values import decode, encode

    rendered = decode(render_json(errors))
    assert isinstance(rendered, dict)
    examples = [_trial(trial) for trial in tried]
    return encode({"version": VERSION, "examples": examples, "diagnostics": rendered["diagnostics"]}).decode()


def _trial(trial: Trial) -> dict[str, Any]:
    begin = trial.place.begin
    return {
        "pipeline": trial.pipeline,
        "step": trial.step,
        "number": trial.number,
        "file": trial.place.file.path,
        "line": begin.line,
        "column": begin.column,
        "holds": trial.holds,
        "problem": trial.problem,
        "differences": [_difference(difference) for difference in trial.differences],
        "notes": list(trial.notes),
        "prompt_filled_in": not trial.unfilled,
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "row": difference.row,
        "field": difference.field or None,
        "what": difference.what,
        "expected": difference.expected,
        "got": difference.got,
    }

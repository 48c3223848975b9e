"""`atk-interp config`."""

from __future__ import annotations

from pathlib import Path

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE, OK
from atk_interp.cli.output import complain, notice, say

__all__ = ["command"]


@click.command(name="config")
@click.argument("spec")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to this file, which must not exist.")
def command(spec: str, output: Path | None) -> int:
    """Write a config template for a pipeline: every parameter, its help, its default, what is required."""
    from atk_interp.diagnostics.render import render_text
    from atk_interp.lint import lint_path
    from atk_interp.reference.config import config_template
    from atk_interp.stock import find_pipeline

    path = Path(spec) if Path(spec).is_file() else find_pipeline(spec, Path.cwd())
    if path is None:
        complain(f"there is no file and no pipeline `{spec}`")
        return IMPOSSIBLE
    linted = lint_path(path)
    if linted.analysis is None or linted.sink.has_errors:
        notice(render_text(linted.sink.sorted()))
        return FINDINGS
    template = config_template(linted.analysis.spec, spec)
    if output is None:
        say(template.rstrip())
        return OK
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(template)
    except OSError as error:
        complain(f"`{output}` cannot be written: {(error.strerror or str(error)).lower()}")
        return IMPOSSIBLE
    notice(f"{output} is written")
    return OK

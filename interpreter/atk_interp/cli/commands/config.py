"""`atk-interp config`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE, OK
from atk_interp.cli.output import coloured, complain, notice, say

if TYPE_CHECKING:
    from atk_interp.spec import PipelineSpec

__all__ = ["command"]


@click.command(name="config")
@click.argument("spec")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to this file, which must not exist.")
def command(spec: str, output: Path | None) -> int:
    """Write a config template for a pipeline: every parameter, its help, its default, what is required.

    SPEC is the path of a spec, or the name of a pipeline. With `--output`, a schema of the config is written into
    `.atk/schema/` too, and the config names it for editors.
    """
    from atk_interp.diagnostics import did_you_mean
    from atk_interp.diagnostics.render import render_text
    from atk_interp.lint.check import check_file
    from atk_interp.reference.config import config_template
    from atk_interp.reference.json_schema import config_schema, schema_text
    from atk_interp.stock import find_pipeline, stock_names

    path = find_pipeline(spec, Path.cwd())
    if path is None:
        complain(f"there is no file and no pipeline `{spec}`", did_you_mean(spec, stock_names()) or "")
        return IMPOSSIBLE
    checked = check_file(path)
    linted = checked.linted[0]
    if linted.config is not None:
        complain(f"`{spec}` is a config already", f"name its pipeline: `atk-interp config {linted.config.pipeline}`")
        return IMPOSSIBLE
    if linted.analysis is None or checked.report.stopping:
        colour = coloured(sys.stderr.isatty())
        notice(render_text(checked.report.everything, colour=colour), painted=colour)
        return FINDINGS
    if output is None:
        say(config_template(linted.analysis.spec, _known_as(spec, path, output)).rstrip())
        return OK
    if not output.resolve().parent.is_dir():
        complain(f"there is no folder `{output.parent}` to write `{output.name}` into", "make it first")
        return IMPOSSIBLE
    schema = _schema_for(linted.analysis.spec, output)
    template = config_template(linted.analysis.spec, _known_as(spec, path, output), _from(output, schema))
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(template)
        schema.parent.mkdir(parents=True, exist_ok=True)
        schema.write_text(schema_text(config_schema(linted.analysis.spec)), encoding="utf-8")
    except OSError as error:
        complain(f"`{error.filename or output}` cannot be written: {(error.strerror or str(error)).lower()}")
        return IMPOSSIBLE
    notice(f"`{output}` is written")
    return OK


def _schema_for(spec: PipelineSpec, output: Path) -> Path:
    """Where the schema stands that editors read for the config: in the project's folder of what can be made anew."""
    from atk_interp.reference.json_schema import config_schema_name
    from atk_interp.stock import project_root

    return project_root(output.resolve().parent) / ".atk" / "schema" / config_schema_name(spec.name)


def _from(output: Path, target: Path) -> str:
    """The path from the folder of a file to another file."""
    return Path(os.path.relpath(target, output.resolve().parent)).as_posix()


def _known_as(spec: str, path: Path, output: Path | None) -> str:
    """How the config names the spec: by name as the user did, or by the path from the config's folder to it."""
    if not Path(spec).exists() and Path(spec).name == spec:
        return spec
    folder = output.parent if output is not None else Path()
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()

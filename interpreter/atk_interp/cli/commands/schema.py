"""`atk-interp schema`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE, OK
from atk_interp.cli.output import coloured, complain, notice, say

if TYPE_CHECKING:
    from atk_interp.reference.json_schema import Schema

__all__ = ["command"]


@click.command(name="schema")
@click.argument("spec", required=False)
@click.option(
    "--for",
    "what",
    type=click.Choice(["spec", "config", "prompt"]),
    help="The files that the schema is for; specs when not given, and with SPEC its configs.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write to this file, in place of what it holds.")
def command(spec: str | None, what: str | None, output: Path | None) -> int:
    """Write the JSON Schema of specs, configs or prompts, for editors.

    SPEC is the path of a spec or the name of a pipeline: the schema is then of its configs, with its parameters and
    model slots. An editor takes a schema from the first line of a file: `# yaml-language-server: $schema=PATH`.
    """
    from atk_interp.reference.json_schema import config_schema, prompt_schema, schema_text, spec_schema

    schema: Schema | int
    if spec is not None and what not in (None, "config"):
        complain(f"a schema for a {what} is the same for all pipelines", f"leave out `{spec}`")
        return IMPOSSIBLE
    if spec is not None:
        schema = _config_of(spec)
        if isinstance(schema, int):
            return schema
    else:
        schema = {"config": config_schema, "prompt": prompt_schema}.get(what or "", spec_schema)()
    if output is None:
        say(schema_text(schema).rstrip())
        return OK
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(schema_text(schema), encoding="utf-8")
    except OSError as error:
        complain(f"`{output}` cannot be written: {(error.strerror or str(error)).lower()}")
        return IMPOSSIBLE
    notice(f"`{output}` is written")
    return OK


def _config_of(spec: str) -> Schema | int:
    """The schema of the configs of a pipeline; an exit code where there is none."""
    from atk_interp.diagnostics import did_you_mean
    from atk_interp.diagnostics.render import render_text
    from atk_interp.lint.check import check_file
    from atk_interp.reference.json_schema import config_schema
    from atk_interp.stock import find_pipeline, stock_names

    path = find_pipeline(spec, Path.cwd())
    if path is None:
        complain(f"there is no file and no pipeline `{spec}`", did_you_mean(spec, stock_names()) or "")
        return IMPOSSIBLE
    checked = check_file(path, complete=False)
    linted = checked.linted[0]
    if linted.analysis is None:
        colour = coloured(sys.stderr.isatty())
        notice(render_text(checked.report.everything, colour=colour), painted=colour)
        return FINDINGS
    return config_schema(linted.analysis.spec)

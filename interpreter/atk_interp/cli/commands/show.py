"""`atk-interp show`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE, OK
from atk_interp.cli.output import coloured, complain, notice, say

__all__ = ["command"]


@click.command(name="show")
@click.argument("spec")
@click.option("--step", "steps", multiple=True, metavar="NAME", help="This step only; may be given several times.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "mermaid"]),
    default="text",
    help="How to print the graph.",
)
def command(spec: str, steps: tuple[str, ...], format_: str) -> int:
    """Print the graph of a pipeline: its steps, and the fields with their types on every edge.

    SPEC is a spec, a config or the name of a pipeline. Of a config it also says which model answers and which file
    each prompt comes from. A spec with errors is shown as far as it is known; the exit code is 1 then.
    """
    from atk_interp.diagnostics import did_you_mean
    from atk_interp.diagnostics.render import render_text, summary
    from atk_interp.lint.check import check_file
    from atk_interp.reference.graph import pipeline_graph
    from atk_interp.reference.graph_json import graph_json
    from atk_interp.reference.graph_mermaid import graph_mermaid
    from atk_interp.reference.graph_text import graph_text
    from atk_interp.stock import find_pipeline, stock_names

    path = find_pipeline(spec, Path.cwd())
    if path is None:
        complain(f"there is no file and no pipeline `{spec}`", did_you_mean(spec, stock_names()) or "")
        return IMPOSSIBLE
    checked = check_file(path, complete=False)
    linted = checked.linted[0]
    findings = [found for found in checked.report.everything if found.is_error]
    if linted.analysis is None:
        colour = coloured(sys.stderr.isatty())
        notice(render_text(findings, colour=colour), painted=colour)
        return FINDINGS
    graph = pipeline_graph(linted, summary(findings))
    known = [step.name for step in graph.all_steps()]
    for name in steps:
        if name not in known:
            complain(f"there is no step `{name}`", did_you_mean(name, known) or "steps are " + ", ".join(known))
            return IMPOSSIBLE
    if format_ == "json":
        say(graph_json(graph, steps))
    elif format_ == "mermaid":
        say(graph_mermaid(graph))
    else:
        colour = coloured(sys.stdout.isatty())
        say(graph_text(graph, steps, colour=colour), painted=colour)
    if findings:
        notice(f"\nthis is what is known of a spec with {summary(findings)}; `atk-interp lint {spec}` tells them")
    return FINDINGS if findings else OK

"""`atk-interp lint`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE, OK
from atk_interp.cli.output import coloured, notice, say
from atk_interp.cli.paths import files_of
from atk_interp.diagnostics import Diagnostic, Severity
from atk_interp.diagnostics.render import FORMATS, render_text, summary

__all__ = ["command"]


@click.command(name="lint")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="text", help="How to print findings.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def command(paths: tuple[Path, ...], format_: str, strict: bool) -> int:
    """Check specs, configs and their prompts, offline.

    PATHS are files or folders; folders are searched for `pipeline.yaml` and `config.yaml`. Without a path the
    working folder is searched. Exit code 0: nothing found; 1: findings; 2: a path does not exist.
    """
    from atk_interp.lint import lint_path

    files = files_of(paths)
    if files is None:
        return IMPOSSIBLE
    found: dict[Diagnostic, None] = {}
    for file in files:
        found.update(dict.fromkeys(lint_path(file).sink.sorted()))
    given = (finding for finding in found if finding.severity is not Severity.ADVICE)  # taste is for those who ask
    findings = sorted(given, key=Diagnostic.sort_key)
    _print(findings, format_, len(files))
    bad = [Severity.ERROR, Severity.WARNING] if strict else [Severity.ERROR]
    return FINDINGS if any(finding.severity in bad for finding in findings) else OK


def _print(findings: list[Diagnostic], format_: str, files: int) -> None:
    if format_ == "text":
        if findings:
            say(render_text(findings, colour=coloured(sys.stdout.isatty())))
        checked = f"{files} file{'s' if files != 1 else ''} checked"
        notice(f"{checked}: {summary(findings) or 'nothing to complain of'}")
    else:
        say(FORMATS[format_](findings))

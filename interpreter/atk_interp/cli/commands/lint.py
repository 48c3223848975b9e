"""`atk-interp lint`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE, OK
from atk_interp.cli.output import coloured, complain, counted, notice, put, say
from atk_interp.cli.paths import existing, nothing_here
from atk_interp.diagnostics import Diagnostic, Severity
from atk_interp.diagnostics.render import FORMATS, render_short, render_text, summary
from atk_interp.document import DISK, Files
from atk_interp.records import dataclass

if TYPE_CHECKING:
    from atk_interp.lint.check import Checked, Wishes
    from atk_interp.lint.fixing import Mended

__all__ = ["command"]

_STDIN = Path("-")


@click.command(name="lint")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), help="How to print findings.  [default: text]")
@click.option("--select", multiple=True, metavar="CODES", help="Tell of these only: `ATK503`, `ATK5`, a name, `all`.")
@click.option("--extend-select", multiple=True, metavar="CODES", help="Tell of these too, such as `advice`.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not tell of these; the more specific word wins.")
@click.option("--fix", is_flag=True, help="Mend what has one safe mend, and tell the rest.")
@click.option("--diff", is_flag=True, help="Show what `--fix` would change, and change nothing.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever is found.")
@click.option("--statistics", is_flag=True, help="Count the findings by code in place of printing them.")
@click.option(
    "--list-rules", is_flag=True, help="List every code: its severity, whether `--fix` mends it, what it finds."
)
@click.option(
    "--stdin-filename", type=click.Path(path_type=Path), help="Where the text of standard input (`-`) stands."
)
@click.option("--skip-foreign", is_flag=True, help="Leave named files alone that are no spec, config or prompt.")
def command(
    paths: tuple[Path, ...],
    format_: str | None,
    select: tuple[str, ...],
    extend_select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    diff: bool,
    strict: bool,
    exit_zero: bool,
    statistics: bool,
    list_rules: bool,
    stdin_filename: Path | None,
    skip_foreign: bool,
) -> int:
    """Check specs, configs and their prompts, offline.

    PATHS are specs, configs, prompts (the specs that use them are checked), names of pipelines, or folders, which are
    searched; without a path the working folder is. `-` reads standard input. Settings are read from
    `[tool.atk-interp.lint]` in the nearest `pyproject.toml`, and comments such as `# atk: ignore[ATK503] reason` are
    heeded.

    Exit codes: 0 no errors; 1 errors (with --strict, warnings too); 2 what was asked cannot be done; 3 our mistake.
    """
    from atk_interp.lint.check import Wishes, check

    if list_rules:
        say(_rules())
        return OK
    wishes = Wishes(_split(select), _split(extend_select), _split(ignore), skip_foreign)
    source = _source(paths, stdin_filename)
    if source is None or not _are_known(wishes):
        return IMPOSSIBLE
    mended: Mended | None = None
    if fix or diff:
        from atk_interp.lint.fixing import mend

        mended = mend(source.paths, wishes, files=source.files, only=source.stdin)
        checked = mended.checked
    else:
        checked = check(source.paths, wishes, files=source.files)
    if not (checked.linted or checked.found.foreign):
        nothing_here()
        return IMPOSSIBLE
    if mended is not None and not (diff or source.stdin) and not _write(mended):
        return IMPOSSIBLE
    chosen = format_ or checked.settings.format or "text"
    if statistics and chosen not in ("text", "short"):
        raise click.UsageError("`--statistics` prints a table of its own, so `--format` cannot be given beside it")
    if diff and mended is not None:
        put(_diff(mended))
    elif source.stdin and mended is not None:
        put(_text_of_stdin(mended, source))
    else:
        _print(checked, mended, chosen, statistics)
    if chosen in ("text", "short"):
        _sum_up(checked, mended, diff)
    bad = {Severity.ERROR, Severity.WARNING} if strict or checked.settings.strict else {Severity.ERROR}
    failed = any(finding.severity in bad for finding in checked.report.findings)
    failed = failed or (diff and mended is not None and bool(mended.changes))
    return FINDINGS if failed and not exit_zero else OK


@dataclass(frozen=True)
class _Source:
    """What to lint; `stdin` is where the text of standard input stands."""

    paths: list[Path]
    files: Files = DISK
    stdin: Path | None = None


def _source(paths: Sequence[Path], stdin_filename: Path | None) -> _Source | None:
    """What the command line names; None, with the reason printed, when that cannot be."""
    if stdin_filename is None and _STDIN not in paths:
        given = existing(paths)
        return None if given is None else _Source(given)
    if [path for path in paths if path != _STDIN]:
        complain("standard input is checked alone", "name no other path beside `-`")
        return None
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        complain("standard input is not UTF-8")
        return None
    path = stdin_filename or Path("stdin.yaml")
    return _Source([path], Files({path.resolve(): text}), path.resolve())


def _split(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for text in given for word in text.split(",") if word.strip())


def _are_known(wishes: Wishes) -> bool:
    """Whether all selectors mean something; what is wrong is printed."""
    from atk_interp.lint.selection import selector_problem

    problems = [selector_problem(word) for word in (*wishes.select, *wishes.extend_select)]
    problems += [selector_problem(word, ignoring=True) for word in wishes.ignore]
    for problem in problems:
        if problem is not None:
            complain(problem[0], problem[1] or "")
    return not any(problems)


def _print(checked: Checked, mended: Mended | None, format_: str, statistics: bool) -> None:
    findings = checked.report.findings
    if statistics:
        say(_statistics(findings))
        return
    if format_ not in ("text", "short"):
        say(FORMATS[format_](findings))
        return
    for found in mended.findings if mended is not None else ():
        place = found.span.begin if found.span is not None and found.fix is not None else None
        where = f"{found.span.file.path}:{place.line}:{place.column}: " if found.span and place else ""
        say(f"{where}mended[{found.code.id}] {found.code.name}: {found.fix.title if found.fix else ''}")
    if findings:
        render = render_text if format_ == "text" else render_short
        colour = coloured(sys.stdout.isatty())
        say(render(findings, colour=colour), painted=colour)


def _sum_up(checked: Checked, mended: Mended | None, diff: bool) -> None:
    for prompt in checked.found.prompts:
        notice(f"no spec that was found uses the prompt `{prompt}`")
    if checked.found.foreign:
        left = counted(len(checked.found.foreign), "file")
        notice(f"{left} left alone: no spec, config or prompt, or excluded")
    told = summary(checked.report.findings) or "nothing to complain of"
    if mended is not None and mended.findings:
        where = counted(len(mended.changes), "file")
        could = "could be mended" if diff else "mended"
        told = f"{counted(len(mended.findings), 'finding')} {could} in {where}; {told}{' left' if diff else ''}"
    if checked.linted:
        notice(f"{counted(len(checked.linted), 'file')} checked: {told}")


def _statistics(findings: Sequence[Diagnostic]) -> str:
    """A line for each code: how often, the most frequent first."""
    counts: dict[tuple[str, str, str], int] = {}
    for finding in findings:
        key = (finding.severity.value, finding.code.id, finding.code.name)
        counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0][1]))
    return "\n".join(f"{count:>5}  {severity:<7}  {id_} {name}" for (severity, id_, name), count in ordered)


def _rules() -> str:
    from atk_interp.catalogue import all_codes

    codes = all_codes()
    width = max(len(code.name) for code in codes)
    return "\n".join(
        f"{code.id}  {code.name:<{width}}  {code.severity.value:<7}  {'fix' if code.fixable else '   '}  {code.finds}"
        for code in codes
    )


def _write(mended: Mended) -> bool:
    """Put the mended texts in place of the old ones; False, with the reason printed, when that cannot be."""
    from atk_interp.formats.atomic import AtomicFile, CannotWrite
    from atk_interp.lint.fixing import written

    for change in mended.changes:
        try:
            data = written(change, change.path.read_bytes())
            with AtomicFile(change.path) as file:
                file.write(data)
        except (CannotWrite, OSError, ValueError) as error:
            complain(f"`{change.before.path}` cannot be mended: {error}")
            return False
    return True


def _diff(mended: Mended) -> str:
    from difflib import unified_diff

    lines: list[str] = []
    for change in mended.changes:
        name = change.before.path
        before, after = change.before.text.splitlines(keepends=True), change.after.splitlines(keepends=True)
        for line in unified_diff(before, after, name, name):
            lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(lines)


def _text_of_stdin(mended: Mended, source: _Source) -> str:
    changed = {change.path: change.after for change in mended.changes}
    assert source.stdin is not None
    return changed.get(source.stdin, source.files.unsaved[source.stdin])

"""Linting whole projects: which files, what is wanted of them, and what is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.document import DISK, Files, shown
from atk_interp.lint.engine import Linted, lint_path
from atk_interp.lint.report import Report, report
from atk_interp.lint.scripts import lint_script
from atk_interp.lint.search import Found, find
from atk_interp.lint.settings import Settings, SettingsFinder
from atk_interp.records import dataclass
from atk_interp.source import SourceFile, Span
from atk_interp.templates import PromptLibrary

__all__ = ["NO_WISHES", "Checked", "Wishes", "check", "check_file", "check_found"]


@dataclass(frozen=True)
class Wishes:
    """What a command line says beside the settings of a project."""

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    skip_foreign: bool = False


NO_WISHES = Wishes()


@dataclass(frozen=True)
class Checked:
    """What was linted, and what is told of it. `settings` are those of the first path."""

    report: Report
    linted: tuple[Linted, ...]
    found: Found
    settings: Settings


def check(paths: Sequence[Path], wishes: Wishes = NO_WISHES, *, files: Files = DISK) -> Checked:
    """Lint what the paths stand for: specs, configs, prompts with the specs that use them, folders of these."""
    around = SettingsFinder()  # what is wrong with the settings of files that are passed over is not asked
    found = find(
        paths,
        files=files,
        leaves_out=lambda path: around.of(path).leaves_out(path),
        skip_foreign=wishes.skip_foreign,
    )
    return check_found(found, paths[0], wishes, files=files)


def check_found(found: Found, first: Path, wishes: Wishes = NO_WISHES, *, files: Files = DISK) -> Checked:
    """Lint files that were found before. The general settings are those of the path named first."""
    linted = [lint_path(path, files=files) for path in found.files]
    linted += [_lint_prompt(path, files) for path in found.prompts]
    linted += [lint_script(path, files) for path in found.scripts]
    return _checked(linted, found, SettingsFinder(), wishes, first)


def check_file(path: Path, *, complete: bool = True, files: Files = DISK) -> Checked:
    """Lint one spec or config, as `lint_path`, with the settings of its project."""
    finder = SettingsFinder()
    return _checked([lint_path(path, complete=complete, files=files)], Found((path,)), finder, NO_WISHES, path)


def _checked(linted: list[Linted], found: Found, finder: SettingsFinder, wishes: Wishes, first: Path) -> Checked:
    settings = {
        unit.path: finder.of(unit.path).overridden(wishes.select, wishes.extend_select, wishes.ignore)
        for unit in linted
    }
    general = finder.of(first / "pyproject.toml" if first.is_dir() else first)
    told = report(linted, settings)
    findings = sorted((*finder.sink.sorted(), *told.findings), key=Diagnostic.sort_key)
    return Checked(Report(tuple(findings), told.stopping), tuple(linted), found, general)


def _lint_prompt(path: Path, files: Files) -> Linted:
    """A prompt that no spec uses: whether it can be read."""
    sink = Sink()
    asks = Span(SourceFile(shown(path), ""), 0, 0)
    PromptLibrary([path.parent], files).load(path.stem, asks, sink)
    return Linted(None, None, sink, path, tuple(sink))

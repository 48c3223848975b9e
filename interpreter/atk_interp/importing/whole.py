"""An import from its beginning to its end: made, checked in a folder aside, and put into its place."""

from __future__ import annotations

from pathlib import Path

from atk_interp.diagnostics import Diagnostic
from atk_interp.importing.notes import FAILED, Note
from atk_interp.importing.placing import discard, place, staged
from atk_interp.importing.project import import_path
from atk_interp.importing.report import NAME, report
from atk_interp.importing.work import Wishes
from atk_interp.lint.check import check
from atk_interp.records import dataclass

__all__ = ["Import", "import_into"]


@dataclass(frozen=True)
class Import:
    """What was written into a folder. `report` is the text of its `IMPORTED.md`, `lint` what is found in it."""

    output: Path
    report: str
    files: tuple[str, ...]
    notes: tuple[Note, ...]
    findings: tuple[Diagnostic, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every file was imported, and lint finds no error in what was written."""
        failed = any(note.kind == FAILED for note in self.notes)
        return not failed and not any(finding.is_error for finding in self.findings)


def import_into(path: Path, output: Path, wishes: Wishes) -> Import:
    """Import a path into a folder, all of it or nothing.

    Raises `NothingToImport`, `TooManyFiles`, `AlreadyThere` and `OSError`.
    """
    work = import_path(path, output, wishes)
    stage = staged(output, {**work.files, NAME: ""})
    folder = stage.folder
    try:
        found = check([folder]).report.everything if any(name.endswith(".yaml") for name in work.files) else []
        lines = [work.notes.safe(_told(folder, finding)) for finding in found]
        told = report(path.resolve().name, work.sources, work.notes, lines, work.read_python)
        (folder / NAME).write_text(told, encoding="utf-8", newline="\n")
        place(stage, output)
    except BaseException:
        discard(stage)
        raise
    return Import(output, told, (*work.files, NAME), tuple(work.notes), tuple(found))


def _told(folder: Path, finding: Diagnostic) -> str:
    """A finding in one line, with its place from the folder."""
    span = finding.span
    place_ = f"{_below(folder, span.file.path)}:{span.begin.line}:{span.begin.column}: " if span else ""
    return f"{place_}{finding.severity.value}[{finding.code.id}]: {finding.message}"


def _below(folder: Path, shown: str) -> str:
    path = Path(shown).resolve()
    return path.relative_to(folder.resolve()).as_posix() if path.is_relative_to(folder.resolve()) else shown

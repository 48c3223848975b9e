"""Mending what has one safe mend: edits on texts in memory, pass after pass; nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from atk_interp.diagnostics import Diagnostic, Edit
from atk_interp.document import DISK, Files
from atk_interp.lint.check import NO_WISHES, Checked, Wishes, check
from atk_interp.lint.known import is_about_text
from atk_interp.records import dataclass
from atk_interp.source import SourceFile
from atk_interp.stock import is_shipped

__all__ = ["Change", "Mended", "applied", "mend", "written"]

_MOST_PASSES = 10


@dataclass(frozen=True)
class Change:
    """The text of one file before and after."""

    path: Path
    before: SourceFile
    after: str


@dataclass(frozen=True)
class Mended:
    """What was mended in which files, and what is told of them afterwards."""

    changes: tuple[Change, ...]
    findings: tuple[Diagnostic, ...]
    checked: Checked


def mend(paths: Sequence[Path], wishes: Wishes = NO_WISHES, *, files: Files = DISK, only: Path | None = None) -> Mended:
    """Lint, and apply the fixes of what is told until no more can be; of two that overlap the first goes first.

    `only` is the one file to change, if not all. Files that ship with the program are left alone. A pass after which
    a file could not be read any more is undone, and is the last.
    """
    texts = dict(files.unsaved)
    before: dict[Path, SourceFile] = {}
    done: list[Diagnostic] = []
    checked = check(paths, wishes, files=files)
    for _ in range(_MOST_PASSES):
        mended, changed = _one_pass(checked.report.findings, only)
        if not mended:
            break
        tried = {**texts, **{path: text for path, (_, text) in changed.items()}}
        after = check(paths, wishes, files=Files(tried))
        if _unreadable(after) - _unreadable(checked):
            break
        for path, (file, _) in changed.items():
            before.setdefault(path, file)
        texts, checked = tried, after
        done += mended
    changes = [Change(path, file, texts[path]) for path, file in before.items() if texts[path] != file.text]
    return Mended(tuple(changes), tuple(done), checked)


def _one_pass(
    findings: Iterable[Diagnostic], only: Path | None
) -> tuple[list[Diagnostic], dict[Path, tuple[SourceFile, str]]]:
    """The findings whose fixes do not touch each other, and the new texts of their files."""
    chosen: list[Diagnostic] = []
    edits: dict[Path, list[Edit]] = {}
    for finding in findings:
        if finding.fix is None:
            continue
        wanted = [(Path(edit.span.file.path).resolve(), edit) for edit in finding.fix.edits]
        if any(path != only if only else is_shipped(path) for path, _ in wanted):
            continue
        if any(_touches(edit, edits.get(path, ())) for path, edit in wanted):
            continue
        for path, edit in wanted:
            edits.setdefault(path, []).append(edit)
        chosen.append(finding)
    return chosen, {path: (made[0].span.file, applied(made)) for path, made in edits.items()}


def _touches(edit: Edit, others: Iterable[Edit]) -> bool:
    """Whether two edits would change the same place, or insert at it."""
    return any(
        (other.span.start < edit.span.end and edit.span.start < other.span.end) or edit.span.start == other.span.start
        for other in others
    )


def applied(edits: Sequence[Edit]) -> str:
    """The text of the file of some edits, none touching another, after all of them."""
    text = edits[0].span.file.text
    crlf = "\r\n" in text and not re.search(r"(?<!\r)\n", text)
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        new = re.sub(r"(?<!\r)\n", "\r\n", edit.text) if crlf else edit.text
        text = text[: edit.span.start] + new + text[edit.span.end :]
    return text


def _unreadable(checked: Checked) -> set[str]:
    return {
        finding.span.file.path
        for finding in checked.report.findings
        if finding.span is not None and is_about_text(finding.code)
    }


def written(change: Change, data: bytes) -> bytes:
    """The bytes of a file after a change; `data` are those before, whose byte-order mark is kept.

    Raises `ValueError` when the file is not any more what was linted.
    """
    if data.decode("utf-8-sig") != change.before.text:
        raise ValueError("it changed while it was linted")
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    return mark + change.after.encode("utf-8")

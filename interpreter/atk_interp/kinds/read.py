"""The `read` kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Notice,
    SourceStep,
    StepContext,
    StepKind,
    StepStopped,
    StepView,
)
from atk_interp.kinds.base.fields import declared_types, fields_option
from atk_interp.kinds.base.goals import UNTIL, check_until
from atk_interp.kinds.base.ordinals import Ordinals
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, content_hash, root_id

if TYPE_CHECKING:
    from atk_interp.formats.readers import Document, Problem

__all__ = ["Read"]


class Read(StepKind):
    """Read documents and records from a file, a folder or a glob.

    Text documents give one row with `text`; a `.jsonl` file gives one row per line with its own fields. Files
    are taken in the order of their names. A row is known by its content, so moving or renaming a file changes
    nothing; `row.source` is the file's path inside the folder. What cannot be read is told and skipped.

    With `until: 1000 accepted` it reads on until so many rows have come through to the output, with
    `until: 1000 of checked` to step `checked`. When there is nothing more to read, the run stops.
    """

    name = "read"
    cardinality = Cardinality.SOURCE
    options = (
        Option("path", Takes.PATH, "The file, folder or glob to read.", required=True),
        fields_option("The fields of the records, when they are not `text`."),
        UNTIL,
    )

    def flow(self, view: StepView) -> RecordType:
        view.value("path")
        check_until(view)
        given = view.option("fields") or {"text": "text"}
        fields = declared_types(given)
        view.writes(fields, view.path("fields"))
        return RecordType(fields)

    def bind(self, step: BoundStep) -> SourceStep:
        given = step.value("path")
        path = Path(str(given)).expanduser()
        required = tuple(step.view.option("fields") or ("text",))

        def rows(context: StepContext) -> Iterator[Row]:
            from atk_interp.formats.readers import CannotRead  # imported late: linting reads no documents

            try:
                yield from _rows(step.folder / path, required, context)
            except CannotRead as error:
                raise StepStopped(f"step `{step.name}`: {error}", error.help) from error

        def files() -> tuple[Path, ...]:
            from atk_interp.formats.readers import CannotRead, find_files

            try:
                return find_files(step.folder / path).files
            except CannotRead as error:
                raise StepStopped(str(error), error.help) from error

        def check() -> None:
            from atk_interp.formats.finding import check_path
            from atk_interp.formats.readers import CannotRead

            try:
                check_path(step.folder / path)
            except CannotRead as error:
                raise StepStopped(f"step `{step.name}` has nothing to read: {error}", error.help) from error

        return SourceStep(rows, files, check)


def _rows(path: Path, required: tuple[str, ...], context: StepContext) -> Iterator[Row]:
    from atk_interp.formats.readers import Problem, find_files, read_file

    found = find_files(path)
    for problem in found.problems:
        context.note(_notice(problem))
    seen = Ordinals()
    for number, file in enumerate(found.files):
        for item in read_file(file, found.root, required):
            if isinstance(item, Problem):
                context.note(_notice(item))
            else:
                yield _row(item, number, seen)


def _row(document: Document, number: int, seen: Ordinals) -> Row:
    """A row for a document; equal documents are told apart by an ordinal among equals."""
    fields: dict[str, Any] = dict(document.fields)
    digest = content_hash("atk-document-v1", fields)
    return Row(root_id(digest, seen.next(digest)), document.source, (number, document.ordinal), fields)


def _notice(problem: Problem) -> Notice:
    where = f"{problem.source} {problem.where}".strip()
    return Notice(problem.message, where, problem.help or "", serious=problem.level == "warning")

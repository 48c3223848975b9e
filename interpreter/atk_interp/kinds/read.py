"""The `read` kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atk_interp.expressions.types import TEXT, ListType, RecordType, Type, maybe
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
from atk_interp.kinds.base.fields import TYPES
from atk_interp.kinds.base.goals import UNTIL, check_until
from atk_interp.kinds.base.ordinals import Ordinals
from atk_interp.kinds.base.typed import TypedFields, typed_fields_option
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, content_hash, root_id

if TYPE_CHECKING:
    from atk_interp.formats.inputs import Input
    from atk_interp.formats.readers import Document, Problem

__all__ = ["Read"]

_MESSAGES: dict[str, Type] = {
    "messages": ListType(RecordType({"role": TEXT, "content": TEXT}, open=True)),
    "system": maybe(TEXT),
}


class Read(StepKind):
    """Read documents and records from a file, a folder, a glob or an address.

    Text documents (`.txt .md .html .epub .pdf .docx`) give one row with `text`; files of records (`.jsonl .json .csv
    .tsv .parquet .arrow`, and folders that `datasets` of Hugging Face has saved) one row per record with its own
    fields. Files are taken in the order of their names; those that are packed (`.gz .bz2 .xz .zst`) are unpacked. A
    row is known by its content, so moving or renaming a file changes nothing; `row.source` is the file's path inside
    the folder. What cannot be read is told and skipped: a line, a page, or the file; and so is a record that lacks a
    field under `fields`, or holds another type in it, unless the field is declared `{type: text, optional: true}`.

    With `as: conversations` every record is a conversation, in the style of ShareGPT or of chat APIs, or one
    question and its answer (`instruction` with `input` and `output`, `question` and `answer`, `prompt` and `response`),
    and gives `messages` with `role` and `content`, and `system`. Of a PDF, `fields: {text: text, pages: list}` also
    gives where in the text each page begins.

    With `until: 1000 accepted` it reads on until so many rows have come through to the output, with
    `until: 1000 of checked` to step `checked`. When there is nothing more to read, the run stops.
    """

    name = "read"
    cardinality = Cardinality.SOURCE
    options = (
        Option("path", Takes.PATH, "The file, folder, glob or address (`s3://…`) to read.", required=True),
        typed_fields_option(
            f"The fields of the records with their types, when they are not `text`: {', '.join(TYPES)}; "
            "`{type: text, optional: true}` may be missing or null."
        ),
        Option("as", Takes.NAME, "What the records are.", default="records", choices=("records", "conversations")),
        Option(
            "running_heads", Takes.NAME, "What most pages of a PDF begin or end with: kept, or left out (`drop`).",
            default="keep", choices=("keep", "drop"),
        ),
        Option(
            "time_limit", Takes.INT, "Seconds that a document may take; one that takes longer is skipped.",
            default=300, min=1,
        ),
        UNTIL,
    )  # fmt: skip

    def flow(self, view: StepView) -> RecordType:
        view.value("path")
        view.value("time_limit")
        check_until(view)
        talks = view.option("as") == "conversations"
        fields = _fields(view).types | (_MESSAGES if talks else {})
        view.writes(fields, view.path("fields"))
        return RecordType(fields)

    def bind(self, step: BoundStep) -> SourceStep:
        path = str(step.value("path"))
        talks = step.view.option("as") == "conversations"
        fields = _fields(step.view)
        required = tuple(name for name in fields.kinds if name not in fields.optional)
        types = {name: kind for name, kind in fields.kinds.items() if not (talks and name in _MESSAGES)}
        drop_heads = step.view.option("running_heads") == "drop"
        limit_s = step.whole("time_limit") or 300

        def opened() -> Input:
            from atk_interp.formats.inputs import Input  # imported late: linting reads no documents
            from atk_interp.formats.readers import Reading

            return Input(path, step.folder, Reading(required, talks, drop_heads, types), limit_s)

        def rows(context: StepContext) -> Iterator[Row]:
            from atk_interp.formats.documents import CannotRead

            try:
                yield from _rows(opened(), context)
            except CannotRead as error:
                raise StepStopped(f"step `{step.name}`: {error}", error.help) from error

        def files() -> tuple[Path, ...]:
            from atk_interp.formats.documents import CannotRead

            try:
                return opened().files()
            except CannotRead as error:
                raise StepStopped(str(error), error.help) from error

        def check() -> None:
            from atk_interp.formats.documents import CannotRead

            try:
                opened().check()
            except CannotRead as error:
                raise StepStopped(f"step `{step.name}` has nothing to read: {error}", error.help) from error

        return SourceStep(rows, None if "://" in path else files, check)


def _fields(view: StepView) -> TypedFields:
    """The fields that are declared; the text of documents when none are, and nothing beside conversations."""
    default = {} if view.option("as") == "conversations" else {"text": "text"}
    return TypedFields.of(view.option("fields") or default)


def _rows(given: Input, context: StepContext) -> Iterator[Row]:
    from atk_interp.formats.documents import Problem

    seen = Ordinals()
    for number, item in given.items():
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

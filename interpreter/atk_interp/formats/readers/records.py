"""What a record must be to become a document, and how the faults of many records are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from atk_interp.diagnostics import did_you_mean
from atk_interp.formats.conversations import ConversationError, conversation
from atk_interp.formats.readers.base import File, Problem
from atk_interp.values import Value

__all__ = ["BadRecord", "Faults", "checked_record", "named"]

_DEEPEST = 100
"""How deeply the values of a record may nest. What is read is written again, with more around it, and no encoder
takes any depth."""

_TOLD_IN_FULL = 20
"""Records of a file with the same fault that are reported one by one; the others are counted."""

_NAMES = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a record",
}


class BadRecord(Exception):
    """`fault` is the sort of fault, the same for all records that share it."""

    def __init__(self, fault: str, detail: str = "", help: str | None = None) -> None:
        super().__init__(f"{fault}{detail}; skipped")
        self.fault = fault
        self.help = help


class Faults:
    """The faults of the records of one file, each told in full until there are too many like it.

    `many` is what records of the format are called, in the plural.
    """

    def __init__(self, file: File, many: str) -> None:
        self._file = file
        self._many = many
        self._counts: Counter[str] = Counter()

    def told(self, bad: BadRecord, where: str) -> Iterator[Problem]:
        """The problem of one record, unless there were many like it before."""
        self._counts[bad.fault] += 1
        if self._counts[bad.fault] <= _TOLD_IN_FULL:
            yield self._file.problem(str(bad), where, bad.help)

    def rest(self) -> Iterator[Problem]:
        """How many were not told one by one, fault by fault."""
        for fault, count in self._counts.items():
            if count > _TOLD_IN_FULL:
                told = f"{count - _TOLD_IN_FULL} further {self._many} with the same fault ({fault}); skipped"
                yield self._file.problem(told)


def named(value: object) -> str:
    """What sort of JSON value it is, in words."""
    return _NAMES.get(type(value), "a text")


def checked_record(value: Value, file: File) -> dict[str, Value]:
    """The value, if it is a record as the file must have them; a conversation in its one shape. Raises `BadRecord`."""
    if not isinstance(value, dict):
        raise BadRecord(f"{named(value)} instead of a record")
    if _is_too_deep(value):
        raise BadRecord(f"the record is nested more than {_DEEPEST} deep")
    record = _conversation(value) if file.talks else value
    for name in file.required:
        _check_field(record, name)
    return record


def _conversation(record: dict[str, Value]) -> dict[str, Value]:
    try:
        return conversation(record)
    except ConversationError as error:
        raise BadRecord(str(error)) from None


def _is_too_deep(record: dict[str, Value]) -> bool:
    """Level by level, so that no depth is too much for this."""
    level: list[Value] = [record]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return False
    return True


def _inner(value: Value) -> Iterable[Value]:
    """The records and lists in a value."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [inner for inner in values if isinstance(inner, dict | list)]


def _check_field(record: dict[str, Value], name: str) -> None:
    if name not in record:
        help = did_you_mean(name, record) or f"its fields are {', '.join(f'`{field}`' for field in record) or 'none'}"
        raise BadRecord(f"no field `{name}`", help=help)
    value = record[name]
    if name == "text" and not isinstance(value, str):
        raise BadRecord(f"the field `text` holds {named(value)}")
    if name == "text" and isinstance(value, str) and not value.strip():
        raise BadRecord("the field `text` is empty")

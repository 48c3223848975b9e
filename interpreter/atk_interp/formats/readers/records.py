"""What a record must be to become a document, and how the faults of many records are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from atk_interp.diagnostics import did_you_mean
from atk_interp.formats.conversations import ConversationError, conversation
from atk_interp.formats.declared import NOUNS, Misfit, fitted, is_decimal, of_text
from atk_interp.formats.readers.base import File, Problem
from atk_interp.values import Value, encode

__all__ = ["BadRecord", "Faults", "checked_record", "hold_to_types", "named"]

_DEEPEST = 100
"""How deeply the values of a record may nest. What is read is written again, with more around it, and no encoder
takes any depth."""

_TOLD_IN_FULL = 20
"""Records of a file with the same fault that are reported one by one; the others are counted."""

_SHOWN = 40
"""Characters of a value that is not as it should be."""

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


def checked_record(value: Value, file: File, *, texts: bool = False) -> dict[str, Value]:
    """The value, if it is a record as the file must have them; a conversation in its one shape. Raises `BadRecord`.

    `texts`: the format knows no values but texts, which are read as the types that are declared.
    """
    if not isinstance(value, dict):
        raise BadRecord(f"{named(value)} instead of a record")
    record = _conversation(value) if file.talks else value
    hold_to_types(record, file, texts=texts)
    if _is_too_deep(record):
        raise BadRecord(f"the record is nested more than {_DEEPEST} deep")
    return record


def hold_to_types(record: dict[str, Value], file: File, *, texts: bool = False) -> None:
    """Give the record its declared fields as they are declared. Raises `BadRecord` for one that does not hold."""
    for name in file.required:
        if name not in record:
            raise BadRecord(f"no field `{name}`", help=_help_for_missing(name, record, file))
    for name, kind in file.types.items():
        value = record.get(name)
        if name not in file.required and (value is None or (texts and value == "")):
            record[name] = None
        elif texts and isinstance(value, str):
            record[name] = _read(name, kind, value)
        elif kind != "any":
            record[name] = _held(name, kind, value)
        if name == "text" and kind == "text" and name in file.required and not str(record[name]).strip():
            raise BadRecord("the field `text` is empty")


def _held(name: str, kind: str, value: Value) -> Value:
    try:
        return fitted(kind, value)
    except Misfit:
        found = f" ({_excerpt(value)})" if isinstance(value, str | int | float) else ""
        help = _as_optional(name, kind) if value is None else None
        raise BadRecord(f"the field `{name}` holds {named(value)}, {_not(kind)}", found, help) from None


def _read(name: str, kind: str, text: str) -> Value:
    try:
        return of_text(kind, text)
    except Misfit:
        pass
    if not text.strip():
        raise BadRecord(f"the field `{name}` is empty, {_not(kind)}", help=_as_optional(name, kind))
    raise BadRecord(f"the field `{name}` is {_not(kind)}", f" ({_excerpt(text)})", _help_to_write(name, kind, text))


def _help_to_write(name: str, kind: str, text: str) -> str | None:
    """How a text would be of a type; that of whole numbers with `.0`, as pandas writes them beside empty cells."""
    if kind in ("list", "record"):
        return "write it as JSON"
    return f"declare `{name}: float` to take it" if kind == "int" and is_decimal(text) else None


def _not(kind: str) -> str:
    return "neither true nor false" if kind == "bool" else f"not {NOUNS[kind]}"


def _excerpt(value: Value) -> str:
    shown = encode(value).decode()
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _as_optional(name: str, kind: str) -> str:
    return f"where only some records have it, declare `{name}: {{type: {kind}, optional: true}}`"


def _help_for_missing(name: str, record: dict[str, Value], file: File) -> str:
    nearest = did_you_mean(name, record)
    if nearest is not None:
        return nearest
    return f"its fields are {', '.join(f'`{field}`' for field in record) or 'none'}; " + _as_optional(
        name, file.types.get(name, "any")
    )


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

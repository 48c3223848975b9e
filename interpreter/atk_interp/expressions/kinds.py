"""The seven kinds of JSON values: what a type may be, and what a value is, in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from atk_interp.expressions.literals import quoted
from atk_interp.expressions.types import (
    AnyType,
    BoolType,
    FloatType,
    IntType,
    ListType,
    MaybeType,
    NullType,
    RecordType,
    TextType,
    Type,
)

__all__ = [
    "ALL_KINDS",
    "NUMBER",
    "SCALAR",
    "Kind",
    "in_words",
    "kind_of",
    "kinds_of",
    "type_in_words",
    "value_in_words",
    "written",
]


class Kind(Enum):
    """A kind of values; `value` is what people call one of them."""

    TEXT = "text"
    INT = "a whole number"
    FLOAT = "a number"
    BOOL = "true or false"
    NULL = "none"
    LIST = "a list"
    RECORD = "a record"

    @property
    def python(self) -> type:
        return _PYTHON[self]


_PYTHON = {
    Kind.TEXT: str,
    Kind.INT: int,
    Kind.FLOAT: float,
    Kind.BOOL: bool,
    Kind.NULL: type(None),
    Kind.LIST: list,
    Kind.RECORD: dict,
}
_KINDS = {python: kind for kind, python in _PYTHON.items()}

ALL_KINDS = frozenset(Kind)
NUMBER = frozenset([Kind.INT, Kind.FLOAT])
SCALAR = frozenset([Kind.TEXT, Kind.INT, Kind.FLOAT, Kind.BOOL])
"""What can be written out inside of a text."""


def kind_of(value: object) -> Kind | None:
    """The kind of a value; None when it is not JSON."""
    return _KINDS.get(type(value))


def kinds_of(type_: Type) -> frozenset[Kind]:
    """The kinds that a value of this type may be of. A float may be a whole number, as in JSON."""
    match type_:
        case TextType():
            return frozenset([Kind.TEXT])
        case IntType():
            return frozenset([Kind.INT])
        case FloatType():
            return NUMBER
        case BoolType():
            return frozenset([Kind.BOOL])
        case NullType():
            return frozenset([Kind.NULL])
        case ListType():
            return frozenset([Kind.LIST])
        case RecordType():
            return frozenset([Kind.RECORD])
        case MaybeType(of=inner):
            return kinds_of(inner) | {Kind.NULL}
        case AnyType():
            return ALL_KINDS
    return ALL_KINDS


def in_words(kinds: Iterable[Kind]) -> str:
    """Kinds as an enumeration: "text, a number or a list"."""
    present = set(kinds)
    if present == ALL_KINDS:
        return "anything"
    if Kind.FLOAT in present:
        present.discard(Kind.INT)
    names = [kind.value for kind in Kind if kind in present]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def type_in_words(type_: Type) -> str:
    """What a value of this type is: "text", "a list", "anything"."""
    return in_words(kinds_of(type_))


def value_in_words(value: object) -> str:
    """What a value is, as part of a sentence."""
    if value is True or value is False:
        return "true" if value else "false"
    kind = kind_of(value)
    return "something that is not JSON" if kind is None else kind.value


def written(value: object) -> str:
    """A plain value as it is written in an expression."""
    if isinstance(value, str):
        return quoted(value)
    return (
        {None: "none", True: "true", False: "false"}[value]
        if value is None or value is True or value is False
        else repr(value)
    )

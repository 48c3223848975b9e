"""The types of the language: text, int, float, bool, null, list of T, record, any, and "maybe T".

`any` is contagious and never cries wolf: what is not known is not an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from atk_interp.records import dataclass

__all__ = [
    "ANY",
    "BOOL",
    "FLOAT",
    "INT",
    "NULL",
    "TEXT",
    "AnyType",
    "BoolType",
    "FloatType",
    "IntType",
    "ListType",
    "MaybeType",
    "NullType",
    "RecordType",
    "TextType",
    "Type",
    "join_types",
    "maybe",
    "type_of",
    "without_null",
]


@dataclass(frozen=True, slots=True)
class Type:
    """A set of values. Subclasses are the only inhabitants; compare with `==`, take apart with `match`."""


@dataclass(frozen=True, slots=True)
class AnyType(Type):
    def __str__(self) -> str:
        return "any"


@dataclass(frozen=True, slots=True)
class TextType(Type):
    """Text; `choices` when it can only be one of these (a `choice` reply, a literal)."""

    choices: tuple[str, ...] | None = None

    def __str__(self) -> str:
        if self.choices is None:
            return "text"
        return "text (" + " | ".join(f'"{choice}"' for choice in self.choices) + ")"


@dataclass(frozen=True, slots=True)
class IntType(Type):
    def __str__(self) -> str:
        return "int"


@dataclass(frozen=True, slots=True)
class FloatType(Type):
    def __str__(self) -> str:
        return "float"


@dataclass(frozen=True, slots=True)
class BoolType(Type):
    def __str__(self) -> str:
        return "bool"


@dataclass(frozen=True, slots=True)
class NullType(Type):
    def __str__(self) -> str:
        return "null"


ANY, TEXT, INT, FLOAT, BOOL, NULL = AnyType(), TextType(), IntType(), FloatType(), BoolType(), NullType()


@dataclass(frozen=True, slots=True)
class ListType(Type):
    item: Type = ANY

    def __str__(self) -> str:
        return f"list of {self.item}"


@dataclass(frozen=True, slots=True)
class RecordType(Type):
    """A mapping with known fields; `open` when it may have others too."""

    fields: Mapping[str, Type] = field(default_factory=dict)
    open: bool = False

    def __hash__(self) -> int:
        return hash((tuple(sorted(self.fields)), self.open))

    def __str__(self) -> str:
        inside = ", ".join(f"{name}: {type_}" for name, type_ in self.fields.items())
        return "record {" + inside + (", …" if self.open and inside else "") + "}"


@dataclass(frozen=True, slots=True)
class MaybeType(Type):
    """T or null. Never nested and never around `any` or null: build it with `maybe`."""

    of: Type

    def __str__(self) -> str:
        return f"maybe {self.of}"


def maybe(type_: Type) -> Type:
    """The type of a value that may be null."""
    if isinstance(type_, MaybeType | AnyType | NullType):
        return type_
    return MaybeType(type_)


def without_null(type_: Type) -> Type:
    """The type once null is ruled out."""
    return type_.of if isinstance(type_, MaybeType) else type_


def join_types(types: Iterable[Type]) -> Type:
    """The smallest type that holds all of them; `any` when they have nothing in common."""
    result: Type | None = None
    for type_ in types:
        result = type_ if result is None else _join(result, type_)
    return ANY if result is None else result


def _join(left: Type, right: Type) -> Type:
    if left == right:
        return left
    if isinstance(left, NullType):
        return maybe(right)
    if isinstance(right, NullType):
        return maybe(left)
    if isinstance(left, MaybeType) or isinstance(right, MaybeType):
        return maybe(_join(without_null(left), without_null(right)))
    match left, right:
        case TextType(a), TextType(b):
            return TextType(tuple(dict.fromkeys(a + b))) if a is not None and b is not None else TEXT
        case ((IntType() | FloatType()), (IntType() | FloatType())):
            return FLOAT
        case ListType(a), ListType(b):
            return ListType(_join(a, b))
        case RecordType() as a, RecordType() as b:
            names = [*a.fields, *(name for name in b.fields if name not in a.fields)]
            # A record that may have other fields may have this one, too: of that nothing is known.
            left_out, right_out = (ANY if record.open else NULL for record in (a, b))
            fields = {name: _join(a.fields.get(name, left_out), b.fields.get(name, right_out)) for name in names}
            return RecordType(fields, a.open or b.open)
    return ANY


def type_of(value: object) -> Type:
    """The type of a JSON value."""
    match value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return TextType((value,))
        case list() | tuple():
            return ListType(join_types(type_of(item) for item in value))
        case dict():
            return RecordType({str(name): type_of(item) for name, item in value.items()})
    return ANY

"""How a reply is read: the contract of every parser in this folder.

A parser is one file with a `ReplyKind` in it: its name, the options it takes, the fields it writes, how it reads,
and, where it can, the grammar that holds a constrained decoder to a readable reply.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from atk_interp.expressions.types import Type
from atk_interp.values import Value

__all__ = ["Fields", "Hole", "OptionsError", "Reader", "ReplyExample", "ReplyKind", "ReplyUnreadable"]

Fields = dict[str, Value]
"""What one reading writes into a row."""

Hole = Callable[[str], str]
"""Gives, for a field's name, the terminal or rule of an LLGuidance grammar that the field's text must match."""


class ReplyUnreadable(Exception):
    """The reply is not of the wanted form. The message says, for people, what was expected and not found."""


class OptionsError(Exception):
    """The options of a parser make no sense. `path` leads to the culprit inside the options."""

    def __init__(self, message: str, path: tuple[str | int, ...] = (), help: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.help = help


class Reader(ABC):
    """A parser with its options: reads the text of one reply."""

    fields: Mapping[str, Type]
    """The fields that a reading writes, with their types."""

    many: bool = False
    """Whether one reply holds several readings."""

    @abstractmethod
    def read(self, text: str) -> list[Fields]:
        """The readings in a reply, in order; exactly one unless `many`. Linear time in `len(text)`.

        Raises `ReplyUnreadable` when the reply is not of the wanted form; with `many`, when it holds none.
        """

    def grammar(self, hole: Hole) -> str | None:
        """An LLGuidance (Lark dialect) grammar, without header, whose `start` is exactly the readable replies.

        None when the form cannot be held by a grammar (the reply is then free text).
        """
        return None

    def response_format(self) -> Mapping[str, Value] | None:
        """The `response_format` to send to endpoints that have one; None for plain text."""
        return None


@dataclass(frozen=True, slots=True)
class ReplyExample:
    """A reply with what must be understood (`expect`) or, when None, refused."""

    options: Mapping[str, Any]
    reply: str
    expect: list[Fields] | None


@dataclass(frozen=True)
class ReplyKind(ABC):
    """One way to read a reply, as data. `name` is its key under `parse:`."""

    name: ClassVar[str]
    schema: ClassVar[Mapping[str, Any]] = {}
    """Cerberus rules of the keys beside `name` (such as `into`, `after`); `many` is shared by all."""
    value_schema: ClassVar[Mapping[str, Any]] = {}
    """Cerberus rule of the value under `name`."""
    examples: ClassVar[tuple[ReplyExample, ...]] = field(default=())

    @abstractmethod
    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        """A reader for these options (literals, schema-checked). Raises `OptionsError`."""

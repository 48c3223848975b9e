"""How a reply is read: the contract of every parser in this folder.

A parser is one file with a `ReplyKind` in it: its name, the options it takes, the fields it writes, how it reads,
and, where it can, the grammar that holds a constrained decoder to a readable reply.

All parsers keep three habits. Where one answer is wanted and a reply holds several, the last complete one counts,
because models draft before they decide (`regex` alone takes the first match, as people expect of it). What is half
there is never guessed: the reply is unreadable and the message says what was expected. Reading takes linear time
and raises nothing but `ReplyUnreadable`, whatever the model wrote.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from atk_interp.expressions.types import ListType, MaybeType, RecordType, TextType, Type
from atk_interp.installed import giver_at_fault, said
from atk_interp.records import dataclass
from atk_interp.replies.cleaning import clean
from atk_interp.values import Value

if TYPE_CHECKING:
    from atk_interp.foreign.function import Function

__all__ = [
    "NO_RULES",
    "Cue",
    "CueForm",
    "FieldRule",
    "Fields",
    "OptionsError",
    "Reader",
    "ReplyExample",
    "ReplyKind",
    "ReplyUnreadable",
    "Rules",
]

Fields = dict[str, Value]
"""What one reading writes into a row."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What a constrained decoder holds the text of one field to (of each item or turn, where it is a list).

    `max_chars` bounds its length; without it `grammar.DEFAULT_MAX_CHARS` does. `words_of` allows only an unbroken
    run of the words of this text. `one_of` allows only these texts, as far as any of them is short enough.
    `sentences` is how many it holds at most, all of which come to an end.
    """

    max_chars: int | None = None
    words_of: str | None = None
    one_of: tuple[str, ...] = ()
    sentences: int | None = None


Rules = Mapping[str, FieldRule]
"""Rules by field; a field without one is free text of the default length."""

NO_RULES: Rules = MappingProxyType({})


class CueForm(Enum):
    """How a prompt speaks of what a reader looks for."""

    WORDS = "words"
    """The words themselves: a heading, a name, the text before a hole."""
    TAG = "tag"
    """A tag of this name."""
    KEY = "key"
    """A key of JSON or YAML."""
    ANSWER = "answer"
    """One of the words that the answer may be; those that mean the same have the same `group`."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What a reader looks for in a reply, so that a prompt must speak of it: nobody guesses a form.

    Without it the `field` stays empty: an error of every reply, or, if `optional`, null in every row.
    """

    field: str
    words: str
    form: CueForm = CueForm.WORDS
    optional: bool = False
    group: str = ""


class ReplyUnreadable(Exception):
    """The reply is not of the wanted form. The message says, for people and models, what was expected and found."""


class OptionsError(Exception):
    """The options of a parser make no sense. `path` leads to the culprit inside `parse:`: its value, or its key."""

    def __init__(
        self, message: str, path: tuple[str | int, ...] = (), help: str | None = None, *, is_key: bool = False
    ) -> None:
        super().__init__(message)
        self.is_key = is_key
        self.path = path
        self.help = help


class Reader(ABC):
    """A parser with its options: reads the text of one reply. Immutable, safe to share."""

    @property
    @abstractmethod
    def fields(self) -> Mapping[str, Type]:
        """The fields that a reading writes, with their types."""

    many: bool = False
    """Whether one reply may hold several readings."""

    function: str | None = None
    """The user's function that reads, as `file.py:function`. It must be given with `reading_with` before `read`."""

    unfilled: str | None = None
    """The key under `parse:` whose value is a formula over the parameters, known when a run begins. Until then it is
    not known which replies are readable: it reads what has the right form."""

    def reading_with(self, function: Function) -> Reader:
        """The reader with the function that it names."""
        return self

    def read(self, text: str) -> list[Fields]:
        """The readings in a reply, in order; exactly one unless `many`. Linear time in `len(text)`.

        `text` has no reasoning in it: clients set that aside (`llm.reasoning`).
        Raises `ReplyUnreadable` when the reply is not of the wanted form; when it holds no reading, or a NUL.
        """
        try:
            readings = self._read(clean(text))
        except Exception as error:
            giver = giver_at_fault(error)
            if giver is None:
                raise
            raise ReplyUnreadable(f"the parser of `{giver}` failed: {said(error)}") from error
        if "\0" in text or "\\" in text:  # as it is, or as JSON and YAML write it
            _refuse_nul(readings)
        return readings

    @abstractmethod
    def _read(self, text: str) -> list[Fields]:
        """As `read`, of cleaned text: line breaks are `\\n` and every character can be encoded."""

    @property
    def cues(self) -> tuple[Cue, ...]:
        """What a prompt must speak of for the model to write a readable reply; nothing where any text will do."""
        return ()

    @property
    def constrainable(self) -> tuple[str, ...]:
        """The fields that a `FieldRule` can hold: those of free text."""
        return tuple(name for name, type_ in self.fields.items() if _is_free_text(type_))

    def grammar(self, rules: Rules = NO_RULES) -> str | None:
        """An LLGuidance (Lark dialect) grammar, without header, whose `start` matches readable replies only.

        Every free text in it is bounded and holds no line break, for small models run on.
        None when the form cannot be held by a grammar (the reply is then free text).
        """
        return None

    def response_format(self) -> Mapping[str, Value] | None:
        """The `response_format` to send to endpoints that have one; None for plain text."""
        return None


def _refuse_nul(readings: list[Fields]) -> None:
    """Raise `ReplyUnreadable` for text with a NUL, which many programs take for its end, or for no text."""
    for reading in readings:
        for field, value in reading.items():
            if _has_nul(value):
                raise ReplyUnreadable(f"expected text for `{field}`, found text with a NUL in it")


def _has_nul(value: Value) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_has_nul, value))
        case dict():
            return any(_has_nul(part) for part in (*value, *value.values()))
    return False


def _is_free_text(type_: Type) -> bool:
    match type_:
        case TextType(choices):
            return choices is None
        case MaybeType(inner) | ListType(inner):
            return _is_free_text(inner)
        case RecordType(fields):
            return any(_is_free_text(inner) for inner in fields.values())
    return False


@dataclass(frozen=True, slots=True)
class ReplyExample:
    """A reply with what must be understood (`expect`) or, when None, refused. `options` is all of `parse:`."""

    options: Mapping[str, Any]
    reply: str
    expect: list[Fields] | None


class ReplyKind(ABC):
    """One way to read a reply, as data. `name` is its key under `parse:`; the docstring is its manual."""

    name: ClassVar[str]
    schema: ClassVar[Mapping[str, Any]] = {}
    """Cerberus rules of the keys beside `name` (such as `into`, `after`), but for `many`."""
    value_schema: ClassVar[Mapping[str, Any]] = {}
    """Cerberus rule of the value under `name`. Coarse: `build` says what is wrong inside, with its path."""
    takes_many: ClassVar[bool] = False
    """Whether `many: true` makes sense beside it."""
    examples: ClassVar[tuple[ReplyExample, ...]] = ()

    takes_formula: ClassVar[bool] = False
    """Whether the value under `name` may be a formula over the parameters. Then `unfilled` is implemented."""

    def unfilled(self, options: Mapping[str, Any]) -> Reader:
        """A reader while the value of the formula is not known. Raises `OptionsError`."""
        raise NotImplementedError

    @abstractmethod
    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        """A reader for the value under `name` and the keys beside it (literals). Raises `OptionsError`."""

"""What a filter, a test or a function is: a table entry with its types, its meaning and its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import Enum
from typing import Any, TypeAlias

from atk_interp.expressions.kinds import ALL_KINDS, Kind
from atk_interp.expressions.types import Type
from atk_interp.records import dataclass

__all__ = [
    "PROBABILITY",
    "REQUIRED",
    "Example",
    "Form",
    "Function",
    "Limit",
    "Parameter",
    "Result",
    "Role",
    "accepts",
    "signature",
]


class Form(Enum):
    """How a function takes its operands. All but PLAIN have their own code in the checker and the compiler."""

    PLAIN = "plain"
    """`apply(value, *parameters)`"""
    SEEDED = "seeded"
    """`apply(draw, value, *parameters)`: depends on the seed, the row and the place of the call."""
    LENIENT = "lenient"
    """The value may be missing altogether; `apply` is given `MISSING` then."""
    EACH = "each"
    """`map`: an attribute or another filter for each item."""
    CHOSEN = "chosen"
    """`select` and its kin: another test for each item."""


class Role(Enum):
    """What an argument is beyond its type, so that a literal one can be checked."""

    VALUE = "value"
    REGEX = "regex"
    ATTRIBUTE = "attribute"
    """The path of a field in each item: `"name"`, `"address.city"`, `0`."""


REQUIRED = object()
"""The default of a parameter that has none."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What an argument must be beyond its kind, and the sentence that says so.

    The check of a spec asks it of what is written out, the run of everything else. Nothing that is none is asked.
    """

    holds: Callable[[Any], bool]
    says: str


PROBABILITY = Limit(lambda p: 0 <= p <= 1, "a probability is a number from 0 to 1")


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kinds: frozenset[Kind] = ALL_KINDS
    default: object = REQUIRED
    role: Role = Role.VALUE
    choices: tuple[str, ...] = ()
    """The texts that it may be; any when empty."""
    limit: Limit | None = None

    def refusal(self, value: object) -> str | None:
        """Why a value of the right kind is not taken; None when it is."""
        if self.choices and isinstance(value, str) and value not in self.choices:
            return f"a {self.name} is one of {', '.join(self.choices)}"
        if self.limit is None or value is None or self.limit.holds(value):
            return None
        return self.limit.says

    @property
    def is_required(self) -> bool:
        return self.default is REQUIRED


@dataclass(frozen=True, slots=True)
class Example:
    """An expression without names, and its value; checked by a test and shown in the reference."""

    expression: str
    value: object


Result: TypeAlias = "Type | Callable[[Type, tuple[Type, ...]], Type]"
"""The type of the result, or how it follows from the type of the value and those of the parameters."""


@dataclass(frozen=True)
class Function:
    """A filter (`value | name`), a test (`value is name`) or a function (`name(value)`).

    `kinds` are what the value may be and `items`, if given, what the items of a list may be. `apply` is
    pure, gets every parameter in order, and raises `OperandError` (or what Python's own operations raise) when it
    cannot. `lazy`: Jinja hands out a generator where we give a list. `can_miss`: on an empty list the
    result is missing, as an absent field is. `prepare`, if given, makes `apply` of the value alone out of
    parameters that are known beforehand; it may raise `OperandError` where applying would, for what they are
    together. `is_share`: the result is from 0 to 1.
    """

    name: str
    kinds: frozenset[Kind]
    result: Result
    apply: Callable[..., object]
    doc: str
    example: Example
    parameters: tuple[Parameter, ...] = ()
    items: frozenset[Kind] | None = None
    form: Form = Form.PLAIN
    aliases: tuple[str, ...] = ()
    in_jinja: bool = True
    lazy: bool = False
    can_miss: bool = False
    is_share: bool = False
    prepare: Callable[..., Callable[[Any], object]] | None = None
    types: frozenset[type] = field(init=False, repr=False, compare=False, default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", frozenset(kind.python for kind in self.kinds))


def accepts(function: Function) -> str:
    """What the value may be, in words: "text or a list"."""
    from atk_interp.expressions.kinds import in_words

    return in_words(function.kinds)


def signature(function: Function) -> str:
    """How it is written: `replace(old, new, count=none)`."""
    from atk_interp.expressions.kinds import written

    if not function.parameters:
        return function.name
    parts = [
        parameter.name if parameter.is_required else f"{parameter.name}={written(parameter.default)}"
        for parameter in function.parameters
    ]
    return f"{function.name}({', '.join(parts)})"

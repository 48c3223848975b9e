"""The tree of an expression: frozen, small, and placed.

`start` and `end` are indices into the expression's text (half-open, without surrounding parentheses). They do
not take part in comparing: two nodes are equal when they say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from atk_interp.records import dataclass

__all__ = [
    "And",
    "Arithmetic",
    "Attribute",
    "Call",
    "Comparison",
    "Concat",
    "Conditional",
    "Filter",
    "Index",
    "Keyword",
    "ListDisplay",
    "Literal",
    "Name",
    "Node",
    "Or",
    "RecordDisplay",
    "Slice",
    "Test",
    "Unary",
    "children",
    "walk",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Base of all nodes."""

    start: int = field(default=0, compare=False, repr=False)
    end: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """`none`, `true`, a number or a text."""

    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """`target.name`"""

    target: Node
    name: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`target[index]`"""

    target: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`target[lower:upper:step]`"""

    target: Node
    lower: Node | None
    upper: Node | None
    step: Node | None


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`operator` is `-`, `+` or `not`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`operator` is one of `+ - * / // % **`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Concat(Node):
    """`a ~ b ~ c`, two parts or more."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`first op a op b`: a chain holds when each of its links holds. Operators are `== != < <= > >= in not in`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class And(Node):
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Or(Node):
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`value if condition else otherwise`; without `else` it is none, which only a whole expression may be."""

    value: Node
    condition: Node
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class Keyword:
    """A named argument; `start` and `end` are those of the name."""

    name: str
    value: Node
    start: int = field(default=0, compare=False, repr=False)
    end: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """`target | name(args)`; `name_start` is where the name stands."""

    target: Node
    name: str
    args: tuple[Node, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    name_start: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Test(Node):
    """`target is name(args)` or, negated, `target is not name(args)`."""

    # Keeps test collectors that look for classes named `Test…` away.
    __test__ = False

    target: Node
    name: str
    args: tuple[Node, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    negated: bool = False
    name_start: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(args)`"""

    name: str
    args: tuple[Node, ...] = ()
    keywords: tuple[Keyword, ...] = ()

    @property
    def name_start(self) -> int:
        return self.start


@dataclass(frozen=True, slots=True)
class ListDisplay(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class RecordDisplay(Node):
    pairs: tuple[tuple[Node, Node], ...]


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order in which they are written."""
    match node:
        case Attribute(target=target):
            return (target,)
        case Index(target=target, index=index):
            return (target, index)
        case Slice(target=target, lower=lower, upper=upper, step=step):
            return (target, *(part for part in (lower, upper, step) if part is not None))
        case Unary(operand=operand):
            return (operand,)
        case Arithmetic(left=left, right=right) | And(left=left, right=right) | Or(left=left, right=right):
            return (left, right)
        case Concat(parts=parts):
            return parts
        case Comparison(first=first, rest=rest):
            return (first, *(operand for _, operand in rest))
        case Conditional(value=value, condition=condition, otherwise=otherwise):
            return (value, condition) if otherwise is None else (value, condition, otherwise)
        case Filter(target=target, args=args, keywords=keywords) | Test(target=target, args=args, keywords=keywords):
            return (target, *args, *(keyword.value for keyword in keywords))
        case Call(args=args, keywords=keywords):
            return (*args, *(keyword.value for keyword in keywords))
        case ListDisplay(items=items):
            return items
        case RecordDisplay(pairs=pairs):
            return tuple(node for pair in pairs for node in pair)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, in reading order. Does not recurse."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current)))

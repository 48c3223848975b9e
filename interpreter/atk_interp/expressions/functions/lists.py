"""Filters on lists. All of them are Jinja's and give what Jinja gives, or refuse."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from atk_interp.expressions.bounds import check_size, checked_number
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions.model import Example, Function, Limit, Parameter, Role
from atk_interp.expressions.functions.paths import MISSING, path_getter
from atk_interp.expressions.kinds import ALL_KINDS, NUMBER, SCALAR, Kind
from atk_interp.expressions.types import ANY, FLOAT, INT, TEXT, IntType, ListType, NullType, RecordType, TextType, Type

__all__ = ["LIST_FILTERS"]

_LIST = frozenset([Kind.LIST])
_LIST_OR_TEXT = frozenset([Kind.LIST, Kind.TEXT])
_COUNTED = frozenset([Kind.LIST, Kind.TEXT, Kind.RECORD])
_INT = frozenset([Kind.INT])
_NONE = frozenset([Kind.NULL])
_SUMMED = NUMBER | {Kind.BOOL}

_ATTRIBUTE = Parameter("attribute", frozenset([Kind.TEXT, Kind.INT, Kind.NULL]), None, Role.ATTRIBUTE)
_CASE = Parameter("case_sensitive", ALL_KINDS, False)
_FILL = Parameter("fill_with", ALL_KINDS, None)


def _same(value: Type, _: tuple[Type, ...]) -> Type:
    return value if isinstance(value, ListType | TextType) else ANY


def _item(value: Type, _: tuple[Type, ...]) -> Type:
    if isinstance(value, TextType):
        return TEXT
    return value.item if isinstance(value, ListType) else ANY


def _listed(value: Type, _: tuple[Type, ...]) -> Type:
    if isinstance(value, TextType | RecordType):
        return ListType(TEXT)
    return value if isinstance(value, ListType) else ListType()


def _nested(value: Type, _: tuple[Type, ...]) -> Type:
    return ListType(ListType(_item(value, ()) if isinstance(value, ListType) else ANY))


def _summed(value: Type, parameters: tuple[Type, ...]) -> Type:
    attribute, start = parameters
    if not isinstance(value, ListType) or not isinstance(attribute, NullType):
        return FLOAT
    return INT if isinstance(value.item, IntType) and isinstance(start, IntType) else FLOAT


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _key(attribute: str | int | None, case_sensitive: object) -> Callable[[object], object]:
    get = path_getter(attribute)
    return get if case_sensitive else lambda item: _folded(get(item))


def _first(value: str | list[object]) -> object:
    return value[0] if value else MISSING


def _last(value: str | list[object]) -> object:
    return value[-1] if value else MISSING


def _join(items: list[object], separator: object, attribute: str | int | None) -> str:
    return _joiner(separator, attribute)(items)


def _joiner(separator: object, attribute: str | int | None) -> Callable[[list[object]], str]:
    between = str(separator)
    get = None if attribute is None else path_getter(attribute)

    def joined(parts: list[Any]) -> str:
        check_size(sum(map(len, parts)) + len(parts) * len(between))
        return between.join(parts)

    def join(items: list[object]) -> str:
        found = items if get is None else [*map(get, items)]
        try:
            return joined(found)
        except TypeError:
            return joined([_writable(item) for item in found])

    return join


def _writable(item: object) -> str:
    if isinstance(item, str | int | float):
        return str(item)
    raise OperandError("only texts, numbers, true and false can be joined")


def _sort(items: list[object], reverse: object, case_sensitive: object, attribute: str | int | None) -> list[object]:
    if attribute is None and items and type(items[0]) in _PLAIN:
        plain: list[Any] = items
        try:
            return sorted(plain, key=_plain_key(items[0], case_sensitive), reverse=bool(reverse))
        except TypeError:
            pass  # the items are not all alike
    paths = attribute.split(",") if isinstance(attribute, str) else [attribute]
    keys = [_key(path, case_sensitive) for path in paths]
    return sorted(items, key=lambda item: [key(item) for key in keys], reverse=bool(reverse))


_PLAIN = frozenset([str, int, float])


def _plain_key(first: object, case_sensitive: object) -> Callable[[Any], Any] | None:
    """The key for a list that goes on as it begins, with texts or with numbers. Otherwise it raises `TypeError`."""
    return str.lower if type(first) is str and not case_sensitive else None


def _unique(items: list[object], case_sensitive: object, attribute: str | int | None) -> list[object]:
    key = _key(attribute, case_sensitive)
    seen: dict[object, object] = {}
    for item in items:
        seen.setdefault(key(item), item)
    return [*seen.values()]


def _extreme(choose: Callable[..., object]) -> Callable[..., object]:
    def extreme(items: list[object], case_sensitive: object, attribute: str | int | None) -> object:
        if attribute is None and items and type(items[0]) in _PLAIN:
            try:
                return choose(items, key=_plain_key(items[0], case_sensitive))
            except TypeError:
                pass  # the items are not all alike
        return choose(items, key=_key(attribute, case_sensitive)) if items else MISSING

    return extreme


_SUMMABLE = frozenset([int, float, bool])


def _sum(items: list[object], attribute: str | int | None, start: int | float) -> int | float:
    numbers = items if attribute is None else [*map(path_getter(attribute), items)]
    if not {*map(type, numbers)} <= _SUMMABLE:
        raise OperandError("only numbers can be added up")
    return checked_number(sum(numbers, start))  # type: ignore[arg-type]


def _batch(items: list[object], count: int, fill: object) -> list[object]:
    source = iter(items)
    batches = [*iter(lambda: [*islice(source, count)], [])]
    if fill is not None and batches:
        check_size(count)
        batches[-1] += [fill] * (count - len(batches[-1]))
    return [*batches]


def _slice(items: list[object], slices: int, fill: object) -> list[object]:
    check_size(slices)
    shortest, longer = divmod(len(items), slices)
    result: list[object] = []
    at = 0
    for number in range(slices):
        end = at + shortest + (number < longer)
        part = items[at:end]
        if fill is not None and number >= longer:
            part.append(fill)
        result.append(part)
        at = end
    return result


def _is_positive(count: int) -> bool:
    return count >= 1


def _reverse(value: str | list[object]) -> object:
    return value[::-1]


LIST_FILTERS = (
    Function(
        "length",
        _COUNTED,
        INT,
        len,
        "How many characters, items or fields there are.",
        Example('"word" | length', 4),
        aliases=("count",),
    ),
    Function(
        "first",
        _LIST_OR_TEXT,
        _item,
        _first,
        "The first item or character; missing when there is none.",
        Example("[3, 1, 2] | first", 3),
        can_miss=True,
    ),
    Function(
        "last",
        _LIST_OR_TEXT,
        _item,
        _last,
        "The last item or character; missing when there is none.",
        Example("[3, 1, 2] | last", 2),
        can_miss=True,
    ),
    Function(
        "list",
        _COUNTED,
        _listed,
        list,
        "A list: the items, the characters of a text, the keys of a record.",
        Example('"abc" | list', ["a", "b", "c"]),
    ),
    Function(
        "join",
        _LIST,
        TEXT,
        _join,
        "One text of all items (or of a field of each), with `d` in between.",
        Example('["a", "b", 3] | join(", ")', "a, b, 3"),
        (Parameter("d", SCALAR, ""), _ATTRIBUTE),
        items=SCALAR,
        prepare=_joiner,
    ),
    Function(
        "sort",
        _LIST,
        _same,
        _sort,
        'Sorted; upper and lower case alike unless `case_sensitive`; by one field or several (`"age,name"`).',
        Example('["b", "C", "a"] | sort', ["a", "b", "C"]),
        (Parameter("reverse", ALL_KINDS, False), _CASE, _ATTRIBUTE),
    ),
    Function(
        "unique",
        _LIST,
        _same,
        _unique,
        "Each item once, the first of equal ones; upper and lower case alike unless told.",
        Example('["b", "a", "B"] | unique', ["b", "a"]),
        (_CASE, _ATTRIBUTE),
        lazy=True,
    ),
    Function(
        "reverse",
        _LIST_OR_TEXT,
        _same,
        _reverse,
        "The other way round.",
        Example("[1, 2, 3] | reverse", [3, 2, 1]),
        lazy=True,
    ),
    Function(
        "sum",
        _LIST,
        _summed,
        _sum,
        "The sum of the numbers (or of a field of each item) and `start`; true counts 1.",
        Example("[1, 2, 3.5] | sum", 6.5),
        (_ATTRIBUTE, Parameter("start", _SUMMED, 0)),
        items=_SUMMED,
    ),
    Function(
        "min",
        _LIST,
        _item,
        _extreme(min),
        "The smallest item; missing when there is none.",
        Example("[3, 1, 2] | min", 1),
        (_CASE, _ATTRIBUTE),
        can_miss=True,
    ),
    Function(
        "max",
        _LIST,
        _item,
        _extreme(max),
        "The largest item; missing when there is none.",
        Example("[3, 1, 2] | max", 3),
        (_CASE, _ATTRIBUTE),
        can_miss=True,
    ),
    Function(
        "batch",
        _LIST,
        _nested,
        _batch,
        "Lists of `linecount` items each; the last filled up with `fill_with`.",
        Example("[1, 2, 3] | batch(2)", [[1, 2], [3]]),
        (Parameter("linecount", _INT, limit=Limit(_is_positive, "a batch has at least 1 item")), _FILL),
        lazy=True,
    ),
    Function(
        "slice",
        _LIST,
        _nested,
        _slice,
        "As many lists as `slices`, of nearly equal length.",
        Example("[1, 2, 3] | slice(2)", [[1, 2], [3]]),
        (Parameter("slices", _INT, limit=Limit(_is_positive, "there must be at least 1 slice")), _FILL),
        lazy=True,
    ),
)

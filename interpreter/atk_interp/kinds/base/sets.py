"""What set-wise steps share: keys of rows, their places, and the order of their hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from atk_interp.kinds.base.bound import BoundStep
from atk_interp.kinds.base.context import Scratch, SetContext
from atk_interp.kinds.base.results import Dropped, RowFailed
from atk_interp.kinds.base.view import StepView, expression_paths
from atk_interp.spec.codes import KEYS_AT_ODDS
from atk_interp.values import Row, canonical, content_hash

__all__ = ["check_one_at_most", "compared", "in_place", "key_of", "keyed", "place", "rank"]

Key = Callable[[Row], bytes]

_MOST_WHOLE = 2.0**63


def key_of(step: BoundStep, option: str) -> Key | None:
    """The key that an option of expressions gives a row; None when it is not given. Raises `RowFailed`."""
    rules = [step.rule(path) for path in expression_paths(step.view, option)]
    if not rules:
        return None

    def key(row: Row) -> bytes:
        names = step.names(row)
        return compared(rule(names) for rule in rules)

    return key


def compared(values: Iterable[Any]) -> bytes:
    """What equal keys have in common, and no others: 2 and 2.0 are one, 1 and true are two."""
    return canonical([_plain(value) for value in values])


def _plain(value: Any) -> Any:
    """A value with its whole numbers as such, where they have a form of 64 bits."""
    match value:
        case float() if value.is_integer() and abs(value) < _MOST_WHOLE:
            return int(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
    return value


def keyed(rows: Iterator[Row], key: Key, lost: list[Dropped]) -> Iterator[tuple[bytes, Row]]:
    """The rows with their keys; those that have none go to `lost`, as rejected."""
    for row in rows:
        try:
            yield key(row), row
        except RowFailed as error:
            lost.append(Dropped(row, "rejected", str(error)))


def place(row: Row) -> bytes:
    """The place of a row in canonical order, as bytes that are ordered in the same way."""
    return b"".join(part.to_bytes(6, "big") for part in row.order)


def rank(purpose: str, seed: int, row: Row) -> bytes:
    """Where a row stands among others by the hash of its content: adding rows moves no others."""
    return bytes.fromhex(content_hash(purpose, [seed, row.id]))


def in_place(context: SetContext, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows in canonical order. They wait on disk."""
    sorted_: Scratch = context.scratch()
    for row in rows:
        sorted_.put(place(row), row)
    yield from sorted_.rows()


def check_one_at_most(view: StepView, names: Sequence[str]) -> None:
    """Report options that are given beside another of the same meaning."""
    given = [name for name in names if view.given(name)]
    for name in given[1:]:
        told = f"`{name}` and `{given[0]}` do not go together"
        view.sink.report(KEYS_AT_ODDS, view.document.key_span(view.path(name)), told, help="keep one of them")

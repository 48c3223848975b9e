"""Calls as JSON Lines: out of one ledger and into another.

The first line is `{"format": "atk-ledger-v1", "calls": N}`; N lines follow, in the order of their keys, so that equal
contents are equal bytes:

    {"key": "<64 hex digits>", "created": <seconds since 1970>,
     "reply": {"text", "reasoning", "finish", "input_tokens", "output_tokens", "model", "seconds"},
     "request": {<the body as it was sent>}}

Where rejected rows were asked again, the head has `"grants": M` as well, and M lines follow the calls, in the order of
keys and attempts:

    {"grant": "<64 hex digits>", "attempt": 3, "model": "", "identity": "", "round": 1}
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from atk_interp.ledger.base import Entry, LedgerError, StoredReply
from atk_interp.ledger.grants import COLUMNS as GRANT_COLUMNS
from atk_interp.ledger.grants import Grant, grants_of, insert_grants
from atk_interp.ledger.lookups import select
from atk_interp.ledger.packing import COLUMNS, packed, unpacked_entry
from atk_interp.ledger.runs import mark_keys, runs_of, used_keys
from atk_interp.ledger.schema import connect, connect_reading, translated
from atk_interp.llm.messages import Usage
from atk_interp.records import dataclass
from atk_interp.values import decode, encode

__all__ = ["BadLine", "BadLines", "Imported", "export_calls", "import_calls"]

_FORMAT = "atk-ledger-v1"
_BUSY_TIMEOUT_S = 60.0
_AT_A_TIME = 1000
_KEY = re.compile("[0-9a-f]{64}")
_REPLY_FIELDS: dict[str, type] = {
    "text": str,
    "reasoning": str,
    "finish": str,
    "input_tokens": int,
    "output_tokens": int,
    "model": str,
    "seconds": float,
}


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no call. `number` counts from 1."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.reason}"


class BadLines(LedgerError):
    """There were lines that are no calls, and nothing was imported."""

    def __init__(self, lines: Sequence[BadLine]) -> None:
        super().__init__("nothing was imported, because some lines are no calls", "mend them, or leave out `--strict`")
        self.lines = lines


@dataclass(slots=True)
class Imported:
    """What became of the lines. `differing` are keys under which the ledger has another reply, which stands.

    `grants` counts the new ones among the attempts that are granted to rejected rows.
    """

    added: int = 0
    present: int = 0
    grants: int = 0
    differing: list[str] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)


def export_calls(path: Path, write: Callable[[bytes], object], run: Path | None = None) -> tuple[int, int]:
    """Write all calls of a ledger, or those that the run into a folder has used, line by line.

    Returns how many there are, and how many more the run has used that are not there any more. Raises `LedgerError`.
    """
    connection = connect_reading(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        connection.execute("BEGIN")  # one state of the ledger, whatever others put meanwhile
        source, missing, grants = "replies", 0, "grants"
        if run is not None:
            mark_keys(connection, used_keys(connection, runs_of(connection, path, [run])))
            source, grants = (f"{table} JOIN temp.marked USING (key)" for table in (source, grants))
            missing = connection.execute(
                "SELECT count(*) FROM temp.marked WHERE key NOT IN (SELECT key FROM replies) "
                "AND key NOT IN (SELECT key FROM grants)"
            ).fetchone()[0]
        count: int = connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0]
        granted = list(grants_of(connection, f"SELECT {GRANT_COLUMNS} FROM {grants} ORDER BY key, attempt"))
        head: dict[str, Any] = {"format": _FORMAT, "calls": count}
        write(encode({**head, "grants": len(granted)} if granted else head) + b"\n")
        for row in connection.execute(f"SELECT {COLUMNS} FROM {source} ORDER BY key"):
            write(_line(unpacked_entry(row)))
        for grant in granted:
            write(_grant_line(grant))
        return count, missing
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()


def _line(entry: Entry) -> bytes:
    reply = entry.reply
    values = {
        "text": reply.text,
        "reasoning": reply.reasoning,
        "finish": reply.finish,
        "input_tokens": reply.usage.input,
        "output_tokens": reply.usage.output,
        "model": reply.model,
        "seconds": float(reply.seconds),
    }
    head = {"key": entry.key, "created": entry.created, "reply": values}
    return encode({**head, "request": decode(entry.request)}) + b"\n"


def _grant_line(grant: Grant) -> bytes:
    told = {"attempt": grant.attempt, "model": grant.model, "identity": grant.identity, "round": grant.round}
    return encode({"grant": grant.key, **told}) + b"\n"


def import_calls(path: Path, lines: Iterable[bytes], *, strict: bool = False) -> Imported:
    """Put calls into a ledger, which is made when there is none. Those that are there already stay as they are.

    Bad lines are left out and told in the result; when strict, nothing is imported and `BadLines` raised. Raises
    `LedgerError`.
    """
    numbered = enumerate(lines, 1)
    announced = _announced(next(numbered, (1, b""))[1])
    connection = connect(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    done = Imported()
    grants: list[Grant] = []
    try:
        for batch in _batches(_entries(numbered, announced, done, grants)):
            if not connection.in_transaction:
                connection.execute("BEGIN IMMEDIATE")
            _insert(connection, batch, done)
            if not strict:
                connection.execute("COMMIT")
        if strict and done.bad:
            raise BadLines(done.bad)
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
        done.grants = insert_grants(connection, grants)
        if connection.in_transaction:
            connection.execute("COMMIT")
        return done
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()  # and roll back what is not committed


def _entries(
    numbered: Iterable[tuple[int, bytes]], announced: tuple[int, int], done: Imported, grants: list[Grant]
) -> Iterator[Entry]:
    """The calls of an export. Grants go to `grants`, and what is neither to `done.bad`."""
    came = granted = 0
    for number, line in numbered:
        if not line.strip():
            continue
        is_grant = line.startswith(b'{"grant"')
        came, granted = came + (not is_grant), granted + is_grant
        try:
            if is_grant:
                grants.append(_grant(decode(line)))
            else:
                yield _entry(decode(line))
        except ValueError as error:
            done.bad.append(BadLine(number, str(error).lower()))
    for what, wanted, found in (("calls", announced[0], came), ("grants", announced[1], granted)):
        if wanted != found:
            done.bad.append(BadLine(1, f"{wanted} {what} are announced, and {found} have come"))


def _announced(head: bytes) -> tuple[int, int]:
    """How many calls and grants are to come. Raises `LedgerError` when it is no head of an export."""
    try:
        value = decode(head)
    except ValueError:
        value = None
    format_ = value.get("format") if isinstance(value, dict) else None
    calls = value.get("calls") if isinstance(value, dict) else None
    grants = value.get("grants", 0) if isinstance(value, dict) else None
    if format_ == _FORMAT and isinstance(calls, int) and isinstance(grants, int):
        return calls, grants
    if isinstance(format_, str) and format_.startswith("atk-ledger-"):
        raise LedgerError(f"the export has format `{format_}`, which this version does not read", "update atk-interp")
    raise LedgerError("this is no export of a ledger", "make one with `atk-interp ledger export`")


def _entry(value: Any) -> Entry:
    """Raises `ValueError`, saying what is wrong."""
    if not isinstance(value, dict):
        raise ValueError("it is no mapping")
    key, created, reply, request = (value.get(name) for name in ("key", "created", "reply", "request"))
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError("`key` must be 64 hex digits")
    if not isinstance(created, int) or not _is(created, int):
        raise ValueError("`created` must be a whole number of seconds")
    if not isinstance(request, dict):
        raise ValueError("`request` must be a mapping")
    if not isinstance(reply, dict) or set(reply) != set(_REPLY_FIELDS):
        raise ValueError(f"`reply` must have {', '.join(f'`{name}`' for name in _REPLY_FIELDS)} and nothing else")
    for name, type_ in _REPLY_FIELDS.items():
        if not _is(reply[name], type_):
            raise ValueError(f"`{name}` of the reply must be {_WORDS[type_]}")
    usage = Usage(reply["input_tokens"], reply["output_tokens"])
    stored = StoredReply(
        reply["text"], reply["reasoning"], reply["finish"], usage, reply["model"], float(reply["seconds"])
    )
    return Entry(key, stored, encode(request), created)


def _grant(value: Any) -> Grant:
    """Raises `ValueError`, saying what is wrong."""
    key, attempt, model, identity, round_ = (
        value.get(name) for name in ("grant", "attempt", "model", "identity", "round")
    )
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError("`grant` must be 64 hex digits")
    if not (isinstance(attempt, int) and _is(attempt, int) and isinstance(round_, int) and _is(round_, int)):
        raise ValueError("`attempt` and `round` of a grant must be whole numbers, and not negative")
    if not (isinstance(model, str) and isinstance(identity, str)):
        raise ValueError("`model` and `identity` of a grant must be texts")
    return Grant(key, attempt, model, identity, round_)


_WORDS: dict[type, str] = {str: "a text", int: "a whole number, and not negative", float: "a number"}


def _is(value: Any, type_: type) -> bool:
    if type_ is str:
        return isinstance(value, str)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return (whole and 0 <= value < 2**63) if type_ is int else (whole or isinstance(value, float))


def _batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    seen: set[str] = set()
    for entry in entries:
        if entry.key in seen:  # within a batch; across batches the ledger itself knows
            yield batch
            batch, seen = [], set()
        batch.append(entry)
        seen.add(entry.key)
        if len(batch) == _AT_A_TIME:
            yield batch
            batch, seen = [], set()
    if batch:
        yield batch


def _insert(connection: sqlite3.Connection, batch: list[Entry], done: Imported) -> None:
    standing = select(connection, [bytes.fromhex(entry.key) for entry in batch])
    rows = []
    for entry in batch:
        digest = bytes.fromhex(entry.key)
        there = standing.get(digest)
        if there is None:
            rows.append(packed(digest, entry.reply, entry.created, entry.request))
        elif _said(there) == _said(entry.reply):
            done.present += 1
        else:
            done.differing.append(entry.key)
    marks = ", ".join("?" * len(COLUMNS.split(",")))
    connection.executemany(f"INSERT INTO replies ({COLUMNS}) VALUES ({marks})", rows)
    done.added += len(rows)


def _said(reply: StoredReply) -> tuple[str, str, str, str]:
    """What makes replies differ for those who read them: not how long they took."""
    return reply.text, reply.reasoning, reply.finish, reply.model

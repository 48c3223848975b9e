"""Attempts that were granted to rows beyond those of their steps: what asking rejected rows again leaves behind.

A grant is known by what was sent: the key of the first call of a sample, in its plain form. So it holds for every run
that asks the same question, whatever the name of its step and the place of its outputs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path

from atk_interp.ledger.schema import connect, connect_reading, translated
from atk_interp.records import dataclass
from atk_interp.values import content_hash

__all__ = [
    "COLUMNS",
    "NO_GRANTS",
    "Grant",
    "Grants",
    "add_grants",
    "granted_in",
    "grants_of",
    "insert_grants",
    "withdraw_grants",
]

COLUMNS = "key, attempt, model, identity, round"
_BUSY_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Grant:
    """One more attempt for a sample whose attempts have all failed.

    `key` is that of its first call, `attempt` the number under which it is asked. `model` and `identity` are those of
    another endpoint that is to answer; both are empty for the model of the step. `round` tells the grants of one asking
    again from those of others.
    """

    key: str
    attempt: int
    model: str = ""
    identity: str = ""
    round: int = 1

    @property
    def is_for_another(self) -> bool:
        """Whether another model is to answer than that of the step."""
        return bool(self.model or self.identity)


@dataclass(frozen=True)
class Grants:
    """The grants of a ledger at one moment: a run keeps to those that there are when it begins."""

    by_key: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)

    def models(self) -> set[tuple[str, str]]:
        """The other models that are to be asked, each with its `identity`."""
        return {(grant.model, grant.identity) for grant in self if grant.is_for_another}

    def fingerprint(self) -> str:
        """Changes when what is granted does; empty when nothing is."""
        if not self.by_key:
            return ""
        listed = [[grant.key, grant.attempt, grant.model, grant.identity] for grant in self]
        return content_hash("atk-grants-v1", listed)

    def next_round(self) -> int:
        return 1 + max((grant.round for grant in self), default=0)

    def __iter__(self) -> Iterator[Grant]:
        """In the order of keys, then of attempts."""
        for key in sorted(self.by_key):
            yield from self.by_key[key]


NO_GRANTS = Grants()


def granted_in(path: Path) -> Grants:
    """The grants of a ledger; none where there is no ledger. Blocking. Raises `LedgerError`."""
    if not path.is_file():
        return NO_GRANTS
    connection = connect_reading(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        return Grants(_by_key(grants_of(connection, f"SELECT {COLUMNS} FROM grants ORDER BY key, attempt")))
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()


def add_grants(path: Path, grants: Iterable[Grant]) -> None:
    """Put grants into a ledger: all or none. One that is there stays as it is. Raises `LedgerError`."""
    connection = connect(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        connection.execute("BEGIN IMMEDIATE")
        insert_grants(connection, grants)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()  # and roll back what is not committed


def withdraw_grants(path: Path, grants: Iterable[Grant]) -> None:
    """Take grants out of a ledger again. Raises `LedgerError`."""
    connection = connect(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        rows = [(bytes.fromhex(each.key), each.attempt, each.round) for each in grants]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("DELETE FROM grants WHERE key = ? AND attempt = ? AND round = ?", rows)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()


def grants_of(connection: sqlite3.Connection, query: str) -> Iterator[Grant]:
    """What a query for `COLUMNS` finds."""
    for key, attempt, model, identity, round_ in connection.execute(query):
        yield Grant(key.hex(), attempt, model, identity, round_)


def insert_grants(connection: sqlite3.Connection, grants: Iterable[Grant]) -> int:
    """Put grants in, within a transaction; how many are new."""
    before = connection.total_changes
    rows = ((bytes.fromhex(each.key), each.attempt, each.model, each.identity, each.round) for each in grants)
    connection.executemany(f"INSERT OR IGNORE INTO grants ({COLUMNS}) VALUES (?, ?, ?, ?, ?)", rows)
    return connection.total_changes - before


def _by_key(grants: Iterator[Grant]) -> dict[str, tuple[Grant, ...]]:
    found: dict[str, tuple[Grant, ...]] = {}
    for grant in grants:
        found[grant.key] = (*found.get(grant.key, ()), grant)
    return found

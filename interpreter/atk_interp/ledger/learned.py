"""What was learned of endpoints by asking them, so that no run has to try again.

It may be wrong by now: a server is updated, another one takes its address. So whoever goes by it must notice when it
does not hold, and learn anew. Nothing here decides what a reply is.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from atk_interp.ledger.schema import connect, connect_existing, connect_reading, translated
from atk_interp.records import dataclass

__all__ = ["Trait", "forget_traits", "learn_trait", "learned_traits", "traits_in"]

_BUSY_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing learned: of a model at an address, `name` is `value`. `learned` is when, in seconds since 1970."""

    endpoint: str
    model: str
    name: str
    value: str
    learned: int = 0


def traits_in(connection: sqlite3.Connection) -> list[Trait]:
    """All of them, in the order of endpoint, model and name."""
    rows = connection.execute("SELECT endpoint, model, name, value, learned FROM traits ORDER BY 1, 2, 3")
    return [Trait(*row) for row in rows]


def learned_traits(path: Path) -> list[Trait]:
    """What a ledger has; nothing when there is no ledger. Blocking. Raises `LedgerError`."""
    if not path.is_file():
        return []
    connection = connect_reading(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        return traits_in(connection)
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()


def learn_trait(path: Path, trait: Trait) -> None:
    """Remember a trait, in place of what was known of it. Blocking. Raises `LedgerError`."""
    connection = connect(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        row = (trait.endpoint, trait.model, trait.name, trait.value, int(time.time()))
        connection.execute("INSERT OR REPLACE INTO traits VALUES (?, ?, ?, ?, ?)", row)
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()


def forget_traits(path: Path, endpoint: str | None = None) -> int:
    """Forget all that was learned, or what was learned of one address; how much it was. Raises `LedgerError`."""
    connection = connect_existing(path, busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        forgotten = connection.execute("DELETE FROM traits WHERE ?1 IS NULL OR endpoint = ?1", (endpoint,))
        return forgotten.rowcount
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        connection.close()

"""What a ledger promises, whatever stores it: paid replies by call key, committed before they are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

from atk_interp.ledger.room import free_bytes, size
from atk_interp.llm.messages import Reply
from atk_interp.records import dataclass

__all__ = ["Entry", "Ledger", "LedgerError", "LedgerFull", "LedgerReadOnly", "LedgerStats", "StoredReply"]

StoredReply: TypeAlias = Reply
"""A reply as the ledger gives it back: equal to the one put in."""


class LedgerError(Exception):
    """The ledger cannot be used. `help` says what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


class LedgerReadOnly(LedgerError):
    """The ledger cannot be written, or cannot be opened: the system does not permit it."""


class LedgerFull(LedgerError):
    """There is no room for another reply; all that was acknowledged before is safe.

    `path` is the file that cannot grow, `needed` about how many bytes it needs at this moment (0: not known).
    """

    def __init__(self, path: Path, needed: int = 0) -> None:
        told, free = f"no room left for the ledger `{path}`", free_bytes(path)
        if needed and free is not None and free < needed:
            told += f": {size(free)} are free on its disk, and at least {size(needed)} are needed to go on"
        super().__init__(told, "free some disk space, then run the same command again")
        self.path = path
        self.needed = needed


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ledger: the key, what was sent (JSON bytes), the reply, and when (seconds since 1970, UTC)."""

    key: str
    reply: StoredReply
    request: bytes
    created: int


@dataclass(frozen=True, slots=True)
class LedgerStats:
    """What a ledger holds and what this process did with it.

    `replies` and the token sums are over the whole ledger; `hits`, `misses`, `puts` and `commits` count
    from the opening of this one. `commits` below `puts` is group commit at work.
    """

    replies: int
    input_tokens: int
    output_tokens: int
    hits: int
    misses: int
    puts: int
    commits: int


class Ledger(Protocol):
    """A store of paid replies. Keys are call keys: 64 hex digits. Safe for many concurrent tasks."""

    async def get(self, key: str) -> StoredReply | None:
        """The reply to an equal call, or None. Raises `LedgerError`."""
        ...

    async def get_many(self, keys: Iterable[str]) -> Mapping[str, StoredReply]:
        """The replies there are, by key. Raises `LedgerError`."""
        ...

    async def reserve(self, key: str) -> StoredReply | None:
        """The reply to an equal call, or None: then the call is ours to make, and nobody else's.

        Waits while another process makes an equal call. After None, end with `put` or `release`.
        Raises `LedgerFull` or `LedgerError`.
        """
        ...

    def release(self, key: str) -> None:
        """Let others make a call that was reserved and has brought no reply. After a `put`, nothing happens."""
        ...

    async def put(self, key: str, reply: StoredReply, request_json: bytes) -> StoredReply:
        """Store a paid reply; returns once it is committed.

        The first reply under a key stands, also against other processes: what is returned is the reply that
        the ledger holds, and it is the one to go on with. Cancelling the wait does not undo the put.
        Raises `LedgerFull` or `LedgerError`.
        """
        ...

    def entries(self) -> Iterator[Entry]:
        """All entries in the order of their keys. Blocking: for commands, not for a run."""
        ...

    def record(self, folder: Path, pipeline: str) -> None:
        """From now on, write down which replies are used as those of a run: its output folder and pipeline."""
        ...

    async def finish(self, status: str) -> None:
        """The run that was recorded has ended; `done` makes the records of earlier ones in its folder void.

        Raises `LedgerFull` or `LedgerError`.
        """
        ...

    async def stats(self) -> LedgerStats:
        """Counts over the ledger and this opening of it."""
        ...

    async def close(self) -> None:
        """Commit what waits, then release the store. Closing twice is fine."""
        ...

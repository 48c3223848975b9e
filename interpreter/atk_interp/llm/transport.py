"""What carries a request to an endpoint and the answer back, whatever the answer says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from atk_interp.records import dataclass

__all__ = ["Answer", "Broken", "Transport"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: `headers` have lower-case names, `body` is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Broken(Exception):
    """No answer came. The message ends the sentence that begins with the endpoint's address."""


class Transport(Protocol):
    """Sends to one address. One event loop; many tasks."""

    async def ask(self, method: str, path: str, body: bytes) -> Answer:
        """One request to the address with `path` after it, and its answer. `body` is JSON, or nothing.

        Raises `Broken`. Has no time limit of its own; cancelling it gives the connection up.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...

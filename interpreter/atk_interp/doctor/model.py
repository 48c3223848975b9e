"""One thing that was looked at."""

from __future__ import annotations

from typing import Literal

from atk_interp.records import dataclass

__all__ = ["Check", "State"]

State = Literal["ok", "lacking", "wrong"]


@dataclass(frozen=True)
class Check:
    """`name` was looked at, and `told` is what was found.

    What is `lacking` one may do without; what is `wrong` is to be mended.
    """

    name: str
    state: State
    told: str
    help: str = ""

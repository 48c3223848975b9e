"""Random choices that are no accident: each follows from the seed, the row and the place of the call.

Nothing else enters: not time, not order, not how often the expression was evaluated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from atk_interp.expressions.errors import OperandError
from atk_interp.records import dataclass
from atk_interp.values import canonical

__all__ = ["Draw", "draw_for"]


@dataclass(frozen=True, slots=True)
class Draw:
    """The source of chance of one call on one row."""

    key: bytes

    def fraction(self, label: int = 0) -> float:
        """A number from 0 to below 1, evenly spread; another one for each label."""
        digest = hashlib.sha256(self.key + label.to_bytes(8, "big")).digest()
        return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def draw_for(scope: Mapping[str, object], site: str) -> Draw:
    """The draw of the call at `site` for the row in scope. Raises `OperandError` without a row or a seed."""
    row, seed = scope.get("row"), scope.get("seed")
    if not isinstance(row, Mapping) or seed is None:
        missing = "`row`" if not isinstance(row, Mapping) else "`seed`"
        raise OperandError(f"a random choice is made for a row, and there is no {missing} here")
    return Draw(hashlib.sha256(b"atk-draw-v1\0" + canonical([seed, row["id"], site])).digest())

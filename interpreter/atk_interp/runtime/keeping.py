"""What a run takes on of earlier ones, and keeps for later ones: what whole steps gave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from atk_interp.ledger import LedgerError
from atk_interp.ledger.grants import Grants
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.plan import Plan
from atk_interp.runtime.books import Books
from atk_interp.runtime.events import Event, Noted
from atk_interp.runtime.kept import Kept
from atk_interp.runtime.publish import Collector
from atk_interp.runtime.spending import Spending

__all__ = ["Keeping"]


class Keeping:
    """Joins what is kept with the books, the outputs and the ledger of a run. Without `grants` nothing is taken on."""

    def __init__(
        self,
        kept: Kept,
        plan: Plan,
        books: Books,
        collector: Collector,
        spending: Spending,
        emit: Callable[[Event], None],
        grants: Grants | None,
    ) -> None:
        self._kept = kept
        self._plan = plan
        self._books = books
        self._collector = collector
        self._spending = spending
        self._emit = emit
        self._grants = grants

    async def take_on(self, ledger: SqliteLedger, *, must_run: bool) -> list[tuple[str, str]]:
        """Take on what is kept of steps that are the same, so that they need not run; unless all steps must.

        The slots whose replies are in it, with the names of the models that gave them.
        """
        if self._grants is None:
            return []
        for noted in await asyncio.to_thread(self._look, ledger, self._grants, not must_run):
            self._emit(noted)
        self._collector.losing = self._kept.dropped
        same = len(self._kept.choice.steps)
        if same:
            told = f"{same} of {len(self._plan.steps)} steps are as before: what they gave is taken as it was kept"
            self._emit(Noted("", told, help="`--force` runs all of them, from the ledger"))
        return list(self._kept.models())

    def _look(self, ledger: SqliteLedger, grants: Grants, reading: bool) -> list[Noted]:
        with contextlib.suppress(LedgerError):  # the run itself tells what is wrong
            self._kept.look(ledger.mark(), grants.fingerprint(), reading=reading)
            used = self._kept.keys()
            for keys in used:
                ledger.uses_all(keys)
        return self._kept.restore(self._books, self._collector, self._spending)

    async def keep(self, ledger: SqliteLedger) -> None:
        """Keep what the steps gave that are finished."""

        def keep() -> str:
            with contextlib.suppress(LedgerError):
                _, replies = ledger.mark()
                steps = [name for name in self._plan.steps if self._books.steps[name].finished]
                return self._kept.publish(steps, self._books, self._spending, replies)
            return ""

        refusal = await asyncio.to_thread(keep)
        if refusal:
            self._emit(Noted("", f"not all that the steps gave is kept for the next run: {refusal}"))

"""The files that a run leaves, on a disk that may be full for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from atk_interp.formats.atomic import DiskFull
from atk_interp.plan import Plan
from atk_interp.runtime.events import Event, Noted, StepState
from atk_interp.runtime.publish import Collector, Published
from atk_interp.runtime.record import write_record
from atk_interp.runtime.reporting import write_report
from atk_interp.runtime.room import Room

__all__ = ["Files"]


class Files:
    """Writes what belongs into the folder of a run. For what is worth it, room is waited for."""

    def __init__(self, folder: Path, collector: Collector, room: Room, emit: Callable[[Event], None]) -> None:
        self._folder = folder
        self._collector = collector
        self._room = room
        self._emit = emit

    async def publish(self, complete: bool, states: Sequence[StepState]) -> list[Published]:
        """Write the outputs and what was rejected; those of a run that came to its end are worth waiting for.

        Raises as `Collector.publish`.
        """

        async def publish() -> list[Published]:
            return self._collector.publish(self._folder, complete, states)

        return await self._room.insist(publish, lambda: complete, DiskFull)

    async def write_record(self, plan: Plan, record: Mapping[str, Any], must: bool) -> None:
        """Write `run.json`, waiting for room if it `must` be, and the page that tells of it. Raises `CannotWrite`."""

        async def write() -> None:
            write_record(self._folder, record)

        await self._room.insist(write, lambda: must, DiskFull)
        refusal = await asyncio.to_thread(write_report, plan, self._folder, record)
        if refusal:
            self._emit(Noted("", refusal))

"""The files that a run leaves, on a disk that may be full for a while."""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from atk_interp.formats.atomic import DiskFull
from atk_interp.plan import Plan
from atk_interp.runtime.endpoints import CannotRun
from atk_interp.runtime.events import Event, Noted, StepState
from atk_interp.runtime.publish import Collector, Published, file_of
from atk_interp.runtime.record import write_record
from atk_interp.runtime.reporting import write_report
from atk_interp.runtime.room import Room

__all__ = ["Files", "check_places"]

_FOR_LATER = (errno.ENOSPC, errno.EDQUOT)
"""A disk that is full now may have room by then."""


def check_places(plan: Plan, folder: Path) -> None:
    """Raise `CannotRun` when a file of a run could not be put in its place, before anything is paid for it."""
    tried: set[Path] = set()
    for place in _places(plan, folder):
        target = Path(os.path.realpath(place))
        if target.is_dir():
            raise CannotRun(
                f"`{place}` cannot be written: it is a folder", "move it away, or choose another `output_dir`"
            )
        above = next(parent for parent in target.parents if parent.exists())
        if above not in tried:
            _try(above, place)
            tried.add(above)


def _places(plan: Plan, folder: Path) -> Iterator[Path]:
    for name in plan.outputs:
        yield file_of(folder, name, plan, True)
        yield file_of(folder, name, plan, False)
    yield folder / "rejected.jsonl"
    yield folder / "run.json"


def _try(above: Path, place: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        if error.errno in _FOR_LATER:
            return
        told = f"`{place}` cannot be written: {(error.strerror or str(error)).lower()}"
        raise CannotRun(told, f"check the permissions of `{above}`, or choose another `output_dir`") from error


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

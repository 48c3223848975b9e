"""`events.jsonl`: what happened in the runs of an output folder, in order."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from atk_interp.runtime.events import CallFinished, Event, Progressed, as_json
from atk_interp.runtime.repeated import repeats
from atk_interp.values import encode

__all__ = ["EventLog", "read_events"]


class EventLog:
    """Appends events to a file, one JSON line each, with the time in UTC.

    It is a convenience, and nothing depends on it: a disk that refuses it does not stop a run, and a kill may cost
    the events since the last `flush`. It grows with the steps of a run and the causes of what happens in it, and not
    with its rows and calls: those are in `rejected.jsonl` and in the ledger.
    """

    def __init__(self, path: Path) -> None:
        self._stream: BinaryIO | None = None
        self.refusal = ""
        """Why the file cannot be opened; empty when it can."""
        try:
            self._stream = path.open("ab")
            if not _ends_well(path):  # a run was killed while it wrote
                self._stream.write(b"\n")
        except OSError as error:
            self.refusal = (error.strerror or str(error)).lower()

    def write(self, event: Event, nth: int = 0) -> None:
        """Append an event. `nth` is which one of its cause it is: most of those that repeat are not written."""
        if self._stream is None or isinstance(event, CallFinished | Progressed) or not repeats(nth):
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        record = {"time": now, **as_json(event)}
        if nth:
            record["nth"] = nth
        with contextlib.suppress(OSError):
            self._stream.write(encode(record) + b"\n")

    def flush(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.flush()

    def close(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()
            self._stream = None


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """The records of all runs in a file of events, in order. Lines that a kill has cut are passed over.

    Raises `OSError`.
    """
    with path.open("rb") as lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record


def _ends_well(path: Path) -> bool:
    """Whether the last line of a file is whole."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"

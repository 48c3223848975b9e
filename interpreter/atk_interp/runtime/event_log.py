"""`events.jsonl`: what happened in the runs of an output folder, in order."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path
from typing import BinaryIO

from atk_interp.runtime.events import Event, as_json
from atk_interp.values import encode

__all__ = ["EventLog"]


class EventLog:
    """Appends events to a file, one JSON line each, with the time in UTC.

    It is a convenience, and nothing depends on it: a disk that refuses it does not stop a run, and a kill may cost
    the events since the last `flush`.
    """

    def __init__(self, path: Path) -> None:
        self._stream: BinaryIO | None = None
        self.refusal = ""
        """Why the file cannot be opened; empty when it can."""
        try:
            self._stream = path.open("ab")
        except OSError as error:
            self.refusal = (error.strerror or str(error)).lower()

    def write(self, event: Event) -> None:
        if self._stream is None:
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        with contextlib.suppress(OSError):
            self._stream.write(encode({"time": now, **as_json(event)}) + b"\n")

    def flush(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.flush()

    def close(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.close()
            self._stream = None

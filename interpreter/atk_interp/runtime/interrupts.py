"""Ctrl+C: once to end in good order, twice to end at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator

__all__ = ["interruptible"]

_AT_ONCE = "stopped at once: run the same command again to go on; what is in the ledger is not paid again\n"
_SHOW_CURSOR = "\n\x1b[?25h"
_INTERRUPTED = 130


@contextlib.contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl+C (or SIGTERM) calls `stop` from the running loop; the second ends the process.

    The second does not ask the loop, nor wait for a thread: either may hang for good in a template or in the parser
    of a document. To end anywhere is safe, because the ledger and the files of a run allow for it. Outside the main
    thread, where Python takes no signals, nothing changes.
    """
    loop = asyncio.get_running_loop()
    pressed = 0

    def press(number: int, frame: object) -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 1:
            _end()
        loop.call_soon_threadsafe(stop)

    before: dict[signal.Signals, object] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ValueError):
            before[number] = signal.signal(number, press)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what `signal.signal` gave


def _end() -> None:
    """Say so and go. Not by `print`, which refuses when the signal came in the midst of another one."""
    with contextlib.suppress(OSError):
        # A live display hides the cursor, and does not live to show it again.
        os.write(2, ((_SHOW_CURSOR if sys.stderr.isatty() else "") + _AT_ONCE).encode())
    os._exit(_INTERRUPTED)

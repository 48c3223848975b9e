"""`set_progress`: how far a task is, for whoever shows it."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["ProgressListener", "set_progress"]

ProgressListener = Callable[[str, float, str], None]
"""Called with the task's id, its progress (0 to 1) and a message."""


class _Progress:
    """Tells listeners how far each task is.

    Call it as `set_progress(task_id, progress, message)`; without a task id nothing happens. Per task the progress
    never falls, and 1.0 is told once. `subscribe` adds a listener and returns a function that takes it away.
    Safe for several threads; what a listener raises is its own affair and stops nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[ProgressListener] = []
        self._reached: dict[str, float] = {}

    def __call__(self, task_id: str | None, progress: float, message: str = "") -> None:
        if task_id is None:
            return
        with self._lock:
            before = self._reached.get(task_id)
            if before == 1.0:
                return
            progress = max(before or 0.0, min(1.0, progress))
            self._reached[task_id] = progress
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(task_id, progress, message)
            except Exception:  # noqa: BLE001 - a broken display must not cost a run
                continue

    def begin(self, task_id: str | None) -> None:
        """A task starts (again) from 0."""
        if task_id is not None:
            with self._lock:
                self._reached.pop(task_id, None)
            self(task_id, 0.0, "starting")

    def subscribe(self, listener: ProgressListener) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe


set_progress = _Progress()
"""The one board of all tasks of this process."""

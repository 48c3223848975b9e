"""Who a process is, so that another one can tell whether it still lives."""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path

from atk_interp.records import dataclass

__all__ = ["Process", "myself"]


@dataclass(frozen=True, slots=True)
class Process:
    """A process on some machine. `started` tells it from a later one with the same number; 0 where not known."""

    pid: int
    host: str
    started: int

    def is_dead(self) -> bool:
        """True when it has surely ended. False may also mean that there is no telling from here."""
        if self.host != _host() or os.name == "nt":  # where signal 0 would not be a question
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return self.started != 0 and _started(self.pid) not in (0, self.started)


def myself() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(pid, _host(), _started(pid))


@lru_cache(maxsize=1)
def _host() -> str:
    """The space in which a process number means one process: machine, boot, and container."""
    parts = [socket.gethostname()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    except OSError:  # not Linux
        pass
    return " ".join(parts)


def _started(pid: int) -> int:
    """When a process was started, in ticks since the boot; 0 where the system does not say."""
    try:
        # The second field, the name of the program, stands in brackets and may hold anything.
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return 0
    return -1 if state in "ZX" else int(fields[18])  # a zombie has ended: nobody has looked yet

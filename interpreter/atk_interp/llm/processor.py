"""Whether this processor can run the engines of the models that come along."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from atk_interp.llm.messages import EndpointRefused

__all__ = ["check_processor"]

_NEEDS = frozenset({"avx2", "fma", "f16c", "bmi2"})


def check_processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Refuse a processor on which an engine would die of an illegal instruction, which nothing could catch.

    Raises `EndpointRefused`.
    """
    if platform.machine().lower() not in ("x86_64", "amd64") or not cpuinfo.is_file():
        return
    flags = re.search(r"^flags\s*:(.*)$", cpuinfo.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    missing = sorted(_NEEDS - set(flags[1].split())) if flags else []
    if missing:
        named = ", ".join(f"`{flag}`" for flag in missing)
        message = f"this processor lacks {named}, which the embedded model's engine needs"
        raise EndpointRefused(message, "embedded", "name an endpoint under `models:` in the config")

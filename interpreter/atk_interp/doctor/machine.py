"""The machine: the interpreter, what is installed, the ledger, the embedded model."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from importlib import metadata
from pathlib import Path

from atk_interp.doctor.model import Check
from atk_interp.ledger import LedgerError
from atk_interp.ledger.sqlite import SQLITE_VERSION, SqliteLedger
from atk_interp.llm.messages import EndpointRefused
from atk_interp.llm.model_file import model_path

__all__ = ["machine_checks"]

_PACKAGE = "atk-interp"
_NOT_FOR_USERS = ("all", "dev")
_LITTLE_ROOM = 1_000_000_000
_ELSEWHERE = "name a ledger elsewhere with `--ledger`"
_OUTPUTS_ELSEWHERE = "name another folder as `output_dir`"
_REQUIREMENT = re.compile(r"^([\w.-]+).*;.*\bextra == ['\"]([\w-]+)['\"]")


async def machine_checks(ledger: Path, outputs: Path | None = None) -> AsyncIterator[Check]:
    """What there is on this machine, with the folder of a run's outputs if there is one.

    Makes nothing: a ledger that is not there yet is not opened.
    """
    yield Check(
        "program",
        "ok",
        f"atk-interp {metadata.version(_PACKAGE)}, Python {platform.python_version()}, "
        f"SQLite {SQLITE_VERSION}, {platform.system()} {platform.machine()}",
    )
    for check in _extras():
        yield check
    yield await _ledger(ledger)
    if outputs is not None:
        yield _outputs(outputs)
    for check in _disks(ledger, outputs):
        yield check
    yield _model()


def _extras() -> Iterator[Check]:
    wanted: dict[str, list[str]] = {}
    for line in metadata.requires(_PACKAGE) or ():
        found = _REQUIREMENT.match(line)
        if found is not None and found[2] not in _NOT_FOR_USERS:
            wanted.setdefault(found[2], []).append(found[1])
    for extra, packages in sorted(wanted.items()):
        absent = [package for package in packages if not _is_installed(package)]
        if absent:
            yield Check(
                f"extra `{extra}`",
                "lacking",
                f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed",
                f"`pip install '{_PACKAGE}[{extra}]'`, if a pipeline needs it",
            )
        else:
            yield Check(f"extra `{extra}`", "ok", ", ".join(packages))


def _is_installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


async def _ledger(path: Path) -> Check:
    told = await asyncio.to_thread(_of_no_ledger, path)
    if told is not None:
        return told
    try:
        ledger = await asyncio.to_thread(SqliteLedger, path)
    except LedgerError as error:
        return Check("ledger", "wrong", str(error), error.help)
    await ledger.close()
    return Check("ledger", "ok", f"`{path}` can be written")


def _of_no_ledger(path: Path) -> Check | None:
    """Whether one can be made where there is none yet."""
    if path.exists():
        return None
    folder = _nearest(path)
    if os.access(folder, os.W_OK):
        return Check("ledger", "ok", f"there is none yet; the first run makes `{path}`")
    return Check("ledger", "wrong", f"`{folder}` cannot be written, so no ledger can be made there", _ELSEWHERE)


def _nearest(path: Path) -> Path:
    return next(parent for parent in path.absolute().parents if parent.is_dir())


def _outputs(folder: Path) -> Check:
    """Whether what a run makes can be written: into the folder itself, or where it is to be made."""
    there = folder if folder.is_dir() else _nearest(folder)
    if os.access(there, os.W_OK):
        return Check("outputs", "ok", f"`{folder}` can be written")
    return Check("outputs", "wrong", f"`{there}` cannot be written", _OUTPUTS_ELSEWHERE)


def _disks(ledger: Path, outputs: Path | None) -> Iterator[Check]:
    """How much room there is; one check where ledger and outputs share a disk."""
    disk, free = _disk_of(_nearest(ledger))
    folder = None if outputs is None else outputs if outputs.is_dir() else _nearest(outputs)
    other, room = (disk, free) if folder is None else _disk_of(folder)
    if other == disk:
        yield _room("disk", free, "the ledger is" if folder is None else "the ledger and the outputs are", _ELSEWHERE)
    else:
        yield _room("disk", free, "the ledger is", _ELSEWHERE)
        yield _room("disk of the outputs", room, "the outputs are", _OUTPUTS_ELSEWHERE)


def _disk_of(folder: Path) -> tuple[int, int]:
    """Which disk a folder is on, and how many bytes are free there."""
    return folder.stat().st_dev, shutil.disk_usage(folder).free


def _room(name: str, free: int, what: str, elsewhere: str) -> Check:
    told = f"{free / 1e9:.1f} GB are free where {what}"
    if free < _LITTLE_ROOM:
        return Check(name, "wrong", told, f"make room, or {elsewhere}")
    return Check(name, "ok", told)


def _model() -> Check:
    try:
        return Check("embedded model", "ok", f"`{model_path(fetch=False)}`")
    except EndpointRefused as error:
        help_ = "it is fetched when it is first asked, or now by `atk-interp model fetch`"
        return Check("embedded model", "lacking", str(error), help_)

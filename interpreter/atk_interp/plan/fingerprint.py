"""What the results of a run, or of one step, depend on, as one hash: when it is the same, so are they.

It errs on one side. What cannot change a result (an address, a comment in the spec) may still change the fingerprint,
and the price is a run from the ledger; nothing that can change a result is left out. A plan with a source that does
not say which files it reads has no fingerprint.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from atk_interp.installed import additions
from atk_interp.kinds.base import SourceStep, StepStopped
from atk_interp.plan.identity import digest, endpoint_identity
from atk_interp.plan.model import Loop, Plan, PlannedStep
from atk_interp.values import content_hash

__all__ = ["file_state", "fingerprint", "inputs_state", "step_fingerprints"]

_PACKAGE = Path(__file__).resolve().parent.parent
_FRESH_NS = 2_000_000_000
"""A file that was changed so shortly before it was looked at may be changed again without a trace in its times."""

_REQUIREMENT = re.compile(r"[\w.-]+")


def fingerprint(plan: Plan, moment_ns: int) -> str | None:
    """The hash of all that the results of a plan depend on; None where that cannot be known.

    `moment_ns` is the time (in ns since 1970) by which files count as freshly changed: of those the contents are read,
    of all others the size and times are enough. The same moment must be given to compare. Blocking: it looks at every
    input file.
    """
    try:
        parts = {
            "program": list(_program()),
            "specs": dict(plan.specs),
            "prompts": dict(plan.prompts),
            "python": dict(plan.python),
            "files": {name: dict(step.files) for name, step in plan.steps.items() if step.files},
            "params": dict(plan.params),
            "seed": plan.seed,
            "rows": plan.handed,
            "extent": asdict(plan.extent),
            "steps": list(plan.steps),
            "outputs": list(plan.outputs),
            "models": {slot: _model(asdict(config)) for slot, config in plan.endpoints.items()},
            "inputs": {name: list(_inputs(step.runner, moment_ns)) for name, step in plan.steps.items()},
        }
        return content_hash("atk-run-v1", parts)
    except (OSError, TypeError, StepStopped):
        return None  # the run itself tells what is wrong


def step_fingerprints(plan: Plan, terms: object) -> dict[str, str]:
    """The hash of all that the rows of each step depend on, itself and the steps before it; `terms` is what else does.

    Of the inputs it knows the state of their files, which tells nothing of one that is changed twice in a tick of the
    clock: `inputs_state` must be compared beside it. Steps of which it cannot be known are missing, with all after
    them. Blocking: it looks at every input file.
    """
    any_fallback = any(getattr(config, "fallback", None) for config in plan.endpoints.values())
    models = [endpoint_identity(config) for config in plan.endpoints.values()] if any_fallback else []
    common = digest("atk-terms-v1", [list(_program()), plan.seed, models, terms])
    own = {name: _own_parts(plan, step) for name, step in plan.steps.items()}
    made: dict[str, str] = {}
    for name, step in plan.steps.items():
        inner = [body for body in plan.steps if _is_within(plan, body, name)] if isinstance(step.runner, Loop) else []
        before = {key: list(names) for key, names in _before(step).items()}
        needed = [source for names in before.values() for source in names]
        if own[name] is None or any(own[body] is None for body in inner) or not made.keys() >= set(needed):
            continue
        chain = {key: [made[source] for source in names] for key, names in before.items()}
        made[name] = digest("atk-kept-v1", [common, name, own[name], chain, [own[body] for body in inner]])
    return made


def _before(step: PlannedStep) -> dict[str, tuple[str, ...]]:
    """The steps that a step depends on, by how it does."""
    return {
        "from": step.inputs,
        **{f"with {key}": names for key, names in step.others.items()},
        "use": step.uses,
        "passes": (step.passes,) if step.passes else (),
        "inside": (step.inside,) if step.inside else (),
    }


def _is_within(plan: Plan, name: str, loop: str) -> bool:
    around = plan.steps[name].inside
    return bool(around) and (around == loop or _is_within(plan, around, loop))


def _own_parts(plan: Plan, step: PlannedStep) -> list[Any] | None:
    """What a step depends on beside the steps before it; None when that cannot be known."""
    if step.identity is None:
        return None
    try:
        is_source = isinstance(step.runner, SourceStep)
        files = [[name, *state] for name, *state, _ in _inputs(step.runner, None)] if is_source else []
        return [step.identity(), files, plan.handed if is_source else ""]
    except (OSError, TypeError, StepStopped):
        return None


def inputs_state(plan: Plan, steps: Iterable[str], moment_ns: int) -> str | None:
    """The hash of the inputs of some steps, with the contents of files that were changed shortly before a moment.

    None when they cannot be looked at. Blocking.
    """
    try:
        states: Mapping[str, Any] = {name: list(_inputs(plan.steps[name].runner, moment_ns)) for name in sorted(steps)}
        return content_hash("atk-inputs-v1", states)
    except (OSError, TypeError, StepStopped):
        return None


def file_state(path: Path) -> tuple[int, int, int]:
    """What changes when a file does: its size, and when its content and its entry were changed. Raises `OSError`."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


class _Unknown(TypeError):
    """A source does not say what it reads."""


def _inputs(runner: object, moment_ns: int | None) -> Iterator[list[Any]]:
    """The files of a source with their states, and the contents of fresh ones; without a moment none is fresh."""
    if not isinstance(runner, SourceStep):
        return
    if runner.reads is None:
        raise _Unknown
    for path in runner.reads():
        size, changed, moved = file_state(path)
        fresh = moment_ns is not None and max(changed, moved) > moment_ns - _FRESH_NS
        # Names need not be text; their bytes are.
        yield [os.fsencode(path).hex(), size, changed, moved, _content(path) if fresh else None]


def _content(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _model(config: dict[str, Any]) -> dict[str, Any]:
    folder, script = config.pop("folder"), config["script"]
    return {**config, "said": _content(folder / script) if script else None}


def _program() -> Iterator[Any]:
    """This program, what it uses and what is added to it: also checkouts that are being worked on."""
    yield platform.python_version()
    for name in sorted(_uses()):
        try:
            yield [name, metadata.version(name)]
        except metadata.PackageNotFoundError:
            yield [name, None]
    yield from sorted(_own_files(os.scandir(_PACKAGE)))
    for added in additions():
        yield list(added)
    for place in sorted({place for added in additions() if (place := added.folder()) is not None}):
        yield from sorted(_own_files(os.scandir(place))) if place.is_dir() else [[str(place), *file_state(place)]]


def _uses() -> set[str]:
    found = {"atk-interp"}
    try:
        required = metadata.requires("atk-interp") or []
    except metadata.PackageNotFoundError:
        required = []
    for requirement in required:
        name = _REQUIREMENT.match(requirement)
        if name is not None and "extra == 'dev'" not in requirement.replace('"', "'"):
            found.add(name[0])
    return found


def _own_files(entries: Iterable[os.DirEntry[str]]) -> Iterator[list[Any]]:
    for entry in entries:
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _own_files(os.scandir(entry))
        else:
            found = entry.stat()
            yield [entry.path, found.st_size, found.st_mtime_ns]

"""`run.json`: what ran, and what became of it."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from atk_interp.formats.atomic import AtomicFile
from atk_interp.plan import Plan
from atk_interp.runtime.endpoints import used_slots
from atk_interp.runtime.making import without_login
from atk_interp.runtime.outcome import RunResult
from atk_interp.runtime.unchanged import Origin
from atk_interp.spec import EndpointConfig

__all__ = ["run_record", "write_record"]


def run_record(
    plan: Plan,
    result: RunResult,
    begun: datetime.datetime,
    answered_as: Mapping[str, Iterable[str]],
    origin: Origin | None,
    made_by: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The record of a run that has ended. `answered_as` are the names under which the models of the slots replied."""
    return {
        "version": 1,
        "pipeline": plan.spec.name,
        "status": result.status,
        "message": result.message,
        "help": result.help,
        "part": result.part,
        "limit": plan.extent.limit,
        "until": plan.extent.until,
        "started": begun.isoformat(timespec="seconds"),
        "seconds": round(result.seconds, 3),
        "atk_interp": importlib.metadata.version("atk-interp"),
        "spec": plan.spec.document.file.path,
        "params": dict(plan.params),
        "seed": plan.seed,
        "prompts": dict(plan.prompts),
        "models": _models(plan, answered_as),
        "outputs": [
            {
                "name": output.name,
                "file": output.path.relative_to(result.output_dir).as_posix(),
                "rows": output.rows,
                "complete": output.complete,
            }
            for output in result.outputs
        ],
        "rejected": result.rejected,
        "causes": [asdict(cause) for cause in result.causes],
        "checks": [asdict(check) for check in result.checks],
        "spending": None if result.spending is None else result.spending.as_json(),
        "made_by": made_by,
        "made_from": _made_from(result, origin),
        "steps": [asdict(state) for state in result.steps],
        "graph": {
            "steps": {name: {"from": list(step.sources), "uses": list(step.uses)} for name, step in plan.steps.items()},
            "outputs": {name: output.source for name, output in plan.outputs.items()},
        },
    }


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write `run.json`. Raises `CannotWrite`."""
    with AtomicFile(folder / "run.json") as file:
        file.write(json.dumps(record, indent=2, ensure_ascii=False, default=str).encode() + b"\n")


def _models(plan: Plan, answered_as: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    return {
        slot: {
            "provider": config.provider,
            "model": config.model,
            "base_url": _addresses(config),
            "answered_as": sorted(answered_as.get(slot, ())),
        }
        for slot, config in used_slots(plan).items()
    }


def _made_from(result: RunResult, origin: Origin | None) -> dict[str, Any] | None:
    """What to compare before the next run; None for a run that is to be gone on with."""
    if origin is None or result.status != "done":
        return None
    folder = result.output_dir
    files = [output.path.relative_to(folder).as_posix() for output in result.outputs]
    return origin.as_json(folder, [*files, "rejected.jsonl"])


def _addresses(config: EndpointConfig) -> str | list[str] | None:
    told = [without_login(address) for address in config.base_urls]
    return told if len(told) > 1 else told[0] if told else None

"""Filling in the outputs that are one text about a run: dataset cards, configs of trainers."""

from __future__ import annotations

import importlib.metadata
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from atk_interp.formats.atomic import AtomicFile, CannotWrite
from atk_interp.kinds.base import RowFailed, StepStopped
from atk_interp.plan import Plan, PlannedOutput
from atk_interp.records import dataclass
from atk_interp.runtime.endpoints import used_slots
from atk_interp.runtime.events import StepState
from atk_interp.values import decode

__all__ = ["About", "write_document"]

_SHOWN = 5
_BUILDERS = {"lines": "json", "array": "json", "csv": "csv", "parquet": "parquet"}
"""What `datasets` calls the readers of the forms of files."""


@dataclass(frozen=True)
class About:
    """The rows that a document is about: how many, and the first of them."""

    count: int
    rows: Sequence[Any]

    @staticmethod
    def of(records: Iterator[bytes]) -> About:
        rows = [decode(record) for record in itertools.islice(records, _SHOWN)]
        return About(len(rows) + sum(1 for _ in records), rows)


def write_document(
    path: Path,
    plan: Plan,
    output: PlannedOutput,
    about: About,
    states: Iterable[StepState],
    written: Mapping[str, int],
    learned: str | None = None,
    *,
    complete: bool = True,
) -> None:
    """Fill in a document and write it; `written` are the rows of the other outputs. Raises `CannotWrite`.

    `learned` is what its step has learned, for a file that holds that; a run that stopped is not `complete`.
    """
    assert output.document is not None
    try:
        facts = {**_facts(plan, output, about, states, written), "complete": complete, "learned": learned}
        text = output.document(facts)
    except (RowFailed, StepStopped) as error:
        told = f"output `{output.name}` cannot be filled in: {error}"
        help_ = "see `rejected.jsonl`" if output.learned else "mend its template, then run the same command again"
        raise CannotWrite(told, help_) from error
    with AtomicFile(path) as file:
        file.write((text.rstrip("\n") + "\n").encode("utf-8", "replace"))


def _facts(
    plan: Plan, output: PlannedOutput, about: About, states: Iterable[StepState], written: Mapping[str, int]
) -> dict[str, Any]:
    """What a template may name: `flow.documents.document_scope`."""
    return {
        "pipeline": plan.spec.name,
        "description": plan.spec.description,
        "version": importlib.metadata.version("atk-interp"),
        "params": dict(plan.params),
        "seed": plan.seed,
        "step": output.source,
        "count": about.count,
        "rows": list(about.rows),
        "steps": [_step(state) for state in states],
        "models": [
            {"slot": slot, "name": config.model or config.provider} for slot, config in used_slots(plan).items()
        ],
        "outputs": [
            {**_output(each, written.get(each.name, about.count)), "stem": stem}
            for each, stem in zip(plan.outputs.values(), _stems(plan.outputs), strict=True)
        ],
    }


def _step(state: StepState) -> dict[str, Any]:
    names = ("name", "kind", "rows_in", "passed", "filtered", "rejected", "rows_out")
    return {name: getattr(state, name) for name in names}


def _stems(names: Iterable[str]) -> list[str]:
    """The names of files without folder and suffix, or with both where that is what tells them apart."""
    stems = {name: PurePosixPath(name).stem for name in names}
    found = Counter(stems.values())
    return [stem if found[stem] == 1 else name.replace("/", "_") for name, stem in stems.items()]


def _output(output: PlannedOutput, rows: int) -> dict[str, Any]:
    return {
        "name": output.name,
        "format": output.format,
        "holds": output.holds or output.format,
        "marked": output.marked,
        "rows": rows,
        "builder": _BUILDERS.get(output.form, "text"),
        "is_document": output.document is not None,
    }

"""The graph of a pipeline for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atk_interp.reference.graph_nodes import Asks, PipelineGraph, StepNode
from atk_interp.values import encode

__all__ = ["graph_json"]

VERSION = 1
"""Of the JSON. Raised when a field changes its meaning or goes; new fields do not raise it."""


def graph_json(graph: PipelineGraph, only: Sequence[str] = ()) -> str:
    """The graph for programs: `{"version": 1, "steps": [...], "outputs": [...], ...}`; of some steps only, if named.

    The steps within a step stand under its own `steps`.
    """
    steps = [_step(step) for step in graph.chosen(only)]
    outputs: list[dict[str, Any]] = [
        {
            "name": out.name,
            "format": out.format,
            "from": out.source,
            "where": out.where,
            "reads": dict(out.reads),
            "more_fields": out.more,
        }
        for out in graph.outputs
        if not only
    ]
    head = {"version": VERSION, "name": graph.name, "description": graph.description, "spec": graph.spec}
    tail = {"config": graph.config, "findings": graph.findings}
    checks = [{"label": label, "check": text} for label, text in graph.checks.items() if not only]
    return encode({**head, **tail, "steps": steps, "outputs": outputs, "checks": checks}).decode()


def _step(step: StepNode) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "rows": step.rows,
        "from": list(step.inputs),
        "beside": {key: list(names) for key, names in step.beside.items()},
        "to": list(step.feeds),
        "when": step.when,
        "remarks": dict(step.remarks),
        "asks": _asks(step.asks) if step.asks is not None else None,
        "known": step.known,
        "fields": dict(step.fields),
        "more_fields": step.more,
        "adds": list(step.adds),
        "changes": {name: {"from": old, "to": new} for name, (old, new) in step.changes.items()},
        "drops": dict(step.drops),
        "steps": [_step(inner) for inner in step.steps],
    }


def _asks(asks: Asks) -> dict[str, Any]:
    prompts = [{"name": prompt.name, "file": prompt.file, "overrides": prompt.overrides} for prompt in asks.prompts]
    return {"slot": asks.slot, "named": asks.named, "model": asks.model, "prompts": prompts, "reads": dict(asks.reads)}

"""What to write for a key of Augmentoolkit that stands in a config of ours, in one sentence."""

from __future__ import annotations

from collections.abc import Container, Sequence

from atk_interp.elsewhere.known import Goal, Key, Known
from atk_interp.elsewhere.spellings import names_of
from atk_interp.elsewhere.tables import PIPELINES, SHARED

__all__ = ["advice"]

_PAGE = "(docs/migrating.md)"
_ENDPOINT = ("model", "base_url", "mode")
_CONCURRENCY = "concurrency_limit"
_SUBSET = "use_subset"


def advice(pipeline: str, path: Sequence[str | int], params: Container[str]) -> str | None:
    """What to write for the key that a path leads to; None where it is no key of that pipeline's original."""
    known = next((known for known in PIPELINES if known.ours == pipeline), None)
    if known is None:
        return None
    for name in names_of(path):
        told = _said(known, name, params)
        if told is not None:
            return f"{told} {_PAGE}"
        if name != str(path[-1]) and name in params:
            return f"write `{name}` {_PAGE}"
    return None


def _said(known: Known, name: str, params: Container[str]) -> str | None:
    goal: Goal | None = known.keys.get(name, SHARED.get(name))
    if isinstance(goal, str):
        return goal
    if goal is not None:
        keys = [goal] if isinstance(goal, Key) else [*goal]
        there = list(dict.fromkeys(f"`{key.to}`" for key in keys if key.to in params and key.to != name))
        return f"write {' and '.join(there)}" if there else None
    if name == _CONCURRENCY:
        return "write `concurrency` for the endpoints under `models`"
    if name == _SUBSET and known.subset in params:
        return f"leave `{known.subset}` out to take all"
    return _slot(known, name)


def _slot(known: Known, name: str) -> str | None:
    """Where the endpoint stands that a key says something of."""
    for prefix, slot in known.slots.items():
        before, _, size = prefix.rpartition("_")
        is_price = name.startswith(f"{before}_cost_" if before else "cost_") and f"_{size}_" in name
        if slot and (is_price or name in [f"{prefix}_{key}" for key in _ENDPOINT]):
            return f"write it under `models`, as `{slot}: {{{'price' if is_price else 'model'}: …}}`"
    return None

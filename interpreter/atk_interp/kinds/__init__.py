"""Step kinds: one file each. Adding one means a file, a line here, and its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from atk_interp.installed import Extended
from atk_interp.kinds.base import CODES, StepKind
from atk_interp.registry import Picked, Registry
from atk_interp.spec.options import Option

__all__ = ["CODES", "KINDS", "KIND_OPTIONS", "StepKind"]

_OWN: Mapping[str, StepKind] = Registry(
    __name__,
    {
        "read": "read:Read",
        "rows": "rows:Rows",
        "input": "rows:Input",
        "draw": "draw:Draw",
        "chunk": "chunk:Chunk",
        "map": "map:Map",
        "filter": "filter:Filter",
        "explode": "explode:Explode",
        "group": "group:Group",
        "join": "join:Join",
        "sample": "sample:Sample",
        "sort": "sort:Sort",
        "shuffle": "shuffle:Shuffle",
        "limit": "limit:Limit",
        "split": "split:Split",
        "mix": "mix:Mix",
        "pack": "pack:Pack",
        "dedupe": "dedupe:Dedupe",
        "retrieve": "retrieve:Retrieve",
        "loop": "loop:Loop",
        "once": "once:Once",
        "pipeline": "pipeline:Pipeline",
        "result": "result:ResultOf",
        "generate": "generate:Generate",
        "vote": "vote:Vote",
        "classifier": "classifier:ClassifierKind",
        "python": "python:Python",
        "reduce": "reduce:Reduce",
        "converse": "converse:Converse",
    },
)


def _wrong(name: str, kind: Any) -> str | None:
    if not isinstance(kind, StepKind):
        return "is no `StepKind`"
    return None if kind.name == name else f"calls itself `{kind.name}`"


KINDS: Mapping[str, StepKind] = Extended(_OWN, "atk_interp.kinds", _wrong)
"""Every kind by its name, in the order in which people are told of them; imported when a spec names it."""

KIND_OPTIONS: Mapping[str, Sequence[Option]] = Picked(KINDS, lambda kind: kind.options)
"""The options of each kind."""

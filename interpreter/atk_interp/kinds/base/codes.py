"""Findings about steps that take more than a stream of rows: joins, loops, pipelines within pipelines."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity

__all__ = ["CLASHING_FIELDS", "CODES", "KEYS_NEVER_EQUAL"]

CLASHING_FIELDS = Code(
    "ATK531",
    "clashing-fields",
    Severity.ERROR,
    finds="A join of rows that both have a field of one name, beside the key.",
    why="The joined row can hold only one of the two values.",
    bad="joined: {kind: join, from: questions, with: passages, by: passage}   # both have `text`",
    good="joined: {kind: join, from: questions, with: passages, by: passage, prefix: passage_}",
)
KEYS_NEVER_EQUAL = Code(
    "ATK532",
    "keys-never-equal",
    Severity.ERROR,
    finds="A join whose keys are of types that are never equal, or not as many on both sides.",
    why="No row would find another one.",
    bad="by: number   # text on one side, a number on the other",
    good="by: number\nwith_by: number | int",
)

CODES = (CLASHING_FIELDS, KEYS_NEVER_EQUAL)

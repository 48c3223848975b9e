"""The page of step kinds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from atk_interp.installed import given_by
from atk_interp.kinds import KINDS, StepKind
from atk_interp.kinds.base import ASKING_OPTIONS, Cardinality, Example
from atk_interp.reference.markdown import described, fenced, origin, page, table
from atk_interp.reference.rules import option_table, schema_table
from atk_interp.reference.yaml_text import yaml_text
from atk_interp.spec.schema import STEP_SCHEMA

__all__ = ["kinds_page"]


_SOURCES, _ONE, _ALL = "Where rows come from", "One row at a time", "All rows, or those of several steps"
_ASKING, _WITHIN = "Asking a model", "Pipelines, loops and functions of your own"
_GROUPS = (_SOURCES, _ONE, _ALL, _ASKING, _WITHIN)
_OF_ONE = (Cardinality.ONE, Cardinality.AT_MOST_ONE, Cardinality.MANY)


def kinds_page() -> str:
    """Every step kind: what it does, its options, its examples."""
    return page(
        "Step kinds",
        "A step is a mapping under `steps:`. Its name is yours; `kind` says what it does. *Rows* tells how many come "
        "out for how many that go in. `=expr` is an [expression](../expressions.md) over the parameters.",
        "[Keys of every step](#keys-of-every-step) and [asking a model](#asking-a-model) stand below, too.",
        *(
            f"**{group}**\n\n" + table(["kind", "rows", "does"], [_line(kind) for kind in kinds])
            for group, kinds in _groups().items()
        ),
        "## Keys of every step",
        schema_table(STEP_SCHEMA),
        *(_section(kind) for kind in KINDS.values()),
        "## Asking a model",
        "These keys belong to every kind that asks a model. The keys of `sampling` are those of "
        "[sampling](config.md#sampling), and `parse` is one of the [parsers](replies.md).",
        option_table(ASKING_OPTIONS),
    )


def _groups() -> Mapping[str, list[StepKind]]:
    """The kinds by what one looks for: where rows come from, what is done to one or to all, and who is asked."""
    groups: dict[str, list[StepKind]] = {}
    for kind in KINDS.values():
        groups.setdefault(_group(kind), []).append(kind)
    return {name: groups[name] for name in _GROUPS if name in groups}


def _group(kind: StepKind) -> str:
    if kind.asks_model and kind.name not in ("dedupe", "retrieve"):  # these may ask for vectors alone
        return _ASKING
    if kind.name in ("pipeline", "result", "loop", "python"):
        return _WITHIN
    if kind.cardinality is Cardinality.SOURCE or kind.name == "draw":
        return _SOURCES
    return _ONE if kind.cardinality in _OF_ONE else _ALL


def _line(kind: StepKind) -> list[str]:
    return [f"[`{kind.name}`](#{kind.name})", kind.cardinality.value, described(kind).split("\n")[0]]


def _section(kind: StepKind) -> str:
    own = [option for option in kind.options if option not in ASKING_OPTIONS]
    asks = "It takes the keys of [asking a model](#asking-a-model)" + (", and these:" if own else ".")
    parts = [
        f"## {kind.name}",
        described(kind),
        origin(given_by(KINDS, kind.name)),
        f"Rows: {kind.cardinality.value}.",
        asks if kind.asks_model else "",
        option_table(own),
        *(_example(kind, example) for example in kind.examples),
    ]
    return "\n\n".join(part for part in parts if part)


def _example(kind: StepKind, example: Example) -> str:
    step = yaml_text({"kind": kind.name, **example.options})
    rows = [f"in   {_row(row)}" for row in example.given]
    rows += [f"{key:<4} {_row(row)}" for key, others in example.others.items() for row in others]
    rows += [f"out  {_row(row)}" for row in example.expect]
    given = "With the parameters " + _row(example.params) + ":" if example.params else "For example:"
    return "\n\n".join([given, fenced(step, "yaml"), fenced("\n".join(rows))])


def _row(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)

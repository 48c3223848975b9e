"""The page of step kinds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from atk_interp.installed import given_by
from atk_interp.kinds import KINDS, StepKind
from atk_interp.kinds.base import ASKING_OPTIONS, Example
from atk_interp.reference.markdown import described, fenced, origin, page, table
from atk_interp.reference.rules import option_table, schema_table
from atk_interp.reference.yaml_text import yaml_text
from atk_interp.spec.schema import STEP_SCHEMA

__all__ = ["kinds_page"]


def kinds_page() -> str:
    """Every step kind: what it does, its options, its examples."""
    return page(
        "Step kinds",
        "A step is a mapping under `steps:`. Its name is yours; `kind` says what it does. *Rows* tells how many come "
        "out for how many that go in. `=expr` is an [expression](../expressions.md) over the parameters.",
        table(["kind", "rows", "does"], [_line(kind) for kind in KINDS.values()]),
        "## Keys of every step",
        schema_table(STEP_SCHEMA),
        *(_section(kind) for kind in KINDS.values()),
        "## Asking a model",
        "These keys belong to every kind that asks a model. The keys of `sampling` are those of "
        "[sampling](config.md#sampling), and `parse` is one of the [parsers](replies.md).",
        option_table(ASKING_OPTIONS),
    )


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

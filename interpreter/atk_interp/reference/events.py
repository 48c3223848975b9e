"""The page of events: what a run tells, to listeners and in `events.jsonl`."""

from __future__ import annotations

import typing
from dataclasses import fields
from types import UnionType
from typing import Any

from atk_interp.reference.markdown import code, described, page, table
from atk_interp.runtime.events import EVENTS, VERSION, Cause, EndpointState, StepState
from atk_interp.runtime.spent import Spent

__all__ = ["events_page"]

_PARTS = (StepState, Cause, EndpointState, Spent)
"""What some events hold."""

_NOT_WRITTEN = ("request", "reply")
"""For listeners in the process alone."""


def events_page() -> str:
    """Every event, in the order in which a run may first tell them, then the parts that they share."""
    return page(
        "Events",
        "What happens in a run is told as events, to the listeners of a program and, one JSON object on a line, in "
        "`events.jsonl`. It grows with the steps of a run and the causes of what happens in it, "
        "and not with its rows and calls: those are in `rejected.jsonl` and in the ledger.",
        "Each line holds `time` (UTC), `event` (its name), the fields below, and for an event that repeats `nth`: "
        "which one of its cause it is. Of these the first 20 are written, then the 100th, the 1,000th, and so on; "
        "`RunFinished` has the final counts under `causes`. Further runs into the same folder are added: each begins "
        f"with `RunStarted`, whose `version` is {VERSION}. New fields and events may come under the same "
        "version, so pass over what you do not know. The last line of a run that was killed may be cut: pass over what "
        "is no JSON.",
        *(_section(event, "##") for event in EVENTS),
        "## Parts",
        *(_section(part, "###") for part in _PARTS),
    )


def _section(kind: type[Any], mark: str) -> str:
    types = typing.get_type_hints(kind)
    rows = [[code(field.name), _type(types[field.name])] for field in fields(kind) if field.name not in _NOT_WRITTEN]
    return f"{mark} {kind.__name__}\n\n{described(kind)}\n\n{table(['field', 'holds'], rows)}"


def _type(hint: Any) -> str:
    """A type in the words of JSON."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"mapping to {_type(inner[1])}"
    if origin in (typing.Union, UnionType):
        return " or ".join(map(_type, inner))
    if hint in _PARTS:
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    return {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "null"}[hint]

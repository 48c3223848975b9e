"""The typed form of a spec: what stands in the file, checked for shape, not yet for meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from atk_interp.document import Document, Path
from atk_interp.records import dataclass
from atk_interp.values import Value

__all__ = ["BUILT_IN_NAMES", "Check", "ModelSlot", "Output", "Param", "PipelineSpec", "Requirement", "Step"]

BUILT_IN_NAMES = ("row", "sample", "attempt", "seed")
"""Names that every expression and template may use beside fields and parameters."""


@dataclass(frozen=True)
class Param:
    """One parameter of the pipeline. Required when it has neither a default nor `optional`.

    Of a list, `of` is the type of its items, `min` and `max` count them, and `choices` are the items that there may be.
    Of a map, `of` is the type of its values; it is `any` where the map has keys of its own. `needs` and `takes` are the
    keys of the maps: those that each must have, and all that one may have with what belongs there, where that is said.
    """

    name: str
    type: str
    default: Value = None
    has_default: bool = False
    optional: bool = False
    min: float | None = None
    max: float | None = None
    choices: tuple[Value, ...] = ()
    help: str = ""
    section: str = ""
    path: Path = ()
    of: str = "any"
    needs: tuple[str, ...] = ()
    takes: Mapping[str, Param] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        return not self.has_default and not self.optional


@dataclass(frozen=True)
class ModelSlot:
    """A model that the pipeline asks for; the config says which endpoint answers."""

    name: str
    expects: str = "any"
    sampling: Mapping[str, Value] = field(default_factory=dict)
    path: Path = ()


@dataclass(frozen=True)
class Step:
    """One step. `options` are the keys of its kind, as written; `when` is there when the key is.

    A step whose shape is wrong (which is told) is not `valid`: it stands in the graph, and its rows are unknown.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    has_when: bool
    options: Mapping[str, Any]
    path: Path
    valid: bool = True
    sides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Steps that are named elsewhere than under `from`, by the key that names them (`use`, `with` of a join)."""

    def option_path(self, name: str) -> Path:
        return (*self.path, name)


@dataclass(frozen=True)
class Output:
    """One file that the pipeline writes, from the rows of a step."""

    name: str
    source: str
    format: str
    options: Mapping[str, Any]
    path: Path


@dataclass(frozen=True)
class Check:
    """What must hold at the end of a run: the expression at `path`. Its label is the expression where none is given."""

    label: str
    path: Path


@dataclass(frozen=True)
class Requirement:
    """What must hold of the parameters: the expression at `path`. The label is what people are told where it does not.

    With `each`, a parameter that is a list or a map, it must hold of each of its items, which is called `item` there.
    """

    label: str
    path: Path
    each: str = ""
    item: str = ""


@dataclass(frozen=True)
class PipelineSpec:
    """A whole spec. Mappings keep the order of the file."""

    name: str
    description: str
    params: Mapping[str, Param]
    models: Mapping[str, ModelSlot]
    steps: Mapping[str, Step]
    outputs: Mapping[str, Output]
    document: Document = field(repr=False)
    checks: tuple[Check, ...] = ()
    requires: tuple[Requirement, ...] = ()

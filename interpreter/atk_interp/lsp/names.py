"""The names that an expression or a template may use at a place, with their types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from atk_interp.document import Path
from atk_interp.expressions.types import ANY, INT, ListType, RecordType, Type, join_types, without_null
from atk_interp.flow import Analysis
from atk_interp.kinds.base import ROW_TYPE, StepView
from atk_interp.lint.engine import Linted
from atk_interp.lsp.project import Use
from atk_interp.records import dataclass
from atk_interp.replies import OptionsError, build_reader
from atk_interp.spec import Takes, param_type

__all__ = ["Names", "in_prompt", "in_spec", "template_locals", "type_of_chain", "view_at"]

_OVER_PARAMS = {Takes.INT, Takes.NUMBER, Takes.BOOL, Takes.TEXT, Takes.PATH}
_BLOCK = re.compile(
    r"\{%[-+]?\s*(?:(?P<for>for)\s+(?P<items>[\w\s,()]+?)\s+in\s+(?P<list>[^%]*?)|(?P<end>endfor)|set\s+(?P<set>\w+)\s*=[^%]*)"
    r"\s*[-+]?%\}"
)
_CHAIN = re.compile(r"[A-Za-z_]\w*(?:\.\w+|\[[^\]\n]*\])*\Z")
_EACH = re.compile(r"\s*(?P<list>.+?)\s+as\s+(?P<item>[A-Za-z_]\w*)\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Names:
    """The names in scope, and for each field the step that writes it, where that is known."""

    types: Mapping[str, Type]
    origins: Mapping[str, str]


_NONE = Names({}, {})


def view_at(analysis: Analysis, path: Path) -> StepView | None:
    """The step or output that a path of a spec leads into."""
    if len(path) < 2 or path[0] not in ("steps", "outputs"):
        return None
    views = (analysis.views if path[0] == "steps" else analysis.outputs).values()
    within = [view for view in views if view.step.path == path[: len(view.step.path)]]
    return max(within, key=lambda view: len(view.step.path), default=None)


def in_spec(readings: Sequence[Linted], path: Path) -> Names:
    """The names for an expression or template at a path of a spec, as the first that knows its step reads it."""
    if path[:1] == ("requires",):
        known = [linted.analysis.spec.params for linted in readings if linted.analysis is not None]
        return Names({name: param_type(param) for name, param in known[0].items()}, {}) if known else _NONE
    for linted in readings:
        view = view_at(linted.analysis, path) if linted.analysis is not None else None
        if view is not None:
            return Names(_types(view, path), _origins(view))
    for linted in readings:
        if linted.analysis is not None and len(path) > 2:
            return _from_inputs(linted.analysis, path)
    return _NONE


def in_prompt(uses: Iterable[Use], each: Iterable[str] = (), around: Names = _NONE) -> Names:
    """The names for a prompt file: those of all steps that read it, and those `around` it.

    `each` are the loops of messages around a place.
    """
    types: dict[str, Type] = dict(around.types)
    origins: dict[str, str] = dict(around.origins)
    for use in uses:
        for name, type_ in use.view.row_scope().items():
            types[name] = join_types([types[name], type_]) if name in types else type_
        origins |= _origins(use.view)
    for loop in each:
        found = _EACH.match(loop)
        if found is not None:
            types[found["item"]] = _element(type_of_chain(found["list"], types))
    return Names(types, origins)


def template_locals(text: str, types: Mapping[str, Type]) -> dict[str, Type]:
    """The types with those of the loops that are open at the end of a piece of template, and of what it has set."""
    known = dict(types)
    loops: list[dict[str, Type]] = []
    for block in _BLOCK.finditer(text):
        if block["end"]:
            known = loops.pop() if loops else known
        elif block["for"]:
            loops.append(dict(known))
            items = re.findall(r"\w+", block["items"])
            element = _element(type_of_chain(block["list"].strip(), known))
            known |= {name: element if len(items) == 1 else ANY for name in items}
            known["loop"] = ANY
        elif block["set"]:
            known[block["set"]] = ANY
    return known


def type_of_chain(text: str, types: Mapping[str, Type]) -> Type:
    """The type of `name.attribute[0]`, with which a text ends; `any` for everything else."""
    found = _CHAIN.search(text)
    if found is None:
        return ANY
    name, *parts = re.findall(r"\w+|\[[^\]]*\]", found[0])
    type_ = types.get(name, ANY)
    for part in parts:
        held = without_null(type_)
        if part.startswith("["):
            type_ = held.item if isinstance(held, ListType) else ANY
        else:
            type_ = held.fields.get(part, ANY) if isinstance(held, RecordType) else ANY
    return type_


def _element(type_: Type) -> Type:
    held = without_null(type_)
    return held.item if isinstance(held, ListType) else ANY


def _from_inputs(analysis: Analysis, path: Path) -> Names:
    """The names for a step that is not whole yet: what its inputs give, and what its `parse` would read."""
    document, owner = analysis.spec.document, path[:2]
    named = document.get((*owner, "from"))
    listed = [name for name in (named if isinstance(named, list) else [named]) if isinstance(name, str)]
    rows = join_types(analysis.fields[name] for name in listed if name in analysis.fields)
    fields = dict(rows.fields) if isinstance(rows, RecordType) else {}
    params = {name: param_type(param) for name, param in analysis.spec.params.items()}
    read: Mapping[str, Type] = {}
    with suppress(OptionsError):
        parse = document.get((*owner, "parse"))
        read = build_reader(parse).fields if isinstance(parse, dict) and path[2] != "when" else {}
    types = {**params, **fields, "row": ROW_TYPE, "seed": INT, "sample": INT, "attempt": INT, **read}
    providers = next((view.providers for view in analysis.views.values()), {})
    return Names(types, {name: step for name, step in providers.items() if name in fields})


def _types(view: StepView, path: Path) -> Mapping[str, Type]:
    if path in view.scopes:
        return view.scopes[path]
    key = path[len(view.step.path)] if len(path) > len(view.step.path) else ""
    option = next((option for option in view.options if option.name == key), None)
    if option is not None and option.takes in _OVER_PARAMS:
        return view.params_scope()
    read = view.reader.fields if view.reader is not None and key != "when" else {}
    return view.row_scope(read)


def _origins(view: StepView) -> dict[str, str]:
    return {name: step for name, step in view.providers.items() if name in view.input.fields}

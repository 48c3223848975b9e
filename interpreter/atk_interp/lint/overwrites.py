"""Fields that are written twice, with nobody reading the first value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from atk_interp.flow import Analysis
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import Cardinality, StepView
from atk_interp.lint.reads import Reads
from atk_interp.records import dataclass

__all__ = ["Overwrite", "overwrites"]

_SAME_ROWS = (Cardinality.ONE, Cardinality.AT_MOST_ONE, Cardinality.MANY, Cardinality.SET)


@dataclass(frozen=True)
class Overwrite:
    """A field that one step writes over the unread value of an earlier one."""

    field: str
    view: StepView
    earlier: StepView


def overwrites(analysis: Analysis, reads: Reads) -> Iterator[Overwrite]:
    """The overwrites of a spec, in the order of its steps. A `map` overwrites on purpose."""
    origins: dict[str, Mapping[str, frozenset[str]]] = {}
    for name in analysis.graph.order:
        view = analysis.views.get(name)
        reaching = _merged([origins.get(source, {}) for source in analysis.graph.inputs[name]])
        origins[name] = {} if view is None else _leaving(view, reaching)
        if view is not None and view.step.kind == "map":
            left = analysis.fields[name].fields
            origins[name] = {field: writers for field, writers in origins[name].items() if field in left}
        if view is None or view.step.kind == "map" or KINDS[view.step.kind].cardinality not in _SAME_ROWS:
            continue
        for field in view.written:
            writers = [analysis.views[writer] for writer in sorted(reaching.get(field, ()))]
            if writers and all(_is_lost(field, writer, view, reads) for writer in writers):
                yield Overwrite(field, view, writers[0])


def _merged(branches: list[Mapping[str, frozenset[str]]]) -> Mapping[str, frozenset[str]]:
    """The steps that wrote each field last."""
    if len(branches) == 1:
        return branches[0]
    found: dict[str, frozenset[str]] = {}
    for branch in branches:
        for field, writers in branch.items():
            found[field] = found.get(field, frozenset()) | writers
    return found


def _leaving(view: StepView, reaching: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    own = {field: frozenset([view.step.name]) for field in view.written}
    if KINDS[view.step.kind].cardinality not in (*_SAME_ROWS, Cardinality.JOINED):
        return own
    if view.step.has_when:
        return _merged([reaching, own])
    return {**reaching, **own} if own else reaching


def _is_lost(field: str, writer: StepView, view: StepView, reads: Reads) -> bool:
    """Whether nothing reads what the writer wrote; a field that its author never named must be missed later on."""
    if reads.is_read(writer.step.name, field):
        return False
    return writer.names_field(field) or reads.is_read(view.step.name, field)

"""Which fields are read after a step, before they are overwritten or lost: the live ones, as compilers say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from atk_interp.flow import Analysis
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import Cardinality, StepView
from atk_interp.records import dataclass
from atk_interp.templates import used_names

__all__ = ["EVERYTHING", "NOTHING", "Live", "Reads", "reads_of"]

_NAMING = frozenset(
    [
        *("read", "rows", "input", "chunk", "map", "filter", "explode", "group"),
        *("sample", "shuffle", "sort", "limit", "split", "mix", "pack", "dedupe", "python", "retrieve", "classifier"),
        *("generate", "vote", "reduce", "converse"),
    ]
)
"""The kinds that read no fields but those that they name. Any other kind is taken to read all."""

_AFTER = frozenset(["accept", "keep", "pass"])
"""Keys whose expressions see the row as the step has made it."""

_FRESH_ROWS = (Cardinality.MERGED, Cardinality.SOURCE, Cardinality.SOURCE_OR_ONE)


@dataclass(frozen=True)
class Live:
    """Fields that are read: those of `names`, and with `rest` all others but those that are `gone`."""

    names: frozenset[str] = frozenset()
    rest: bool = False
    gone: frozenset[str] = frozenset()

    def __contains__(self, name: object) -> bool:
        return name in self.names or (self.rest and name not in self.gone)

    def __or__(self, other: Live) -> Live:
        gone = frozenset(name for name in self.gone | other.gone if name not in self and name not in other)
        return Live(self.names | other.names, self.rest or other.rest, gone)

    def without(self, names: Iterable[str]) -> Live:
        """As before a step that writes these."""
        lost = frozenset(names)
        return Live(self.names - lost, self.rest, self.gone | lost if self.rest else frozenset())


NOTHING = Live()
EVERYTHING = Live(rest=True)


@dataclass(frozen=True)
class Reads:
    """Who reads what. `leaving` is what is read of the rows that leave each step, by whom ever."""

    leaving: Mapping[str, Live]
    own: Mapping[str, frozenset[str]]
    """What each step reads of the fields that it has written itself."""
    useful: frozenset[str]
    """The steps whose rows, or what is made of them, come into an output or are taken up by another step."""

    def is_read(self, step: str, field: str) -> bool:
        """Whether a field that a step writes is read."""
        return field in self.leaving.get(step, NOTHING) or field in self.own.get(step, ())

    def read_among(self, step: str, fields: Iterable[str]) -> list[str]:
        """Those of some fields that are read after a step, or by it."""
        live, own = self.leaving.get(step, NOTHING), self.own.get(step, frozenset[str]())
        if live.rest:
            return [field for field in fields if field in live or field in own]
        read = live.names | own
        return [field for field in fields if field in read]


def reads_of(analysis: Analysis) -> Reads:
    """The reads of a whole spec. Steps of which too little is known are taken to read everything."""
    reads = _Reading(analysis)
    for name in reversed(analysis.graph.order):
        reads.step(name)
    return Reads(reads.leaving, reads.own, frozenset(reads.useful))


class _Reading:
    """One walk through the steps, from the outputs upwards."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.leaving: dict[str, Live] = {}
        self.own: dict[str, frozenset[str]] = {}
        self.useful: set[str] = set()
        self.takers: dict[str, list[Live]] = {}
        """What those who take rows of a step read of them."""
        for name, view in analysis.outputs.items():
            source = analysis.spec.outputs[name].source
            self.takers.setdefault(source, []).append(_of_output(view))
            self.useful.add(source)
            if "reached" in view.step.options:  # what it lets through decides what is written
                self.useful.add(view.step.options["reached"])
            for asked in _asked(view, analysis):
                self.takers.setdefault(asked, []).append(EVERYTHING)
        self.useful |= {counted.of for check in analysis.checks for counted in check.counts.values()}

    def step(self, name: str) -> None:
        self.leaving[name] = reduce(Live.__or__, self.takers.get(name, ()), NOTHING)
        reaching = self._reaching(name)
        graph = self.analysis.graph
        for source in graph.inputs[name]:
            self.takers.setdefault(source, []).append(reaching)
            if name in self.useful:
                self.useful.add(source)
        for sources in graph.sides.get(name, {}).values():
            for source in sources:
                self.takers.setdefault(source, []).append(EVERYTHING)
                self.useful.add(source)

    def _reaching(self, name: str) -> Live:
        """What is read of the rows that reach a step, by it and by those who come after."""
        view = self.analysis.views.get(name)
        if view is None or view.step.kind not in _NAMING or name in self.analysis.graph.broken:
            return EVERYTHING
        before, after = _names(view)
        self.own[name] = frozenset(after & view.written.keys())
        own = Live(frozenset(before | (after - view.written.keys()) | view.named))
        if view.step.kind == "reduce" and not view.given("item"):
            return EVERYTHING  # the prompt sees the rows whole
        later = self.leaving[name]
        if view.step.has_when:
            return own | later  # rows pass it by as they are
        if KINDS[view.step.kind].cardinality in _FRESH_ROWS:
            return own
        return own | later.without(view.written)


def _names(view: StepView) -> tuple[set[str], set[str]]:
    """The names that a step uses over the rows that reach it, and those over the rows that it has made."""
    before: set[str] = set()
    after: set[str] = set()
    for path, expression in view.expressions.items():
        (after if path[len(view.step.path)] in _AFTER else before).update(expression.names)
    if view.step.kind == "filter":
        before |= after
        after = set()
    for template in view.templates.values():
        before |= used_names(template)
    for messages in view.message_lists.values():
        before |= messages.names()
    for prompt in view.loaded.values():
        before |= prompt.names()
    return before, after


def _asked(view: StepView, analysis: Analysis) -> list[str]:
    """The steps of the spec whose calls an output has, or in which the steps with these calls stand."""
    listed = view.step.options.get("steps") or () if OUTPUTS[view.step.kind].of_calls else ()
    return [head for name in listed if (head := str(name).partition(".")[0]) in analysis.spec.steps]


def _of_output(view: StepView) -> Live:
    if not view.given("messages") and not view.given("fields"):
        return EVERYTHING
    before, after = _names(view)
    return Live(frozenset(before | after))

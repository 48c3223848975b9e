"""The graph of a pipeline for people: every step with where its rows come from, what it does to their fields, where
they go. The steps within a step stand below it, behind a line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from atk_interp.records import dataclass
from atk_interp.reference.graph_nodes import Asks, OutputNode, PipelineGraph, StepNode

__all__ = ["graph_text"]

_WIDTH = 100
_KEY = 8
_LINE = "  │ "
_COLOURS = {"adds": 32, "changes": 33, "drops": 31, "keeps": 2}
"""What a step does to fields is to be seen at a glance; what it leaves alone is dim."""


def graph_text(graph: PipelineGraph, only: Sequence[str] = (), *, colour: bool = False) -> str:
    """All steps in the order in which they run, the outputs, the checks; or those of the steps that are named."""
    page = _Page(frozenset(step.name for step in graph.all_steps()), colour)
    blocks = [] if only else [_head(graph)]
    blocks += [block for step in graph.chosen(only) for block in page.step(step)]
    blocks += [list(page.output(output)) for output in graph.outputs if not only]
    blocks += [list(page.checks(graph.checks))] if graph.checks and not only else []
    return "\n\n".join("\n".join(block) for block in blocks)


def _head(graph: PipelineGraph) -> list[str]:
    lines = textwrap.wrap(f"{graph.name}: {graph.description}" if graph.description else graph.name, _WIDTH)
    if graph.config is not None:
        lines.append(f"as `{graph.config}` has it")
    return lines


@dataclass(frozen=True)
class _Page:
    """How blocks are written. `known` are the names of all steps."""

    known: Set[str]
    colour: bool
    width: int = _WIDTH

    def step(self, step: StepNode) -> Iterator[list[str]]:
        """The block of a step, and those of the steps within it."""
        yield list(self._step(step))
        inner = _Page(self.known, self.colour, self.width - len(_LINE))
        blocks = ["\n".join(block) for within in step.steps for block in inner.step(within)]
        if blocks:
            yield [(_LINE + line).rstrip() for line in "\n\n".join(blocks).split("\n")]

    def _step(self, step: StepNode) -> Iterator[str]:
        yield self._title(step.name, ", ".join(_marks(step)))
        yield from self._named("from", step.inputs, step.remarks)
        for key, names in step.beside.items():
            yield from self._named(key, names, step.remarks)
        yield from self._line("when", step.when or "")
        for key, told in step.remarks.items():
            if key not in ("from", *step.beside):
                yield from self._line(key, told.split(" "), "")
        if step.asks is not None:
            yield from self._asks(step.asks)
        yield from self._fields("adds", step.adds)
        yield from self._line("changes", [f"{name}: {old} → {new}" for name, (old, new) in step.changes.items()])
        yield from self._line("drops", list(step.drops))
        if step.known:
            yield from self._fields("keeps", step.keeps, more=step.more)
        else:
            yield from self._line("keeps", "fields that are not known")
        yield from self._line("to", list(step.feeds) or "nothing")

    def output(self, output: OutputNode) -> Iterator[str]:
        """The block of an output."""
        yield self._title(output.name, f"output, {output.format}")
        yield from self._line("from", output.source)
        yield from self._line("where", output.where or "")
        yield from self._fields("reads", output.reads, more=output.more)

    def checks(self, checks: Mapping[str, str]) -> Iterator[str]:
        """The block of the checks."""
        yield self._title("checks", "or the outputs are not published")
        for label, text in checks.items():
            yield f"  {text}" if label == text else f"  {label}: {text}"

    def _named(self, key: str, names: Sequence[str], remarks: Mapping[str, str]) -> Iterator[str]:
        """The steps that a key names, and what the step does with their rows."""
        told = remarks.get(key) or ("one value for all rows" if key == "use" else "")
        listed = [name if name in self.known else f"{name} (there is no such step)" for name in names]
        yield from self._line(key, [*listed[:-1], f"{listed[-1]} ({told})"] if told and listed else listed)

    def _asks(self, asks: Asks) -> Iterator[str]:
        said = asks.slot if asks.named == asks.slot else f"{asks.named}, which is {asks.slot} here"
        yield from self._line("model", said + (f" ({asks.model})" if asks.model else ""))
        for prompt in asks.prompts:
            parts = [prompt.file, f"instead of {prompt.overrides}"] if prompt.overrides else [prompt.file]
            yield from self._line("prompt", parts)
        yield from self._line("reads", list(asks.reads))

    def _title(self, name: str, said: str) -> str:
        return f"\x1b[1m{name}\x1b[0m  \x1b[2m{said}\x1b[0m" if self.colour else f"{name}  ({said})"

    def _fields(self, key: str, fields: Mapping[str, str], *, more: bool = False) -> Iterator[str]:
        parts = [f"{name}: {type_}" for name, type_ in fields.items()]
        others = "and others that are not known" if parts else "fields that are not known"
        yield from self._line(key, [*parts, others] if more else parts)

    def _line(self, key: str, value: str | Iterable[str], comma: str = ",") -> Iterator[str]:
        """A key with its value, or with its values one after the other; nothing when there is none.

        A long line goes on below its value, and breaks inside of one only where that is longer than a line.
        """
        parts = [part for part in ([value] if isinstance(value, str) else value) if part]
        pieces = [part if number + 1 == len(parts) else part + comma for number, part in enumerate(parts)]
        room = self.width - _KEY - 3
        lines = [""]
        for piece in pieces:
            if lines[-1] and len(lines[-1]) + 1 + len(piece) > room:
                lines.append("")
            first, *rest = textwrap.wrap(piece, room, break_long_words=False, break_on_hyphens=False)
            lines[-1] += f" {first}" if lines[-1] else first
            lines += rest
        for number, line in enumerate(lines if parts else ()):
            label = f"  {key if number == 0 else '':<{_KEY}} "
            code = _COLOURS.get(key) if self.colour else None
            yield f"{label}{line}" if code is None else f"\x1b[{code}m{label}{line}\x1b[0m"


def _marks(step: StepNode) -> Iterator[str]:
    """What there is to say of a step beside its name."""
    if step.rows:
        yield step.kind
        yield step.rows
    else:
        yield f"{step.kind}, of which nothing is known"
    if step.when is not None:
        yield "optional"
    if step.asks_a_model:
        yield "asks a model"

"""The graph of a pipeline for people: every step with where its rows come from, what it does to their fields, where
they go."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from atk_interp.reference.graph import Asks, OutputNode, PipelineGraph, StepNode

__all__ = ["graph_text"]

_WIDTH = 110
_KEY = 9


def graph_text(graph: PipelineGraph, only: Sequence[str] = (), *, colour: bool = False) -> str:
    """All steps in the order in which they run, then the outputs; or those of the steps that are named."""
    blocks = [] if only else [_head(graph)]
    known = {step.name for step in graph.steps}
    blocks += [_step(step, known, colour) for step in graph.steps if not only or step.name in only]
    blocks += [_output(output, colour) for output in graph.outputs if not only]
    return "\n\n".join("\n".join(block) for block in blocks)


def _head(graph: PipelineGraph) -> list[str]:
    lines = textwrap.wrap(f"{graph.name}: {graph.description}" if graph.description else graph.name, _WIDTH)
    if graph.config is not None:
        lines.append(f"as `{graph.config}` has it")
    return lines


def _step(step: StepNode, known: Set[str], colour: bool) -> list[str]:
    marks = [step.kind, step.rows] if step.rows else [f"{step.kind}, of which nothing is known"]
    if step.when is not None:
        marks.append("optional")
    if step.asks is not None:
        marks.append("asks a model")
    lines = [_title(step.name, ", ".join(marks), colour)]
    lines += _line("from", [name if name in known else f"{name} (there is no such step)" for name in step.inputs])
    for key, names in step.beside.items():
        lines += _line(key, ", ".join(names))
    lines += _line("when", step.when or "")
    lines += _asks(step.asks) if step.asks is not None else []
    lines += _fields("adds", step.adds)
    lines += _line("changes", [f"{name}: {old} → {new}" for name, (old, new) in step.changes.items()])
    lines += _line("drops", list(step.drops))
    if not step.known:
        lines += _line("keeps", "fields that are not known")
    else:
        lines += _fields("keeps", step.keeps, more=step.more)
    return lines + list(_line("to", ", ".join(step.feeds) or "nothing"))


def _asks(asks: Asks) -> Iterator[str]:
    yield from _line("model", asks.slot + (f" ({asks.model})" if asks.model else ""))
    for prompt in asks.prompts:
        yield from _line("prompt", prompt.file + (f", instead of {prompt.overrides}" if prompt.overrides else ""))
    yield from _line("reads", list(asks.reads))


def _output(output: OutputNode, colour: bool) -> list[str]:
    lines = [_title(output.name, f"output, {output.format}", colour)]
    lines += _line("from", output.source)
    lines += _line("where", output.where or "")
    return lines + list(_fields("reads", output.reads, more=output.more))


def _title(name: str, said: str, colour: bool) -> str:
    return f"\x1b[1m{name}\x1b[0m  \x1b[2m{said}\x1b[0m" if colour else f"{name}  ({said})"


def _fields(key: str, fields: Mapping[str, str], *, more: bool = False) -> Iterator[str]:
    parts = [f"{name}: {type_}" for name, type_ in fields.items()]
    others = "and others that are not known" if parts else "fields that are not known"
    yield from _line(key, [*parts, others] if more else parts)


def _line(key: str, value: str | Iterable[str]) -> Iterator[str]:
    """A key with its value, or with its values one after the other; nothing when there is none.

    A long line goes on below its value, and never breaks inside of one.
    """
    parts = [value] if isinstance(value, str) else list(value)
    label, line = f"  {key:<{_KEY}}", ""
    for number, part in enumerate(filter(None, parts)):
        piece = part if number + 1 == len(parts) else f"{part},"
        if line and len(label) + len(line) + 1 + len(piece) > _WIDTH:
            yield label + line
            label, line = " " * len(label), ""
        line += f" {piece}" if line else piece
    if line:
        yield label + line

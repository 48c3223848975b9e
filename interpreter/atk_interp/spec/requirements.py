"""What a spec requires of its parameters, held against their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import Path
from atk_interp.expressions import EvaluationError, Expression, compile_expression, parse_expression
from atk_interp.records import dataclass
from atk_interp.source import MappedText
from atk_interp.spec.model import PipelineSpec, Requirement
from atk_interp.values import encode

__all__ = ["Unmet", "requirement_text", "unmet"]

_SHOWN = 80
"""So many characters of a value are shown."""


@dataclass(frozen=True)
class Unmet:
    """A requirement that does not hold.

    `saw` are the values that it was held against, by what people call them. `places` are the parameters that it is
    about, the first of them with the item of it where it is about one.
    """

    label: str
    saw: Mapping[str, Any]
    places: tuple[Path, ...]
    reason: str = ""
    """Why it cannot be judged, where it cannot."""

    def notes(self) -> tuple[str, ...]:
        """What each value is, in words."""
        seen = tuple(f"{called} is `{_shown(value)}`" for called, value in self.saw.items())
        return (*seen, self.reason) if self.reason else seen

    def told(self) -> str:
        """The whole in one sentence."""
        return f"{self.label}; {', '.join(self.notes())}" if self.notes() else self.label


def requirement_text(spec: PipelineSpec, requirement: Requirement) -> MappedText:
    """The expression of a requirement, without a leading `=`."""
    text = spec.document.text(requirement.path)
    return text.slice(1) if text.value.startswith("=") else text


def unmet(spec: PipelineSpec, values: Mapping[str, Any]) -> Iterator[Unmet]:
    """The requirements that do not hold for these values, each once: of items, for each that it does not hold of.

    One that names a parameter without an entry here is passed over, and so is one that cannot be read, which `lint`
    tells of.
    """
    for requirement in spec.requires:
        expression = parse_expression(requirement_text(spec, requirement), Sink())
        if expression is not None:
            names = dict.fromkeys([requirement.each] if requirement.each else [])
            names |= dict.fromkeys(name for name in expression.names if name != requirement.item)
            if all(name in values for name in names):
                found = _of_items if requirement.each else _of_all
                yield from found(requirement, expression, {name: values[name] for name in names})


def _of_all(requirement: Requirement, expression: Expression, values: Mapping[str, Any]) -> Iterator[Unmet]:
    reason = _why_not(compile_expression(expression), values)
    if reason is not None:
        saw = {f"`{name}`": value for name, value in values.items()}
        yield Unmet(requirement.label, saw, tuple((name,) for name in values), reason)


def _of_items(requirement: Requirement, expression: Expression, values: Mapping[str, Any]) -> Iterator[Unmet]:
    each, holds = values[requirement.each], compile_expression(expression)
    for part, item in each.items() if isinstance(each, dict) else enumerate(each or ()):
        reason = _why_not(holds, {**values, requirement.item: item})
        if reason is not None:
            others = {name: value for name, value in values.items() if name != requirement.each}
            called = f"item {part + 1}" if isinstance(part, int) else f"`{part}`"
            saw = {f"{called} of `{requirement.each}`": item} | {f"`{name}`": value for name, value in others.items()}
            yield Unmet(requirement.label, saw, ((requirement.each, part), *((name,) for name in others)), reason)


def _why_not(holds: Callable[[Mapping[str, Any]], Any], values: Mapping[str, Any]) -> str | None:
    """None where an expression holds; else why it cannot be judged, or nothing where it was and does not hold."""
    try:
        return None if holds(values) else ""
    except EvaluationError as error:
        return error.message


def _shown(value: Any) -> str:
    """A value as JSON, the beginning of a long one; a text as it is."""
    text = " ".join(value.split()) if isinstance(value, str) and value.strip() else encode(value).decode()
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

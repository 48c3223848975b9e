"""Filling in a list of messages: from the names of a row to the messages that there are for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from atk_interp.expressions import EvaluationError, compile_expression
from atk_interp.expressions.kinds import value_in_words
from atk_interp.source import Span
from atk_interp.templates.items import Each, Marked, MessageTemplate, Rendered
from atk_interp.templates.work import RenderError

__all__ = ["tell_origin", "walked", "write_marked", "write_message"]

_T = TypeVar("_T")
_Step = Callable[[Mapping[str, Any], list[_T]], None]
"""Adds what is to be known of some messages to a list."""


def walked(
    items: tuple[MessageTemplate | Each, ...], write: Callable[[MessageTemplate], _Step[_T]]
) -> Callable[[Mapping[str, Any]], list[_T]]:
    """A function from names to what `write` knows of each message that there is for them."""
    steps = [_compiled(item, write) for item in items]

    def walk(names: Mapping[str, Any]) -> list[_T]:
        found: list[_T] = []
        for step in steps:
            step(names, found)
        return found

    return walk


def _compiled(item: MessageTemplate | Each, write: Callable[[MessageTemplate], _Step[_T]]) -> _Step[_T]:
    when = compile_expression(item.when) if item.when is not None else None
    add = write(item) if isinstance(item, MessageTemplate) else _each(item, write)
    if when is None:
        return add

    def step(names: Mapping[str, Any], found: list[_T]) -> None:
        if _evaluated(when, names):
            add(names, found)

    return step


def write_message(item: MessageTemplate) -> _Step[Rendered]:
    role, content = item.role, item.content

    def step(names: Mapping[str, Any], rendered: list[Rendered]) -> None:
        rendered.append((role.render(names).strip(), content.render(names).strip()))

    return step


def write_marked(item: MessageTemplate) -> _Step[Marked]:
    role, content = item.role, item.content
    train = compile_expression(item.train) if item.train is not None else None

    def step(names: Mapping[str, Any], rendered: list[Marked]) -> None:
        said = None if train is None else bool(_evaluated(train, names))
        rendered.append((role.render(names).strip(), content.render(names).strip(), said))

    return step


def tell_origin(item: MessageTemplate) -> _Step[Span]:
    return lambda names, spans: spans.append(item.content.text.span())


def _each(item: Each, write: Callable[[MessageTemplate], _Step[_T]]) -> _Step[_T]:
    values = compile_expression(item.values)
    steps = [_compiled(inner, write) for inner in item.body]

    def step(names: Mapping[str, Any], found: list[_T]) -> None:
        held = _evaluated(values, names) or []
        if not isinstance(held, list):
            raise RenderError(f"`each` goes over {value_in_words(held)}, which is no list")
        for element in held:
            inner = {**names, item.item: element}
            for each in steps:
                each(inner, found)

    return step


def _evaluated(closure: Callable[[Mapping[str, Any]], Any], names: Mapping[str, Any]) -> Any:
    try:
        return closure(names)
    except EvaluationError as error:
        raise RenderError(str(error)) from error

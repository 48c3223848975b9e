"""Lists of messages with holes: prompt files and the `messages` of an output have the same form.

- system: "{{ system_prompt }}"
  when: system_prompt
- each: turns as turn
  messages:
    - user: "{{ turn.question }}"
    - assistant: "{{ turn.answer }}"
- role: user
  content: "{{ question }}"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jinja2

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.document import Document, Path
from atk_interp.expressions import (
    EvaluationError,
    Expression,
    check_expression,
    compile_expression,
    parse_expression,
)
from atk_interp.expressions.types import ANY, AnyType, ListType, Type, without_null
from atk_interp.source import MappedText
from atk_interp.templates import codes
from atk_interp.templates.analysis import check_template
from atk_interp.templates.render import RenderError, Template, compile_template

__all__ = ["ROLES", "Each", "MessageList", "MessageTemplate", "Rendered", "parse_messages"]

ROLES = ("system", "user", "assistant", "developer", "tool")
"""The roles of the chat API."""

Rendered = tuple[str, str]
"""A message ready to be sent or written: role and content."""
Explain = Callable[[str], tuple[tuple[str, ...], str | None]]
_EACH = re.compile(r"\s*(?P<list>.+?)\s+as\s+(?P<item>[A-Za-z_]\w*)\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """One message to fill in."""

    role: Template
    content: Template
    when: Expression | None
    path: Path


@dataclass(frozen=True, slots=True)
class Each:
    """Messages for every element of a list, under the name `item`."""

    values: Expression
    item: str
    body: tuple[MessageTemplate | Each, ...]
    when: Expression | None
    path: Path


@dataclass(frozen=True)
class MessageList:
    """A parsed list of messages, with where it stands."""

    items: tuple[MessageTemplate | Each, ...]
    document: Document

    def check(self, scope: Mapping[str, Type], sink: Sink, explain: Explain = lambda name: ((), None)) -> None:
        """Check every template and expression against the names in scope."""
        _check(self.items, dict(scope), sink, explain)

    def names(self) -> set[str]:
        """The names that the list takes from outside."""
        return set(_names(self.items))

    def renderer(self) -> Callable[[Mapping[str, Any]], list[Rendered]]:
        """A function from names to messages; contents are stripped. It raises `RenderError`."""
        steps = [_compiled(item) for item in self.items]

        def render(names: Mapping[str, Any]) -> list[Rendered]:
            rendered: list[Rendered] = []
            for step in steps:
                step(names, rendered)
            return rendered

        return render


def parse_messages(
    document: Document, path: Path, sink: Sink, env: jinja2.Environment | None = None
) -> MessageList | None:
    """The messages at a path of a document; None when they are not a list (the sink says so)."""
    data = document.get(path)
    if not isinstance(data, list) or not data:
        sink.report(
            codes.MALFORMED_PROMPT,
            document.head_span(path),
            "a list of messages is expected here" + ("" if data else ", and it is empty"),
            help="begin each message with `- system:`, `- user:` or `- assistant:`",
        )
        return None
    found = [_item(document, (*path, index), sink, env) for index in range(len(data))]
    return MessageList(tuple(item for item in found if item is not None), document)


def _item(document: Document, path: Path, sink: Sink, env: jinja2.Environment | None) -> MessageTemplate | Each | None:
    data = document.get(path)
    if not isinstance(data, dict):
        sink.report(
            codes.MALFORMED_PROMPT,
            document.head_span(path),
            "a message is a mapping of a role to its content",
            help='write `- user: "…"`',
        )
        return None
    when = _expression(document, (*path, "when"), sink) if "when" in data else None
    if "each" in data:
        return _each(document, path, data, when, sink, env)
    return _message(document, path, data, when, sink, env)


def _message(
    document: Document,
    path: Path,
    data: dict[str, Any],
    when: Expression | None,
    sink: Sink,
    env: jinja2.Environment | None,
) -> MessageTemplate | None:
    keys = [key for key in data if key not in ("when", "each")]
    if set(keys) == {"role", "content"}:
        role, content = (*path, "role"), (*path, "content")
        if str(data["role"]) not in ROLES and "{{" not in str(data["role"]):
            _bad_role(str(data["role"]), document, role, sink, document.span(role))
            return None
        role_text = document.text(role)
    elif len(keys) == 1:
        role = content = (*path, keys[0])
        if keys[0] not in ROLES:
            _bad_role(keys[0], document, role, sink, document.key_span(role))
            return None
        role_text = MappedText.detached(keys[0])
    else:
        stray = next((key for key in keys if key not in (*ROLES, "role", "content")), None)
        sink.report(
            codes.MALFORMED_PROMPT,
            document.key_span((*path, stray)) if stray else document.head_span(path),
            f"`{stray}` does not belong to a message" if stray else "a message has one role and one content",
            help='write `- user: "…"`, or `role:` and `content:`',
        )
        return None
    if not isinstance(document.get(content), str):
        sink.report(
            codes.MALFORMED_PROMPT,
            document.head_span(content),
            "the content of a message is text",
            help="put quotes around it, or write it as a block after `|`",
        )
        return None
    role_template = compile_template(role_text, sink, env)
    template = compile_template(document.text(content), sink, env)
    if role_template is None or template is None:
        return None
    return MessageTemplate(role_template, template, when, path)


def _bad_role(role: str, document: Document, path: Path, sink: Sink, span: Any) -> None:
    sink.report(
        codes.UNKNOWN_ROLE,
        span,
        f"`{role}` is not a role",
        notes=["roles are " + ", ".join(f"`{known}`" for known in ROLES)],
        help=did_you_mean(role, ROLES),
    )


def _each(
    document: Document,
    path: Path,
    data: dict[str, Any],
    when: Expression | None,
    sink: Sink,
    env: jinja2.Environment | None,
) -> Each | None:
    text = document.text((*path, "each"))
    found = _EACH.match(text.value)
    if found is None:
        sink.report(
            codes.MALFORMED_PROMPT, text.span(), "`each` names a list and its element", help="write `turns as turn`"
        )
        return None
    values = parse_expression(text.slice(*found.span("list")), sink)
    body: tuple[MessageTemplate | Each, ...]
    if "messages" in data:
        inner = parse_messages(document, (*path, "messages"), sink, env)
        body = inner.items if inner else ()
    else:
        one = _message(document, path, data, None, sink, env)
        body = (one,) if one else ()
    if values is None or not body:
        return None
    return Each(values, found["item"], body, when, path)


def _expression(document: Document, path: Path, sink: Sink) -> Expression | None:
    text = document.text(path)
    return parse_expression(text.slice(1) if text.value.startswith("=") else text, sink)


def _check(items: tuple[MessageTemplate | Each, ...], scope: dict[str, Type], sink: Sink, explain: Explain) -> None:
    for item in items:
        if item.when is not None:
            check_expression(item.when, scope, sink, explain_unknown=explain)
        if isinstance(item, MessageTemplate):
            check_template(item.role, scope, sink, explain)
            check_template(item.content, scope, sink, explain)
            continue
        held = without_null(check_expression(item.values, scope, sink, explain_unknown=explain))
        if not isinstance(held, ListType | AnyType):
            sink.report(codes.NOT_ITERABLE, item.values.text.span(), f"`each` goes over {held}, which is no list")
        element = held.item if isinstance(held, ListType) else ANY
        _check(item.body, {**scope, item.item: element}, sink, explain)


def _names(items: tuple[MessageTemplate | Each, ...]) -> Iterator[str]:
    from atk_interp.templates.analysis import used_names

    for item in items:
        if item.when is not None:
            yield from item.when.names
        if isinstance(item, MessageTemplate):
            yield from used_names(item.role) | used_names(item.content)
        else:
            yield from item.values.names
            yield from (name for name in _names(item.body) if name != item.item)


_Step = Callable[[Mapping[str, Any], list[Rendered]], None]


def _compiled(item: MessageTemplate | Each) -> _Step:
    when = compile_expression(item.when) if item.when is not None else None
    write = _write_message(item) if isinstance(item, MessageTemplate) else _write_each(item)
    if when is None:
        return write

    def step(names: Mapping[str, Any], rendered: list[Rendered]) -> None:
        if _evaluated(when, names):
            write(names, rendered)

    return step


def _write_message(item: MessageTemplate) -> _Step:
    role, content = item.role, item.content

    def step(names: Mapping[str, Any], rendered: list[Rendered]) -> None:
        rendered.append((role.render(names).strip(), content.render(names).strip()))

    return step


def _write_each(item: Each) -> _Step:
    values = compile_expression(item.values)
    steps = [_compiled(inner) for inner in item.body]

    def step(names: Mapping[str, Any], rendered: list[Rendered]) -> None:
        for element in _evaluated(values, names) or ():
            inner = {**names, item.item: element}
            for each in steps:
                each(inner, rendered)

    return step


def _evaluated(closure: Callable[[Mapping[str, Any]], Any], names: Mapping[str, Any]) -> Any:
    try:
        return closure(names)
    except EvaluationError as error:
        raise RenderError(str(error)) from error

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
from functools import cached_property
from typing import Any

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.document import Document, Path
from atk_interp.expressions import (
    Expression,
    check_expression,
    parse_expression,
)
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import ANY, AnyType, ListType, RecordType, TextType, Type, without_null
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.source import MappedText, Span
from atk_interp.templates import codes
from atk_interp.templates.analysis import Explain, check_template, used_names
from atk_interp.templates.environment import Sandbox
from atk_interp.templates.filling import tell_origin, walked, write_marked, write_message
from atk_interp.templates.items import ROLES, Each, Marked, MessageTemplate, Rendered
from atk_interp.templates.render import Template, compile_template

__all__ = ["MessageList", "parse_messages"]

_EACH = pattern(r"\s*(?P<list>.+?)\s+as\s+(?P<item>[A-Za-z_]\w*)\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class MessageList:
    """A parsed list of messages, with where it stands."""

    items: tuple[MessageTemplate | Each, ...]
    document: Document

    def check(self, scope: Mapping[str, Type], sink: Sink, explain: Explain | None = None) -> None:
        """Check every template and expression against the names in scope."""
        _check(self.items, dict(scope), sink, explain)

    def names(self) -> set[str]:
        """The names that the list takes from outside."""
        return set(self._outside)

    @cached_property
    def _outside(self) -> frozenset[str]:
        return frozenset(_names(self.items))

    def written(self) -> Iterator[MessageTemplate]:
        """Every message as it is written, those under `each` once."""
        return _messages(self.items)

    def files(self) -> dict[str, str]:
        """The text of every file that the list includes, by its path."""
        templates = (template for item in self.written() for template in (item.role, item.content))
        return {path: text for template in templates for path, text in template.files().items()}

    def renderer(self) -> Callable[[Mapping[str, Any]], list[Rendered]]:
        """A function from names to messages; contents are stripped. It raises `RenderError`."""
        return walked(self.items, write_message)

    @property
    def trains(self) -> bool:
        """Whether a message of it says `train`."""
        return any(item.train is not None for item in self.written())

    def marked_renderer(self) -> Callable[[Mapping[str, Any]], list[Marked]]:
        """As `renderer`, with what each message says under `train`; None where it says nothing."""
        return walked(self.items, write_marked)

    def origins(self, names: Mapping[str, Any]) -> list[Span]:
        """Where the content of each message stands that `renderer` gives for these names, in the same order."""
        return walked(self.items, tell_origin)(names)


def parse_messages(
    document: Document, path: Path, sink: Sink, env: Sandbox | None = None, *, trains: bool = False
) -> MessageList | None:
    """The messages at a path of a document; None when they are not a list (the sink says so).

    With `trains` a message may say `train`.
    """
    return _Parser(document, sink, env, ("when", "each", "train") if trains else ("when", "each")).messages(path)


@dataclass(frozen=True)
class _Parser:
    """Turns the data of one document into messages."""

    document: Document
    sink: Sink
    env: Sandbox | None
    marks: tuple[str, ...]
    """The keys beside role and content."""

    def messages(self, path: Path) -> MessageList | None:
        data = self.document.get(path)
        if not isinstance(data, list) or not data:
            told = "a list of messages is expected here" + ("" if data else ", and it is empty")
            self._malformed(
                self.document.head_span(path), told, "begin each message with `- system:`, `- user:` or `- assistant:`"
            )
            return None
        found = [self._item((*path, index)) for index in range(len(data))]
        return MessageList(tuple(item for item in found if item is not None), self.document)

    def _malformed(self, span: Span, told: str, help_: str) -> None:
        self.sink.report(codes.MALFORMED_PROMPT, span, told, help=help_)

    def _item(self, path: Path) -> MessageTemplate | Each | None:
        data = self.document.get(path)
        if not isinstance(data, dict):
            told = "a message is a mapping of a role to its content"
            self._malformed(self.document.head_span(path), told, 'write `- user: "…"`')
            return None
        when = self._expression((*path, "when")) if "when" in data else None
        return self._each(path, data, when) if "each" in data else self._message(path, data, when)

    def _message(self, path: Path, data: dict[str, Any], when: Expression | None) -> MessageTemplate | None:
        parts = self._role_and_content(path, data)
        if parts is None:
            return None
        role, content = parts
        found = self.document.get(content)
        if not isinstance(found, str):
            help_ = "put quotes around it, or write it as a block after `|`"
            if isinstance(found, dict) and list(found.values()) == [None]:  # `{question}`, as other tools write it
                help_ = f'write `"{{{{ {next(iter(found))} }}}}"`, with the quotes'
            self._malformed(self.document.head_span(content), "the content of a message is text", help_)
            return None
        role_template = compile_template(role, self.sink, self.env)
        template = compile_template(self.document.text(content), self.sink, self.env)
        if role_template is None or template is None:
            return None
        train = self._expression((*path, "train")) if "train" in data else None
        return MessageTemplate(role_template, template, when, path, train)

    def _role_and_content(self, path: Path, data: dict[str, Any]) -> tuple[MappedText, Path] | None:
        """The text of the role, and where the content stands: `{role: content}`, or both under their names."""
        keys = [key for key in data if key not in self.marks]
        if set(keys) == {"role", "content"}:
            role = self.document.text((*path, "role"))
            known = role.value in ROLES or "{{" in role.value
            if known:
                return role, (*path, "content")
            self._bad_role(role.value, role.span())
        elif keys and set(keys) <= {"role", "content"}:
            missing = "content" if keys == ["role"] else "role"
            span = self.document.key_span((*path, keys[0]))
            self._malformed(span, f"this message has no `{missing}`", f"add `{missing}:` to it")
        elif len(keys) == 1:
            content = (*path, keys[0])
            if keys[0] in ROLES:
                return MappedText.detached(keys[0]), content
            self._bad_role(keys[0], self.document.key_span(content))
        else:
            self._several_roles(path, keys)
        return None

    def _several_roles(self, path: Path, keys: list[str]) -> None:
        stray = next((key for key in keys if key not in (*ROLES, "role", "content")), None)
        span = self.document.key_span((*path, stray)) if stray else self.document.head_span(path)
        told = f"`{stray}` does not belong to a message" if stray else "a message has one role and one content"
        help_ = 'write `- user: "…"`, or `role:` and `content:`'
        self._malformed(span, told, "outputs of `chat` and `segments` take it" if stray == "train" else help_)

    def _bad_role(self, role: str, span: Span) -> None:
        near = did_you_mean(role, ROLES)
        notes = ["roles are " + ", ".join(f"`{known}`" for known in ROLES)] if not near else ()
        self.sink.report(codes.UNKNOWN_ROLE, span, f"`{role}` is not a role", notes=notes, help=near)

    def _each(self, path: Path, data: dict[str, Any], when: Expression | None) -> Each | None:
        text = self.document.text((*path, "each"))
        found = _EACH.match(text.value)
        if found is None:
            self._malformed(text.span(), "`each` names a list and its element", "write `turns as turn`")
            return None
        values = parse_expression(text.slice(*found.span("list")), self.sink)
        body: tuple[MessageTemplate | Each, ...]
        if "messages" in data:
            self._stray_keys(path, data)
            inner = self.messages((*path, "messages"))
            body = inner.items if inner else ()
        else:
            one = self._message(path, data, None)
            body = (one,) if one else ()
        if values is None or not body:
            return None
        return Each(values, found["item"], body, when, path)

    def _stray_keys(self, path: Path, data: dict[str, Any]) -> None:
        """Report what does not belong beside `each` and `messages`."""
        known = ("each", "when", "messages")
        for key in data:
            if key not in known:
                help_ = did_you_mean(key, known) or "write it into one of the messages"
                self._malformed(self.document.key_span((*path, key)), f"`{key}` does not belong beside `each`", help_)

    def _expression(self, path: Path) -> Expression | None:
        if not isinstance(self.document.get(path), str | bool | int | float):
            self._malformed(self.document.head_span(path), f"`{path[-1]}` takes an expression", "write a condition")
            return None
        text = self.document.text(path)
        return parse_expression(text.slice(1) if text.value.startswith("=") else text, self.sink)


def _check(
    items: tuple[MessageTemplate | Each, ...], scope: dict[str, Type], sink: Sink, explain: Explain | None
) -> None:
    outer = scope
    for item in items:
        scope = outer
        if item.when is not None:
            check_expression(item.when, scope, sink, explain_unknown=explain)
            asked = {name: without_null(scope[name]) for name in item.when.names if name in scope}
            scope = {**scope, **asked}
        if isinstance(item, MessageTemplate):
            check_template(item.role, scope, sink, explain)
            _check_role(item.role, scope, sink)
            check_template(item.content, scope, sink, explain)
            if item.train is not None:
                check_expression(item.train, scope, sink, explain_unknown=explain)
            continue
        held = without_null(check_expression(item.values, scope, sink, explain_unknown=explain))
        if not isinstance(held, ListType | AnyType):
            sink.report(
                codes.NOT_ITERABLE, item.values.text.span(), f"`each` goes over {type_in_words(held)}, which is no list"
            )
        element = held.item if isinstance(held, ListType) else ANY
        _check(item.body, {**scope, item.item: element}, sink, explain)


_FIELD = pattern(r"\s*\{\{\s*([A-Za-z_]\w*)(?:\.(\w+))?\s*\}\}\s*\Z")


def _check_role(role: Template, scope: Mapping[str, Type], sink: Sink) -> None:
    """Report a role that is a field whose words are known, and not all of them are roles."""
    found = _FIELD.match(role.text.value)
    if found is None:
        return
    held = without_null(scope.get(found[1], ANY))
    if found[2] is not None:
        held = without_null(held.fields.get(found[2], ANY)) if isinstance(held, RecordType) else ANY
    wrong = [word for word in held.choices or () if word not in ROLES] if isinstance(held, TextType) else []
    if wrong:
        told = f"the role may be `{wrong[0]}`, which is not a role"
        notes = ["roles are " + ", ".join(f"`{known}`" for known in ROLES)]
        sink.report(codes.UNKNOWN_ROLE, role.text.span(), told, notes=notes, help=did_you_mean(wrong[0], ROLES))


def _names(items: tuple[MessageTemplate | Each, ...]) -> Iterator[str]:
    for item in items:
        if item.when is not None:
            yield from item.when.names
        if isinstance(item, MessageTemplate):
            yield from used_names(item.role) | used_names(item.content)
            if item.train is not None:
                yield from item.train.names
        else:
            yield from item.values.names
            yield from (name for name in _names(item.body) if name != item.item)


def _messages(items: tuple[MessageTemplate | Each, ...]) -> Iterator[MessageTemplate]:
    for item in items:
        if isinstance(item, MessageTemplate):
            yield item
        else:
            yield from _messages(item.body)

"""What may stand at a place: keys, values, names of things, and the words of expressions and templates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lsprotocol import types as lsp

from atk_interp.expressions.functions.counts import COUNTS
from atk_interp.expressions.types import RecordType, Type, without_null
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds import KINDS
from atk_interp.lsp.asked import Asked, Part, asked_at
from atk_interp.lsp.names import type_of_chain
from atk_interp.lsp.place import Inner, Place
from atk_interp.lsp.positions import Positions
from atk_interp.lsp.project import Sort
from atk_interp.lsp.said import TABLES, format_said, function_said, kind_said, name_said, parser_said
from atk_interp.lsp.shapes import keys_at, said_of, values_of
from atk_interp.reference.json_schema import Schema
from atk_interp.replies import REPLY_KINDS
from atk_interp.spec import Takes
from atk_interp.stock import stock_names
from atk_interp.templates import TAGS, template_words

__all__ = ["completions"]

_Kind = lsp.CompletionItemKind
_KEYWORDS = ("and", "or", "not", "in", "is", "if", "else", "true", "false", "none")
_STEPS = ("from", "use")


def completions(place: Place, encoding: str) -> list[lsp.CompletionItem]:
    """Everything that may stand at a place; the editor leaves out what does not begin as what is typed."""
    inner = place.inner
    if place.sort is Sort.SPEC and place.path[:1] == ("checks",) and place.cursor.is_value:
        return list(_Items(place, encoding).of_check())
    if inner is not None:
        return _Items(place, encoding).of_expression(inner)
    items = _Items(place, encoding)
    found: list[lsp.CompletionItem] = []
    if place.cursor.is_key:
        found += items.of_keys()
    if place.cursor.is_value and place.cursor.before[:1] not in ("|", ">", "#"):
        found += items.of_values()
    return found


class _Items:
    def __init__(self, place: Place, encoding: str) -> None:
        self.place = place
        self.positions = Positions(place.text, encoding)

    def _item(
        self, label: str, kind: _Kind, *, detail: str = "", said: str = "", text: str | None = None, begun: int
    ) -> lsp.CompletionItem:
        """One proposal, in place of what is typed from `begun` on."""
        where = lsp.Range(self.positions.position(begun), self.positions.position(self.place.offset))
        return lsp.CompletionItem(
            label,
            kind=kind,
            detail=detail or None,
            documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, said) if said else None,
            text_edit=lsp.TextEdit(where, label if text is None else text),
            filter_text=label,
        )

    # Keys and values: what the schema says, and the names of things.

    def of_keys(self) -> list[lsp.CompletionItem]:
        place = self.place
        start = place.cursor.start
        there = place.data
        for part in place.path:
            there = _inside(there, part)
        given = set(there) if isinstance(there, dict) else set()
        behind = re.compile(r"[ \t]*:").match(place.text, place.offset) is not None
        keys = keys_at(place.schema, place.data, place.path)
        return [
            self._item(
                key,
                _Kind.Property,
                said=self._said_of_key(key, schema),
                text=_written(key) + ("" if behind else ": "),
                begun=start,
            )
            for key, schema in keys.items()
            if key not in given or key == place.cursor.text
        ]

    def _said_of_key(self, key: str, schema: Schema) -> str:
        if key in REPLY_KINDS and self.place.path[-1:] == ("parse",):
            return parser_said(key)
        return said_of([schema])

    def of_values(self) -> list[lsp.CompletionItem]:
        found = {item.label: item for item in self._things()}
        for value, said in values_of(self.place.schemas()).items():
            label = value if isinstance(value, str) else json.dumps(value)
            found.setdefault(label, self._value(label, _Kind.EnumMember, said=self._said_of_value(label) or said))
        return list(found.values())

    def _value(self, label: str, kind: _Kind, *, detail: str = "", said: str = "") -> lsp.CompletionItem:
        cursor = self.place.cursor
        begun = cursor.start + (len(cursor.before) - len(cursor.text))
        return self._item(label, kind, detail=detail, said=said, begun=begun)

    def _said_of_value(self, value: str) -> str:
        key = self.place.path[-1:]
        if key == ("kind",) and value in KINDS:
            return kind_said(value)
        return format_said(value) if key == ("format",) and value in OUTPUTS else ""

    def _things(self) -> Iterator[lsp.CompletionItem]:
        """The steps, slots, prompts, fields and pipelines that a key may name."""
        place = self.place
        key = next((part for part in reversed(place.path) if isinstance(part, str)), "")
        analysis = place.linted.analysis if place.linted is not None else None
        if place.sort is Sort.CONFIG and place.path == ("pipeline",):
            yield from (self._value(name, _Kind.Module) for name in stock_names())
        if place.sort is not Sort.SPEC:
            return
        takes = place.option.takes if place.option is not None else None
        if key in _STEPS or takes is Takes.STEP:
            yield from self._steps()
        elif key == "model" and analysis is not None:
            for name, slot in analysis.spec.models.items():
                yield self._value(name, _Kind.Interface, detail=f"expects {slot.expects}")
        elif key in ("prompt", "prompts") and analysis is not None:
            for name in analysis.library.names():
                yield self._value(name, _Kind.File)
        elif takes is Takes.NAMES or key == "field":
            for name, type_ in place.names.types.items():
                if name in place.names.origins:
                    yield self._value(name, _Kind.Field, detail=str(type_))

    def _steps(self) -> Iterator[lsp.CompletionItem]:
        place = self.place
        own = place.local_path[1] if len(place.local_path) > 1 and place.local_path[0] == "steps" else None
        for name, data in place.steps.items():
            if name != own:
                kind = data.get("kind") if isinstance(data, dict) else None
                yield self._value(name, _Kind.Class, detail=str(kind or ""), said=_fields_said(place, name))

    # Expressions and templates.

    def of_expression(self, inner: Inner) -> list[lsp.CompletionItem]:
        asked = asked_at(inner.text, is_tag=inner.is_tag)
        begun = self.place.offset - len(asked.begun)
        match asked.part:
            case Part.FILTER | Part.TEST:
                return list(self._words(asked.part, inner, begun))
            case Part.ATTRIBUTE:
                return list(self._attributes(asked, begun))
            case Part.TAG:
                return [self._item(tag, _Kind.Keyword, begun=begun) for tag in TAGS]
            case Part.FILE:
                return list(self._prompt_files(begun))
            case Part.NAME:
                return [*self._names(begun), *(() if inner.is_template else self._words(Part.NAME, inner, begun))]
        return []

    def of_check(self) -> Iterator[lsp.CompletionItem]:
        """Within quotes the steps and outputs that a count may name; elsewhere the counts, and the parameters."""
        place, text = self.place, self.place.cursor.text
        asked = asked_at(text.removeprefix("="))
        if asked.part is Part.TEXT:
            begun = place.offset - (len(text) - 1 - max(text.rfind(quote) for quote in "\"'"))
            outputs = place.data.get("outputs") if isinstance(place.data, dict) else None
            for name, data in place.steps.items():
                kind = data.get("kind") if isinstance(data, dict) else None
                yield self._item(name, _Kind.Class, detail=str(kind or ""), begun=begun)
            for name in outputs if isinstance(outputs, dict) else ():
                yield self._item(str(name), _Kind.File, detail="output", begun=begun)
        elif asked.part is Part.NAME:
            begun = place.offset - len(asked.begun)
            for count in COUNTS.values():
                yield self._item(count.name, _Kind.Function, said=count.doc, text=f"{count.name}(", begun=begun)
            for name in _params(place):
                yield self._item(name, _Kind.Constant, begun=begun)
            yield from (self._item(word, _Kind.Keyword, begun=begun) for word in _KEYWORDS)

    def _names(self, begun: int) -> Iterator[lsp.CompletionItem]:
        names = self.place.names
        params = _params(self.place)
        for name, type_ in names.types.items():
            kind = _Kind.Field if name in names.origins else _Kind.Constant if name in params else _Kind.Variable
            said = name_said(name, type_, names, params.get(name))
            yield self._item(name, kind, detail=str(type_), said=said, begun=begun)
        yield from (self._item(word, _Kind.Keyword, begun=begun) for word in _KEYWORDS)

    def _attributes(self, asked: Asked, begun: int) -> Iterator[lsp.CompletionItem]:
        held = without_null(type_of_chain(asked.of, self.place.names.types))
        fields: Mapping[str, Type] = held.fields if isinstance(held, RecordType) else {}
        for name, type_ in fields.items():
            yield self._item(name, _Kind.Field, detail=str(type_), begun=begun)

    def _words(self, part: Part, inner: Inner, begun: int) -> Iterator[lsp.CompletionItem]:
        known = TABLES[part]
        others = template_words(tests=part is Part.TEST) if inner.is_template else ()
        for name in dict.fromkeys((*known, *others)):
            if name.isidentifier():
                said = function_said(known[name]) if name in known else ""
                yield self._item(name, _Kind.Function, said=said, begun=begun)

    def _prompt_files(self, begun: int) -> Iterator[lsp.CompletionItem]:
        folders = {folder for use in self.place.uses for folder in use.analysis.library.folders}
        names = {path.name for folder in folders for path in self.place.project.files.in_folder(folder) if path.suffix}
        for name in sorted(names):
            yield self._item(name, _Kind.File, begun=begun)


def _params(place: Place) -> Mapping[str, Any]:
    analyses = [linted.analysis for linted in place.readings] + [use.analysis for use in place.uses]
    return {name: param for one in analyses if one is not None for name, param in one.spec.params.items()}


def _fields_said(place: Place, step: str) -> str:
    """The fields of the rows that leave a step."""
    for linted in place.readings:
        if linted.analysis is not None and step in linted.analysis.fields:
            fields = linted.analysis.fields[step].fields
            return "\n".join(f"- `{name}`: {type_}" for name, type_ in fields.items())
    return ""


def _inside(data: Any, part: Any) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def _written(key: str) -> str:
    return key if re.fullmatch(r"[\w.-]+", key) else json.dumps(key, ensure_ascii=False)

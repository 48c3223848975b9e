"""What a thing under the pointer is: types of names, and what is said of keys, kinds, words and codes."""

from __future__ import annotations

import re
from pathlib import Path as FilePath

from lsprotocol import types as lsp

from atk_interp.document import shown
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds import KINDS
from atk_interp.lsp.asked import Part, asked_at, word_at
from atk_interp.lsp.names import type_of_chain
from atk_interp.lsp.place import Inner, Place
from atk_interp.lsp.positions import Positions
from atk_interp.lsp.project import Project, Sort
from atk_interp.lsp.said import TABLES, code_said, format_said, function_said, kind_said, name_said, parser_said
from atk_interp.lsp.shapes import said_of, schemas_at, values_of
from atk_interp.replies import REPLY_KINDS

__all__ = ["hover"]

_CODE = re.compile(r"ATK\d{3}", re.IGNORECASE)


def hover(project: Project, file: FilePath, offset: int, encoding: str) -> lsp.Hover | None:
    """What is said of the word at a place."""
    text = project.text(file)
    start, end = word_at(text, offset)
    if start == end:
        return None
    place = Place(project, file, end)
    said = _said(place, text[start:end], start)
    if not said:
        return None
    positions = Positions(text, encoding)
    where = lsp.Range(positions.position(start), positions.position(end))
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, said), where)


def _said(place: Place, word: str, start: int) -> str:
    if _CODE.fullmatch(word):
        return code_said(word) or ""
    inner = place.inner
    if inner is not None:
        return _said_in_expression(place, inner, word)
    cursor = place.cursor
    if (cursor.is_key and not cursor.is_value) or _is_key(place):
        return _said_of_key(place)
    return _said_of_value(place) if cursor.is_value else ""


def _is_key(place: Place) -> bool:
    return place.cursor.is_key and re.compile(r"[^\n:]*:(?:\s|$)").match(place.text, place.offset) is not None


def _key(place: Place) -> str:
    """The whole key at a place: a key may have several words."""
    rest = re.compile(r"[^\n:\"']*").match(place.text, place.offset)
    return (place.cursor.text + (rest[0] if rest else "")).strip()


def _said_of_key(place: Place) -> str:
    key = _key(place)
    if place.path[-1:] == ("parse",) and key in REPLY_KINDS:
        return parser_said(key)
    if place.local_path == ("steps",):
        return _step_said(place, key)
    return said_of(schemas_at(place.schema, place.data, (*place.path, key)))


def _said_of_value(place: Place) -> str:
    value, key = _value(place), next((part for part in reversed(place.path) if isinstance(part, str)), "")
    if key == "kind" and value in KINDS:
        return kind_said(value)
    if key == "format" and value in OUTPUTS:
        return format_said(value)
    if key in ("from", "use") and value in place.steps:
        return _step_said(place, value)
    if key in ("prompt", "prompts") and place.linted is not None and place.linted.analysis is not None:
        found = place.linted.analysis.library.find(value)
        return f"`{shown(found)}`" if found is not None else ""
    if place.sort is Sort.CONFIG or place.sort is Sort.SPEC:
        listed = values_of(place.schemas())
        return listed.get(value) or ""
    return ""


def _value(place: Place) -> str:
    rest = re.compile(r"[\w./-]*").match(place.text, place.offset)
    return place.cursor.text + (rest[0] if rest else "")


def _step_said(place: Place, name: str) -> str:
    """The kind of a step, and the fields of its rows."""
    for linted in place.readings:
        if linted.analysis is None or name not in linted.analysis.spec.steps:
            continue
        step = linted.analysis.spec.steps[name]
        fields = linted.analysis.fields.get(name)
        listed = "\n".join(f"- `{field}`: {type_}" for field, type_ in fields.fields.items()) if fields else ""
        return f"step `{name}`, of the kind `{step.kind}`" + (f"; its rows have\n\n{listed}" if listed else "")
    return ""


def _said_in_expression(place: Place, inner: Inner, word: str) -> str:
    asked = asked_at(inner.text, is_tag=inner.is_tag)
    names = place.names
    if asked.part in (Part.FILTER, Part.TEST):
        known = TABLES[asked.part]
        return function_said(known[word]) if word in known else ""
    if asked.part is Part.ATTRIBUTE:
        return f"`{asked.of}.{word}`: {type_of_chain(f'{asked.of}.{word}', names.types)}"
    if asked.part is not Part.NAME:
        return ""
    if word in names.types:
        analyses = [linted.analysis for linted in place.readings] + [use.analysis for use in place.uses]
        params = [one.spec.params[word] for one in analyses if one is not None and word in one.spec.params]
        return name_said(word, names.types[word], names, params[0] if params else None)
    calls = TABLES[Part.NAME]
    return function_said(calls[word]) if word in calls and not inner.is_template else ""

"""Keys that stand at the wrong level: what they look like, where that is certain enough.

A key that is indented too little becomes a name beside the one that it belongs to. Only what is wrong as it stands is
looked at, so a spec that may be compiled is never told anything here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import Document, Path
from atk_interp.spec import codes
from atk_interp.spec.schema import PARAM_TYPES, SPEC_SCHEMA
from atk_interp.spec.validate import validate

__all__ = ["AT_THE_START", "NamedMappings", "is_section", "looks_like"]

AT_THE_START = "begin it at the start of its line"
"""What to do with a section that is indented."""
_SECTIONS = [key for key, rules in SPEC_SCHEMA.items() if rules["type"] == "dict"]

KeysOf = Callable[[Mapping[str, Any]], Collection[str]]
"""The keys that a mapping may have, from those that it has."""


class NamedMappings:
    """The mapping of named mappings at a path: steps, parameters, slots or outputs. `what` is what one of them is.

    What stands among the names and is none is reported at once: a key that looks like one of the mapping before it,
    a section of the spec.
    """

    def __init__(self, document: Document, base: Path, what: str, keys_of: KeysOf, sink: Sink) -> None:
        self._document, self._base, self._sink = document, base, sink
        found = document.get(base)
        self._found: Mapping[str, Any] = found if isinstance(found, dict) else {}
        self._lost = _lost(self._found, what, keys_of)
        self._sections = {name for name, data in self._found.items() if _is_section(name, data, keys_of)}
        for name, keys in self._lost.items():
            self._report_keys(what, name, keys)
        for name in self._sections:
            told = f"`{name}` stands below `{base[-1]}`, and is a key of the spec"
            sink.report(codes.UNKNOWN_KEY, document.key_span((*base, name)), told, help=AT_THE_START)

    def items(self) -> list[tuple[str, Any]]:
        """The names that are names, with what they have."""
        none = {key for keys in self._lost.values() for key in keys} | self._sections
        return [(name, data) for name, data in self._found.items() if name not in none]

    def fits(
        self, name: str, schema: Mapping[str, Any], what: str, explain: Callable[[str], str | None] = lambda key: None
    ) -> bool:
        """Whether what a name has fits a schema; reports when not. That it lacks what is misplaced is told already."""
        lost = self._lost.get(name, ())
        if lost and self._found[name] is None:
            return False
        rules = {key: {**rules, "required": False} if key in lost else rules for key, rules in schema.items()}
        return validate(self._document, (*self._base, name), rules, self._sink, what=what, explain=explain) and not lost

    def _report_keys(self, what: str, name: str, keys: list[str]) -> None:
        listed = ", ".join(f"`{key}`" for key in keys[:-1]) + (" and " if keys[:-1] else "") + f"`{keys[-1]}`"
        looks = "looks like a key" if len(keys) == 1 else "look like keys"
        self._sink.report(
            codes.UNKNOWN_KEY,
            self._document.key_span((*self._base, keys[0])),
            f"{listed} {looks} of {what} `{name}`",
            help=_indent(self._document, self._base, name, keys),
        )


def _lost(found: Mapping[str, Any], what: str, keys_of: KeysOf) -> dict[str, list[str]]:
    """Keys that stand among the names, by the name before them, if that has none like it."""
    owner = ""
    lost: dict[str, list[str]] = {}
    for name, data in found.items():
        if owner and not _has_own_meaning(data, what) and name in _lacking(found, owner, lost.get(owner, []), keys_of):
            lost.setdefault(owner, []).append(name)
        else:
            owner = name if data is None or isinstance(data, dict) else ""
    return lost


def _has_own_meaning(data: Any, what: str) -> bool:
    """Whether a value is that of a name: only a step may be told from a key whose value is a mapping."""
    return isinstance(data, dict) and (what != "step" or bool({"kind", "from"} & data.keys()))


def _lacking(found: Mapping[str, Any], owner: str, lost: list[str], keys_of: KeysOf) -> set[str]:
    """The keys that a named mapping may have and has not; `lost` are those of its own that were met before."""
    has = {**(found[owner] or {}), **{key: found[key] for key in lost}}
    return {*keys_of(has)} - {*has}


def _indent(document: Document, base: Path, owner: str, keys: list[str]) -> str:
    it = "it" if len(keys) == 1 else "them"
    at = _column(document, (*base, keys[0]))
    if at is None:
        return f"write {it} inside the braces of `{owner}`"
    inside = document.get((*base, owner))
    if not inside:
        return f"indent {it} below `{owner}`"
    first = next(iter(inside))
    column = _column(document, (*base, owner, first))
    if column is None:
        return f"write {it} inside the braces of `{owner}`"
    spaces = column - at
    return (
        f"indent {it} by {spaces} more space{'s' if spaces != 1 else ''}, as `{first}` is"
        if spaces > 0
        else (f"write {it} below `{owner}`")
    )


def _column(document: Document, path: Path) -> int | None:
    """The column of a key that is the first thing on its line."""
    begin = document.key_span(path).start
    before = document.file.text[:begin].rpartition("\n")[2]
    return len(before) if not before.strip(" ") else None


def _is_section(name: str, data: Any, keys_of: KeysOf) -> bool:
    """Whether a name and what it has are a section of the spec, and not one of those that have keys of their own."""
    return name in _SECTIONS and is_section(data) and not {*keys_of({})} & data.keys()


def is_section(data: Any) -> bool:
    """Whether a value could be that of a section of the spec: names with mappings."""
    return isinstance(data, dict) and bool(data) and all(isinstance(part, dict) for part in data.values())


def looks_like(data: Any) -> str | None:
    """What a mapping at the wrong place looks like, and where it belongs."""
    if not isinstance(data, dict):
        return None
    if isinstance(data.get("kind"), str):
        return "it looks like a step: write it, indented, below `steps`"
    if isinstance(data.get("format"), str) and "from" in data:
        return "it looks like an output: write it, indented, below `outputs`"
    if data.get("type") in PARAM_TYPES:
        return "it looks like a parameter: write it, indented, below `params`"
    if "expects" in data:
        return "it looks like a model slot: write it, indented, below `models`"
    return None

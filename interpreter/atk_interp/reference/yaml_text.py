"""Values as YAML, in the form in which a person would write them into a spec or config."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["flow", "scalar", "yaml_text"]

_WIDTH = 100
_PLAIN = re.compile(r"(?:\.{0,2}/)?[A-Za-z_=][\w ./=<>|+*()!?\"'-]*", re.ASCII)
_NOT_TEXT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan"}
"""Words that YAML, or a reader, would not take for text."""


def scalar(value: Any) -> str:
    """A value without parts on one line; text is quoted where YAML would read something else."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value == value.strip() and value.lower() not in _NOT_TEXT:
        return value
    if isinstance(value, float):
        mantissa, e, exponent = json.dumps(value).partition("e")
        return mantissa + (".0" if e and "." not in mantissa else "") + e + exponent  # YAML takes 1e9 for text
    return json.dumps(value, ensure_ascii=False)


def flow(value: Any) -> str:
    """A value on one line."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{scalar(key)}: {flow(part)}" for key, part in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(flow(part) for part in value) + "]"
    return scalar(value)


def yaml_text(value: Any, indent: int = 0) -> str:
    """A value as lines of YAML, the last without its break: blocks outside, and what is short within on one line."""
    pad = " " * indent
    match value:
        case Mapping() if value:
            return "\n".join(f"{pad}{scalar(key)}:{_behind(part, indent, key)}" for key, part in value.items())
        case list() | tuple() if value:
            return "\n".join(f"{pad}- {_item(part, indent)}" for part in value)
    return pad + flow(value)


def _behind(value: Any, indent: int, key: Any) -> str:
    """What stands behind `key:`, with the line breaks it needs."""
    if isinstance(value, str) and _is_block(value):
        pad = " " * (indent + 2)
        return " |\n" + "\n".join(f"{pad}{line}".rstrip() for line in value.removesuffix("\n").split("\n"))
    if _fits(value, indent + len(str(key)) + 2) or not isinstance(value, Mapping | Sequence) or isinstance(value, str):
        return " " + flow(value)
    return "\n" + yaml_text(value, indent + 2)


def _item(value: Any, indent: int) -> str:
    if _fits(value, indent + 2) or not isinstance(value, Mapping):
        return flow(value)
    return yaml_text(value, indent + 2).lstrip()


def _is_block(text: str) -> bool:
    """Whether a block scalar gives the text back to the letter."""
    lines = text.removesuffix("\n").split("\n")
    return (
        text.endswith("\n")
        and len(lines) > 1
        and all(line and line == line.strip() and line.isprintable() for line in lines)
    )


def _fits(value: Any, column: int) -> bool:
    return column + len(flow(value)) <= _WIDTH and not _holds_block(value)


def _holds_block(value: Any) -> bool:
    match value:
        case str():
            return _is_block(value)
        case Mapping():
            return any(_holds_block(part) for part in value.values())
    return False

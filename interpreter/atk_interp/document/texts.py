"""YAML as the texts that are written in it: for what a model wrote, where `no` is a word and `12:30` a time."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["NotYaml", "QuotedText", "read_texts"]

_MAX_DEPTH = 60
_MAX_EVENTS = 100_000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class QuotedText(str):
    """A text that was written in quotation marks or as a block, so that it is no number whatever it looks like."""

    __slots__ = ()


class NotYaml(ValueError):
    """What is wrong with a text, in a few words."""


def read_texts(text: str) -> Any:
    """Mappings, lists and texts: the first document of a text, with every scalar as it is written.

    Of a key that comes twice the last value counts, as in JSON. Linear time. Raises `NotYaml` for what is no YAML, is
    nested deeply, or has anchors, aliases or tags.
    """
    open_: list[tuple[Any, list[str]]] = []
    try:
        for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
            if number > _MAX_EVENTS or len(open_) > _MAX_DEPTH:
                raise NotYaml("too much of it, or too many levels")
            value = _opened(event)
            if isinstance(event, yaml.CollectionEndEvent):
                value, _ = open_.pop()
            elif isinstance(event, yaml.CollectionStartEvent):
                open_.append((value, []))
                continue
            elif not isinstance(event, yaml.ScalarEvent):
                continue
            if not open_:
                return value
            _add(open_[-1], value)
    except yaml.YAMLError as error:
        raise NotYaml(f"a mistake ({getattr(error, 'problem', None) or 'unreadable'})") from None
    raise NotYaml("nothing")


def _opened(event: Any) -> Any:
    """What an event begins. Raises `NotYaml` for what only people write."""
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise NotYaml("an anchor or alias")
    if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) is not None:
        raise NotYaml("a tag")
    if isinstance(event, yaml.ScalarEvent):
        return event.value if event.style in (None, "") else QuotedText(event.value)
    return {} if isinstance(event, yaml.MappingStartEvent) else []


def _add(into: tuple[Any, list[str]], value: Any) -> None:
    """Add a value to a list, or to a mapping as the next key or the value of the key before it."""
    collection, keys = into
    if isinstance(collection, list):
        collection.append(value)
    elif keys:
        collection[keys.pop()] = value
    elif isinstance(value, str):
        keys.append(str(value))
    else:
        raise NotYaml("a key that is no text")

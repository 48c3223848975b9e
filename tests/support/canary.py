"""Looking for a key in all that a run leaves, in every spelling that it may have taken on the way."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

__all__ = ["KEY", "found", "spellings"]

KEY = 'sk-cAnArY7Hq/9+z"Zx\\w=<Q&v%41k'
"""An API key that no encoding leaves as it is."""


def spellings(key: str) -> dict[str, bytes]:
    """The key as raw bytes and as what programs make of text, by the name of the encoding."""
    raw = key.encode()
    found = {
        "raw": raw,
        "json": json.dumps(key)[1:-1].encode(),
        "json within json": json.dumps(json.dumps(key)[1:-1])[1:-1].encode(),
        "json for html": json.dumps(key)[1:-1].replace("<", "\\u003c").replace("&", "\\u0026").encode(),
        "repr": repr(key)[1:-1].encode(),
        "url": quote(key, safe="").encode(),
        "path": quote(key).encode(),
        "form": quote_plus(key).encode(),
        "html": html.escape(key).encode(),
        "hex": raw.hex().encode(),
        "utf-16": key.encode("utf-16-le"),
        "core": key[3:12].encode(),
        "core in hex": raw[3:12].hex().encode(),
    }
    for begin in range(3):  # base64 of something that has the key in its midst
        inner = raw[(3 - begin) % 3 :]
        whole = base64.b64encode(inner[: len(inner) // 3 * 3])
        found[f"base64 at {begin}"] = whole
        found[f"url-safe base64 at {begin}"] = base64.urlsafe_b64encode(inner[: len(inner) // 3 * 3])
    return found


def found(key: str, folder: Path, texts: Mapping[str, str], but: Iterable[str] = ()) -> list[str]:
    """Where the key is, in the files under a folder and in some texts, each with the spelling it has there.

    Files named in `but` are those that had it from the beginning.
    """
    needles = spellings(key)
    places = {name: text.encode("utf-8", "surrogateescape") for name, text in texts.items()}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in but:
            places[str(path.relative_to(folder))] = str(path).encode() + path.read_bytes()
    return [
        f"{place}: {name}: …{content[max(0, content.find(needle) - 60) : content.find(needle) + 60]!r}"
        for place, content in places.items()
        for name, needle in needles.items()
        if needle in content
    ]

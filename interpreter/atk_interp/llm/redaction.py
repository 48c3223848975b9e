"""Taking keys out of what a server says, however it spells them."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["Redaction", "secrets_in"]

HIDDEN = "…".encode()

_NO_SECRETS = ("not-needed", "no-key", "no-key-required", "sk-no-key-required", "lm-studio", "token-abc123")
_SHORTEST = 8
"""Keys below this length, and those above, are what people give to servers that ask for none (`EMPTY`): words that a
reply may well hold, and nothing to keep from anyone."""

_TELLING = re.compile(r"key|token|secret|auth|sig|passw", re.IGNORECASE)
"""Names of the parts of an address that hold a secret; an `api-version` is none."""

_UNRESERVED = re.compile(rb"[A-Za-z0-9._~-]")
"""What no address, page or JSON has to escape."""


class Redaction:
    """Replaces some secrets by `…`, as they are and in the encodings of JSON, addresses, pages and base64.

    It sees every reply: to find nothing takes about a microsecond for each thousand characters.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        kept = {secret.encode() for secret in secrets if len(secret) >= _SHORTEST and secret not in _NO_SECRETS}
        self._plain = [needle for secret in kept for needle in (secret, *_base64(secret))]
        self._marks = sorted({b"\\u00", *(mark for secret in kept for char in secret for mark in _marks(char))})
        parts = [b"".join(_spelled(char) for char in secret) for secret in sorted(kept, key=len, reverse=True)]
        self._spelled = re.compile(b"|".join(parts)) if kept else None

    def __call__(self, said: bytes) -> bytes:
        if self._spelled is None:
            return said
        for needle in self._plain:
            if needle in said:
                said = said.replace(needle, HIDDEN)
        if any(mark in said for mark in self._marks):
            return self._spelled.sub(HIDDEN, said)
        return said


def secrets_in(address: str) -> list[str]:
    """What an address holds beside a place: a password, a user name that is a key, parameters that are named so."""
    try:
        parts = urlsplit(address)
        user, password = parts.username, parts.password
    except ValueError:
        return []
    asked = [value for name, value in parse_qsl(parts.query) if _TELLING.search(name)]
    raw = [part.partition("=")[2] for part in parts.query.split("&") if _TELLING.search(part.partition("=")[0])]
    login = [password] if password else [user] if user else []
    return [*map(unquote, login), *login, *asked, *raw]


def _base64(secret: bytes) -> list[bytes]:
    """What a secret looks like in the midst of something in base64, by where it begins there."""
    found = []
    for begin in range(3):
        inner = secret[(3 - begin) % 3 :]
        inner = inner[: len(inner) // 3 * 3]
        if len(inner) >= _SHORTEST // 2:
            found += [base64.b64encode(inner), base64.urlsafe_b64encode(inner)]
    return list(dict.fromkeys(found))


def _marks(char: int) -> list[bytes]:
    """What is there, among others, when a character is escaped: most can only be as `\\u0041`."""
    raw = bytes([char])
    if _UNRESERVED.fullmatch(raw):
        return []
    named = html.escape(chr(char)).encode()
    name = [named[1:]] if named.startswith(b"&") else []
    return [b"\\" + raw, b"%%%02X" % char, b"%%%02x" % char, b"%25", b"&#", *name]


def _spelled(char: int) -> bytes:
    """A pattern for a character as it is, or escaped once or several times over."""
    named = html.escape(chr(char)).encode()
    name = b"|" + re.escape(named[1:-1]) if named.startswith(b"&") else b""
    hexed = b"%02x" % char
    return b"(?:%b|%b|%b|%b)" % (
        rb"\\*" + re.escape(bytes([char])),
        rb"\\+u00(?i:%b)" % hexed,
        rb"%%(?:25)*(?i:%b)" % hexed,
        rb"&(?:amp;)*(?:#0*%d|#[xX]0*(?i:%b)%b);" % (char, hexed, name),
    )

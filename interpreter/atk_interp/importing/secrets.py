"""Keys and passwords in what is imported: where they stand in a text, and which names are those of one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from atk_interp.diagnostics.concealing import SECRET, URL_LOGIN, URL_QUERY
from atk_interp.importing.notes import Notes
from atk_interp.patterns import pattern

__all__ = [
    "DOUBTFUL",
    "HIDDEN",
    "TOLD",
    "conceal_python",
    "doubtful",
    "hidden",
    "is_credential",
    "places",
    "without_credentials",
    "without_login",
]

HIDDEN = "…"
TOLD = "what looks like a key or a password stands here; it is written nowhere, and `…` is in its place"

DOUBTFUL = "this may be a key or a password, and is left as it stands; take it out if it is one"

_NAME = pattern(
    r"(?i)api[_-]?keys?\Z|(?:\A|[_-])(?:(?:access|auth|private|secret)[_-]?key|auth|authorization|bearer|cookie"
    r"|credentials?|passwd|passwords?|passphrase|secrets?|token)\Z"
)
_TOKEN_OF_TEXT = pattern(r"(?i)(?:\A|[_-])(?:bos|cls|end|eos|mask|max|min|pad|sep|start|stop|unk)[_-]token\Z")
_PRIVATE = pattern(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s*[A-Za-z0-9+/=]{16,})*"
    r"(?:\s*[A-Za-z0-9+/=]*\s*-----END [A-Z ]*PRIVATE KEY-----)?"
)
_STRIPE = pattern(r"(?<![A-Za-z0-9])[prs]k_(?:live|test)_[A-Za-z0-9]{16,}")
_NAMED = pattern(
    r"(?i)(?<![a-z0-9])(?:api[_-]?key|authorization|passwd|password|secret|token)[\"']?\s*[:=]\s*[\"']?"
    r"(?:(?:bearer|basic|token)\s+)?(?P<password>(?=[^\s\"']*[0-9])[a-z0-9._~+/=-]{16,})"
)
_BARE = pattern(
    r"(?<![\w/.+=-])(?:(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{32,}"
    r"|(?=[A-Za-z]*[0-9])(?=[a-z0-9]*[A-Z])(?=[A-Z0-9]*[a-z])(?=(?:[A-Za-z]*[0-9]){4})[A-Za-z0-9]{32,})(?![\w/.+=-])"
)
_SAID = pattern(
    r"(?i)\b(?:password|passwd|passphrase|passcode|(?:api|access|secret)[ _-]key)\b[\"'`]?\s*(?:is|[:=])\s*"
    r"[\"'`]?(?P<password>(?=[^\s\"'`{}<>]*[0-9])[^\s\"'`{}<>…]{4,})"
)
_BEARER = pattern(r"(?i)\b(?:bearer|basic)\s+(?P<password>(?=[^\s\"']*[0-9])[a-z0-9._~+/=-]{16,})")


def is_credential(name: str) -> bool:
    """Whether a name is that of a key or a password: `x-api-key`, and not `max_tokens` or `stop_token`."""
    return _NAME.search(name) is not None and _TOKEN_OF_TEXT.search(name) is None


def places(text: str) -> list[tuple[int, int]]:
    """Where the credentials in a text begin and end, in their order; none of them overlap."""
    found = [one.span() for sign in (_PRIVATE, SECRET, _STRIPE) for one in sign.finditer(text)]
    for sign in (URL_LOGIN, URL_QUERY, _NAMED, _BEARER):
        found += [one.span("password") for one in sign.finditer(text)]
    apart: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if apart and begin < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((begin, end))
    return apart


def doubtful(text: str) -> list[int]:
    """Where something stands that may be a credential, and may as well be anything else."""
    known = places(text)
    found = [one.start() for one in _BARE.finditer(text)] + [one.start("password") for one in _SAID.finditer(text)]
    return sorted({at for at in found if not any(begin <= at < end for begin, end in known)})


def hidden(text: str) -> str:
    """A text with `…` for each credential in it."""
    for begin, end in reversed(places(text)):
        text = f"{text[:begin]}{HIDDEN}{text[end:]}"
    return text


def without_login(address: str) -> str | None:
    """An address without user, password and query; None where it is none."""
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


def without_credentials(value: Any) -> tuple[Any, list[str]]:
    """A value without the entries that are named like credentials, in whatever depth, and their names.

    A mapping that has no other entries goes with them.
    """
    if isinstance(value, list):
        parts = [without_credentials(part) for part in value]
        return [part for part, _ in parts], [name for _, names in parts for name in names]
    if not isinstance(value, dict):
        return value, []
    kept: dict[Any, Any] = {}
    gone = [str(key) for key in value if is_credential(str(key))]
    for key, part in value.items():
        if not is_credential(str(key)):
            left, names = without_credentials(part)
            gone += names
            if not names or left:
                kept[key] = left
    return kept, gone


# --------------------------------------------------------------------------------------------------------- Python


def conceal_python(tree: ast.AST, file: str, notes: Notes) -> None:
    """Put `…` for the credentials among the texts of a tree, and tell of each."""
    for node in ast.walk(tree):
        for name, value in _named(node):
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value not in ("", HIDDEN):
                notes.hide_if_long(value.value)
                value.value = HIDDEN
                notes.look(
                    file, value.lineno, f"the value of `{name}` is a key or a password by its name; it is left out"
                )
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and places(node.value):
            node.value = hidden(node.value)
            notes.look(file, node.lineno, TOLD)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and doubtful(node.value):
            notes.look(file, node.lineno, DOUBTFUL)


def _named(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The values that a node gives to names of credentials."""
    pairs: list[tuple[str, ast.AST | None]] = []
    if isinstance(node, ast.keyword):
        pairs = [(node.arg or "", node.value)]
    elif isinstance(node, ast.Dict):
        pairs = [(_text(key), value) for key, value in zip(node.keys, node.values, strict=True)]
    elif isinstance(node, ast.Assign):
        pairs = [(_text(target), node.value) for target in node.targets]
    elif isinstance(node, ast.AnnAssign):
        pairs = [(_text(node.target), node.value)]
    elif isinstance(node, ast.arguments):
        places_ = (*node.posonlyargs, *node.args)
        pairs = [(arg.arg, value) for arg, value in zip(places_[::-1], node.defaults[::-1], strict=False)]
        pairs += [(arg.arg, value) for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
    for name, value in pairs:
        if value is not None and is_credential(name):
            yield from ((name, part) for part in (value.elts if isinstance(value, ast.List | ast.Tuple) else [value]))


def _text(node: ast.AST | None) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(text))):
            return text
    return ""

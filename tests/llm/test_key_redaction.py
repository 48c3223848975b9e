"""A key is taken out of what a server says, in whatever spelling."""

from __future__ import annotations

import pytest

from atk_interp.llm.redaction import Redaction, secrets_in
from support.canary import KEY, spellings

PLAIN = "sk-proj-abcdefghijklmnopqrst0123456789"


@pytest.mark.parametrize("key", [KEY, PLAIN])
def test_every_spelling_is_hidden(key: str) -> None:
    hide = Redaction([key])
    for name, spelled in spellings(key).items():
        if name not in ("utf-16", "hex", "core", "core in hex"):
            assert hide(b"<" + spelled + b">") == "<…>".encode(), name


@pytest.mark.parametrize("key", [KEY, PLAIN])
def test_a_key_whose_characters_are_all_escaped_is_hidden(key: str) -> None:
    escaped = "".join(f"\\u{ord(char):04X}" for char in key).encode()
    assert Redaction([key])(escaped + b" \\u00e9") == "… ".encode() + b"\\u00e9"


def test_what_is_no_secret_stays() -> None:
    said = b"EMPTY lm-studio \\u0041 %41 &amp; no-key"
    assert Redaction(["EMPTY", "lm-studio", "no-key", ""])(said) is said
    assert Redaction([KEY])(said) == said


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("http://host/v1", set()),
        ("http://host/v1?api-version=2024-10-21-preview", set()),
        ("http://me:pass%2Fword@host/v1", {"pass/word", "pass%2Fword"}),
        ("http://the-key@host/v1", {"the-key"}),
        ("http://host/v1?a=b&api_key=the%2Bkey", {"the+key", "the%2Bkey"}),
        ("http://[host", set()),
    ],
)
def test_the_secrets_of_an_address(address: str, secrets: set[str]) -> None:
    assert set(secrets_in(address)) == secrets

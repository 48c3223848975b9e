"""A line that is shown with a finding has no credential in it."""

from __future__ import annotations

import pytest

from atk_interp.diagnostics.concealing import concealed


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("base_url: http://me:pass@host/v1", "base_url: http://*******@host/v1"),
        ("base_url: http://the-key@host/v1", "base_url: http://*******@host/v1"),
        ("- https://host/v1?a=b&api_key=0123456789&c=d", "- https://host/v1?a=b&api_key=**********&c=d"),
        ('{"api_key": "0123456789", "model": "m"}', '{"api_key": "**********", "model": "m"}'),
        ("# sk-proj-abcdefghijklmnopqrstuvwxyz", "# sk-p" + "*" * 30),
        ("api_key_env: OPENAI_API_KEY", "api_key_env: OPENAI_API_KEY"),
        ("see http://host/v1 and sk-short", "see http://host/v1 and sk-short"),
    ],
)
def test_credentials_are_starred_and_places_stay_where_they_are(line: str, shown: str) -> None:
    assert concealed(line) == shown
    assert len(shown) == len(line)

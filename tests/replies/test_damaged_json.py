from __future__ import annotations

import pytest

from atk_interp.replies.damaged_json import find_json
from atk_interp.values import Value


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("{}", [{}]),
        ("[]", [[]]),
        ('{"a": {"b": [1, 2.5, -3e2, true, null]}}', [{"a": {"b": [1, 2.5, -300.0, True, None]}}]),
        ('one {"a": 1} two [2] three', [{"a": 1}, [2]]),
        ('{"a": "\\u00e9\\n\\"\\/"}', [{"a": 'é\n"/'}]),
        ('{"a": [1, 2', [{"a": [1, 2]}]),
        ('{"a": [1, 2,', [{"a": [1, 2]}]),
        ('{"a": 1,\n}', [{"a": 1}]),
        ('{"a": "b\tc\nd"}', [{"a": "b\tc\nd"}]),
        ("{'a': 'it's b', 'c': True}", [{"a": "it's b", "c": True}]),
        ("{„a“: «b»}", [{"a": "b"}]),
        ('{"a": "\\alpha \\(x\\)"}', [{"a": "\\alpha \\(x\\)"}]),
        ("{a: 1}", []),
        ('{"a": 01}', []),
        ('{"a": NaN}', []),
        ('{"a": }', []),
        ('{"a" 1}', []),
        ('{"a": 1 "b": 2}', []),
        ('{"a": "cut', []),
        ('{"a":', []),
        ('{"a": tru', []),
        ('{"a": "\\ud800"}', []),
    ],
)
def test_json_is_found_and_small_damage_repaired(text: str, values: list[Value]) -> None:
    assert find_json(text).values == values


@pytest.mark.parametrize(("text", "broken_at"), [("{x} y", None), ('{"a": x}', 7), ('z [{"a": 1, 2}]', 12)])
def test_where_json_breaks_off_is_known(text: str, broken_at: int | None) -> None:
    assert find_json(text).broken_at == broken_at


def test_json_deeper_than_anyone_writes_is_none() -> None:
    assert find_json('{"a":' * 60 + "1" + "}" * 60).values
    assert find_json("[" * 100_000).values == []

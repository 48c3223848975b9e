from __future__ import annotations

from typing import Any

import pytest
from reply_options import EVERY_KIND

from atk_interp.replies import build_reader


def schema_of(options: dict[str, Any]) -> Any:
    sent: Any = build_reader(options).response_format()
    assert sent["type"] == "json_schema"
    return sent["json_schema"]


def test_a_schema_is_sent_as_strict_endpoints_want_it() -> None:
    form = {
        "question": "text",
        "level": {"choices": ["easy", "hard"], "optional": True},
        "score": {"type": "int", "min": 1, "max": 10},
        "facts": {"items": "text", "min": 1},
        "source": {"fields": {"year": {"type": "int", "optional": True}}},
    }
    assert schema_of({"json": form}) == {
        "name": "reply",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {
                "question": {"type": "string"},
                "level": {"type": ["string", "null"], "enum": ["easy", "hard", None]},
                "score": {"type": "integer", "minimum": 1, "maximum": 10},
                "facts": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "source": {
                    "type": "object",
                    "properties": {"year": {"type": ["integer", "null"]}},
                    "required": ["year"],
                    "additionalProperties": False,
                },
            },
            "required": ["question", "level", "score", "facts", "source"],
            "additionalProperties": False,
        },
    }


def test_several_objects_are_asked_for_in_one() -> None:
    schema = schema_of({"json": {"fact": "text"}, "many": True})["schema"]
    assert schema["required"] == ["items"]
    assert schema["properties"]["items"]["items"]["required"] == ["fact"]


def test_what_is_left_open_is_not_strict() -> None:
    sent = schema_of({"json": {"a": "any", "b": "record", "c": "list"}})
    assert sent["strict"] is False
    assert sent["schema"]["properties"] == {"a": {}, "b": {"type": "object"}, "c": {"type": "array", "items": {}}}


@pytest.mark.parametrize("options", [options for options in EVERY_KIND.values() if "json" not in options])
def test_other_parsers_want_plain_text(options: dict[str, Any]) -> None:
    assert build_reader(options).response_format() is None

"""A `parse:` for every parser and its important variants, for tests that go over all of them."""

from __future__ import annotations

from typing import Any

__all__ = ["CONSTRAINED", "EVERY_KIND"]

CONSTRAINED: dict[str, dict[str, Any]] = {
    "text": {"text": "answer"},
    "tag": {"tag": "answer"},
    "many tags": {"tag": "answer", "many": True, "max_items": 2},
    "tags": {"tags": ["question", "answer"]},
    "tags of all kinds": {
        "tags": {
            "note": {"optional": True},
            "verdict": {"choice": ["suitable", "unsuitable"]},
            "score": {"number": "int", "min": 1, "max": 10},
            "share": {"number": True, "min": 0, "max": 1},
            "answer": {"optional": True},
        },
        "many": True,
    },
    "pattern": {"pattern": "**QUESTION:** {question}\n**ANSWER:** {answer}"},
    "many blocks": {"pattern": "**QUESTION:** {question}\n**ANSWER:** {answer}\n", "many": True},
    "optional hole": {"pattern": "# Title: {title}\nNote: {note?}\nText: {text}\n# End"},
    "holes in a line": {"pattern": "Q: {question} | A: {answer}.", "many": True},
    "choice": {"choice": ["suitable", "unsuitable", "not sure"], "into": "verdict"},
    "choice after a header": {"choice": {"a": 1, "b": None, "cc": True}, "into": "v", "after": "**Final verdict:**"},
    "number": {"number": "score", "min": -5, "max": 2000},
    "number after a header": {"number": "score", "min": 0.5, "max": 3.5, "after": "Score:"},
    "whole number": {"number": "score", "type": "int", "min": 1, "max": 10, "after": "Score"},
    "list": {"list": "facts", "min_items": 2, "max_items": 3},
    "many items": {"list": "fact", "many": True},
    "json": {
        "json": {
            "question": "text",
            "note": {"optional": True},
            "level": {"choices": ["easy", "hard"]},
            "score": {"type": "int", "min": 1, "max": 10},
            "share": {"type": "float", "optional": True},
            "is_fair": "bool",
            "facts": {"items": "text", "min": 1, "max": 3},
            "source": {"fields": {"title": "text", "year": {"type": "int", "optional": True}}},
        }
    },
    "many objects": {"json": {"answer": "text"}, "many": True},
    "headings": {"headings": ["question", "answer"]},
    "headings of all kinds": {
        "headings": {
            "note": {"optional": True},
            "verdict": {"heading": "Final verdict", "choice": ["suitable", "unsuitable"]},
            "score": {"number": "int", "min": 1, "max": 10},
            "answer": {"optional": True},
        },
        "many": True,
    },
    "rubric": {
        "rubric": {
            "score": {"min": 1, "max": 5, "type": "int"},
            "fair_play": {"min": 0, "max": 1, "weight": 2},
            "lies": "fails",
        },
        "into": "whole",
    },
    "dialogue": {"dialogue": {"user": "User", "assistant": ["Assistant", "AI"]}, "into": "talk", "min_turns": 3},
}
"""Those whose replies a grammar can hold."""

EVERY_KIND: dict[str, dict[str, Any]] = {
    **CONSTRAINED,
    "open json": {"json": {"answer": "any", "rest": {"type": "record", "optional": True}}},
    "yaml": {
        "yaml": {
            "answer": "text",
            "score": {"type": "int", "min": 1},
            "share": {"type": "float", "optional": True},
            "is_fair": {"type": "bool", "optional": True},
            "facts": {"items": "text", "optional": True},
        }
    },
    "many mappings": {"yaml": {"answer": "text"}, "many": True},
    "regex": {"regex": r"(?P<key>\w+): (?P<value>.*)"},
    "many matches": {"regex": r"(?P<key>\w+)=(?P<value>\w+)?", "many": True, "optional": ["value"]},
}
"""Every parser."""

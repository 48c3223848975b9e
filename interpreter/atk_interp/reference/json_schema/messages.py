"""The schema of prompt files, and of the `messages` of an output, which have the same form."""

from __future__ import annotations

from atk_interp.reference.json_schema.convert import Schema, closed, described_as
from atk_interp.templates import ROLES

__all__ = ["message_definitions", "prompt_schema"]

_ROLES = {
    "system": "What holds for the whole conversation; the first message, where there is one.",
    "user": "What the model answers.",
    "assistant": "An answer: an example for the model to imitate, or what a model is to learn.",
    "developer": "What holds for the whole conversation, as newer endpoints have it.",
    "tool": "The result of a tool.",
}
_TEMPLATE = "A Jinja template over the fields of the row, the parameters and the built-in names."


def message_definitions() -> dict[str, Schema]:
    """The definitions `messages` and `message`."""
    properties: dict[str, Schema] = {
        role: described_as(f"{_ROLES[role]} {_TEMPLATE}", {"type": "string"}) for role in ROLES
    }
    properties |= {
        "role": described_as(
            "Who speaks; beside `content`. It may be a template.",
            {"type": "string", "anyOf": [{"enum": list(ROLES)}, {"pattern": r"\{\{"}]},
        ),
        "content": described_as(f"What is said; beside `role`. {_TEMPLATE}", {"type": "string"}),
        "when": described_as(
            "An expression: where it is false the message is left out.", {"type": ["string", "boolean", "number"]}
        ),
        "each": described_as(
            "`LIST as NAME`: the message, or the `messages`, once for every element of a list.",
            {"type": "string", "pattern": r"\S\s+as\s+[A-Za-z_]\w*\s*$"},
        ),
        "messages": described_as("The messages for each element.", {"$ref": "#/definitions/messages"}),
    }
    forms = [["role", "content"], *([role] for role in ROLES), ["each", "messages"]]
    message = closed(properties) | {"oneOf": [{"required": form} for form in forms]}
    return {
        "messages": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/message"}},
        "message": described_as("One message: `ROLE: content`, or `role` and `content`.", message),
    }


def prompt_schema() -> Schema:
    """The schema of a prompt file with chat messages."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "atk-interp prompt",
        "description": "The messages that a step sends to a model, each with holes for the fields of the row.",
        "$ref": "#/definitions/messages",
        "definitions": message_definitions(),
    }

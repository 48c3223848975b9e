"""The schema of prompt files, and of the `messages` of an output, which have the same form."""

from __future__ import annotations

from atk_interp.reference.json_schema.convert import Schema, closed, described_as
from atk_interp.templates import ROLES

__all__ = ["marked_definitions", "message_definitions", "prompt_schema"]

_ROLES = {
    "system": "What holds for the whole conversation; the first message, where there is one.",
    "user": "What the model answers.",
    "assistant": "An answer: an example for the model to imitate, or what a model is to learn.",
    "developer": "What holds for the whole conversation, as newer endpoints have it.",
    "tool": "The result of a tool.",
}
_TRAIN = "An expression: whether the message is learned. Without it the assistant's are, and no others."
_EXPRESSION: Schema = {"type": ["string", "boolean", "number"]}
_TEMPLATE = "A Jinja template over the fields of the row, the parameters and the built-in names."


def message_definitions() -> dict[str, Schema]:
    """The definitions `messages` and `message`."""
    return _definitions("messages", "message", {})


def marked_definitions() -> dict[str, Schema]:
    """The definitions `marked_messages` and `marked_message`: they may say `train`."""
    return _definitions("marked_messages", "marked_message", {"train": described_as(_TRAIN, _EXPRESSION)})


def _definitions(several: str, one: str, marks: dict[str, Schema]) -> dict[str, Schema]:
    """A list of messages, and a message of it, under these names; `marks` are keys that messages alone may have."""
    properties: dict[str, Schema] = {
        role: described_as(f"{_ROLES[role]} {_TEMPLATE}", {"type": "string"}) for role in ROLES
    }
    properties |= {
        "role": described_as(
            "Who speaks; beside `content`. It may be a template.",
            {"type": "string", "anyOf": [{"enum": list(ROLES)}, {"pattern": r"\{\{"}]},
        ),
        "content": described_as(f"What is said; beside `role`. {_TEMPLATE}", {"type": "string"}),
        "when": described_as("An expression: where it is false the message is left out.", _EXPRESSION),
        "each": described_as(
            "`LIST as NAME`: the message, or the `messages`, once for every element of a list.",
            {"type": "string", "pattern": r"\S\s+as\s+[A-Za-z_]\w*\s*$"},
        ),
        "messages": described_as("The messages for each element.", {"$ref": f"#/definitions/{several}"}),
        **marks,
    }
    forms: list[Schema] = [{"required": form} for form in (["role", "content"], *([role] for role in ROLES))]
    unmarked: Schema = {"properties": dict.fromkeys(marks, False)} if marks else {}
    message = closed(properties) | {"oneOf": [*forms, {"required": ["each", "messages"], **unmarked}]}
    return {
        several: {"type": "array", "minItems": 1, "items": {"$ref": f"#/definitions/{one}"}},
        one: described_as("One message: `ROLE: content`, or `role` and `content`.", message),
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

"""The cerberus schemas of everything in a spec and a config that does not belong to a step kind."""

from __future__ import annotations

from typing import Any

__all__ = [
    "CONFIG_SCHEMA",
    "ENDPOINT_SCHEMA",
    "EXPECTS",
    "PARAM_SCHEMA",
    "PARAM_TYPES",
    "SAMPLING_SCHEMA",
    "SENT_ANYWAY",
    "SLOT_SCHEMA",
    "SPEC_SCHEMA",
]

PARAM_TYPES = ("text", "int", "float", "bool", "path", "list", "map", "choice")
EXPECTS = ("instruct", "reasoning", "any")

SPEC_SCHEMA: dict[str, Any] = {
    "spec": {"type": "string", "required": True},
    "name": {"type": "string", "required": True},
    "description": {"type": "string"},
    "params": {"type": "dict"},
    "models": {"type": "dict"},
    "steps": {"type": "dict", "required": True, "minlength": 1},
    "outputs": {"type": "dict"},
}

PARAM_SCHEMA: dict[str, Any] = {
    "type": {"type": "string", "required": True, "allowed": list(PARAM_TYPES)},
    "default": {},
    "optional": {"type": "boolean"},
    "min": {"type": "number"},
    "max": {"type": "number"},
    "choices": {"type": "list", "minlength": 1},
    "help": {"type": "string"},
    "section": {"type": "string"},
}

SENT_ANYWAY = {
    "model": "name the model under `models:` in the config",
    "messages": "write the messages into the `prompt` of the step",
    "prompt": "write the text into the `prompt` of the step",
    "stream": "remove it: a reply is read in one piece",
    "n": "ask for more than one reply with `samples` of the step",
}
"""The keys of a request body that are not for `extra` to overwrite, and what to do instead."""

SAMPLING_SCHEMA: dict[str, Any] = {
    "temperature": {"type": "number", "min": 0},
    "top_p": {"type": "number", "min": 0, "max": 1},
    "max_tokens": {"type": "integer", "min": 1},
    "seed": {"type": "integer"},
    "stop": {"type": ["string", "list"], "schema": {"type": "string"}},
    "presence_penalty": {"type": "number"},
    "frequency_penalty": {"type": "number"},
    "extra": {"type": "dict", "keysrules": {"forbidden": list(SENT_ANYWAY)}},
}
"""`extra` goes into the request body as it is, for parameters that only some endpoints have."""

SLOT_SCHEMA: dict[str, Any] = {
    "expects": {"type": "string", "allowed": list(EXPECTS)},
    "sampling": {"type": "dict", "schema": SAMPLING_SCHEMA},
}

ENDPOINT_SCHEMA: dict[str, Any] = {
    "provider": {"type": "string", "allowed": ["openai", "embedded", "scripted"]},
    "model": {"type": "string"},
    "base_url": {"type": "string"},
    "api_key_env": {"type": "string"},
    "script": {"type": "string"},
    "concurrency": {"type": "integer", "min": 1},
    "requests_per_minute": {"type": "number", "min": 0},
    "tokens_per_minute": {"type": "number", "min": 0},
    "timeout": {"type": "number", "min": 0},
    "identity": {"type": "string"},
    "grammar": {"type": "string", "allowed": ["llguidance", "none"]},
    "price": {
        "type": "dict",
        "schema": {"input": {"type": "number", "min": 0}, "output": {"type": "number", "min": 0}},
    },
    "sampling": {"type": "dict", "schema": SAMPLING_SCHEMA},
}

CONFIG_SCHEMA: dict[str, Any] = {
    "pipeline": {"type": "string", "required": True},
    "prompts": {"type": ["string", "list"], "schema": {"type": "string"}},
    "models": {"type": "dict"},
    "seed": {"type": "integer"},
}
"""The keys of a config that are not parameters; all other keys are."""

"""JSON Schemas of specs, configs and prompt files, from the definitions that `lint` checks with.

For editors: they complete keys and values from a schema, show its descriptions, and mark what does not fit. A schema
knows the shape of a file and not its meaning: names of steps, fields and prompts are for `lint` and `lsp`.
"""

from __future__ import annotations

import json
import re

from atk_interp.lint import lint_path
from atk_interp.reference.json_schema.config import config_schema
from atk_interp.reference.json_schema.convert import Schema
from atk_interp.reference.json_schema.messages import prompt_schema
from atk_interp.reference.json_schema.spec import spec_schema
from atk_interp.stock import find_pipeline, stock_folders, stock_names

__all__ = [
    "MODELINE",
    "Schema",
    "config_schema",
    "config_schema_name",
    "modeline",
    "prompt_schema",
    "schema_files",
    "schema_text",
    "spec_schema",
]

MODELINE = "# yaml-language-server: $schema="
"""How the first line of a YAML file names its schema, for all editors that use that server."""


def modeline(path: str) -> str:
    """The line that names a schema; `path` is relative to the file that it stands in."""
    return f"{MODELINE}{path}"


def schema_text(schema: Schema) -> str:
    """A schema as a file."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def config_schema_name(pipeline: str) -> str:
    """The usual file name of the schema of a pipeline's configs."""
    return re.sub(r"[^\w-]+", "_", pipeline) + ".config.json"


def schema_files() -> dict[str, str]:
    """The schemas that are kept in `docs/reference/schema`, by file name: those of all files, and of stock configs."""
    files = {"spec.json": spec_schema(), "config.json": config_schema(), "prompt.json": prompt_schema()}
    for name in stock_names():
        path = find_pipeline(name, stock_folders()[0])
        analysis = lint_path(path).analysis if path is not None else None
        if analysis is not None:
            files[config_schema_name(name)] = config_schema(analysis.spec)
    return {name: schema_text(schema) for name, schema in files.items()}

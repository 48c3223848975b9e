"""What a pipeline is called with: its parameters as keywords, rows, and endpoints for its slots."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import parse_document
from atk_interp.pipeline.errors import InvalidSpec
from atk_interp.runtime import CannotRun, RunResult
from atk_interp.source import SourceFile
from atk_interp.spec import EndpointConfig, Param, PipelineSpec, load_config
from atk_interp.values import encode

__all__ = ["EMBEDDED", "endpoints_in", "from_folder", "json_rows", "signature", "with_grammar"]

EMBEDDED = EndpointConfig(provider="embedded", concurrency=1, grammar="llguidance")
"""What answers when no model is configured."""


def signature(spec: PipelineSpec) -> inspect.Signature:
    """The parameters of a spec as keywords, and what every pipeline takes beside them."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter(name, keyword, default=inspect.Parameter.empty if param.required else param.default)
        for name, param in spec.params.items()
    ]
    if any(step.kind == "input" for step in spec.steps.values()):
        parameters.append(inspect.Parameter("rows", keyword, default=None))
    parameters += [
        inspect.Parameter("models", keyword, default=None),
        inspect.Parameter("task_id", keyword, default=None),
        inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
    ]
    return inspect.Signature(parameters, return_annotation=RunResult)


def from_folder(param: Param, value: Any, folder: Path) -> Any:
    """Paths in a config are relative to the config, those of a caller to the working folder."""
    if param.type == "path" and isinstance(value, str | Path) and str(value) and "://" not in str(value):
        return os.path.normpath((folder / Path(value).expanduser()).absolute())
    return value


def json_rows(rows: Any) -> list[dict[str, Any]] | None:
    """Rows handed over by a caller. Raises `CannotRun` for what is not JSON, and naming the row."""
    if rows is None:
        return None
    given = [dict(row) if isinstance(row, Mapping) else row for row in rows]
    for number, row in enumerate(given):
        try:
            if not isinstance(row, dict):
                raise TypeError("it is no mapping of fields to values")
            encode(row)
        except TypeError as error:
            raise CannotRun(f"row {number} of `rows` cannot be used: {str(error).lower()}") from error
    return given


def with_grammar(config: EndpointConfig) -> EndpointConfig:
    """The embedded model is always held to a grammar: it is too small to keep to a form by itself."""
    if config.provider != "embedded" or config.grammar == "llguidance":
        return config
    return replace(config, grammar="llguidance")


def endpoints_in(models: Mapping[str, Any], spec: PipelineSpec) -> Mapping[str, EndpointConfig]:
    """Endpoint settings given in Python, checked as those of a config are."""
    sink = Sink()
    text = json.dumps({"pipeline": spec.name, "models": dict(models)}, indent=1, default=str)
    document = parse_document(SourceFile("<models>", text), sink)
    config = load_config(document, Path.cwd(), spec, sink) if document is not None else None
    if config is None or sink.has_errors:
        raise InvalidSpec(sink.sorted())
    return config.models

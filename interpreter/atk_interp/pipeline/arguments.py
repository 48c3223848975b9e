"""What a pipeline is called with: its parameters as keywords, rows, and endpoints for its slots."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import parse_document
from atk_interp.pipeline.errors import InvalidSpec, WrongModels
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


def endpoints_in(models: Any, spec: PipelineSpec, tell: Callable[[str], None]) -> Mapping[str, EndpointConfig]:
    """Endpoint settings given in Python, checked as those of a config are; `tell` hears of those without effect.

    Raises `WrongModels` for what is no mapping of slots to settings, `InvalidSpec` for settings with errors.
    """
    _check_shape(models, spec)
    sink = Sink()
    text = json.dumps({"pipeline": spec.name, "models": dict(models)}, indent=1, default=str)
    document = parse_document(SourceFile("<models>", text), sink)
    config = load_config(document, Path.cwd(), spec, sink) if document is not None else None
    if config is None or sink.has_errors:
        raise InvalidSpec(sink.sorted(), "`models` has errors")
    for notice in sink.sorted():
        tell(notice.message + (f"; {notice.help}" if notice.help else ""))
    return config.models


def _check_shape(models: Any, spec: PipelineSpec) -> None:
    """Raise `WrongModels`, with what to write, for models that are no mapping of slots to settings."""
    if not isinstance(models, Mapping):
        meant: dict[str, Any] = dict.fromkeys(spec.models, _settings(models))
        told = f"`models` takes a mapping from model slots to endpoints, not {_shown(models)}"
        raise WrongModels(f"{told}: write `models={meant}`" if meant else f"{told}; `{spec.name}` has no model slot")
    for slot, settings in models.items():
        if settings != "embedded" and not isinstance(settings, Mapping):
            told = f"slot `{slot}` takes a mapping of settings, or `'embedded'`, not {_shown(settings)}"
            raise WrongModels(f"{told}: write `models={ {slot: _settings(settings)} }`")


def _settings(given: Any) -> Any:
    """What somebody meant who gave a text where settings are expected."""
    name = given if isinstance(given, str) and "://" not in given else "gpt-5-mini"
    address = given if isinstance(given, str) and "://" in given else "http://localhost:8000/v1"
    return "embedded" if given == "embedded" else {"model": name, "base_url": address}


def _shown(value: Any) -> str:
    return f"`{value!r}`" if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"

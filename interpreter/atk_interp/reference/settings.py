"""The page of configs: every key of a config, an endpoint and `sampling`."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from atk_interp.reference.markdown import page
from atk_interp.reference.rules import schema_table
from atk_interp.spec import EndpointConfig
from atk_interp.spec.schema import CONFIG_SCHEMA, ENDPOINT_SCHEMA, SAMPLING_SCHEMA

__all__ = ["config_page"]


def config_page() -> str:
    """Every key of a config that is not a parameter of a pipeline."""
    return page(
        "Config files",
        "What a config is for is told in [configs](../configs.md). Every key that is not listed here is a parameter of "
        "the pipeline, or a section that holds some; `atk-interp config PIPELINE` lists them.",
        schema_table(CONFIG_SCHEMA, {"seed": 0}),
        "## models",
        "One entry for each model slot. `SLOT: embedded` is short for `SLOT: {model: embedded}`; a slot without an "
        "entry is answered by the embedded model too.",
        schema_table(ENDPOINT_SCHEMA, _defaults()),
        "## sampling",
        "In a slot of a spec, in an endpoint of a config, and in a step; later ones win, in this order. All of it "
        "reaches the request, and all of it is part of what makes two calls the same.",
        schema_table(SAMPLING_SCHEMA),
    )


def _defaults() -> dict[str, Any]:
    return {field.name: field.default for field in fields(EndpointConfig) if field.default is not MISSING}

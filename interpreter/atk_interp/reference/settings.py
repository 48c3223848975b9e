"""The page of configs: every key of a config, an endpoint and `sampling`."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from atk_interp.reference.markdown import page
from atk_interp.reference.rules import schema_table
from atk_interp.spec import EndpointConfig
from atk_interp.spec.schema import CONFIG_SCHEMA, ENDPOINT_SCHEMA, SAMPLING_SCHEMA, SENT_ANYWAY

__all__ = ["config_page"]

_CONFIG = {
    "pipeline": "The path of a spec, relative to the config, or the name of a pipeline.",
    "prompts": "A folder of prompt files, or several, that are looked into before the pipeline's own.",
    "models": "The endpoint of each model slot of the pipeline.",
    "seed": "What every random choice of the pipeline derives from; another seed, another choice.",
}
_ENDPOINT = {
    "provider": "Who answers: an OpenAI-compatible endpoint, the embedded model, or a script.",
    "model": "The model's name at the endpoint. `embedded` stands for `provider: embedded`.",
    "base_url": "The address up to and with `/v1`; OpenAI's own when not given.",
    "api_key_env": "The environment variable that holds the key. The key itself never stands in a file.",
    "script": "For `provider: scripted`: the file of replies, relative to the config.",
    "concurrency": "The most calls at one time; fewer are sent while the endpoint shows strain. The embedded model "
    "takes 1.",
    "requests_per_minute": "The most calls in a minute.",
    "tokens_per_minute": "The most tokens, of prompts and replies, in a minute.",
    "timeout": "Seconds to wait for a reply.",
    "identity": "Tells two servers apart that answer differently under one model name.",
    "grammar": "`llguidance` where the server takes a grammar in that form in `grammar`, and so can be held to the "
    "form that `parse` reads. The embedded model always is.",
    "price": "`input` and `output`, in USD per million tokens. For your own reckoning: a run tells tokens, not cost.",
    "sampling": "[Sampling parameters](#sampling) of this endpoint, over those of the pipeline's slot.",
}
_SAMPLING = {
    "temperature": "How much chance there is in a reply; 0 for none.",
    "top_p": "Only the likeliest words whose shares add up to this.",
    "max_tokens": "The longest reply, in tokens. A reply that is cut is a failed attempt.",
    "seed": "A seed for the endpoint. Each further sample and attempt gets one of its own.",
    "stop": "Text at which a reply ends, or a list of such texts.",
    "presence_penalty": "Weight against words that were used.",
    "frequency_penalty": "Weight against words by how often they were used.",
    "extra": "Put into the body of the request as it is, for parameters that only some endpoints have; not "
    + ", ".join(f"`{key}`" for key in SENT_ANYWAY)
    + ".",
}


def config_page() -> str:
    """Every key of a config that is not a parameter of a pipeline."""
    return page(
        "Config files",
        "What a config is for is told in [configs](../configs.md). Every key that is not listed here is a parameter of "
        "the pipeline, or a section that holds some; `atk-interp config PIPELINE` lists them.",
        schema_table(CONFIG_SCHEMA, _CONFIG, {"seed": 0}),
        "## models",
        "One entry for each model slot. `SLOT: embedded` is short for `SLOT: {model: embedded}`; a slot without an "
        "entry is answered by the embedded model too.",
        schema_table(ENDPOINT_SCHEMA, _ENDPOINT, _defaults()),
        "## sampling",
        "In a slot of a spec, in an endpoint of a config, and in a step; later ones win, in this order. All of it "
        "reaches the request, and all of it is part of what makes two calls the same.",
        schema_table(SAMPLING_SCHEMA, _SAMPLING, {}),
    )


def _defaults() -> dict[str, Any]:
    return {field.name: field.default for field in fields(EndpointConfig) if field.default is not MISSING}

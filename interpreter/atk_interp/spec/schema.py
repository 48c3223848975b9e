"""The cerberus schemas of everything in a spec and a config that does not belong to a step kind."""

from __future__ import annotations

from typing import Any

from atk_interp.spec.stopping import STOPPING

__all__ = [
    "CONFIG_SCHEMA",
    "ENDPOINT_SCHEMA",
    "EXPECTS",
    "ITEM_TYPES",
    "LISTED_CHECKS",
    "OUTPUT_SCHEMA",
    "PARAM_SCHEMA",
    "PARAM_TYPES",
    "SAMPLING_SCHEMA",
    "SENT_ANYWAY",
    "SLOT_SCHEMA",
    "SPEC_SCHEMA",
    "STEP_SCHEMA",
    "TAKEN_TYPES",
]

PARAM_TYPES = ("text", "int", "float", "bool", "path", "list", "map", "choice")
ITEM_TYPES = ("text", "int", "float", "bool", "map", "any")
TAKEN_TYPES = ("text", "int", "float", "bool", "list", "map", "choice", "any")
"""What a key of a map may take. A path is none: it would not be looked for from where the map is written."""
EXPECTS = ("instruct", "reasoning", "embedding", "any")


def _key(help: str, **rules: Any) -> dict[str, Any]:
    """The rules of a key, with what it is for: the reference pages, editors and findings all say this."""
    return {**rules, "meta": {"help": help}}


_REQUIRED_OF_EACH: dict[str, Any] = {
    "each": _key(
        "A parameter that is a list or a map, and a name for each of its items: `folders as folder`.",
        type="string",
        required=True,
    ),
    "holds": _key("The expression that must hold of each.", type="string", required=True),
}

SPEC_SCHEMA: dict[str, Any] = {
    "spec": _key("The version of the language: `atk/v1`.", type="string", required=True),
    "name": _key("The name of the pipeline; its prompts may stand in `prompts/NAME/`.", type="string", required=True),
    "description": _key("What the pipeline makes, in one sentence.", type="string"),
    "params": _key("The parameters of the pipeline, by name. A config or a caller gives their values.", type="dict"),
    "requires": _key(
        "What must hold of the parameters, or nothing is run: a mapping from sentences, which people are told, to "
        "expressions over the parameters, or to one that must hold of each item of a list or map.",
        type="dict",
        valuesrules={"type": ["string", "dict"], "schema": _REQUIRED_OF_EACH},
        minlength=1,
    ),
    "models": _key("Model slots, by name: who is asked. A config says which endpoint answers.", type="dict"),
    "steps": _key("The steps, by name, each with its `kind`.", type="dict", required=True, minlength=1),
    "stop_when_rejected": _key(
        "End the run when a step that asks has rejected this share of its first rows, such as `50%` (of at least 20).",
        **STOPPING,
    ),
    "outputs": _key("The files that a run writes, by name, each from the rows of a step.", type="dict"),
    "checks": _key(
        "What must hold at the end of a run, or its outputs are not published: expressions over the counts of steps "
        'and outputs, as in `rows("questions") >= 10`. A mapping from labels, or a list.',
        type=["dict", "list"],
        valuesrules={"type": "string"},
        minlength=1,
    ),
}

LISTED_CHECKS: dict[str, Any] = {**SPEC_SCHEMA["checks"], "type": "list", "schema": {"type": "string"}}
"""The rules of `checks` where it is a list: cerberus takes `schema` for the keys of a mapping where there is one."""

_TAKEN_SCHEMA: dict[str, Any] = {
    "type": _key("What the value must be.", type="string", required=True, allowed=list(TAKEN_TYPES)),
    "of": _key("What each item of a list must be.", type="string", allowed=["text", "int", "float", "bool", "any"]),
    "min": _key("The least value of a number, or the fewest items of a list.", type="number"),
    "max": _key("The greatest value of a number, or the most items of a list.", type="number"),
    "choices": _key("All the values that it may have.", type="list", minlength=1),
    "help": _key("What it is for.", type="string"),
}

PARAM_SCHEMA: dict[str, Any] = {
    "type": _key("What a value must be.", type="string", required=True, allowed=list(PARAM_TYPES)),
    "default": _key("What holds when no value is given."),
    "optional": _key("Whether it may be left out; it is none then.", type="boolean"),
    "of": _key(
        "What each item of a list, or each value of a map, must be; `any` when not given.",
        type="string",
        allowed=list(ITEM_TYPES),
    ),
    "needs": _key(
        "Keys that the map, or each map of a list or map `of: map`, must have.",
        type="list",
        minlength=1,
        schema={"type": "string"},
    ),
    "takes": _key(
        "All the keys that such a map may have, each with the type of its value, or with rules like a parameter's.",
        type="dict",
        minlength=1,
        valuesrules={"type": ["string", "dict"], "schema": _TAKEN_SCHEMA},
    ),
    "min": _key("The least value of a number, or the fewest items of a list.", type="number"),
    "max": _key("The greatest value of a number, or the most items of a list.", type="number"),
    "choices": _key("All the values that it may have, or that the items of a list may have.", type="list", minlength=1),
    "help": _key("What it is for, in one sentence; it stands in the config template.", type="string"),
    "section": _key("The heading under which the config template has it.", type="string"),
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
    "temperature": _key("How much chance there is in a reply; 0 for none.", type="number", min=0),
    "top_p": _key("Only the likeliest words whose shares add up to this.", type="number", min=0, max=1),
    "max_tokens": _key("The longest reply, in tokens. A reply that is cut is a failed attempt.", type="integer", min=1),
    "seed": _key("A seed for the endpoint. Each further sample and attempt gets one of its own.", type="integer"),
    "stop": _key(
        "Text at which a reply ends, or a list of such texts.", type=["string", "list"], schema={"type": "string"}
    ),
    "presence_penalty": _key("Weight against words that were used.", type="number"),
    "frequency_penalty": _key("Weight against words by how often they were used.", type="number"),
    "extra": _key(
        "Put into the body of the request as it is, for parameters that only some endpoints have; not "
        + ", ".join(f"`{key}`" for key in SENT_ANYWAY)
        + ".",
        type="dict",
        keysrules={"forbidden": list(SENT_ANYWAY)},
    ),
}
"""`extra` goes into the request body as it is, for parameters that only some endpoints have."""

SLOT_SCHEMA: dict[str, Any] = {
    "expects": _key("The sort of model that the prompts are written for.", type="string", allowed=list(EXPECTS)),
    "sampling": _key(
        "Sampling parameters of the slot; an endpoint and a step may overrule them.",
        type="dict",
        schema=SAMPLING_SCHEMA,
    ),
}

_PRICE = {
    "input": _key("USD per million tokens of prompts.", type="number", min=0),
    "output": _key("USD per million tokens of replies.", type="number", min=0),
}
ENDPOINT_SCHEMA: dict[str, Any] = {
    "provider": _key(
        "Who answers: an OpenAI-compatible endpoint, the embedded model, or a script.",
        type="string",
        allowed=["openai", "embedded", "scripted"],
    ),
    "model": _key("The model's name at the endpoint. `embedded` stands for `provider: embedded`.", type="string"),
    "base_url": _key(
        "The address up to and with `/v1`; OpenAI's own when not given. Calls are spread over a list of addresses, "
        "each of which has the limits for itself.",
        type=["string", "list"],
        schema={"type": "string"},
        minlength=1,
    ),
    "api_key_env": _key(
        "The environment variable that holds the key. The key itself never stands in a file.", type="string"
    ),
    "script": _key("For `provider: scripted`: the file of replies, relative to the config.", type="string"),
    "concurrency": _key(
        "The most calls at one time; fewer are sent while the endpoint shows strain. The embedded model takes 1.",
        type="integer",
        min=1,
    ),
    "requests_per_minute": _key("The most calls in a minute; 0 is no limit.", type="number", min=0),
    "tokens_per_minute": _key(
        "The most tokens, of prompts and replies, in a minute; 0 is no limit.", type="number", min=0
    ),
    "context_tokens": _key(
        "How many tokens the model takes, prompt and reply together; `lint` tells of prompts that leave no room.",
        type="integer",
        min=1,
    ),
    "timeout": _key("Seconds to wait for a reply.", type="number", min=0.001),
    "fallback": _key(
        "Another entry under `models:`, which answers while all addresses of this one are away. It may have its own.",
        type="string",
    ),
    "identity": _key("Tells two servers apart that answer differently under one model name.", type="string"),
    "grammar": _key(
        "`llguidance` where the server takes a grammar in that form in `grammar`, and so can be held to the form that "
        "`parse` reads. The embedded model always is.",
        type="string",
        allowed=["llguidance", "none"],
    ),
    "structured": _key(
        "Whether a step that reads `json` sends its schema as `response_format`: `auto` where the endpoint turns out "
        "to take it, which is tried once and remembered; `always`; `never`.",
        type="string",
        allowed=["auto", "always", "never"],
    ),
    "dimensions": _key(
        "For a slot that expects `embedding`: how many numbers a vector has, where the model can be asked for fewer.",
        type="integer",
        min=1,
    ),
    "prefix": _key(
        "For a slot that expects `embedding`: what stands before a text that asks (`query`) and one that is looked up "
        "(`passage`), for models that want it. The embedded model has its own.",
        type="dict",
        schema={
            "query": _key("Before a text that asks.", type="string"),
            "passage": _key("Before a text that is looked up, or compared.", type="string"),
        },
    ),
    "price": _key(
        "`input` and `output`, in USD per million tokens: `plan` and `run` tell cost by it.",
        type="dict",
        schema=_PRICE,
    ),
    "sampling": _key(
        "Sampling parameters of this endpoint, over those of the pipeline's slot.", type="dict", schema=SAMPLING_SCHEMA
    ),
}

CONFIG_SCHEMA: dict[str, Any] = {
    "pipeline": _key(
        "The path of a spec, relative to the config, or the name of a pipeline.", type="string", required=True
    ),
    "prompts": _key(
        "A folder of prompt files, or several, that are looked into before the pipeline's own.",
        type=["string", "list"],
        schema={"type": "string"},
    ),
    "models": _key("The endpoint of each model slot of the pipeline.", type="dict"),
    "seed": _key(
        "What every random choice of the pipeline derives from; another seed, another choice.", type="integer"
    ),
}
"""The keys of a config that are not parameters; all other keys are."""

STEP_SCHEMA: dict[str, Any] = {
    "kind": _key("What the step does: one of the step kinds.", type="string", required=True),
    "from": _key(
        "The step whose rows it takes, or a list of steps, one after the other. A source has none.",
        type=["string", "list"],
        schema={"type": "string"},
    ),
    "when": _key(
        "An expression over the row. Where it is false the row passes the step by, untouched.",
        type=["string", "boolean"],
    ),
    "use": _key(
        "A `once` step, or a list of them, whose fields the expressions and prompts of this step may name, as in "
        "`rubric.text`.",
        type=["string", "list"],
        schema={"type": "string"},
    ),
    "description": _key("For the reader.", type="string"),
}
"""The keys that every step may have."""

OUTPUT_SCHEMA: dict[str, Any] = {
    "from": _key("The step whose rows are written.", type="string", required=True),
    "format": _key("How they are written.", type="string", required=True),
    "where": _key("An expression over the row: only rows for which it holds are written.", type=["string", "boolean"]),
    "dataset": _key(
        "Whether its rows are what the run is for: true when not given, but for a text about rows. With `false` they "
        "tell about the others, and are no success by themselves: when those have no rows, the run stops.",
        type="boolean",
    ),
}
"""The keys that every output may have."""

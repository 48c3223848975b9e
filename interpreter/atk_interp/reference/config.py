"""Config templates: a file to fill in, from the parameters and model slots of a spec.

Prose is commented with `# `, settings with `#` alone before their indentation, so that taking the `#` from a line
switches it on. Parameters
stand flat under the headings of their sections: a nested section would have to be switched on as well.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from atk_interp.reference.json_schema import modeline
from atk_interp.reference.rules import bounds
from atk_interp.reference.yaml_text import flow, scalar
from atk_interp.spec import ModelSlot, Param, PipelineSpec, taken_by

__all__ = ["config_template"]

_WIDTH = 100
_EXPECTS = {
    "instruct": "an instruct model: it must keep to forms and follow instructions to the letter",
    "reasoning": "a reasoning model",
    "embedding": "a model that makes vectors of texts",
    "any": "any model",
}


def config_template(spec: PipelineSpec, pipeline: str, schema: str | None = None) -> str:
    """A config for a spec, to be filled in. `pipeline` is the name or path under which the config finds the spec.

    `schema` is the path from the config to a JSON Schema of it, for editors.
    """
    lines = [
        *([modeline(schema)] if schema is not None else []),
        *_prose(spec.description),
        *_prose(
            "Fill in what is required; take the # from a line to change what it sets. Paths are relative to this file."
        ),
        "",
        f"pipeline: {scalar(pipeline)}",
        *_params(spec),
        *_prompts(),
        *_models(spec),
    ]
    return "\n".join(lines) + "\n"


def _params(spec: PipelineSpec) -> Iterator[str]:
    sections: dict[str, list[Param]] = {}
    for param in spec.params.values():
        sections.setdefault(param.section, []).append(param)
    for section, params in sections.items():
        yield ""
        if section or len(sections) > 1:
            yield "# " + f" {section or 'others'} ".center(60, "-")
        for param in sorted(params, key=lambda param: not param.required):
            yield from _param(param)


def _param(param: Param) -> Iterator[str]:
    if param.help:
        yield from _prose(param.help)
    said = _taken(param)
    if param.required:
        yield f"{param.name}:   # required: {said}"
    else:
        yield f"#{param.name}: {flow(param.default)}   # {said}" + ("" if param.has_default else "; may be left out")


def _taken(param: Param) -> str:
    choices = " ".join(flow(choice) for choice in param.choices)
    said = f"{taken_by(param)} {choices}" if param.type == "choice" else taken_by(param)
    if param.choices and param.type != "choice":
        said += f", {'each ' if param.type == 'list' else ''}one of {choices}"
    return said + bounds(param.min, param.max)


def _prompts() -> Iterator[str]:
    yield ""
    yield from _prose("Folders of prompt files that are used instead of the pipeline's own of the same names.")
    yield "#prompts: [my_prompts]"


def _models(spec: PipelineSpec) -> Iterator[str]:
    if not spec.models:
        return
    slots = ", ".join(f"`{name}`" for name in spec.models)
    yield ""
    yield from _prose(
        f"Who answers {slots}. Without this a small model in this process does: it needs no key and no network, and is "
        "fit to try things out with. Examples of an entry:"
    )
    yield "#   a service:       {model: NAME, base_url: https://HOST/v1, api_key_env: VARIABLE_THAT_HOLDS_THE_KEY}"
    yield "#   a local server:  {model: NAME, base_url: http://localhost:8000/v1, concurrency: 32}"
    yield "#   in this process: {model: embedded}"
    yield "#models:"
    for slot in spec.models.values():
        yield from _slot(slot)


def _slot(slot: ModelSlot) -> Iterator[str]:
    yield f"#  {slot.name}:   # {_EXPECTS[slot.expects]}"
    yield "#    model: embedded"
    if slot.sampling:
        yield f"#    sampling: {flow(slot.sampling)}   # the pipeline's own"


def _prose(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)

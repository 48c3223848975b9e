"""What a step is made of, as one hash: the same hash, on the same rows and replies, gives the same rows.

Everything that the step reads is in it as it reads it: its keys after YAML, the parameters that they or its prompts
name, the texts of its prompts with what they include, the fields that may reach it, the models that it asks. Comments,
quoting and what other steps say are not. It errs on one side: a parameter counts as read where its name is a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Any

from atk_interp.document import show_path
from atk_interp.kinds.base import BoundStep
from atk_interp.patterns import pattern
from atk_interp.spec import EndpointConfig
from atk_interp.values import encode

__all__ = ["CHANGES_NO_REPLY", "digest", "endpoint_identity", "step_identity"]

CHANGES_NO_REPLY = frozenset(
    {
        "base_url",
        "further_urls",
        "api_key_env",
        "concurrency",
        "requests_per_minute",
        "tokens_per_minute",
        "timeout",
        "price",
        "folder",
    }
)
"""Settings of an endpoint that do not change what a call is known by, nor what is made of its reply."""

_WORD = pattern(r"\w+")


def digest(domain: str, value: object) -> str:
    """SHA-256 of a value's JSON under a domain, with the keys of mappings in their order. Raises `TypeError`."""
    return hashlib.sha256(domain.encode() + b"\0" + encode(value)).hexdigest()


def step_identity(step: BoundStep, keys: Iterable[str] | None = None) -> str:
    """The hash of what a step (or an output) is made of; with `keys`, of these of its keys alone.

    Raises `TypeError` for a value that is not JSON, `OSError` for a script that cannot be read.
    """
    view = step.view
    written = view.document.get(view.step.path)
    chosen = None if keys is None else frozenset(keys)
    if chosen is not None:
        written = {key: value for key, value in written.items() if key in chosen}
    own = len(view.step.path)
    paths = [path for path in view.expressions if chosen is None or path[own] in chosen]
    texts = {show_path(path[own:]): view.expressions[path].text.value for path in paths}
    prompts = {name: dict(prompt.files) for name, prompt in view.loaded.items()} if chosen is None else {}
    words = set(_words([written, texts, prompts]))
    for prompt in view.loaded.values() if chosen is None else ():
        words |= prompt.names()
    parts = {
        "kind": view.step.kind,
        "name": step.name,
        "written": written,
        "expressions": texts,
        "draws": [step.sites.get(path, "") for path in paths],
        "params": {name: step.params.get(name) for name in sorted(view.spec.params) if name in words},
        "seed": step.seed,
        "prompts": prompts,
        "python": {show_path(path[own:]): function.digest for path, function in view.functions.items()},
        "files": dict(step.files),
        "fields": repr(view.input),
        "beside": {key: repr(fields) for key, fields in view.sides.items()},
        "names": [list(view.constants), list(view.locals)],
        "rounds": [step.rounds, step.repeat],
        "folder": str(step.folder) if not view.step.inputs else "",
        "models": {slot: _slot(step, slot) for slot in sorted(view.used_slots)} if chosen is None else {},
    }
    return digest("atk-step-v1", parts)


def endpoint_identity(config: EndpointConfig) -> dict[str, Any]:
    """The settings of an endpoint that calls are known by, and the script of one that reads from a file."""
    settings = {name: value for name, value in asdict(config).items() if name not in CHANGES_NO_REPLY}
    return {**settings, "said": _content(config.folder / config.script) if config.script else None}


def _slot(step: BoundStep, slot: str) -> list[Any]:
    """What the spec and the config say of a slot."""
    asked, config = step.view.spec.models.get(slot), step.endpoints.get(slot)
    sampling = dict(asked.sampling) if asked is not None else None
    return [sampling, endpoint_identity(config) if config is not None else None]


def _words(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield from (found[0] for found in _WORD.finditer(value))
        case Mapping():
            for key, item in value.items():
                yield from _words(key)
                yield from _words(item)
        case list() | tuple():
            for item in value:
                yield from _words(item)


def _content(path: FilePath) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

"""Config files: which pipeline, its parameters, its models, prompt folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path as FilePath
from typing import Any

from atk_interp.diagnostics import Label, Sink, did_you_mean
from atk_interp.document import Document, Path, shown
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.spec import codes
from atk_interp.spec.endpoints import check_addresses, check_fallbacks
from atk_interp.spec.model import PipelineSpec
from atk_interp.spec.params import check_value, unknown_keys, unquoted, where_wrong
from atk_interp.spec.schema import CONFIG_SCHEMA, ENDPOINT_SCHEMA
from atk_interp.spec.validate import validate
from atk_interp.values import Value

__all__ = ["Config", "EndpointConfig", "Given", "is_config", "load_config"]


@dataclass(frozen=True)
class EndpointConfig:
    """Where a model slot is sent. `folder` is what `script` is relative to.

    `further_urls` are the addresses beyond the first, each with the same limits for itself. `base` and `stands_in` are
    no settings, and filled where there is a `fallback`: the sampling of slot and endpoint together, and what the calls
    of the fallbacks are known by.
    """

    provider: str = "openai"
    model: str = ""
    base_url: str | None = None
    further_urls: tuple[str, ...] = ()
    api_key_env: str | None = None
    script: str | None = None
    concurrency: int = 16
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    context_tokens: int | None = None
    timeout: float = 300.0
    identity: str = ""
    grammar: str = "none"
    structured: str = "auto"
    dimensions: int | None = None
    prefix: Mapping[str, str] = field(default_factory=dict)
    embeds: bool = False
    """Whether the slot expects `embedding`."""
    price: Mapping[str, float] = field(default_factory=dict)
    sampling: Mapping[str, Value] = field(default_factory=dict)
    folder: FilePath = field(default_factory=FilePath)
    fallback: str | None = None
    base: Mapping[str, Value] = field(default_factory=dict)
    stands_in: str = ""

    @property
    def base_urls(self) -> tuple[str, ...]:
        """All the addresses; none where the provider's own is meant."""
        return () if self.base_url is None else (self.base_url, *self.further_urls)


@dataclass(frozen=True)
class Given:
    """One value of a config with its place."""

    value: Any
    path: Path


@dataclass(frozen=True)
class Config:
    """A config file with its sections flattened. Paths in it are relative to `folder`, the file's own."""

    pipeline: str
    values: Mapping[str, Given]
    models: Mapping[str, EndpointConfig]
    prompts: tuple[FilePath, ...]
    seed: int
    folder: FilePath
    document: Document = field(repr=False)


_VARIABLE = pattern(r"[A-Z_a-z][A-Z_a-z0-9]*")
_KEY_HELP = "put the key into an environment variable, and its name here"


def is_config(data: Any) -> bool:
    """Whether a YAML file is a config rather than a spec."""
    return isinstance(data, dict) and not data.keys() & {"spec", "steps"}


def load_config(document: Document, folder: FilePath, spec: PipelineSpec, sink: Sink) -> Config:
    """A config for a spec; mistakes go to the sink, unknown keys as notices."""
    data: dict[str, Any] = document.data if isinstance(document.data, dict) else {}
    own = {key: rules for key, rules in CONFIG_SCHEMA.items() if key in data}
    rest: dict[str, Any] = {key: {"nullable": True} for key in data if key not in CONFIG_SCHEMA}
    validate(document, (), {**CONFIG_SCHEMA, **own, **rest}, sink, what="in a config")
    values: dict[str, Given] = {}
    _flatten(document, (), {key: data[key] for key in rest}, spec, values, sink)
    for name, given in values.items():
        problem = check_value(spec.params[name], given.value) if given.value is not None else None
        if problem:
            help_ = unquoted(spec.params[name], given.value)
            place = (*given.path, *where_wrong(spec.params[name], given.value))
            sink.report(codes.BAD_PARAMETER, document.head_span(place), problem, help=help_)
        for inner, told, help_ in unknown_keys(spec.params[name], given.value):
            sink.report(codes.UNKNOWN_SETTING, document.key_span((*given.path, *inner)), told, help=help_)
    seed = data.get("seed", 0)
    return Config(
        pipeline=str(data.get("pipeline", "")),
        values=values,
        models=_models(document, folder, spec, sink),
        prompts=_prompt_folders(document, folder, sink),
        seed=seed if isinstance(seed, int) else 0,
        folder=folder,
        document=document,
    )


def _flatten(
    document: Document, base: Path, data: Mapping[str, Any], spec: PipelineSpec, values: dict[str, Given], sink: Sink
) -> None:
    for key, value in data.items():
        path = (*base, key)
        param = spec.params.get(key)
        if isinstance(value, dict) and (param is None or param.type != "map"):
            _flatten(document, path, value, spec, values, sink)
        elif param is None:
            _unknown(document, path, key, spec, sink)
        elif key in values:
            sink.report(
                codes.SETTING_TWICE,
                document.key_span(path),
                f"`{key}` is given in two sections",
                labels=[Label(document.key_span(values[key].path), "first given here")],
                help="keep one of them",
            )
        else:
            values[key] = Given(value, path)


def _unknown(document: Document, path: Path, key: str, spec: PipelineSpec, sink: Sink) -> None:
    if "api_key" in key.lower() and not key.lower().endswith("_env"):
        _key_in_file(document, path, key, sink)
        return
    sink.report(
        codes.UNKNOWN_SETTING,
        document.key_span(path),
        f"`{spec.name}` has no parameter `{key}`, so it has no effect",
        help=of_another_program(spec, path) or did_you_mean(key, spec.params),
    )


def of_another_program(spec: PipelineSpec, path: Path) -> str | None:
    """What to write for a key of Augmentoolkit; None for another one."""
    from atk_interp.elsewhere.advice import advice  # its tables are needed by configs with such keys alone

    return advice(spec.name, path, spec.params)


def _key_in_file(document: Document, path: Path, key: str, sink: Sink) -> None:
    sink.report(
        codes.KEY_IN_FILE,
        document.key_span(path),
        f"`{key}` does not belong in a file",
        help="put the key into an environment variable, and its name under `api_key_env`",
    )


def _models(document: Document, folder: FilePath, spec: PipelineSpec, sink: Sink) -> dict[str, EndpointConfig]:
    models: dict[str, EndpointConfig] = {}
    given = document.get(("models",))
    entries = given if isinstance(given, dict) else {}
    fallbacks = [data["fallback"] for data in entries.values() if isinstance(data, dict) and "fallback" in data]
    misspelt = any(name not in entries for name in fallbacks)  # an entry that nobody names may be meant
    for name, data in entries.items():
        path: Path = ("models", name)
        if name not in spec.models and name not in fallbacks and not misspelt:
            sink.report(
                codes.UNKNOWN_SLOT_SETTING,
                document.key_span(path),
                f"`{spec.name}` has no model slot `{name}`, so it has no effect",
                help=did_you_mean(name, spec.models),
            )
        if data == "embedded":
            models[name] = EndpointConfig(provider="embedded", concurrency=1)
            continue
        secrets = [key for key in data if key == "api_key"] if isinstance(data, dict) else []
        for key in secrets:
            _key_in_file(document, (*path, key), key, sink)
        schema = {**ENDPOINT_SCHEMA, **{key: {} for key in secrets}}
        if validate(document, path, schema, sink, what="in a model") and not secrets:
            models[name] = _endpoint(document, path, data, folder, sink)
    check_fallbacks(document, entries, sink)
    return models


def _endpoint(document: Document, path: Path, data: dict[str, Any], folder: FilePath, sink: Sink) -> EndpointConfig:
    settings = dict(data)
    if settings.get("model") == "embedded":
        settings["provider"] = "embedded"
        del settings["model"]
    provider = settings.setdefault("provider", "openai")
    variable = settings.get("api_key_env")
    if variable is not None and not _VARIABLE.fullmatch(variable):
        bare = variable.lstrip("$").strip("{}")
        sink.report(
            codes.KEY_IN_FILE,
            document.key_span((*path, "api_key_env")),
            "`api_key_env` takes the name of an environment variable, not a key",
            help=f"write `{bare}`, without `$`"
            if variable.startswith("$") and _VARIABLE.fullmatch(bare)
            else _KEY_HELP,
        )
    wanted = {"openai": "model", "scripted": "script"}.get(provider)
    help_ = "write its name as the endpoint knows it" if wanted == "model" else "write the path of a script of replies"
    if wanted and not settings.get(wanted):
        sink.report(codes.MISSING_KEY, document.key_span(path), f"model `{path[-1]}` has no `{wanted}`", help=help_)
    if provider == "scripted":
        settings.setdefault("model", "scripted")
    if provider == "embedded":
        settings.setdefault("concurrency", 1)
    if isinstance(settings.get("base_url"), list):
        check_addresses(document, (*path, "base_url"), settings["base_url"], sink)
        first, *further = settings["base_url"]
        settings |= {"base_url": first, "further_urls": tuple(further)}
    return EndpointConfig(**settings, folder=folder)


def _prompt_folders(document: Document, folder: FilePath, sink: Sink) -> tuple[FilePath, ...]:
    given = document.get(("prompts",))
    listed = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    folders: list[FilePath] = []
    for index, name in enumerate(listed):
        path: Path = ("prompts",) if isinstance(given, str) else ("prompts", index)
        if not isinstance(name, str):
            continue
        found = (folder / FilePath(name).expanduser()).resolve()
        if found.is_dir():
            folders.append(found)
        else:
            sink.report(
                codes.MISSING_FOLDER,
                document.span(path),
                f"there is no folder `{name}`",
                notes=[f"looked for `{shown(found)}`"],
                help="paths in a config are relative to the config",
            )
    return tuple(folders)

"""What a run was made of, as far as it takes to make the same plan again: for `run.json`, and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from atk_interp.plan import Plan
from atk_interp.records import dataclass
from atk_interp.spec import EndpointConfig

__all__ = ["Called", "endpoint_from", "made_by", "without_login"]

_MADE = frozenset({"folder", "base", "stands_in"})
"""What is no setting, and made of the others."""


@dataclass(frozen=True)
class Called:
    """Where the plan of a run was read from: the spec, the config if there was one, the folders of other prompts."""

    spec: Path
    config: Path | None = None
    prompts: tuple[Path, ...] = ()


def made_by(plan: Plan, called: Called | None, output_dir: Path, ledger: Path) -> dict[str, Any] | None:
    """For `run.json`: files, endpoints without what is secret, and the places of outputs and ledger. All absolute.

    None for a plan that nobody says the files of.
    """
    if called is None:
        return None
    return {
        "spec": str(called.spec.absolute()),
        "config": None if called.config is None else str(called.config.absolute()),
        "prompt_folders": [str(folder.absolute()) for folder in called.prompts],
        "specs": dict(plan.specs),
        "rows_handed_over": bool(plan.handed),
        "endpoints": {slot: _settings(config) for slot, config in plan.endpoints.items()},
        "strict": plan.extent.strict,
        "output_dir": str(output_dir.absolute()),
        "ledger": str(ledger.absolute()),
    }


def _settings(config: EndpointConfig) -> dict[str, Any]:
    """The settings of an endpoint that are not the usual ones."""
    usual = EndpointConfig()
    found = {each.name: getattr(config, each.name) for each in fields(config)}
    told = {name: value for name, value in found.items() if name not in _MADE and value != getattr(usual, name)}
    if config.script is not None:
        told["script"] = os.path.normpath((config.folder / config.script).absolute())
    for name, value in told.items():
        if name.endswith("url"):
            told[name] = without_login(value)
        elif name.endswith("urls"):
            told[name] = [without_login(address) for address in value]
    return told


def endpoint_from(settings: Mapping[str, Any]) -> EndpointConfig:
    """An endpoint that `made_by` has told of. What this version does not know is left out."""
    known = {each.name for each in fields(EndpointConfig)}
    found: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()
    }
    return EndpointConfig(**{name: value for name, value in found.items() if name in known})


def without_login(address: str) -> str:
    """An address without the user, password and query that some put keys into."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

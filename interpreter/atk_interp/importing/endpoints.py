"""The endpoints of a config: models, addresses and prices from keys that begin with the name of a slot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from atk_interp.importing.notes import Notes
from atk_interp.importing.settings import Settings
from atk_interp.patterns import pattern

__all__ = ["endpoints", "slot_keys"]

_LOCAL = pattern(
    r"(?:localhost|.*\.local|127\..*|10\..*|192\.168\..*|172\.(?:1[6-9]|2\d|3[01])\..*|0\.0\.0\.0|::1|\[.*)\Z"
)
_IS = ("model", "base_url", "api_key_env", "price")
"""What makes one endpoint another one than the next."""

_MODEL_KEYS = ("model", "base_url", "api_key", "mode")


def slot_keys(prefix: str) -> dict[str, tuple[str, ...]]:
    """The keys that say something of one slot, by what they say; of prices there are two spellings.

    `prefix` is what stands before `_model`: `small`, or `rag_small` where a pipeline is made of several.
    """
    before, _, size = prefix.rpartition("_")
    before = before + "_" if before else ""
    prices = {
        way: (f"{before}cost_per_million_{size}_{way}", f"{before}cost_{size}_{way}") for way in ("input", "output")
    }
    keys: dict[str, tuple[str, ...]] = {key: (f"{prefix}_{key}",) for key in _MODEL_KEYS}
    keys["model"] = (f"{prefix}_model", f"{prefix}_name")  # of the model that rewards
    return {**keys, "api_key": (f"{prefix}_api_key", f"{prefix}_api_keys"), **prices}  # some gave a list of keys


def endpoints(
    settings: Settings, slots: Mapping[str, str], concurrency: Any, notes: Notes
) -> dict[str, dict[str, Any]]:
    """The entries of `models:` by the names of our slots. Keys become the names of environment variables."""
    found: dict[str, dict[str, Any]] = {}
    variables: dict[str, str] = {}
    told_of: dict[str, str] = {}
    for prefix, slot in slots.items():
        entry, told = _endpoint(settings, prefix, variables if slot else {}, notes if slot else Notes())
        if entry and not slot:
            notes.left(settings.file, 0, f"no model is asked as `{prefix}_model` was, so its endpoint is left out")
            continue
        if not entry:
            continue
        first = found.get(slot)
        if (
            first is not None
            and "model" in first
            and any(entry.get(key, first.get(key)) != first.get(key) for key in _IS)
        ):
            another = f"the slot `{slot}` had another endpoint under `{prefix}_…`; the first one is taken"
            notes.look(settings.file, 0, another)
        if first is None or ("model" in entry and "model" not in first):
            found[slot], told_of[slot] = entry, told
    notes.variables.update({found[slot]["api_key_env"]: told for slot, told in told_of.items() if told})
    count = _count(concurrency)
    if count:
        found = {slot: {**entry, "concurrency": count} for slot, entry in found.items()}
    return found


def _count(value: Any) -> int:
    """A number of requests, which may be written as a text; 0 where it is none."""
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _endpoint(settings: Settings, prefix: str, variables: dict[str, str], notes: Notes) -> tuple[dict[str, Any], str]:
    """The entry of one endpoint, and what its key is for; nothing where there is none."""
    keys = slot_keys(prefix)
    values = {what: next((settings.value(n) for n in names if n in settings), None) for what, names in keys.items()}
    for names in keys.values():
        for name in names:
            settings.take(name)
    if not any(name in settings for key in _MODEL_KEYS for name in keys[key]):
        return {}, ""
    entry: dict[str, Any] = {"model": values["model"]} if isinstance(values["model"], str) else {}
    address = values["base_url"] if isinstance(values["base_url"], str) else None
    if address:
        entry["base_url"] = address
    elif settings.is_open(keys["base_url"][0]):
        entry["base_url"] = None
    key = next((name for name in keys["api_key"] if settings.has_secret(name)), "")
    variable = _variable(settings, prefix, key, address, variables) if key else None
    its_key = ""
    if variable:
        entry["api_key_env"] = variable
        its_key = f"the key of {_host(address) or 'the endpoint'} (`{key}` before)"
    if values["mode"] not in (None, "api"):
        mode = f"`{keys['mode'][0]}: {values['mode']}`"
        notes.look(settings.file, 0, f"{mode} is not needed: name the OpenAI-compatible address of the service")
    price = {way: values[way] for way in ("input", "output") if isinstance(values[way], int | float)}
    return ({**entry, "price": price} if price else entry), its_key


def _host(address: str | None) -> str:
    try:
        return (urlsplit(address or "").hostname or "").lower()
    except ValueError:
        return ""


def _variable(settings: Settings, prefix: str, key: str, address: str | None, variables: dict[str, str]) -> str | None:
    """The environment variable for the key of an endpoint, which `key` gives; None where none is needed.

    `variables` remembers whose key each variable holds: two keys of one service have two variables.
    """
    host = _host(address)
    if host and _LOCAL.match(host):
        return None
    name = f"{_service(host)}_API_KEY"
    if name in variables and not settings.same_secret(variables[name], key):
        name = f"{name}_{re.sub(r'[^A-Za-z0-9]+', '_', prefix).upper()}"
    variables.setdefault(name, key)
    return name


def _service(host: str) -> str:
    """The name of a service, as its variables begin: `OPENAI` of `api.openai.com`, and where no address is given."""
    words = [word for word in host.split(".")[:-1] if word not in ("api", "www", "co", "com")]
    word = re.sub(r"\W+", "_", words[-1], flags=re.ASCII).upper() if words else "ENDPOINT"
    return "OPENAI" if not host else word if word[:1].isalpha() else "ENDPOINT"

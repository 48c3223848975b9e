"""The endpoints of a run: a client and a limiter for each model slot."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from atk_interp.llm.breaker import Breaker, RetryPolicy
from atk_interp.llm.limits import Clock, Limiter
from atk_interp.llm.messages import Client, EndpointRefused
from atk_interp.llm.pool import Address, Pool
from atk_interp.plan import Plan
from atk_interp.records import dataclass
from atk_interp.spec import EndpointConfig

__all__ = ["NO_CLIENTS", "CannotRun", "Endpoint", "Target", "check_keys", "open_endpoints", "targets", "used_slots"]


NO_CLIENTS: Mapping[str, Client] = MappingProxyType({})


class CannotRun(Exception):
    """What was asked cannot be done. The message says why in one sentence, `help` what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


@dataclass(frozen=True)
class Target:
    """Whom the calls of one model slot are for. `model` and the `identity` in `config` are part of their keys."""

    slot: str
    config: EndpointConfig
    model: str


@dataclass(frozen=True)
class Endpoint(Target):
    """One model slot at work. Slots that are sent to the same addresses have one pool."""

    pool: Pool


def used_slots(plan: Plan) -> dict[str, EndpointConfig]:
    """The slots that some step of the plan asks, and those that answer for them."""
    slots = dict.fromkeys(slot for step in plan.steps.values() for slot in step.asks)
    for slot in list(slots):
        fallback = plan.endpoints[slot].fallback
        while fallback is not None and fallback not in slots and fallback in plan.endpoints:
            slots[fallback] = None
            fallback = plan.endpoints[fallback].fallback
    known = plan.spec.models
    return {
        slot: replace(config, embeds=True) if slot in known and known[slot].expects == "embedding" else config
        for slot, config in ((slot, plan.endpoints[slot]) for slot in slots)
    }


def check_keys(slots: Mapping[str, EndpointConfig], environment: Mapping[str, str] = os.environ) -> None:
    """Raise `CannotRun`, naming every environment variable that should hold a key and does not."""
    lacking: dict[str, list[str]] = {}
    for slot, config in slots.items():
        if config.api_key_env and not environment.get(config.api_key_env, "").strip():
            lacking.setdefault(config.api_key_env, []).append(slot)
    if lacking:
        told = ", ".join(
            f"`{variable}` (for {' and '.join(f'`{slot}`' for slot in slots_)})" for variable, slots_ in lacking.items()
        )
        which = "the environment variable" if len(lacking) == 1 else "the environment variables"
        is_ = "is empty" if all(variable in environment for variable in lacking) else "is not set"
        raise CannotRun(f"{which} {told} must hold an API key, and {is_}", help="export it and run again")


def targets(slots: Mapping[str, EndpointConfig], clients: Mapping[str, Client] = NO_CLIENTS) -> dict[str, Target]:
    """Whom the calls of each slot are for. Nothing is opened, and no key is needed."""
    found = {}
    for slot, config in slots.items():
        if slot in clients:
            found[slot] = Target(slot, _standing_in(config), config.model)
        elif config.provider == "embedded" and config.embeds:
            from atk_interp.llm.embedded_vectors import EMBEDDED_VECTORS

            found[slot] = Target(slot, config, EMBEDDED_VECTORS)
        elif config.provider == "embedded":
            from atk_interp.llm.embedded import EMBEDDED_MODEL

            found[slot] = Target(slot, config, EMBEDDED_MODEL)
        else:
            found[slot] = Target(slot, _identified(config), config.model)
    return found


def open_endpoints(
    slots: Mapping[str, EndpointConfig],
    say: Callable[[str], None],
    clients: Mapping[str, Client] = NO_CLIENTS,
    policy: RetryPolicy | None = None,
    clock: Clock | None = None,
) -> dict[str, Endpoint]:
    """The addresses of each slot; slots that are sent to the same one with the same limits share what it allows.

    `clients` stand in for the endpoints of their slots. No connection is made yet. Raises `CannotRun`.
    """
    policy, clock = policy or RetryPolicy(), clock or Clock()
    opened: dict[str, Endpoint] = {}
    addresses: dict[tuple[object, ...], Address] = {}
    pools: dict[tuple[Address, ...], Pool] = {}
    for slot, target in targets(slots, clients).items():
        config = target.config
        behind = []
        for url in (None,) if slot in clients else config.base_urls or (None,):
            known = (slot if slot in clients else "", url, *_place_and_limits(config))
            if known not in addresses:
                client = clients[slot] if slot in clients else _client(slot, config, url, say)
                addresses[known] = _address(client, slot, config, policy, clock, say)
            behind.append(addresses[known])
        pool = pools.get((*behind,))
        if pool is None:
            pool = pools[(*behind,)] = Pool(behind, policy, clock)
        opened[slot] = Endpoint(slot, config, target.model, pool)
    return opened


def _place_and_limits(config: EndpointConfig) -> tuple[object, ...]:
    """What two slots must have in common, beside an address, to share it."""
    place = (config.provider, config.embeds, config.api_key_env, config.script and config.folder / config.script)
    return (*place, config.concurrency, config.requests_per_minute, config.tokens_per_minute, config.timeout)


def _address(
    client: Client, slot: str, config: EndpointConfig, policy: RetryPolicy, clock: Clock, say: Callable[[str], None]
) -> Address:
    limiter = Limiter(
        config.concurrency,
        requests_per_minute=config.requests_per_minute,
        tokens_per_minute=config.tokens_per_minute,
        clock=clock,
        say=lambda told: say(f"model `{slot}`: {told}"),
    )
    return Address(client, limiter, Breaker(policy, str(getattr(client, "endpoint", slot))))


def _standing_in(config: EndpointConfig) -> EndpointConfig:
    """A client of the caller is no endpoint to learn about: it is sent schemas when asked to, and not on trial."""
    return config if config.structured == "always" else replace(config, structured="never")


def _identified(config: EndpointConfig) -> EndpointConfig:
    """A script is its own model: when it changes, what it said before is not what it would say now."""
    if config.provider != "scripted":
        return config
    try:
        said = (config.folder / str(config.script)).read_bytes()
    except OSError:
        return config  # opening it tells what is wrong
    return replace(config, identity=f"{config.identity}script {hashlib.sha256(said).hexdigest()}")


def _client(slot: str, config: EndpointConfig, url: str | None, say: Callable[[str], None]) -> Client:
    if config.provider == "embedded" and config.embeds:
        from atk_interp.llm.embedded_vectors import EmbeddedVectors, is_installed

        if not is_installed():
            raise CannotRun(
                f"model `{slot}` is the embedded one, and what makes its vectors is not installed",
                "`pip install 'atk-interp[embeddings]'`, or name an endpoint under `models:` in the config",
            )
        return EmbeddedVectors()
    if config.provider == "embedded":
        if importlib.util.find_spec("xllamacpp") is None:
            raise CannotRun(
                f"model `{slot}` is the embedded one, and its engine is not installed",
                "`pip install 'atk-interp[embedded]'`, or name an endpoint under `models:` in the config",
            )
        from atk_interp.llm.embedded import EmbeddedClient

        return EmbeddedClient(say)
    if config.provider == "scripted":
        from atk_interp.llm.script import ScriptError
        from atk_interp.llm.scripted import ScriptedClient

        try:
            return ScriptedClient.from_file(config.folder / str(config.script))
        except ScriptError as error:
            raise CannotRun(f"the script of model `{slot}` cannot be used: {error}") from error
    from atk_interp.llm.openai import OpenAIClient

    key = os.environ.get(config.api_key_env) if config.api_key_env else None
    base_url = url or "https://api.openai.com/v1"
    try:
        return OpenAIClient(base_url, key, timeout_s=config.timeout, connections=max(100, config.concurrency))
    except EndpointRefused as error:
        raise CannotRun(f"model `{slot}` cannot be asked: {error}", error.help) from error

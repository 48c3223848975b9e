"""The endpoints of a config, each asked for one short reply."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from atk_interp.doctor.model import Check
from atk_interp.llm.messages import Client, EmbeddingClient, LlmError, Message, Reply, Request
from atk_interp.pipeline import Pipeline
from atk_interp.runtime.endpoints import CannotRun, Endpoint, check_keys, open_endpoints
from atk_interp.spec import EndpointConfig

__all__ = ["endpoint_checks"]

_QUESTION = (Message("user", "Reply with one word: ready"),)
_MOST_TOKENS = 200
"""Room for a model that thinks before it says the word."""
_TIMEOUT_S = 60.0
_SHOWN = 60


async def endpoint_checks(pipeline: Pipeline, say: Callable[[str], None]) -> AsyncIterator[Check]:
    """Ask every address once, also one that answers for several slots. The calls are paid, and not kept in a ledger."""
    for slots, config in _configured(pipeline):
        slot = slots[0]
        name = f"model {' and '.join(f'`{each}`' for each in slots)}"
        try:
            check_keys({slot: config}, os.environ)
            endpoint = open_endpoints({slot: config}, say)[slot]
        except CannotRun as error:
            yield Check(name, "wrong", str(error), error.help)
            continue
        for address in endpoint.pool.addresses:
            try:
                yield await _asked(name, endpoint, address.client)
            except LlmError as error:
                yield Check(name, "wrong", f"{address.name}: {error}", getattr(error, "help", ""))
            finally:
                await address.client.aclose()


def _configured(pipeline: Pipeline) -> list[tuple[list[str], EndpointConfig]]:
    """The endpoints, each with the slots that it answers for."""
    known = pipeline.spec.models
    asked: list[tuple[list[str], EndpointConfig]] = []
    for slot, config in pipeline.endpoints(None).items():
        embeds = slot in known and known[slot].expects == "embedding"
        own = replace(config, timeout=min(config.timeout, _TIMEOUT_S), embeds=embeds)
        same = next((slots for slots, other in asked if _place(other) == _place(own)), None)
        if same is not None:
            same.append(slot)
        else:
            asked.append(([slot], own))
    return asked


def _place(config: EndpointConfig) -> tuple[object, ...]:
    return config.provider, config.model, config.base_urls, config.api_key_env, config.script, config.embeds


async def _asked(name: str, endpoint: Endpoint, client: Client) -> Check:
    if endpoint.config.embeds:
        assert isinstance(client, EmbeddingClient)
        reply = (await client.embed([Request(endpoint.model, embeds="ready")]))[0]
        return Check(name, "ok", f"`{endpoint.model}` made a vector in {reply.seconds:.2f} s")
    sampling = {**endpoint.config.sampling, "max_tokens": _MOST_TOKENS}
    reply = await client.complete(Request(endpoint.model, _QUESTION, sampling=sampling))
    return Check(name, "ok", _told(endpoint.model, reply))


def _told(model: str, reply: Reply) -> str:
    said = " ".join(reply.text.split())
    said = f"`{said[:_SHOWN]}{'…' if len(said) > _SHOWN else ''}`" if said else "nothing"
    thought = ", after some reasoning" if reply.reasoning else ""
    used = f"; {reply.usage.input} + {reply.usage.output} tokens" if reply.usage.output else "; it tells no usage"
    return f"`{model}` said {said}{thought} in {reply.seconds:.2f} s{used}"

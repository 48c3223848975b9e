"""Endpoints that answer for others: entries of a config that a `fallback` names, also beyond the slots of the spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from atk_interp.kinds.base.asking import merged_sampling
from atk_interp.spec import EndpointConfig, PipelineSpec
from atk_interp.values import Value, canonical

__all__ = ["with_fallbacks"]


def with_fallbacks(
    endpoints: Mapping[str, EndpointConfig], configured: Mapping[str, EndpointConfig], spec: PipelineSpec
) -> dict[str, EndpointConfig]:
    """The endpoints of the slots and those of their fallbacks, each knowing what it needs to be exchanged."""
    found = dict(endpoints)
    for config in endpoints.values():
        name = config.fallback
        while name is not None and name not in found and name in configured:
            found[name] = configured[name]
            name = found[name].fallback
    if all(config.fallback is None for config in found.values()):
        return found
    return {slot: _prepared(slot, found, spec) for slot in found}


def _prepared(slot: str, endpoints: Mapping[str, EndpointConfig], spec: PipelineSpec) -> EndpointConfig:
    config = endpoints[slot]
    known = []
    chain = [slot]
    while (name := endpoints[chain[-1]].fallback) is not None and name in endpoints and name not in chain:
        chain.append(name)
        other = endpoints[name]
        known.append([name, other.provider, other.model, other.identity, _base(name, other, spec)])
    stands_in = canonical(known).decode() if known else ""
    return replace(config, base=_base(slot, config, spec), stands_in=stands_in)


def _base(slot: str, config: EndpointConfig, spec: PipelineSpec) -> dict[str, Value]:
    asked = spec.models.get(slot)
    return merged_sampling(asked.sampling if asked is not None else {}, config.sampling)

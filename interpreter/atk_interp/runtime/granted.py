"""The attempts that a run may make beyond those of its steps, because rejected rows are asked again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from atk_interp.kinds.base import Turn, UsedUp
from atk_interp.ledger.grants import Grants
from atk_interp.llm.messages import Client
from atk_interp.plan import Plan, PlannedStep
from atk_interp.records import dataclass
from atk_interp.runtime.endpoints import Target, targets, used_slots
from atk_interp.runtime.variants import request_for
from atk_interp.spec import EndpointConfig

__all__ = ["Granted", "Other", "clients_of_others", "first_key", "granted_slots"]


class Granted:
    """Says which attempts are granted to a sample. Asked when its own are used up, and at no other time.

    `targets` have the slots of the run and those of `granted_slots`; `used` is told the key of each grant that counts.
    """

    def __init__(
        self, grants: Grants, targets: Mapping[str, Target], used: Callable[[str], None] = lambda key: None
    ) -> None:
        self._grants = grants.by_key
        self._targets = targets
        self._used = used

    def further(self, step: PlannedStep, used_up: UsedUp, given: int) -> Turn | None:
        """See `StepContext.further`."""
        if not self._grants:
            return None
        slot = step.slots.get(used_up.slot, used_up.slot)
        key = first_key(self._targets[slot], used_up)
        # The step may allow more attempts today than when it was granted some: what its own model has said counts once.
        granted, allowed = self._grants.get(key, ()), used_up.attempts
        more = [grant for grant in granted if grant.is_for_another or grant.attempt >= allowed]
        if given >= len(more):
            return None
        if given == 0:
            self._used(key)
        grant = more[given]
        return Turn(grant.attempt, _other(slot, grant.model, grant.identity) if grant.is_for_another else used_up.slot)


def first_key(target: Target, used_up: UsedUp) -> str:
    """What a sample is known by: the key of its first call, without a form of the reply."""
    return request_for(target, used_up.messages, used_up.sampling, used_up.sample, 0).key()


@dataclass(frozen=True, slots=True)
class Other:
    """The endpoint of a model that is asked in place of a slot's own. `slot` is whose address and key it has."""

    config: EndpointConfig
    slot: str


def granted_slots(plan: Plan, grants: Grants) -> dict[str, Other]:
    """The other models that are granted, each under a name of its own for every slot of the plan.

    Where a slot has this model, it is that one, and else the endpoint of the slot that would be asked otherwise.
    """
    models = grants.models()
    if not models:
        return {}
    known = targets(plan.endpoints)
    found: dict[str, Other] = {}
    for model, identity in sorted(models):
        same = (slot for slot, target in known.items() if (target.model, target.config.identity) == (model, identity))
        there = next(same, None)
        for slot, config in used_slots(plan).items():
            if there is not None:
                other = Other(replace(plan.endpoints[there], fallback=None), there)
            else:
                other = Other(_renamed(config, model, identity), slot)
            found[_other(slot, model, identity)] = other
    return found


def clients_of_others(others: Mapping[str, Other], clients: Mapping[str, Client]) -> dict[str, Client]:
    """What answers in place of the endpoints of others, where it does so for their slots."""
    return {name: clients[other.slot] for name, other in others.items() if other.slot in clients}


def _other(slot: str, model: str, identity: str) -> str:
    """A name that no slot can have."""
    return f"{slot} as {model}" + (f" ({identity})" if identity else "")


def _renamed(config: EndpointConfig, model: str, identity: str) -> EndpointConfig:
    """An endpoint asked for another of its models, whose price is not known."""
    identity = config.identity if config.provider == "scripted" else identity
    return replace(config, model=model, identity=identity, price={}, fallback=None)

"""The steps of a pipeline, each as a function of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from atk_interp.diagnostics import did_you_mean
from atk_interp.kinds.base import CallStep, Dropped, PureStep, SourceStep
from atk_interp.ledger.places import default_ledger
from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.llm.limits import Clock
from atk_interp.llm.retry import RetryPolicy
from atk_interp.pipeline.arguments import json_rows
from atk_interp.plan import Loop, Plan
from atk_interp.records import dataclass
from atk_interp.runtime import CannotRun
from atk_interp.runtime.books import Books
from atk_interp.runtime.calls import Calls
from atk_interp.runtime.endpoints import check_keys, open_endpoints, used_slots
from atk_interp.runtime.step_calls import StepCalls
from atk_interp.spec import PipelineSpec, check_value
from atk_interp.values import Row, Value, root_id

__all__ = ["StepCallable", "Steps", "blocking"]

_log = logging.getLogger("atk_interp")


class Compiled(Protocol):
    """What a step asks of its pipeline."""

    spec: PipelineSpec

    def defaults(self) -> dict[str, Any]: ...

    def tell_unknown(self, name: str) -> None: ...

    def plan_with(self, values: Mapping[str, Value], models: Any, rows: Any) -> Plan: ...


class Steps(dict[str, "StepCallable"]):
    """The steps of a pipeline by their names. A name that is none is told with what is near it."""

    def __missing__(self, name: object) -> StepCallable:
        near = did_you_mean(str(name), self) or "steps are " + ", ".join(f"`{known}`" for known in self)
        raise KeyError(f"there is no step `{name}`; {near}")


@dataclass(frozen=True)
class StepCallable:
    """One step as a function from a row (a mapping of fields) to rows, for tests and notebooks.

    Parameters of the pipeline are keywords, as are `models`; those not given are as in the config, have their
    defaults, or are null. Rows that a step filters or rejects give no rows. Replies come from the project's ledger
    where it has them.
    """

    pipeline: Compiled
    name: str

    def __call__(self, row: Mapping[str, Any], **kwargs: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = blocking(self.acall(row, **kwargs))
        return rows

    async def acall(self, row: Mapping[str, Any], **kwargs: Any) -> list[dict[str, Any]]:
        """As a call, awaited. Raises `CannotRun` for steps that work on whole sets of rows."""
        models = kwargs.pop("models", None)
        values = self.pipeline.defaults()
        for name, value in kwargs.items():
            if name not in values:
                self.pipeline.tell_unknown(name)
                continue
            problem = check_value(self.pipeline.spec.params[name], value)
            if problem is not None:
                raise CannotRun(problem)
            values[name] = value
        plan = self.pipeline.plan_with(values, models, json_rows([row]))
        step = plan.steps[self.name]
        made = Row(root_id(dict(row), 0), "row", (0,), dict(row))
        runner = step.runner
        if isinstance(runner, Loop) or step.kind == "pipeline":
            raise CannotRun(f"step `{self.name}` has steps of its own", help="call the pipeline")
        if step.uses:
            raise CannotRun(f"step `{self.name}` uses the value of another step", help="call the pipeline")
        if isinstance(runner, PureStep):
            result = runner.apply(made)
        elif isinstance(runner, CallStep):
            result = await _asked(plan, self.name, made)
        else:
            what = "makes its rows itself" if isinstance(runner, SourceStep) else "works on whole sets of rows"
            raise CannotRun(f"step `{self.name}` {what}", help="call the pipeline")
        return [] if isinstance(result, Dropped) else [dict(child.fields) for child in result]


async def _asked(plan: Plan, name: str, row: Row) -> Any:
    step = plan.steps[name]
    slots = used_slots(replace(plan, steps={name: step}))
    check_keys(slots)
    endpoints = open_endpoints(slots, lambda line: _log.info("%s", line))
    try:
        async with SqliteLedger(default_ledger()) as ledger:
            calls = Calls(endpoints, ledger, Books(plan), lambda event: None, RetryPolicy(), Clock())
            context = StepCalls(step, calls, lambda event: None, lambda planned, dropped: None)
            assert isinstance(step.runner, CallStep)
            return await step.runner.apply(row, context)
    finally:
        for endpoint in endpoints.values():
            await endpoint.pool.aclose()


def blocking(coroutine: Any) -> Any:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    coroutine.close()
    raise RuntimeError("an event loop is running here: use `await pipeline.acall(…)`")

"""What a run has paid for, and what the ledger has saved it, in calls, tokens and USD."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from atk_interp.plan import Plan
from atk_interp.runtime.events import CallFinished
from atk_interp.runtime.spent import Spent

__all__ = ["Spending", "Spent"]

_Asking = tuple[str, str]
"""A step and the model slot that it asks."""


class Spending:
    """Sums up the calls of a run, by step and model. Told of each in the run's loop.

    `before` is what the runs have paid that this one goes on with: those into the same folder that did not come to
    their end. The last of them has left it in its `run.json`, and in the ledger if it was killed.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._paid: dict[_Asking, _Sum] = {}
        self._saved: dict[_Asking, _Sum] = {}
        self.before = _paid_before(folder / "run.json", plan.spec.name)
        self.metered: Callable[[], Spent] = Spent
        """All that was paid, with what came before: also for rows that had no more use of it."""

    def go_on(self, recorded: str) -> None:
        """Go on with what the ledger has of the last run, if that is more than its `run.json` says."""
        if recorded:
            before = Spent(**json.loads(recorded))
            self.before = max(self.before, before, key=lambda spent: spent.calls)

    def add(self, call: CallFinished) -> None:
        sums = self._saved if call.from_ledger else self._paid
        asking = (call.step, call.slot)
        known = sums.get(asking)
        if known is None:
            known = sums[asking] = _Sum(self._plan.endpoints[call.slot].price if call.slot else {})
        known.add(call)

    def hold(self, step: str, slot: str, counts: Sequence[int]) -> None:
        """Count calls of an earlier run, whose replies are used without asking for them: see `used_by`."""
        held = _Sum(self._plan.endpoints[slot].price if slot else {})
        held.calls, held.input, held.output, held.cached, held.reasoning, held.uncounted = counts
        self._saved[step, slot] = held

    def used_by(self, step: str) -> dict[str, list[int]]:
        """The calls that a step has used, by slot, whoever has paid: how many, and tokens as in `Spent`."""
        found: dict[str, list[int]] = {}
        for sums in (self._paid, self._saved):
            for (name, slot), known in sums.items():
                if name == step:
                    counts = [known.calls, known.input, known.output, known.cached, known.reasoning, known.uncounted]
                    found[slot] = list(map(sum, zip(found.get(slot, [0] * 6), counts, strict=True)))
        return found

    @property
    def paid(self) -> Spent:
        """What this run alone has paid."""
        return _total(self._paid)

    @property
    def with_resumes(self) -> Spent:
        """What this run has paid, and those that it goes on with."""
        return max(self.before + self.paid, self.metered(), key=lambda spent: spent.calls)

    @property
    def saved(self) -> Spent:
        """What the replies would have cost that were there: those in the ledger, and those to equal calls."""
        return _total(self._saved)

    def paid_by_step(self) -> dict[str, Spent]:
        """What each step that has asked has paid in this run."""
        return _by(self._paid, lambda asking: asking[0])

    @property
    def any_calls(self) -> bool:
        return bool(self._paid or self._saved)

    def as_json(self) -> dict[str, Any]:
        """For `run.json`: the sums of the run, of each step that asked, and of each model."""
        return {
            "paid": self.paid.as_json(),
            "from_ledger": self.saved.as_json(),
            "paid_with_resumes": self.with_resumes.as_json(),
            "steps": {
                name: {
                    "slot": self._plan.steps[name].slot,
                    "model": self._plan.endpoints[self._plan.steps[name].slot or ""].model,
                    **sums,
                }
                for name, sums in self._split(lambda asking: asking[0], list(self._plan.steps)).items()
            },
            "models": self._split(self._model, sorted({config.model for config in self._plan.endpoints.values()})),
        }

    def _model(self, asking: _Asking) -> str:
        return self._plan.endpoints[asking[1]].model if asking[1] else ""

    def _split(self, name: Callable[[_Asking], str], order: list[str]) -> dict[str, dict[str, Any]]:
        """What was paid and saved, by what `name` makes of who asked."""
        paid, saved = _by(self._paid, name), _by(self._saved, name)
        return {
            part: {
                "paid": paid.get(part, Spent()).as_json(),
                "from_ledger": saved.get(part, Spent()).as_json(),
            }
            for part in order
            if part in paid or part in saved
        }


class _Sum:
    """The running sum of the calls of one step and slot; `price` is in USD per million tokens."""

    __slots__ = ("cached", "calls", "input", "output", "price", "reasoning", "uncounted")

    def __init__(self, price: Mapping[str, float]) -> None:
        self.price = price
        self.calls = self.input = self.output = self.cached = self.reasoning = self.uncounted = 0

    def add(self, call: CallFinished) -> None:
        self.calls += 1
        if not call.input_tokens and not call.output_tokens:
            self.uncounted += 1
            return
        self.input += call.input_tokens
        self.output += call.output_tokens
        if call.reply is not None:
            self.cached += call.reply.usage.cached
            self.reasoning += call.reply.usage.reasoning

    def spent(self) -> Spent:
        usd = None
        if self.price:
            usd = (self.input * self.price.get("input", 0) + self.output * self.price.get("output", 0)) / 1e6
        return Spent(self.calls, self.input, self.output, usd, self.cached, self.reasoning, self.uncounted)


def _by(sums: Mapping[_Asking, _Sum], name: Callable[[_Asking], str]) -> dict[str, Spent]:
    found: dict[str, Spent] = {}
    for asking, known in sums.items():
        part = name(asking)
        found[part] = found.get(part, Spent()) + known.spent()
    return found


def _total(sums: Mapping[_Asking, _Sum]) -> Spent:
    total = Spent()
    for known in sums.values():
        total += known.spent()
    return total


def _paid_before(record: Path, pipeline: str) -> Spent:
    try:
        before = json.loads(record.read_bytes())
        if before["pipeline"] != pipeline or before["status"] == "done":
            return Spent()
        return Spent(**before["spending"]["paid_with_resumes"])
    except (OSError, ValueError, KeyError, TypeError):  # none, or one of another version
        return Spent()

"""What a run may cost: a ceiling for all that is paid, over the runs that it goes on with."""

from __future__ import annotations

import json
from collections.abc import Mapping

from atk_interp.llm.messages import Reply, Request
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.runtime.endpoints import CannotRun
from atk_interp.runtime.spent import Spent, usd_told
from atk_interp.spec import EndpointConfig
from atk_interp.tokens import count_tokens

__all__ = ["Budget", "Meter", "OutOfBudget", "check_prices", "parsed_budget"]

_NUMBER = r"([0-9][0-9_,]*(?:[.][0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)"
_AMOUNT = pattern(rf"{_NUMBER} ?([kKmM]?) ?(usd|USD|tokens?)\Z|[$] ?{_NUMBER}\Z")
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}
_FREE = ("embedded", "scripted")


class OutOfBudget(Exception):
    """A call is not sent, because the budget is used up. It tells what was paid by the time that it is asked."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def __str__(self) -> str:
        spent = self._meter.paid
        calls = f"{spent.calls:,} call{'s have' if spent.calls != 1 else ' has'}"
        return f"the budget of {self._meter.budget} is used up: {calls} cost {self._cost}"

    @property
    def help(self) -> str:
        return f"run the same command with a `--budget` above {self._cost} to go on; no paid reply is lost"

    @property
    def _cost(self) -> str:
        budget, spent = self._meter.budget, self._meter.paid
        if budget is not None and budget.usd is not None:
            return usd_told(spent.usd or 0.0)
        return _tokens(spent.input_tokens + spent.output_tokens)


@dataclass(frozen=True, slots=True)
class Budget:
    """So much money or so many tokens, of prompts and replies; one of the two."""

    usd: float | None = None
    tokens: int | None = None

    def __str__(self) -> str:
        return usd_told(self.usd) if self.usd is not None else _tokens(self.tokens or 0)

    def used_up(self, spent: Spent) -> bool:
        if self.usd is not None:
            return (spent.usd or 0.0) >= self.usd
        return spent.input_tokens + spent.output_tokens >= (self.tokens or 0)


def parsed_budget(text: str) -> Budget:
    """A budget as people write it: `5usd`, `$5`, `1M tokens`, `1e-3usd`. Raises `CannotRun`."""
    found = _AMOUNT.match(text.strip())
    if found is None:
        raise CannotRun(f"`{text}` is no budget", "write an amount with its unit, such as `5usd` or `1M tokens`")
    number = float((found[1] or found[4]).replace("_", "").replace(",", ""))
    amount = number * _TIMES[(found[2] or "").lower()]
    if amount <= 0:
        raise CannotRun(f"a budget of `{text}` pays for nothing", "`atk-interp plan` tells what a run would send")
    if found[3] is not None and found[3].startswith("token"):
        return Budget(tokens=round(amount))
    return Budget(usd=amount)


def check_prices(budget: Budget | None, slots: Mapping[str, EndpointConfig]) -> None:
    """Raise `CannotRun`, naming the slots whose calls would cost nobody knows what."""
    if budget is None or budget.usd is None:
        return
    lacking = [slot for slot, config in slots.items() if not config.price and config.provider not in _FREE]
    if lacking:
        slots_ = " and ".join(f"`{slot}`" for slot in lacking)
        told = f"a budget in USD needs the price of {slots_}, which the config does not give"
        raise CannotRun(told, "add `price: {input: …, output: …}` (USD per million tokens), or give a budget in tokens")


class Meter:
    """Counts what is paid, the moment that a reply has come: before the next call takes the place of this one.

    `add` and `check` are for the loop, `told` for any thread. `before` is what was paid by the runs that this one goes
    on with.
    """

    def __init__(self, prices: Mapping[str, Mapping[str, float]], budget: Budget | None = None) -> None:
        self.budget = budget
        self.before = Spent()
        self._prices = prices
        self._paid: dict[str, list[int]] = {}
        self._used_up = False

    def check(self) -> None:
        """Raise `OutOfBudget` when there is nothing left to pay a call with."""
        if self._used_up or (self.budget is not None and self.budget.used_up(self.paid)):
            self._used_up = True
            raise OutOfBudget(self)

    def add(self, slot: str, request: Request, reply: Reply) -> None:
        """A call was paid. Tokens that the endpoint does not tell are counted, where there is a budget."""
        usage = reply.usage
        sums = self._paid.setdefault(slot, [0, 0, 0, 0, 0, 0])
        sums[0] += 1
        sums[4] += usage.cached
        sums[5] += usage.reasoning
        if usage.counted or self.budget is None:
            sums[1] += usage.input
            sums[2] += usage.output
            sums[3] += not usage.counted
        else:
            sums[1] += sum(count_tokens(message.content) for message in request.messages)
            sums[1] += count_tokens(request.prompt or request.embeds or "")
            sums[2] += 0 if request.embeds is not None else count_tokens(reply.text) + count_tokens(reply.reasoning)

    @property
    def paid(self) -> Spent:
        """What was paid by this run and by those that it goes on with."""
        total = self.before
        for slot, (calls, sent, got, uncounted, cached, reasoning) in list(self._paid.items()):
            price = self._prices.get(slot) or {}
            usd = (sent * price.get("input", 0.0) + got * price.get("output", 0.0)) / 1e6 if price else None
            total += Spent(calls, sent, got, usd, cached, reasoning, uncounted)
        return total

    def told(self) -> str:
        """The same for the ledger."""
        return json.dumps(self.paid.as_json())


def _tokens(number: int) -> str:
    return f"{number:,} token{'s' if number != 1 else ''}"

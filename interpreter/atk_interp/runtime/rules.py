"""The rules that stop a run for what becomes of its rows, each told of them in canonical order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from atk_interp.kinds.base import Dropped, StepStopped, StopRule
from atk_interp.plan import Plan

__all__ = ["Rules", "RunStopped"]

_SHOWN_REPLIES = 3
_SHOWN_CHARACTERS = 300
_LABELS = 5


class RunStopped(StepStopped):
    """A rule of the spec, or of the command, has ended the run."""


class Rules:
    """What rows of which steps are to be told of, and what they mean for the run."""

    def __init__(self, plan: Plan) -> None:
        strict = StopRule(first=True)
        self._strict = plan.extent.strict
        rules = {name: strict if self._strict else step.stops for name, step in plan.steps.items()}
        if self._strict:
            rules |= {f"output {name}": strict for name in plan.outputs}
        self.places: Mapping[str, int] = {name: at for at, (name, rule) in enumerate(rules.items()) if rule is not None}
        """The steps that have a rule, in the order in which their rows count."""
        self._tallies = {name: _Tally(name, rule, self._strict) for name, rule in rules.items() if rule is not None}

    def judge(self, step: str, dropped: Dropped | None) -> RunStopped | None:
        """Why the next row that a step is through with stops the run. `dropped` is how it was lost, if it was."""
        return self._tallies[step].judge(dropped)


class _Tally:
    """The rows of one step so far."""

    def __init__(self, step: str, rule: StopRule, strict: bool) -> None:
        self._step = step if step.startswith("output ") else f"step `{step}`"
        self._rule = rule
        self._strict = strict
        self._rows = 0
        self._labels: Counter[str] = Counter()
        self._replies: list[str] = []

    def judge(self, dropped: Dropped | None) -> RunStopped | None:
        self._rows += 1
        if dropped is None or dropped.outcome != "rejected":
            rejected = False
        else:
            rejected = True
            self._labels[dropped.label] += 1
            if len(self._replies) < _SHOWN_REPLIES and dropped.attempts:
                self._replies.append(_shown(dropped))
        if self._rule.first:
            return self._at_first(dropped) if rejected and dropped is not None else None
        lost, share = self._labels.total(), self._rule.share
        if share is None or self._rows < self._rule.rows or lost < share * self._rows:
            return None
        return self._too_many(lost, share)

    def _at_first(self, dropped: Dropped) -> RunStopped:
        strict = "the first rejection of a strict run: " if self._strict else ""
        told = f"{strict}{self._step} rejected row {dropped.row.id}: {dropped.label}"
        replied = f"the last reply was: {_shown(dropped)}" if dropped.attempts else ""
        return RunStopped(told, replied or "read `rejected.jsonl` for the row")

    def _too_many(self, lost: int, share: float) -> RunStopped:
        labels = sorted(self._labels.items(), key=lambda item: (-item[1], item[0]))
        reasons = "; ".join(f"{count} x {label}" for label, count in labels[:_LABELS])
        more = f"; {len(labels) - _LABELS} other reasons" if len(labels) > _LABELS else ""
        rule = f"`stop_when_rejected` is {100 * share:.4g}%"
        told = f"{self._step} rejected {lost} of its first {self._rows} rows, and {rule}: "
        replies = "".join(f"\n    reply {number}: {reply}" for number, reply in enumerate(self._replies, 1))
        return RunStopped(f"{told}{reasons}{more}", f"mend the prompt, `parse` or `accept`; what was replied:{replies}")


def _shown(dropped: Dropped) -> str:
    """The last reply to a row, in one line."""
    reply = dropped.attempts[-1].reply
    told = " ".join(reply.split())
    return (told[:_SHOWN_CHARACTERS] + " …" if len(told) > _SHOWN_CHARACTERS else told) or "(nothing)"

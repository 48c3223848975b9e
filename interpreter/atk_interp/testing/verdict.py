"""Whether what came of a reply is what its example says, and how it differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from atk_interp.kinds.base import Dropped, StepExample
from atk_interp.records import dataclass
from atk_interp.testing.difference import Difference, compared
from atk_interp.values import Row

__all__ = ["Verdict", "verdict"]

_TOLD = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` is one sentence, empty when the example holds."""

    problem: str = ""
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()


def verdict(example: StepExample, made: Iterable[Row] | Dropped, refusals: Sequence[Dropped]) -> Verdict:
    """Compare what the step made of the replies with what the example says. `refusals` are parts that it refused."""
    if not isinstance(made, Dropped):
        return _passed(example, list(made), refusals)
    if made.outcome == "filtered":
        return _filtered(example, made, refusals)
    return _rejected(example, made)


def _passed(example: StepExample, rows: list[Row], refusals: Sequence[Dropped]) -> Verdict:
    if example.outcome != "passes":
        told = f"the reply is accepted, and was to be {example.outcome}"
        if example.label:
            told += f" as `{example.label}`"
        return Verdict(told, notes=_read(example, rows))
    differences = tuple(compared(example.expect, [row.fields for row in rows])) if example.expect is not None else ()
    if differences:
        return Verdict(_told(differences), differences, tuple(map(_refusal, refusals)))
    if example.label is not None and not any(_refused_as(example.label, refused) for refused in refusals):
        what = f"as `{example.label}`" if example.label else "at all"
        return Verdict(f"no reading is refused {what}", notes=tuple(map(_refusal, refusals)))
    return Verdict()


def _filtered(example: StepExample, dropped: Dropped, refusals: Sequence[Dropped]) -> Verdict:
    if example.outcome != "filtered":
        return Verdict(f"the row is filtered ({dropped.label})", notes=_read(example, [dropped.row]))
    rows = [*(refused.row for refused in refusals if refused.outcome == "filtered"), dropped.row]
    differences = tuple(compared(example.expect, [row.fields for row in rows])) if example.expect is not None else ()
    return Verdict(_told(differences), differences) if differences else Verdict()


def _rejected(example: StepExample, dropped: Dropped) -> Verdict:
    if example.outcome == "rejected" and _refused_as(example.label or "", dropped):
        return Verdict()
    if example.outcome == "rejected":
        told = f"the reply is rejected as `{dropped.label}`, and was to be as `{example.label}`"
    else:
        was = "" if example.outcome == "passes" else f", and was to be {example.outcome}"
        told = f"the reply is rejected ({dropped.label}){was}"
    return Verdict(told, notes=_reasons(dropped))


def _refused_as(label: str, dropped: Dropped) -> bool:
    """Whether a refusal bears the label; a vote is refused as a whole, and its label is that of any of its replies."""
    refused = {f"not accepted: {label}", label}
    return not label or dropped.label == label or any(attempt.reason in refused for attempt in dropped.attempts)


def _reasons(dropped: Dropped) -> tuple[str, ...]:
    """What was wrong with the replies, where the label does not say it."""
    reasons = dict.fromkeys(attempt.reason for attempt in dropped.attempts)
    return tuple(reason for reason in reasons if reason not in (dropped.label, f"not accepted: {dropped.label}"))


def _told(differences: Sequence[Difference]) -> str:
    rows = {difference.row: difference.what for difference in differences}
    missing = sum(what == "missing" for what in rows.values())
    more = sum(what == "unexpected" for what in rows.values())
    if missing or more:
        return f"{_rows(missing)} missing" if missing else f"{_rows(more)} more than expected"
    fields = list(dict.fromkeys(difference.field for difference in differences))
    listed = " and ".join(filter(None, [", ".join(f"`{name}`" for name in fields[:-1]), f"`{fields[-1]}`"]))
    return f"{listed} {'differs' if len(fields) == 1 else 'differ'} from what is expected"


def _rows(count: int) -> str:
    return "one row is" if count == 1 else f"{count} rows are"


def _read(example: StepExample, rows: Sequence[Row]) -> tuple[str, ...]:
    """What was read, as far as it is not given."""
    own = [
        {name: value for name, value in row.fields.items() if name not in example.given or value != example.given[name]}
        for row in rows
    ]
    return tuple(f"read: {_short(fields)}" for fields in own)


def _refusal(dropped: Dropped) -> str:
    return f"refused ({dropped.label}): {_short(dict(dropped.row.fields))}"


def _short(fields: object) -> str:
    text = json.dumps(fields, ensure_ascii=False)
    return text if len(text) <= _TOLD else text[:_TOLD] + "…"

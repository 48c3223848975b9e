"""Asking rejected rows again, for someone who watches: what is asked, the run, and how many have passed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atk_interp.cli.exits import OK
from atk_interp.cli.output import counted, notice, say
from atk_interp.cli.running import run_watched
from atk_interp.cli.tables import table

if TYPE_CHECKING:
    from atk_interp.pipeline import Pipeline
    from atk_interp.plan import Plan
    from atk_interp.rehearsal.rejected import Again, Asking, Rejected
    from atk_interp.runtime import RunResult

__all__ = ["ask_again", "tell_what_would_be_asked"]

_SHOWN = 5


def ask_again(
    pipeline: Pipeline, given: Mapping[str, Any], how: Mapping[str, Any], again: Again, quiet: bool, *, must: bool
) -> int:
    """Grant rejected rows more attempts, and run the pipeline; the exit code.

    `must` says that a run of the same stands behind it: then nothing is run when nothing is asked again, or when other
    calls would be sent beside. Raises what `reported` tells.
    """
    from atk_interp.ledger.grants import add_grants, withdraw_grants
    from atk_interp.ledger.places import default_ledger
    from atk_interp.rehearsal.rejected import find_rejected
    from atk_interp.runtime import CannotRun

    ledger = how.get("ledger") or default_ledger()
    plan = _plan(pipeline, given, how)
    found = asyncio.run(find_rejected(plan, ledger, again))
    if must and found.new_calls:
        raise _another_run(found)
    _tell(found, again, quiet)
    if must and not found.chosen and not found.still_open:
        say("no rejected row can be asked again")
        return OK
    _check_key(plan, found, again)
    if found.grants:
        add_grants(ledger, found.grants)
    try:
        result = run_watched(pipeline, given, how, quiet)
    except CannotRun:
        withdraw_grants(ledger, found.grants)
        raise
    if result.status == "impossible":  # an unknown model would stop every run from now on
        withdraw_grants(ledger, found.grants)
    elif result.status == "done":
        _tell_passed(found, result)
    return result.exit_code


def tell_what_would_be_asked(pipeline: Pipeline, given: Mapping[str, Any], how: Mapping[str, Any], again: Again) -> int:
    """Say which rows would be asked again, and what it would cost at most."""
    from atk_interp.ledger.places import default_ledger
    from atk_interp.rehearsal.rejected import find_rejected

    found = asyncio.run(find_rejected(_plan(pipeline, given, how), how.get("ledger") or default_ledger(), again))
    _tell(found, again, quiet=False)
    if found.asking:
        say(_table(found.asking))
        say("at most: an attempt that is accepted ends the asking")
    elif not found.still_open:
        say("no rejected row can be asked again")
    if found.new_calls:
        calls = "1 other call has" if found.new_calls == 1 else f"{found.new_calls} other calls have"
        notice(f"notice: {calls} no reply in the ledger, and would be sent first")
    return OK


def _plan(pipeline: Pipeline, given: Mapping[str, Any], how: Mapping[str, Any]) -> Plan:
    from atk_interp.plan import Extent

    return pipeline.plan(given, Extent(how.get("limit"), how.get("until") or "", bool(how.get("strict"))))


def _another_run(found: Rejected) -> Exception:
    from atk_interp.runtime import CannotRun

    calls = "1 call of this run has" if found.new_calls == 1 else f"{found.new_calls} calls of this run have"
    return CannotRun(
        f"{calls} no reply in the ledger: it is not finished, or its spec, prompts, models or inputs have changed",
        "`atk-interp run` it first, and `atk-interp plan` says what that would send",
    )


def _check_key(plan: Plan, found: Rejected, again: Again) -> None:
    """Raise `CannotRun` when the key of the model that is named is not there."""
    from atk_interp.runtime.endpoints import check_keys, targets

    if found.grants and again.model:
        named = {slot for slot, target in targets(plan.endpoints).items() if again.model in (slot, target.model)}
        check_keys({slot: plan.endpoints[slot] for slot in named})


def _tell(found: Rejected, again: Again, quiet: bool) -> None:
    if quiet:
        return
    rows = len({(rejection.step, rejection.row) for rejection in found.chosen})
    if rows:
        steps = ", ".join(f"{asking.rows} of step `{asking.step}`" for asking in found.asking)
        notice(f"{counted(rows, 'rejected row')} {'is' if rows == 1 else 'are'} asked again: {steps}")
    left = len(found.still_open)
    if left:
        notice(f"{counted(left, 'row')} of a retry that was stopped {_is(left)} asked again")
    if found.asked_already:
        notice(f"{counted(found.asked_already, 'row')} {_is(found.asked_already)} left out, as that retry has asked")
    if found.too_long:
        notice(
            f"{counted(found.too_long, 'row')} {_is(found.too_long)} left out: the prompt is longer than the model can "
            "take\n  help: name one that takes more with `--model`"
        )
    if found.others:
        notice(f"{counted(found.others, 'rejection')} {_is(found.others)} not what `--step` and `--reason` ask for")
    _tell_lasting(found.lasting)


def _tell_lasting(lasting: Mapping[tuple[str, str], int]) -> None:
    if not lasting:
        return
    count = sum(lasting.values())
    most = sorted(lasting.items(), key=lambda item: (-item[1], item[0]))
    told = "; ".join(f"{number} x {label} (step `{step}`)" for (step, label), number in most[:_SHOWN])
    more = f"; and {len(most) - _SHOWN} other reasons" if len(most) > _SHOWN else ""
    notice(f"{counted(count, 'rejection')} {_is(count)} for reasons that asking again does not mend: {told}{more}")


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _table(asking: Iterable[Asking]) -> str:
    listed = list(asking)
    priced = any(each.usd is not None for each in listed)
    head = ["step", "model", "rows", "calls", "tokens in", "tokens out", *(["USD"] if priced else [])]
    lines = [head]
    for each in listed:
        numbers = [str(each.rows), str(each.calls), f"~{each.input_tokens:,}", f"~{each.output_tokens:,}"]
        usd = [] if not priced else ["?" if each.usd is None else f"~{each.usd:.2f}"]
        lines.append([each.step, each.model, *numbers, *usd])
    return table(lines)


def _tell_passed(found: Rejected, result: RunResult) -> None:
    asked = found.still_open | {(rejection.step, rejection.row) for rejection in found.chosen}
    if not asked:
        return
    still = len(asked & _rejected_rows(result.output_dir / "rejected.jsonl"))
    rows, passed = counted(len(asked), "row"), len(asked) - still
    say(f"of {rows} asked again, {passed} passed, and {still} {_is(still)} still rejected")


def _rejected_rows(path: Path) -> set[tuple[str, str]]:
    """The step and id of every row that was rejected after it had been asked for."""
    with path.open(encoding="utf-8") as lines:
        records = map(json.loads, lines)
        return {(each["step"], each["row"]) for each in records if each["outcome"] == "rejected" and each["attempts"]}

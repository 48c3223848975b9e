"""A step of a spec, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from atk_interp.installed import failure, given_by
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import BoundStep, CallStep, Closure, Runner, StepStopped
from atk_interp.kinds.base.guarded import guarded
from atk_interp.kinds.base.nested import Collected, Inlined, Looped, Result
from atk_interp.templates import Prompt

__all__ = ["bind", "prompt_of", "when_of"]


def bind(step: BoundStep) -> Runner | Inlined | Looped | Collected | Result:
    """The step ready to run; one of a kind that a package adds tells of the package when it fails."""
    name = step.view.step.kind
    if given_by(KINDS, name) is None:
        return KINDS[name].bind(step)
    told = partial(failure, KINDS, name)
    try:
        made = KINDS[name].bind(step)
    except Exception as error:
        if (words := told(error)) is None:
            raise
        raise StepStopped(f"step `{step.name}`: {words}", "tell those who make the package") from error
    return made if isinstance(made, Inlined | Looped | Collected | Result) else guarded(made, told)


def prompt_of(step: BoundStep, runner: Runner) -> Callable[[Mapping[str, Any]], Prompt] | None:
    """Which prompt a call of the step has."""
    if isinstance(runner, CallStep) and runner.prompt is not None:
        return runner.prompt
    only = step.view.loaded.get("prompt")
    return None if only is None else lambda names: only


def when_of(step: BoundStep) -> Closure | None:
    """The rule for which rows the step works on; the others pass by it."""
    path = step.view.step.option_path("when")
    return step.rule(path) if path in step.view.expressions else None

"""`report.html` in the folder of a run, with the prompts of what was rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from atk_interp.formats.atomic import AtomicFile, CannotWrite
from atk_interp.kinds.base import RowFailed, StepStopped
from atk_interp.plan import Plan
from atk_interp.report import PromptOf, Rejection, report
from atk_interp.templates import RenderError
from atk_interp.values import Row

__all__ = ["write_report"]


def write_report(plan: Plan, folder: Path, record: Mapping[str, Any]) -> str:
    """Write the page of a run that has left its files. Why it could not be written, empty when it was. Blocking.

    The data are there without it, so nothing that goes wrong here is the end of a run.
    """
    try:
        page = report(record, folder, _prompt_of(plan))
        with AtomicFile(folder / "report.html") as file:
            file.write(page.encode("utf-8", "replace"))
    except (CannotWrite, OSError) as error:
        return f"`report.html` cannot be written: {error}"
    except Exception as error:  # noqa: BLE001 - of a million rows one may be what nobody has thought of
        return f"`report.html` cannot be made, which is a mistake in atk-interp: {type(error).__name__}: {error}"
    return ""


def _prompt_of(plan: Plan) -> PromptOf:
    """Renders again what was sent first for a rejected row: prompts are not kept with what is rejected."""

    def messages(rejection: Rejection) -> Sequence[tuple[str, str]]:
        step = plan.steps.get(rejection.step)
        if step is None or step.prompt is None or step.inside:  # in a loop a prompt depends on the round
            return ()
        sample = rejection.attempts[0].get("sample") if rejection.attempts else 0
        with suppress(RenderError, RowFailed, StepStopped):
            names = step.names(Row(rejection.row, rejection.source, (), rejection.fields))
            names = {**names, "sample": sample, "attempt": 0}
            return step.prompt(names).renderer()(names)
        return ()

    return messages

"""A run for someone who watches: its progress, what it came to, and the first rows of it."""

from __future__ import annotations

import asyncio
import gc
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atk_interp.cli.exits import report_bug
from atk_interp.cli.output import CannotPrint, NobodyReads, complain, counted, notice, say, silence

if TYPE_CHECKING:
    from atk_interp.pipeline import Pipeline
    from atk_interp.runtime import RunResult

__all__ = ["collect_less", "run_one", "run_watched"]

_SHOWN_ROWS = 3
_UNREACHED_AFTER_S = 5.0
_RESUMABLE = (4, 130)
"""The exit codes of runs that the same command goes on with."""


def run_one(pipeline: Pipeline, given: Mapping[str, Any], how: Mapping[str, Any], quiet: bool) -> int:
    """Run a pipeline with these arguments of a command line, and print what came of it; the exit code."""
    return run_watched(pipeline, given, how, quiet).exit_code


def run_watched(pipeline: Pipeline, given: Mapping[str, Any], how: Mapping[str, Any], quiet: bool) -> RunResult:
    """As `run_one`; what came of it."""
    if not quiet:
        _tell_models(pipeline)
    result = _executed(pipeline, given, how, quiet)
    if result.error is not None and result.status == "failed":
        report_bug(result.error)
    else:
        try:
            _report(result, quiet)
        except NobodyReads:
            silence(sys.stdout)
        except CannotPrint as error:  # the outputs are what the run is about, and they stand
            silence(sys.stdout)
            complain(str(error), "the run ended as `run.json` tells")
    return result


def _tell_models(pipeline: Pipeline) -> None:
    """Say which slots the embedded model answers: it is small, and nobody should take it for more."""
    embedded = [slot for slot, config in pipeline.endpoints(None).items() if config.provider == "embedded"]
    if embedded:
        slots = " and ".join(f"`{slot}`" for slot in embedded)
        notice(
            f"notice: {slots} {'is' if len(embedded) == 1 else 'are'} answered by the embedded model "
            "(135 million parameters): fit to try things out, not to make data to train on\n"
            "  help: name an endpoint under `models:` in the config"
        )


def _executed(pipeline: Pipeline, given: Mapping[str, Any], how: Mapping[str, Any], quiet: bool) -> RunResult:
    from atk_interp.cli.display import display
    from atk_interp.llm.retry import RetryPolicy

    collect_less()
    # Someone is watching: an endpoint that has never answered is most likely a wrong address.
    policy = RetryPolicy(unreached_after_s=_UNREACHED_AFTER_S)
    with display(quiet) as shown:
        running = pipeline.run(given, listeners=[shown.event], handle_signals=True, policy=policy, **how)
        return asyncio.run(running)


def collect_less() -> None:
    """Look for garbage in cycles less often, and not at all among what is loaded by now: a tenth of a run's time.

    For a process that does nothing but run; a library leaves this to its host.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _report(result: RunResult, quiet: bool) -> None:
    from atk_interp.cli.examples import examples
    from atk_interp.cli.summary import causes, funnel, spending
    from atk_interp.runtime.budget import OutOfBudget

    if quiet:
        for told in causes(cause for cause in result.causes if cause.kind == "Noted" and cause.serious):
            notice(told)
    else:
        notice("")
        for told in causes(result.causes):
            notice(told)
        notice(funnel(result.steps, examples(result.output_dir / "rejected.jsonl")))
        if result.spending is not None and result.spending.any_calls:
            notice(f"\n{spending(result.spending)}")
        notice("")
    if result.status != "done":
        complain(result.message, result.help)
        if result.exit_code in _RESUMABLE and not isinstance(result.error, OutOfBudget):  # that takes another command
            notice(f"  to go on: {shlex.join(['atk-interp', *sys.argv[1:]])}")
    page = _relative(result.output_dir / "report.html")
    for output in result.outputs:
        if output.complete or output.rows:
            # A document is about rows that nobody has seen: they may be those of a step, or parts of them.
            held = "a text without rows" if output.form == "document" else counted(output.rows, "row")
            end = "" if output.complete else " (incomplete)"
            say(f"{_relative(output.path)}: {held}{end}")
    if result.rejected:
        file = _relative(result.output_dir / "rejected.jsonl")
        say(f"{file}: {counted(result.rejected, 'record')} of what was filtered or rejected, with the reasons")
    if result.status == "done" and result.part:
        say(f"this was {result.part}, not a whole run")
    if result.status == "done" and not quiet:
        _show_rows(result)
        notice(f"\nread your data before you train on it, as `{page}` shows it")
    elif result.status != "done" and not quiet:
        notice(f"what became of the rows: `{page}`")


def _show_rows(result: RunResult) -> None:
    """The first rows of the first output that has any."""
    import itertools
    import json

    output = next((output for output in result.outputs if output.rows and output.form != "document"), None)
    if output is None:
        return
    say(f"\nthe first rows of {output.name}:")
    for row in itertools.islice(result.rows(output.name), _SHOWN_ROWS):
        say(json.dumps(row, ensure_ascii=False, indent=2, default=str))


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)

"""`atk-interp run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atk_interp.cli.exits import OK
from atk_interp.cli.preparing import compiled, no_python, reported, settings_for
from atk_interp.cli.running import run_one

if TYPE_CHECKING:
    from atk_interp.pipeline import Pipeline

__all__ = ["command"]


@click.command(name="run")
@click.argument("paths", nargs=-1, required=True)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set a parameter; wins over the config.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Another ledger than `.atk/ledger.db` of the project.")
@click.option("--force", is_flag=True, help="Run also when nothing has changed since the last run.")
@click.option("--quiet", "-q", is_flag=True, help="Print warnings, errors and the result only.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="A trial: only so many rows ask at first.")
@click.option("--until", default="", metavar="STEP", help="Go no further than this step, and write its rows.")
@click.option("--strict", is_flag=True, help="Stop at the first row that is rejected.")
@click.option("--budget", default="", metavar="AMOUNT", help="Pay no more than this, as `5usd` or `1M tokens`.")
@no_python
@click.option("--retry-rejected", is_flag=True, help="Ask the rows again that the run would reject; see `retry`.")
def command(paths: tuple[str, ...], settings: tuple[str, ...], quiet: bool, retry_rejected: bool, **how: Any) -> int:
    """Run pipelines, one after the other.

    PATHS are configs, specs, or names of stock pipelines. Each is linted first. The same command resumes a run
    that was stopped, and sends only the calls that are not in the ledger; a finished run that nothing has changed
    since is not run again. The first failure ends the command.

    A trial (`--limit`) sends the calls that the whole run would send for its first rows, and pays into the same ledger.
    """

    def run_all() -> int:
        # All of them before the first: a mistake in the last config must not show after an hour.
        prepared = [_prepared(path, settings, how["budget"], quiet) for path in paths]
        for pipeline, given in prepared:
            code = _again(pipeline, given, how, quiet) if retry_rejected else run_one(pipeline, given, how, quiet)
            if code != OK:
                return code
        return OK

    return reported(run_all)


def _again(pipeline: Pipeline, given: dict[str, Any], how: dict[str, Any], quiet: bool) -> int:
    from atk_interp.cli.asking_again import ask_again
    from atk_interp.rehearsal.rejected import Again

    return ask_again(pipeline, given, how, Again(), quiet, must=False)


def _prepared(path: str, settings: tuple[str, ...], budget: str, quiet: bool) -> tuple[Pipeline, dict[str, Any]]:
    """A pipeline and what the command line sets of its parameters: checked as far as it goes without a run."""
    from atk_interp.runtime.budget import check_prices, parsed_budget
    from atk_interp.runtime.endpoints import check_keys

    pipeline = compiled(path, quiet, undone="nothing was run")
    given = settings_for(settings, pipeline)
    pipeline.values({name: value for name, value in given.items() if name in pipeline.spec.params})
    asked = {step.options.get("model") for step in pipeline.spec.steps.values()}
    slots = {slot: config for slot, config in pipeline.endpoints(None).items() if slot in asked}
    check_keys(slots)
    check_prices(parsed_budget(budget) if budget else None, slots)
    return pipeline, given

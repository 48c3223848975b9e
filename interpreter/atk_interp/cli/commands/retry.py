"""`atk-interp retry`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from atk_interp.cli.asking_again import ask_again, tell_what_would_be_asked
from atk_interp.cli.preparing import past, reported

__all__ = ["command"]


@click.command(name="retry")
@click.argument("run", required=False)
@click.option("--step", default="", metavar="STEP", help="Only rows that this step has rejected.")
@click.option("--reason", default="", metavar="TEXT", help="Only rows that were rejected for this, or a part of it.")
@click.option("--model", default="", metavar="SLOT|MODEL", help="Have another model answer: a slot, or a model's name.")
@click.option(
    "--attempts", type=click.IntRange(1, 100), metavar="N", help="How often to ask; as the step says without."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be asked, and what it would cost.")
@click.option("--budget", default="", metavar="AMOUNT", help="Pay no more than this, as `5usd` or `1M tokens`.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Another ledger than that of the run.")
@click.option("--quiet", "-q", is_flag=True, help="Print warnings, errors and the result only.")
def command(run: str | None, ledger: Path | None, dry_run: bool, quiet: bool, budget: str, **wanted: Any) -> int:
    """Ask rejected rows again, and write the outputs anew.

    RUN is an output folder, a config or spec whose output folder is known, or nothing for the latest run of the
    project. The rows that were rejected after all attempts of their steps get more of them, which the ledger remembers:
    whoever runs the same again gets the same. Rows that were accepted cost nothing. The same command goes on with a
    retry that was stopped.
    """

    def retry() -> int:
        from atk_interp.ledger.grants import granted_in
        from atk_interp.rehearsal.rejected import Again

        found = past(run, (), ledger, now=True)
        extent = found.extent
        how: dict[str, Any] = {"limit": extent.limit, "until": extent.until, "strict": extent.strict}
        how |= {"ledger": found.ledger, "budget": budget}
        again = Again(**wanted)
        if dry_run:
            return tell_what_would_be_asked(found.pipeline, found.arguments, how, again)
        # What was granted since by a retry that was killed explains calls that the run has not made.
        whole = found.status == "done" and found.grants == granted_in(found.ledger).fingerprint()
        return ask_again(found.pipeline, found.arguments, how, again, quiet, must=whole)

    return reported(retry)

"""The few ways in which a command ends, and what the user is told of each."""

from __future__ import annotations

import sys
from pathlib import Path

from atk_interp.cli.output import complain

__all__ = ["FINDINGS", "IMPOSSIBLE", "OK", "OUR_BUG", "report_bug"]

OK, FINDINGS, IMPOSSIBLE, OUR_BUG, UNAVAILABLE, INTERRUPTED = 0, 1, 2, 3, 4, 130


def report_bug(error: BaseException) -> int:
    """Write what is needed to mend our own mistake into a file, and say where it is; the exit code.

    A mistake in the code of a package that adds to the language is told with the package alone.
    """
    from atk_interp.installed import giver_at_fault, said  # imported late, as all of this

    if giver := giver_at_fault(error):
        complain(f"the code of `{giver}` failed: {said(error)}", "tell those who make the package")
        return IMPOSSIBLE
    import platform  # imported late: they cost a tenth of a start-up, and are for the last resort alone
    import tempfile
    import traceback

    trace = "".join(traceback.format_exception(error))
    log = f"atk-interp bug report\n\npython {sys.version}\n{platform.platform()}\narguments: {_arguments()}\n\n{trace}"
    with tempfile.NamedTemporaryFile("w", prefix="atk-interp-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write(log)
    complain(
        f"this is a mistake in atk-interp: {type(error).__name__}: {error}",
        f"please report it with the file {Path(file.name)}; no paid reply is lost",
    )
    return OUR_BUG


def _arguments() -> list[str]:
    """The command line without the values of settings, which may be secret."""
    return [word.partition("=")[0] + "=…" if "=" in word else word for word in sys.argv[1:]]

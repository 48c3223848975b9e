"""Which files the paths on a command line stand for: specs and configs, by themselves, in folders, or by a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atk_interp.cli.output import complain, notice
from atk_interp.stock import find_pipeline

__all__ = ["existing", "files_of", "nothing_here"]


def existing(paths: Sequence[Path]) -> list[Path] | None:
    """The paths, and the specs of what are names of pipelines; the working folder without any.

    None, with the reason printed, when one does not exist.
    """
    found = []
    for path in paths:
        named = path if path.exists() else find_pipeline(str(path), Path.cwd())
        if named is None:
            complain(f"there is no file and no pipeline `{path}`")
            return None
        found.append(named)
    return found or [Path()]


def files_of(paths: Sequence[Path], *, skip_foreign: bool = False) -> list[Path] | None:
    """The specs and configs that the paths stand for: `lint.search.find` says which.

    None, with the reason printed, when a path does not exist or there is nothing at all.
    """
    from atk_interp.lint.search import find

    given = existing(paths)
    if given is None:
        return None
    found = find(given, skip_foreign=skip_foreign)
    for prompt in found.prompts:
        notice(f"no spec that was found uses the prompt `{prompt}`")
    if not (found.files or found.prompts or found.foreign or found.scripts):
        nothing_here()
        return None
    return list(found.files)


def nothing_here() -> None:
    complain("there is nothing to check here", "name a spec, a config or a folder that holds some")

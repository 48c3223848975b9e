"""Scripts of replies, for models of the provider `scripted`: they are no specs, and are checked for themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import Files
from atk_interp.lint.engine import Linted
from atk_interp.lint.rules.unusable_endpoint import check_script

__all__ = ["is_script", "lint_script"]

_SAYS = {"reply", "replies", "error"}


def is_script(data: Any) -> bool:
    """Whether a list in YAML is one of rules of replies. A mapping from text to text is not told from other data."""
    if not isinstance(data, list) or not data:
        return False
    rules = [item for item in data if isinstance(item, dict) and item.keys() & {"when", *_SAYS}]
    return len(rules) == len(data) and any(rule.keys() & _SAYS for rule in rules)


def lint_script(path: Path, files: Files) -> Linted:
    """What is wrong with a script; of several mistakes the first."""
    sink = Sink()
    check_script(path, sink, files)
    return Linted(None, None, sink, path, tuple(sink))

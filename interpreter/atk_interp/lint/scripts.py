"""Scripts of replies, for models of the provider `scripted`: they are no specs, and are checked for themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import Files, load_document
from atk_interp.lint.engine import Linted
from atk_interp.lint.rules.unusable_endpoint import UnusableEndpoint

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
    from atk_interp.llm.script import ScriptError, rules_from  # whoever lints specs alone does not pay for it

    sink = Sink()
    document = load_document(path, sink, files)
    if document is not None:
        try:
            rules_from(document.data)
        except ScriptError as error:
            sink.report(UnusableEndpoint.code, document.head_span(error.path), f"no model can follow this: {error}")
    return Linted(None, None, sink, path, tuple(sink))

"""Every code that a finding may have."""

from __future__ import annotations

from functools import cache

from atk_interp import document, expressions, graph, kinds, spec, templates
from atk_interp.diagnostics import Code
from atk_interp.lint import codes
from atk_interp.lint.rules import RULES

__all__ = ["all_codes", "is_about_text"]

_EMITTERS = (document, spec, expressions, templates, kinds, graph, codes)


@cache
def all_codes() -> tuple[Code, ...]:
    """Every code, by its number."""
    found = [code for module in _EMITTERS for code in module.CODES]
    found += [code for rule in RULES for code in (rule.code, *rule.more_codes)]
    return tuple(sorted(found, key=lambda code: code.id))


def is_about_text(code: Code) -> bool:
    """Whether a finding says that a file cannot be read: nothing else can be known of it, so it is always told."""
    return code in document.CODES

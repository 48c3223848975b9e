"""Which codes are wanted: `ATK503`, `unknown-field`, `ATK5`, `warning`, `all`; the more specific word wins.

Upper and lower case are the same."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity, did_you_mean
from atk_interp.lint.known import all_codes, is_about_text
from atk_interp.patterns import pattern
from atk_interp.records import dataclass

__all__ = ["DEFAULT", "Selection", "selector_problem"]

_SEVERITIES = tuple(severity.value for severity in Severity)
_PREFIX = pattern("ATK[0-9]{0,2}\\Z")
_EXACT = 100
"""More specific than any prefix."""


@dataclass(frozen=True)
class Selection:
    """The codes that are told. Without `select` all are but advice; `extend_select` adds, `ignore` takes away.

    At equal specificity `ignore` wins. What says that a file cannot be read is always told.
    """

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def has(self, code: Code) -> bool:
        if self == DEFAULT:
            return code.severity is not Severity.ADVICE
        if is_about_text(code):
            return True
        wanted = _most(code, (*self.select, *self.extend_select))
        if wanted < 0:
            wanted = 0 if not self.select and code.severity is not Severity.ADVICE else -1
        return wanted > _most(code, self.ignore)


DEFAULT = Selection()
"""Everything but advice."""


def _most(code: Code, selectors: tuple[str, ...]) -> int:
    """How specific the most specific selector is that names a code; -1 for none."""
    return max((_specificity(code, selector) for selector in selectors), default=-1)


def _specificity(code: Code, selector: str) -> int:
    word, prefix = selector.lower(), selector.upper()
    if word in (code.id.lower(), code.name):
        return _EXACT
    if word == code.severity.value:
        return 2
    if word == "all":
        return 1
    return 2 + len(prefix) if _PREFIX.match(prefix) and code.id.startswith(prefix) else -1


def selector_problem(selector: str, *, ignoring: bool = False) -> tuple[str, str | None] | None:
    """What is wrong with a selector, and what to do; None when some code is meant by it."""
    named = [code for code in all_codes() if _specificity(code, selector) > 0]
    if ignoring and named and all(is_about_text(code) for code in named):
        return f"`{selector}` cannot be ignored: it says that a file cannot be read", "leave the file out"
    if named or selector.lower() in ("all", *_SEVERITIES):
        return None
    words = [*(code.name for code in all_codes()), *_SEVERITIES, "all"]
    close = did_you_mean(selector.upper(), [code.id for code in all_codes()]) if selector[:3].upper() == "ATK" else None
    close = close or did_you_mean(selector.lower(), words)
    return f"`{selector}` is no code, name or severity", close or "`atk-interp lint --list-rules` lists them all"

"""What a lint rule is: a code with its page, and a check."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from atk_interp.diagnostics import Code
from atk_interp.lint.context import LintContext

__all__ = ["Rule"]


class Rule(ABC):
    """One rule: it looks at an analysed spec and reports what it finds."""

    code: ClassVar[Code]
    more_codes: ClassVar[tuple[Code, ...]] = ()
    """Further codes of a rule whose subject has several findings."""

    @abstractmethod
    def check(self, context: LintContext) -> None: ...

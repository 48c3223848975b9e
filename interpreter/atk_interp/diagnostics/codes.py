"""What a code is: the stable name of one kind of finding, with its manual page.

The module that emits a finding defines its code next to the check; `catalogue` gathers them. A code never
changes its meaning and the number of a retired one is not used again.
"""

from __future__ import annotations

from enum import Enum

from atk_interp.records import dataclass

__all__ = ["Code", "Severity"]


class Severity(Enum):
    """How much a finding matters. Only errors keep a spec from being compiled.

    An error is certain, a warning likely a mistake. Advice is taste: it is given to those who ask for it. A notice
    says what has no effect.
    """

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding. `id` is for searching (`ATK302`), `name` for reading (`unknown-field`).

    `finds`, `why`, `bad` and `good` are its page: what it finds, why it matters, an example, and what to
    write instead. `bad` and `good` are YAML or expression text.
    """

    id: str
    name: str
    severity: Severity
    finds: str
    why: str
    bad: str
    good: str
    fixable: bool = False
    """Whether findings of this code may carry a `Fix`."""
    hides: bool = False
    """Whether what follows the place on its line is kept out of what is printed: it may be a key."""

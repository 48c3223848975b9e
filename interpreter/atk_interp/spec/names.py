"""What steps, parameters, slots and fields may be called."""

from __future__ import annotations

import keyword
import re

from atk_interp.diagnostics import Sink
from atk_interp.document import Document, Path
from atk_interp.patterns import pattern
from atk_interp.spec import codes
from atk_interp.spec.model import BUILT_IN_NAMES

__all__ = ["NAME", "RESERVED_NAMES", "TAKEN_BY_THE_CALL", "check_name"]

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
"""What the name of a step, a parameter, a slot or a field is like."""
_NAME = pattern(NAME + r"\Z")
RESERVED_NAMES = {"true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else"}
TAKEN_BY_THE_CALL = ("pipeline", "models", "prompts", "rows", "task_id", "kwargs")
"""What a config or a call of the pipeline may hold beside its parameters."""


def check_name(name: str, what: str, document: Document, path: Path, sink: Sink) -> bool:
    """Whether a name may be used; reports when not."""
    if _NAME.match(name) and name not in RESERVED_NAMES and not (keyword.iskeyword(name) and what == "parameter"):
        if what == "parameter" and name in (*BUILT_IN_NAMES, *TAKEN_BY_THE_CALL):
            sink.report(
                codes.BAD_NAME,
                document.key_span(path),
                f"`{name}` has a meaning of its own, so no parameter can have this name",
                help="choose another name",
            )
            return False
        return True
    fixed = re.sub(r"\W+", "_", name).strip("_")
    sink.report(
        codes.BAD_NAME,
        document.key_span(path),
        f"`{name}` cannot be the name of a {what}",
        help=f"write `{fixed}`" if _NAME.match(fixed) and fixed != name else "use letters, digits and underscores",
    )
    return False

"""Everything that is registered, as data: kinds, replies, formats, functions, codes."""

from __future__ import annotations

import inspect

from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds import KINDS
from atk_interp.lint.known import all_codes
from atk_interp.replies import REPLY_KINDS
from atk_interp.stock import find_pipeline, stock_folders, stock_names

__all__ = ["all_codes", "entries", "first_line"]


def first_line(documented: object) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(documented) or "").split("\n")[0]


def entries(what: str) -> list[tuple[str, str]]:
    """Names and one-line descriptions of `pipelines`, `kinds`, `replies`, `formats` or `codes`."""
    match what:
        case "pipelines":
            return [(name, _described(name)) for name in stock_names()]
        case "kinds":
            return [(name, first_line(kind)) for name, kind in KINDS.items()]
        case "replies":
            return [(name, first_line(kind)) for name, kind in REPLY_KINDS.items()]
        case "formats":
            return [(name, output.help) for name, output in OUTPUTS.items()]
        case "codes":
            return [(code.id, f"{code.name}: {code.finds}") for code in all_codes()]
    raise ValueError(f"nothing is listed under `{what}`")


def _described(name: str) -> str:
    from atk_interp.diagnostics import Sink
    from atk_interp.document import load_document

    path = find_pipeline(name, stock_folders()[0])
    found = load_document(path, Sink()) if path is not None else None
    return str(found.get(("description",), "")) if found is not None else ""

"""Everything that is registered, as data: kinds, replies, formats, functions, codes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from atk_interp.expressions.functions import FILTERS, TESTS, Function
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.formats.readers import READERS
from atk_interp.installed import GROUPS, Addition, Extended, additions, given_by
from atk_interp.kinds import KINDS
from atk_interp.lint.known import all_codes
from atk_interp.replies import REPLY_KINDS
from atk_interp.stock import find_pipeline, stock_folders, stock_names

__all__ = ["all_codes", "entries", "first_line"]


def first_line(documented: object) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(documented) or "").split("\n")[0]


def entries(what: str) -> list[tuple[str, str]]:
    """Names and one-line descriptions of what the command `list` takes. What a package gives says so."""
    match what:
        case "pipelines":
            return [(name, _described(name)) for name in stock_names()]
        case "kinds":
            return [_entry(KINDS, name, first_line(kind)) for name, kind in KINDS.items()]
        case "replies":
            return [_entry(REPLY_KINDS, name, first_line(kind)) for name, kind in REPLY_KINDS.items()]
        case "formats":
            return [_entry(OUTPUTS, name, output.help) for name, output in OUTPUTS.items()]
        case "filters":
            return _functions(FILTERS)
        case "tests":
            return [(name, help_) for name, help_ in _functions(TESTS) if name.isidentifier()]
        case "plugins":
            return [_plugin(each) for each in additions()]
        case "codes":
            return [(code.id, f"{code.name}: {code.finds}") for code in all_codes()]
    raise ValueError(f"nothing is listed under `{what}`")


def _entry(table: Mapping[str, Any], name: str, help_: str) -> tuple[str, str]:
    giver = given_by(table, name)
    return name, f"{help_} ({giver})" if giver else help_


def _functions(table: Mapping[str, Function]) -> list[tuple[str, str]]:
    return [_entry(table, name, function.doc) for name, function in table.items() if name == function.name]


def _plugin(added: Addition) -> tuple[str, str]:
    """One entry of a package: whose it is, and if it cannot be used, why."""
    table = _TABLES[added.group]
    refusal = table.refusal(added.name) if isinstance(table, Extended) else None
    told = f"{added.giver}, which cannot be used: {refusal}" if refusal else added.giver
    return f"{GROUPS[added.group]} {added.name}", told


_TABLES: Mapping[str, Mapping[str, Any]] = {
    "atk_interp.kinds": KINDS,
    "atk_interp.replies": REPLY_KINDS,
    "atk_interp.formats": OUTPUTS,
    "atk_interp.readers": READERS,
    "atk_interp.filters": FILTERS,
    "atk_interp.tests": TESTS,
}


def _described(name: str) -> str:
    from atk_interp.diagnostics import Sink
    from atk_interp.document import load_document

    path = find_pipeline(name, stock_folders()[0])
    found = load_document(path, Sink()) if path is not None else None
    return str(found.get(("description",), "")) if found is not None else ""

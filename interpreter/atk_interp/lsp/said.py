"""What is said of kinds, parsers, filters, tests, functions, codes and fields, in Markdown."""

from __future__ import annotations

import json

from atk_interp.catalogue import all_codes
from atk_interp.expressions.functions import CALLS, FILTERS, TESTS, Function, signature
from atk_interp.expressions.types import Type
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds import KINDS
from atk_interp.lsp.asked import Part
from atk_interp.lsp.names import Names
from atk_interp.reference.markdown import described
from atk_interp.replies import REPLY_KINDS
from atk_interp.spec import Param, describe_param

__all__ = ["BUILT_IN", "TABLES", "code_said", "format_said", "function_said", "kind_said", "name_said", "parser_said"]

TABLES = {Part.FILTER: FILTERS, Part.TEST: TESTS, Part.NAME: CALLS}
"""Where the words of the language are listed."""

BUILT_IN = {
    "row": "The row itself: `row.id` and `row.source`.",
    "sample": "Which of several wanted replies this is, from 0.",
    "attempt": "Which try at an acceptable reply this is, from 0.",
    "seed": "The seed of the run, from the config.",
}


def kind_said(name: str) -> str:
    kind = KINDS[name]
    return f"**{name}** (rows: {kind.cardinality.value})\n\n{described(kind)}"


def parser_said(name: str) -> str:
    return f"**{name}**\n\n{described(REPLY_KINDS[name])}"


def format_said(name: str) -> str:
    return f"**{name}**\n\n{OUTPUTS[name].help}"


def function_said(function: Function) -> str:
    """How a filter, test or function is written, what it does, and an example."""
    example = (
        f"`{function.example.expression}` is `{json.dumps(function.example.value, ensure_ascii=False, default=str)}`"
    )
    return f"```\n{signature(function)}\n```\n\n{function.doc}\n\n{example}"


def code_said(name: str) -> str | None:
    """The page of a code; None where there is no such code."""
    code = next((code for code in all_codes() if code.id == name.upper()), None)
    if code is None:
        return None
    return (
        f"**{code.id} {code.name}** ({code.severity.value})\n\n{code.finds} {code.why}\n\n"
        f"Instead of\n```\n{code.bad}\n```\nwrite\n```\n{code.good}\n```"
    )


def name_said(name: str, type_: Type, names: Names, param: Param | None) -> str:
    """The type of a name, and where it comes from."""
    if param is not None:
        return f"`{name}`: {type_}\n\nParameter {describe_param(param)}"
    came = f"written by step `{names.origins[name]}`" if name in names.origins else ""
    said = "" if came else BUILT_IN.get(name, "")
    return "\n\n".join(part for part in (f"`{name}`: {type_}", came, said) if part)

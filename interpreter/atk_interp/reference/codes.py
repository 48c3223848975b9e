"""The page of codes: what a finding means, why it matters, what to write instead."""

from __future__ import annotations

from atk_interp.catalogue import all_codes
from atk_interp.diagnostics import Code
from atk_interp.reference.markdown import fenced, page, table

__all__ = ["codes_page"]

_HUNDREDS = {
    "1": "YAML",
    "2": "Shape",
    "3": "Expressions",
    "4": "Prompts and templates",
    "5": "Graph and flow",
    "6": "Advice",
    "7": "Configs and running",
    "8": "Security",
}


def codes_page() -> str:
    """Every code, by number, under the heading of its hundred."""
    codes = all_codes()
    sections = []
    for digit, title in _HUNDREDS.items():
        found = [code for code in codes if code.id[3] == digit]
        if found:
            sections += [f"## {digit}xx: {title}", _table(found), *(_section(code) for code in found)]
    return page(
        "Codes",
        "Every finding of `atk-interp lint` has a code. Codes never change their meaning. An **error** keeps a "
        "pipeline from running; the others do not. Advice is given to those who ask for it. What says **fix** can be "
        "mended by `atk-interp lint --fix` where that is safe. `atk-interp explain CODE` prints an entry of this page; "
        "[the linter](../linting.md) has a page of its own.",
        *sections,
    )


def _table(codes: list[Code]) -> str:
    rows = [[f"[{code.id}](#{code.id.lower()})", f"`{code.name}`", _is(code), code.finds] for code in codes]
    return table(["code", "name", "is", "finds"], rows)


def _is(code: Code) -> str:
    return code.severity.value + (", fix" if code.fixable else "")


def _section(code: Code) -> str:
    return "\n\n".join(
        [
            f'<a id="{code.id.lower()}"></a>\n\n### {code.id} `{code.name}` ({_is(code)})',
            f"{code.finds} {code.why}",
            "Instead of",
            fenced(code.bad, "text"),
            "write",
            fenced(code.good, "text"),
        ]
    )

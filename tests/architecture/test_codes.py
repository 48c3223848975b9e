"""Every diagnostic code is one of a kind, in the range of the package that emits it, and has its page."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter

import pytest

import atk_interp
from atk_interp.diagnostics.codes import Code

RANGES = {
    "document": {1, 8},  # 8xx: a document made to exhaust the reader
    "spec": {2, 7, 8},  # 7xx: what a config gives; 8xx: a key in it
    "expressions": {3, 8},
    "templates": {4, 8},
    "graph": {5},
    "flow": {5},
    "kinds": {2, 4, 5, 6},  # 4xx: the examples of a prompt's replies
    "lint": {2, 3, 4, 5, 6, 8},
    "plan": {7, 8},
    "llm": {7, 8},
    "formats": {7, 8},
    "replies": {2, 7},
    "ledger": {7},
    "runtime": {7},
    "backends": {7},
    "cli": {7},
}
"""Per package, the hundreds its codes may have: 1 document, 2 shape, 3 expressions, 4 prompts, 5 graph and flow,
6 advice, 7 running, 8 security."""


@pytest.fixture(scope="module")
def defined() -> list[tuple[str, Code]]:
    """Each code with the module that lists it in `CODES`. A package may list again what its modules list."""
    names = [module.name for module in pkgutil.walk_packages(atk_interp.__path__, "atk_interp.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    return [(module.__name__, code) for module in modules for code in getattr(module, "CODES", ())]


def test_no_two_codes_share_an_id_or_a_name(defined: list[tuple[str, Code]]) -> None:
    pairs = {(code.id, code.name) for _, code in defined}
    uses = Counter(text for pair in pairs for text in pair)

    assert pairs
    assert [text for text, times in uses.items() if times > 1] == []


def test_codes_lie_in_the_range_of_their_package(defined: list[tuple[str, Code]]) -> None:
    strays = [
        f"{code.id} in {module}"
        for module, code in defined
        if int(code.id[3]) not in RANGES.get(module.split(".")[1], range(1, 9))
    ]

    assert strays == []


def test_codes_have_a_searchable_id_a_readable_name_and_a_page(defined: list[tuple[str, Code]]) -> None:
    poor = [
        code.id
        for _, code in defined
        if not re.fullmatch(r"ATK[1-8]\d\d", code.id)
        or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", code.name)
        or not all(part.strip() for part in (code.finds, code.why, code.bad, code.good))
    ]

    assert poor == []

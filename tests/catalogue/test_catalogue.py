"""The catalogue lists everything that is registered."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import atk_interp
from atk_interp.catalogue import all_codes, entries
from atk_interp.kinds import KINDS
from atk_interp.replies import REPLY_KINDS


def test_every_code_that_a_module_lists_is_in_the_catalogue() -> None:
    modules = [module.name for module in pkgutil.walk_packages(atk_interp.__path__, "atk_interp.")]
    loaded = [importlib.import_module(name) for name in modules if not name.endswith("__main__")]
    listed = {code.id for module in loaded for code in getattr(module, "CODES", ())}

    assert listed - {code.id for code in all_codes()} == set()


def test_codes_come_by_number_and_once() -> None:
    ids = [code.id for code in all_codes()]

    assert ids == sorted(set(ids))


def test_kinds_and_replies_are_listed_in_their_order_with_a_line_of_help() -> None:
    assert [name for name, _ in entries("kinds")] == list(KINDS)
    assert [name for name, _ in entries("replies")] == list(REPLY_KINDS)


@pytest.mark.parametrize("what", ["pipelines", "kinds", "replies", "formats", "codes"])
def test_every_entry_has_a_help(what: str) -> None:
    found = entries(what)

    assert found
    assert [name for name, help_ in found if not help_] == []


def test_nothing_else_is_listed() -> None:
    with pytest.raises(ValueError, match="nothing is listed under `colours`"):
        entries("colours")

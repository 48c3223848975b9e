"""What is registered is imported when it is asked for, and bears the name under which it stands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from atk_interp.formats.writers import WRITERS
from atk_interp.kinds import KINDS
from atk_interp.registry import Picked, Registry
from atk_interp.replies import REPLY_KINDS

TABLES: dict[str, Mapping[str, Any]] = {"kinds": KINDS, "replies": REPLY_KINDS, "writers": WRITERS}


@pytest.mark.parametrize(("table", "name"), [(table, name) for table, names in TABLES.items() for name in names])
def test_every_entry_bears_the_name_under_which_it_stands(table: str, name: str) -> None:
    assert TABLES[table][name].name == name


def test_an_entry_is_the_same_each_time() -> None:
    assert KINDS["chunk"] is KINDS["chunk"]


def test_names_are_known_in_their_order_and_imported_one_by_one() -> None:
    table: Registry[Any] = Registry("xml", {"sax": "sax:handler", "nowhere": "nowhere:thing"})
    assert list(table) == ["sax", "nowhere"]
    assert len(table) == 2
    assert "nowhere" in table
    assert table.get("other") is None
    assert table["sax"].__name__ == "xml.sax.handler"
    with pytest.raises(ModuleNotFoundError):
        table["nowhere"]


def test_a_part_of_every_entry_is_worked_out_when_asked_for() -> None:
    lengths = Picked({"a": "x", "b": "xyz"}, len)
    assert dict(lengths) == {"a": 1, "b": 3}
    assert "c" not in lengths
    assert len(lengths) == 2


def test_a_spec_imports_the_kinds_that_it_names() -> None:
    code = "import sys; from atk_interp.kinds import KINDS; KINDS['map']; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "atk_interp.kinds.map" in loaded
    assert "atk_interp.kinds.chunk" not in loaded

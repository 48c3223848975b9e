"""Finding a user's function: by its text, inside of a folder, with what it imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.foreign.function import Function, FunctionNotUsable, Parameters, find_function


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec").mkdir()
    return tmp_path / "spec"


def found(folder: Path, reference: object = "scoring.py:score") -> Function:
    return find_function(reference, folder, Path.read_bytes)


def test_nothing_is_run_to_find_a_function(folder: Path) -> None:
    (folder / "scoring.py").write_text("raise SystemExit\n\n\nasync def score(a, b=1, *, c): ...\n")

    function = found(folder)
    assert (function.reference, function.is_async, function.line) == ("scoring.py:score", True, 4)
    assert function.parameters == Parameters(("a", "b", "c"), ("a", "c"), 2, False)


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("scoring.py:missing", "there is no function `missing` in `scoring.py`"),
        ("other.py:score", "there is no file `other.py` beside the spec"),
        ("../scoring.py:score", "`../scoring.py` is outside of the folder of the spec"),
        ("/scoring.py:score", "`/scoring.py` is outside of the folder of the spec"),
        ("linked.py:score", "`linked.py` is outside of the folder of the spec"),
        ("broken.py:score", "`broken.py` is not Python: invalid syntax in line 1"),
        ("latin.py:score", "`latin.py` cannot be read: it is not UTF-8"),
        ("nul.py:score", "`nul.py` is not Python: source code string cannot contain null bytes in line None"),
        ("scoring:score", "`scoring:score` names no function"),
        ("scoring.py", "`scoring.py` names no function"),
        (7, "a function is named by text"),
    ],
)
def test_what_cannot_be_used_is_told(folder: Path, reference: object, told: str) -> None:
    (folder / "scoring.py").write_text("def score(): ...\n")
    (folder.parent / "outside.py").write_text("def score(): ...\n")
    (folder / "linked.py").symlink_to(folder.parent / "outside.py")
    (folder / "broken.py").write_text("a b\n")
    (folder / "latin.py").write_bytes(b"# \xe9\n")
    (folder / "nul.py").write_text("\0")

    with pytest.raises(FunctionNotUsable) as error:
        found(folder, reference)
    assert str(error.value).removesuffix(" in line None") == told.removesuffix(" in line None")


def test_the_functions_of_a_file_are_offered(folder: Path) -> None:
    (folder / "scoring.py").write_text("def rate(): ...\ndef _own(): ...\nasync def weigh(): ...\n")
    with pytest.raises(FunctionNotUsable) as error:
        found(folder)
    assert error.value.help == "its functions are `rate`, `weigh`"


def test_another_version_of_what_it_imports_is_another_function(folder: Path) -> None:
    (folder / "scoring.py").write_text("import json\nfrom tools import sizes\nfrom helper import *\ndef score(): ...\n")
    (folder / "tools").mkdir()
    (folder / "tools" / "__init__.py").write_text("")
    (folder / "tools" / "sizes.py").write_text("from . import units\n")
    (folder / "tools" / "units.py").write_text("cm = 1\n")
    (folder / "tools" / "unused.py").write_text("")
    before = found(folder)
    assert sorted(before.modules) == ["scoring", "tools", "tools.sizes", "tools.units"]

    (folder / "tools" / "unused.py").write_text("x = 1\n")
    assert found(folder).digest == before.digest
    (folder / "tools" / "units.py").write_text("cm = 2\n")
    assert found(folder).digest != before.digest
    (folder / "tools" / "units.py").write_text("cm = 1\n")
    assert found(folder).digest == before.digest


def test_a_file_that_is_moved_is_the_same_function(folder: Path) -> None:
    for place in ("a", "b"):
        (folder / place).mkdir()
        (folder / place / "scoring.py").write_text("def score(): ...\n")
    assert found(folder, "a/scoring.py:score").digest == found(folder, "b/scoring.py:score").digest


@pytest.mark.parametrize(
    "text", ["score = print", "from json import loads as score", "class score: ...", "@print\ndef score(): ..."]
)
def test_of_what_is_no_plain_function_the_parameters_are_not_known(folder: Path, text: str) -> None:
    (folder / "scoring.py").write_text(text)
    assert found(folder).parameters is None


@pytest.mark.parametrize(
    ("parameters", "given", "positional", "told"),
    [
        (Parameters(("a", "b"), ("a",), 2, False), ["a"], 0, None),
        (Parameters(("a", "b"), ("a",), 2, False), ["b"], 0, "needs `a`, which it is not given"),
        (Parameters(("a", "b"), ("a",), 2, False), ["a", "c"], 0, "takes no `c`"),
        (Parameters(("a",), ("a",), 1, True), ["a", "c"], 0, None),
        (Parameters(("rows", "scale"), ("rows", "scale"), 2, False), ["scale"], 1, None),
        (Parameters(("rows",), ("rows",), 1, False), ["rows"], 1, "takes no `rows`"),
        (Parameters((), (), 0, False), [], 1, "takes no argument"),
    ],
)
def test_arguments_are_held_to_the_parameters(
    parameters: Parameters, given: list[str], positional: int, told: str | None
) -> None:
    assert parameters.misfit(given, positional) == told

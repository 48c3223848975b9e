"""The door for packages: which names are promised, and that the example of the guide needs no other."""

from __future__ import annotations

import ast
from pathlib import Path

from atk_interp import extending

KEPT = """
    ANY BOOL FLOAT INT NULL TEXT BoundStep CallStep Cardinality Content Document Dropped Example Fields File Function
    FunctionExample Kind ListType MaybeType OperandError Option OptionsError OutputFormat Parameter Problem PureStep
    Reader RecordError RecordType ReplyExample ReplyKind ReplyUnreadable Row RowFailed SetContext SetStep SourceStep
    StepContext StepKind StepStopped StepView Takes TextType Type Value Writer decoded_text line row_id text_document
"""


def test_the_names_for_packages_are_exactly_these() -> None:
    assert sorted(extending.__all__) == sorted(KEPT.split())
    assert [name for name in KEPT.split() if not hasattr(extending, name)] == []


def test_the_example_takes_nothing_from_behind_the_door(project_root: Path) -> None:
    tree = ast.parse((project_root / "examples" / "plugin" / "atk_letters.py").read_text(encoding="utf-8"))
    taken = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and "atk_interp" in str(node.module)]

    assert [(node.module, [alias.name for alias in node.names]) for node in taken] == [("atk_interp", ["extending"])]


def test_the_guide_shows_the_entry_points_of_the_example(project_root: Path) -> None:
    guide = (project_root / "docs" / "extending.md").read_text(encoding="utf-8")
    shown = guide.split("```toml\n")[1].split("```")[0]

    assert shown in (project_root / "examples" / "plugin" / "pyproject.toml").read_text(encoding="utf-8")

"""The page for those who come from Augmentoolkit: each line about what went wrong there names a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path("docs") / "migrating.md"


def test_every_flaw_is_answered_by_a_test_that_exists(project_root: Path) -> None:
    page = (project_root / PAGE).read_text(encoding="utf-8")
    answered = re.findall(r"^\| (F\d\d|) ?\|(?:.*)\| ([^|]*`tests/[^|]+) \|$", page, re.MULTILINE)

    assert [flaw for flaw, _ in answered if flaw] == [f"F{number:02}" for number in range(1, 35)]
    for flaw, held in answered:
        named = re.search(r"`(tests/[\w/]+\.py)(?:::(\w+)`|`, case `([\w/]+)`)", held)
        assert named is not None, flaw
        file, test, case = named.groups()
        text = (project_root / file).read_text(encoding="utf-8")
        cases = (project_root / file).parent / "cases"
        assert f"def {test}(" in text if test else list(cases.glob(f"{case}*")), flaw

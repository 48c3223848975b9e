"""The reference pages: everything that is registered has its place in them, and the committed ones are fresh."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from atk_interp.catalogue import all_codes
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds import KINDS
from atk_interp.reference.__main__ import stale
from atk_interp.reference.pages import pages
from atk_interp.replies import REPLY_KINDS
from atk_interp.spec.schema import CONFIG_SCHEMA, ENDPOINT_SCHEMA, SAMPLING_SCHEMA


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return pages({"atk-interp": "Usage: atk-interp COMMAND\n"})


def test_every_kind_has_its_section_with_each_of_its_options(written: dict[str, str]) -> None:
    for kind in KINDS.values():
        assert f"\n## {kind.name}\n" in written["kinds.md"]
        for option in kind.options:
            assert f"| `{option.name}` | " in written["kinds.md"]


def test_every_parser_format_code_and_setting_has_its_place(written: dict[str, str]) -> None:
    assert re.findall(r"^## (.+)$", written["replies.md"], re.MULTILINE) == list(REPLY_KINDS)
    assert re.findall(r"^## (.+)$", written["outputs.md"], re.MULTILINE) == [*OUTPUTS, "Forms of files"]
    assert re.findall(r'^<a id="(.+)"></a>$', written["codes.md"], re.MULTILINE) == [c.id.lower() for c in all_codes()]
    for key in (*CONFIG_SCHEMA, *ENDPOINT_SCHEMA, *SAMPLING_SCHEMA):
        assert f"\n| `{key}` | " in written["config.md"]


def test_pages_are_the_same_each_time(written: dict[str, str]) -> None:
    assert pages({"atk-interp": "Usage: atk-interp COMMAND\n"}) == written


def test_links_between_pages_lead_somewhere(written: dict[str, str]) -> None:
    for name, text in written.items():
        for page, anchor in re.findall(r"\]\((?!\.\.|http)([\w.]*)#?([\w-]*)\)", text):
            assert (page or name) in written
            headings = re.findall(r"^#+ (.+)$", written[page or name], re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            anchors |= set(re.findall(r'<a id="(.+)">', written[page or name]))
            assert not anchor or anchor in anchors, f"{name} links to {page}#{anchor}"


def test_a_check_names_pages_that_are_missing_stale_or_of_no_use(tmp_path: Path) -> None:
    (tmp_path / "old.md").write_text("x")
    (tmp_path / "changed.md").write_text("x")
    (tmp_path / "same.md").write_text("same")

    told = stale(tmp_path, {"changed.md": "y", "new.md": "y", "same.md": "same"})

    assert told == ["new.md is missing", "changed.md is stale", "old.md is no reference page"]


@pytest.mark.slow
def test_the_committed_pages_are_fresh(project_root: Path) -> None:
    command = [sys.executable, "-m", "atk_interp.reference", "--check"]

    ran = subprocess.run(command, capture_output=True, text=True, cwd=project_root)

    assert (ran.returncode, ran.stderr) == (0, "")

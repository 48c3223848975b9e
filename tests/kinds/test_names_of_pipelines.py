"""Names under which no pipeline can be found are a finding, whatever they are."""

from __future__ import annotations

import json

import pytest

from support.lint_text import found_in


@pytest.mark.parametrize("name", ["/", "", "..", "~nobody_here/x", "x" * 5000, "a/../../b", "\\"])
def test_a_name_that_cannot_be_a_file_is_told(name: str) -> None:
    (found,) = found_in(f"  a: {{kind: pipeline, pipeline: {json.dumps(name)}}}\n")

    assert found[0] == "ATK705"

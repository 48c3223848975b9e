"""Where code fences are found in a reply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.fences import fences
from atk_interp.replies import build_reader

FENCED = [
    ("plain", []),
    ("x\n```py\n# a\n```\ny", ["# a\n"]),
    ("```\n```", [""]),
    ("~~~\n```\n~~~", ["```\n"]),
    ("````\n```\n# x\n```\n````", ["```\n# x\n```\n"]),
    ("```markdown\na\n```python\nb\n```\nc\n```\nd", ["a\n```python\nb\n```\nc\n"]),
    ("> ```\n> a\n> ```", ["> a\n"]),
    ("1. ```py\n   a\n   ```", ["   a\n"]),
    ("**User:** ```\na\n```", ["a\n"]),
    ("never closed:\n```py\na", []),
    ("```py\nnever closed\n```json\n{}\n```", ["{}\n"]),
    ("in a line: ```a``` and\n``` b ``` c", []),
    ("words before it ```\na\n```", []),
]


@pytest.mark.parametrize(("text", "inside"), FENCED)
def test_fences_are_found_as_models_write_them(text: str, inside: list[str]) -> None:
    assert [text[slice(*fence.inside)] for fence in fences(text)] == inside


LINES = st.sampled_from(
    ["```", "```py", "````", "~~~", "  ```", "- ```sh", "User: ```", "> ```", "# Notes", "User: x", "- a", "", "AI: y"]
)


@given(st.lists(LINES, max_size=30).map("\n".join))
def test_fences_are_apart_in_order_and_begin_and_end_with_their_marks(text: str) -> None:
    end = 0
    for fence in fences(text):
        assert end <= fence.start < fence.inside[0] <= fence.inside[1] <= fence.end
        whole = text[fence.start : fence.end]
        assert whole[:3] == whole.rstrip()[-3:] in {"```", "~~~"}
        end = fence.end


CODE = st.lists(
    st.sampled_from(["# Notes", "## Summary", "- x: 1", "1. y", "User: a", "AI: b", "", "  ~ z", "**Notes:**"]),
    max_size=8,
).map("\n".join)


@given(CODE)
def test_what_stands_in_a_fence_is_kept_and_changes_nothing_around_it(code: str) -> None:
    fence = f"```text\n{code}\n```"
    headings = build_reader({"headings": {"summary": {}, "notes": {}}})
    assert headings.read(f"## Summary\n{fence}\n\n## Notes\nz") == [{"summary": fence, "notes": "z"}]
    dialogue = build_reader({"dialogue": {"user": "User", "ai": "AI"}, "into": "talk"})
    turns = [{"role": "user", "text": f"Look:\n\n{fence}"}, {"role": "ai", "text": "I do."}]
    assert dialogue.read(f"User: Look:\n\n{fence}\n\nAI: I do.") == [{"talk": turns}]
    listed = build_reader({"list": "items"})
    assert listed.read(f"- Look:\n{fence}\n- z") == [{"items": [f"Look:\n{fence}", "z"]}]

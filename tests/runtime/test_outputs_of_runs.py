"""A run writes every format, whatever the form of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.pipelines import run

_ROWS = (
    "[{question: Why?, wrong: No reason., right: Because., n: 1}, {question: How?, wrong: Badly., right: So., n: 2}]"
)
_TALK = """[
      {user: "{{ question }}"}, {assistant: "{{ wrong }}", train: false},
      {user: "Sure?"}, {assistant: "{{ right }}", train: "n > 1 or question != ''"}]"""


@pytest.mark.parametrize(
    ("name", "options", "first"),
    [
        ("a.csv", "format: csv, fields: {q: =question, n: =n}", {"q": "Why?", "n": "1"}),
        ("a.parquet", "format: parquet, fields: {q: =question, n: =n}", {"q": "Why?", "n": 1}),
        ("a.json", "format: jsonl, fields: {q: =question}", {"q": "Why?"}),
        (
            "b.parquet",
            "format: sharegpt, messages: [{user: '{{ question }}'}, {assistant: '{{ right }}'}]",
            {"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "Because."}]},
        ),
        (
            "a.jsonl",
            "format: alpaca, instruction: '{{ question }}', output: =right",
            {"instruction": "Why?", "input": "", "output": "Because."},
        ),
        ("b.jsonl", "format: completion, text: '{{ question }} {{ right }}'", {"text": "Why? Because."}),
        (
            "c.jsonl",
            "format: preference, prompt: =question, chosen: =right, rejected: =wrong",
            {"prompt": "Why?", "chosen": "Because.", "rejected": "No reason."},
        ),
        (
            "d.jsonl",
            f"format: segments, markup: lines, messages: {_TALK}",
            {
                "segments": [
                    {"label": False, "text": "Why?\nNo reason.\nSure?\n"},
                    {"label": True, "text": "Because."},
                ]
            },
        ),
    ],
)
async def test_a_run_writes_the_format_and_reads_it_back(
    name: str, options: str, first: dict[str, Any], tmp_path: Path
) -> None:
    spec = f"""
spec: atk/v1
name: formats
params: {{output_dir: {{type: path}}}}
steps:
  pairs: {{kind: rows, rows: {_ROWS}}}
outputs:
  {name}: {{from: pairs, {options}}}
"""
    result = (await run(tmp_path, spec)).result
    assert result.status == "done", result.message
    rows = list(result.rows(name))
    assert rows[0] == first
    assert len(rows) == result.outputs[0].rows == 2

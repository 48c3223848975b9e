"""A run writes every format, whatever the form of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

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


_DOCUMENTS = f"""
spec: atk/v1
name: answers
description: Questions with their answers.
params: {{output_dir: {{type: path}}}}
steps:
  pairs: {{kind: rows, rows: {_ROWS}}}
  kept: {{kind: filter, from: pairs, keep: n > 1}}
outputs:
  README.md: {{from: kept, format: document, template: hf_dataset_card}}
  axolotl.yaml: {{from: kept, format: document, template: axolotl}}
  trl.yaml: {{from: kept, format: document, template: trl}}
  note.txt:
    from: pairs
    where: n > 0
    format: document
    text: "{{{{ count }}}} of {{{{ step }}}}, {{{{ steps[1].filtered }}}} lost"
  empty.jsonl: {{from: kept, where: n > 100, format: jsonl}}
  train.jsonl:
    from: kept
    format: chat
    messages: [{{user: "{{{{ question }}}}"}}, {{assistant: "{{{{ right }}}}"}}]
"""


async def test_documents_tell_of_the_run_and_of_the_other_outputs(tmp_path: Path) -> None:
    ran = await run(tmp_path, _DOCUMENTS)
    assert ran.result.status == "done", ran.result.message
    files = {name: data.decode() for name, data in ran.bytes().items()}

    _, front, card = files["README.md"].split("---\n", 2)
    assert yaml.safe_load(front) == {
        "pretty_name": "answers",
        "size_categories": ["n<1K"],
        "tags": ["synthetic"],
        "configs": [{"config_name": "train", "data_files": "train.jsonl"}],
    }
    assert "| kept | filter | 2 | 1 | 1 | 0 | 1 |" in card
    assert "| `train.jsonl` | chat | 1 |" in card
    assert "empty.jsonl" not in card
    assert '"question": "How?"' in card
    axolotl = yaml.safe_load(files["axolotl.yaml"])
    assert axolotl["datasets"] == [{"path": "train.jsonl", "type": "chat_template", "field_messages": "messages"}]
    trl = yaml.safe_load(files["trl.yaml"])
    assert trl["datasets"] == [{"path": "json", "data_files": "train.jsonl", "split": "train"}]
    assert files["note.txt"] == "2 of pairs, 1 lost\n"
    assert [output.name for output in ran.result.outputs][-1] == "train.jsonl"


_CONFIGS = f"""
spec: atk/v1
name: answers
params: {{output_dir: {{type: path}}}}
models: {{m: {{expects: instruct}}}}
steps:
  pairs: {{kind: rows, rows: {_ROWS}}}
  asked: {{kind: generate, from: pairs, model: m, prompt: ask, parse: {{text: reply}}}}
outputs:
  axolotl.yaml: {{from: asked, format: document, template: axolotl}}
  trl.yaml: {{from: asked, format: document, template: trl}}
"""


@pytest.mark.parametrize(
    ("output", "axolotl", "trl"),
    [
        ("format: calls", ["chat_template"], ["calls.jsonl"]),
        ("format: calls, as: completion", ["completion"], ["calls.jsonl"]),
        ("format: calls, as: segments", ["input_output"], None),
        ("format: jsonl", None, None),
    ],
)
async def test_configs_of_trainers_list_calls_by_what_they_hold_and_tell_when_they_list_nothing(
    output: str, axolotl: list[str] | None, trl: list[str] | None, tmp_path: Path
) -> None:
    prompts = {"ask": '- user: "{{ question }}"'}
    ran = await run(tmp_path, f"{_CONFIGS}  calls.jsonl: {{from: asked, {output}}}\n", lambda request: "So.", prompts)
    assert ran.result.status == "done", ran.result.message
    for name, key, expected in (("axolotl.yaml", "type", axolotl), ("trl.yaml", "data_files", trl)):
        text = ran.bytes()[name].decode()
        listed = yaml.safe_load(text)["datasets"]
        assert (listed and [each[key] for each in listed]) == expected
        assert ("name your data here" in text) == (expected is None)
        assert text.endswith("true\n")


@pytest.mark.parametrize(
    ("output", "marked"),
    [
        ("format: calls", True),
        ('format: calls, messages: [{user: "{{ question }}"}, {assistant: "{{ call.reply }}"}]', False),
        ('format: chat, messages: [{user: "{{ question }}"}, {assistant: "{{ reply }}", train: true}]', True),
        ('format: chat, messages: [{user: "{{ question }}"}, {assistant: "{{ reply }}"}]', False),
    ],
)
async def test_a_config_of_axolotl_goes_by_the_marks_of_the_messages_where_they_have_any(
    output: str, marked: bool, tmp_path: Path
) -> None:
    prompts = {"ask": '- user: "{{ question }}"'}
    ran = await run(tmp_path, f"{_CONFIGS}  told.jsonl: {{from: asked, {output}}}\n", lambda request: "So.", prompts)
    [listed] = yaml.safe_load(ran.bytes()["axolotl.yaml"].decode())["datasets"]
    assert listed.get("message_field_training") == ("train" if marked else None)
    assert (b'"train":' in ran.bytes()["told.jsonl"]) is marked
    assert ("TRL does not read `train`" in ran.bytes()["trl.yaml"].decode()) is marked


async def test_documents_are_the_same_bytes_again(tmp_path: Path) -> None:
    first = (await run(tmp_path, _DOCUMENTS)).bytes()
    assert (await run(tmp_path, _DOCUMENTS, output="again")).bytes() == first


async def test_a_document_that_cannot_be_filled_in_stops_the_run(tmp_path: Path) -> None:
    spec = _DOCUMENTS.replace("{{ count }} of", "{{ 1 // (count - 2) }} of")
    ran = await run(tmp_path, spec)
    assert ran.result.status == "stopped"
    assert "output `note.txt` cannot be filled in" in ran.result.message


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
async def test_the_whole_row_is_written_with_the_fields_that_were_not_declared(format_: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": 1, "q": "one"}\n{"q": "two", "more": "m"}\n')
    spec = f"""
    steps:
      given: {{kind: read, path: in.jsonl, fields: {{q: text}}}}
    outputs:
      out.{format_}: {{from: given, format: {format_}}}
    """
    ran = await run(tmp_path, spec, lambda request: "")
    found = [[(name, value) for name, value in row.items() if value not in ("", None)] for row in ran.rows]
    one = "1" if format_ == "csv" else 1
    assert [dict(row) for row in found] == [{"id": one, "q": "one"}, {"q": "two", "more": "m"}]
    if format_ == "csv":
        assert list(ran.rows[0]) == ["q", "id", "more"]


_SAME = """
    steps:
      a: {kind: rows, rows: [{q: Why?, good: yes., bad: yes.}]}
    outputs:
      p.jsonl: {from: a, format: preference, prompt: =q, chosen: =good, rejected: =bad}
"""


async def test_an_output_that_nothing_can_be_written_to_withholds_no_other_one(tmp_path: Path) -> None:
    alone = await run(tmp_path, _SAME, output="alone")
    assert (alone.result.status, alone.result.exit_code) == ("stopped", 1)

    both = await run(tmp_path, _SAME + "      all.jsonl: {from: a, format: jsonl}\n", output="both")
    assert both.result.status == "done"
    assert (both.folder / "all.jsonl").is_file()
    told = [cause.message for cause in both.result.causes if cause.serious]
    assert told == ["none of the 1 rows of step `a` could be written to `p.jsonl`"]

"""One run that writes every format, for those who read them."""

from __future__ import annotations

from pathlib import Path

from atk_interp.llm.messages import Request
from support.pipelines import Ran, run, said

__all__ = ["written"]

_SPEC = """
spec: atk/v1
name: answers
description: Questions with a right and a wrong answer.
params: {output_dir: {type: path}}
models: {m: {expects: any}}
steps:
  given:
    kind: rows
    rows:
      - {question: "Why \\u00bb\\u0635\\u00ab, and: how?", wrong: "No reason\\nat all.", n: 1}
      - {question: "How?", wrong: "<|end|> Badly.", n: 2}
      - {question: "\\u4ec0\\u4e48\\u662f\\u76d0\\uff1f", wrong: "\\U0001F9C2", n: 3}
  pairs: {kind: generate, from: given, model: m, prompt: ask, parse: {text: right}}
  sorted: {kind: classifier, from: pairs, text: question, labels: n, into: number, first: 3}
outputs:
  rows.jsonl: {from: pairs, format: jsonl}
  rows.json: {from: pairs, format: jsonl}
  table.csv: {from: pairs, format: csv, fields: {question: =question, n: =n}}
  table.parquet: {from: pairs, format: parquet}
  sharegpt.jsonl:
    from: pairs
    format: sharegpt
    messages: &talk [{system: Be brief., when: n < 2}, {user: "{{ question }}"}, {assistant: "{{ right }}"}]
  chat.jsonl: {from: pairs, format: chat, messages: *talk}
  chat.parquet: {from: pairs, format: chat, messages: *talk}
  marked.jsonl:
    from: pairs
    format: chat
    messages: &marked
      - user: "{{ question }}"
      - assistant: "{{ wrong }}"
        train: false
      - user: Sure?
      - assistant: "{{ right }}"
  alpaca.jsonl: {from: pairs, format: alpaca, instruction: =question, output: =right}
  text.jsonl: {from: pairs, format: completion, text: "{{ question }} {{ right }}"}
  chatml.jsonl: {from: pairs, format: completion, messages: *talk}
  llama3.jsonl: {from: pairs, format: completion, messages: *talk, markup: llama3}
  segments.jsonl: {from: pairs, format: segments, messages: *marked}
  preference.jsonl: {from: pairs, format: preference, prompt: =question, chosen: =right, rejected: =wrong}
  preferred.jsonl:
    {from: pairs, format: preference, messages: [{user: "{{ question }}"}], chosen: =right, rejected: =wrong}
  calls.jsonl: {from: pairs, format: calls}
  calls.parquet: {from: pairs, format: calls}
  sorter.json: {from: sorted, format: classifier}
  README.md: {from: pairs, format: document, template: hf_dataset_card}
"""


def _answer(request: Request) -> str:
    return f"As of {len(said(request))} reasons."


async def written(folder: Path) -> Ran:
    """A run with three rows, all of them in every output."""
    ran = await run(folder, _SPEC, _answer, {"ask": '- system: Be brief.\n- user: "{{ question }}"'})
    assert ran.result.status == "done", ran.result.message
    return ran

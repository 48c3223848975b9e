"""Rules that look at a whole spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.lint import RULES
from atk_interp.lint.check import check_file

SPEC = """spec: atk/v1
name: x
params:
  topic: {type: text, default: sea}
  output_dir: {type: path}
models:
  m: {expects: any}
steps:
  a: {kind: rows, rows: [{text: one}]}
  b:
    kind: generate
    from: a
    model: m
    prompt: ask
    parse: {choice: [good, bad], into: verdict}
outputs:
  o.jsonl: {from: b, format: jsonl}
"""
PROMPT = '- system: About {{ topic }}.\n- user: one\n- assistant: good\n- user: "{{ text }}"\n'


def codes(folder: Path, spec: str = SPEC, prompt: str = PROMPT) -> list[str]:
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "prompts" / "ask.yaml").write_text(prompt, encoding="utf-8")
    (folder / "pipeline.yaml").write_text(spec, encoding="utf-8")
    return [found.code.id for found in check_file(folder / "pipeline.yaml").report.findings]


def test_a_spec_that_uses_all_it_declares_is_clean(tmp_path: Path) -> None:
    assert codes(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("from: b, format", "from: a, format", ["ATK521"]),
        ("m: {expects: any}", "m: {expects: any}\n  other: {expects: any}", ["ATK523"]),
        ("topic: {", "unused: {type: int, default: 1}\n  topic: {", ["ATK522"]),
        ("into: verdict}", "into: verdict, after: 'Verdict:'}", ["ATK421"]),
    ],
)
def test_a_rule_finds_what_it_is_named_for(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    assert SPEC.count(old) == 1
    assert codes(tmp_path, SPEC.replace(old, new)) == expected


@pytest.mark.parametrize(
    "use",
    [
        "keep: topic != verdict",
        "when: topic != ''",
        "sampling: {temperature: 0.1}\n    accept: {fits: topic != verdict}",
    ],
)
def test_a_parameter_may_be_used_anywhere(tmp_path: Path, use: str) -> None:
    spec = SPEC.replace("outputs:", f"    {use}\noutputs:")

    assert codes(tmp_path, spec, '- user: "{{ text }}"\n') == []


def test_an_example_with_holes_is_not_judged(tmp_path: Path) -> None:
    assert codes(tmp_path, prompt='- user: one {{ topic }}\n- assistant: "{{ text }}"\n- user: two\n') == []


def test_rules_hold_back_while_there_are_errors(tmp_path: Path) -> None:
    spec = SPEC.replace("from: b, format", "from: nowhere, format")

    assert codes(tmp_path, spec) == ["ATK511"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code.name)
def test_a_rule_has_a_name_that_reads_well_after_allow(rule: object) -> None:
    assert not rule.code.name.startswith(("no-", "check-"))  # type: ignore[attr-defined]

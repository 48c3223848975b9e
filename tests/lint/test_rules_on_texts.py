"""Rules that look at what is written: YAML, line endings, secrets, names, and what a pipeline says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.diagnostics import Diagnostic, Severity
from atk_interp.lint import lint_path

SPEC = """spec: atk/v1
name: x
description: Something.
params:
  mode: {type: choice, choices: [a, b], default: a, help: How}
models:
  large: {expects: instruct}
steps:
  documents:
    kind: rows
    rows:
      - {text: High water., at: noon}
  told: {kind: map, from: documents, set: {how: =mode}}
  judged:
    kind: generate
    from: told
    model: large
    prompt: ask
    parse: {choice: [good, bad], into: verdict}
outputs:
  o.jsonl: {from: judged, format: jsonl}
"""


def findings(folder: Path, spec: str = SPEC, prompt: str = '- user: "good or bad? {{ text }}"\n') -> list[Diagnostic]:
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "prompts" / "ask.yaml").write_bytes(prompt.encode())
    (folder / "spec.yaml").write_bytes(spec.encode())
    return lint_path(folder / "spec.yaml").sink.sorted()


def names(folder: Path, spec: str = SPEC, prompt: str = '- user: "good or bad? {{ text }}"\n') -> list[str]:
    return [found.code.name for found in findings(folder, spec, prompt)]


def mended(found: Diagnostic) -> str:
    """The file of a finding after its fix."""
    assert found.fix is not None
    assert found.span is not None
    text = found.span.file.text
    for edit in sorted(found.fix.edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def test_a_spec_that_says_everything_is_clean(tmp_path: Path) -> None:
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("at: noon", "at: no"),
        ("at: noon", "at: On"),
        ("at: noon", "at: 12:30"),
        ("at: noon", "at: 0777"),
        ("at: noon", "at: 2026-11-22"),
        ("at: noon", "at: -99999999999999999999"),
        ("at: noon", "at: 9223372036854775808"),
        ("at: noon", "at: 0x8000000000000000"),
        ("at: noon", "at: -.inf"),
        ("at: noon", "at: .NaN"),
        ("at: noon", "at: 1.0e+999"),
        ("at: noon", "at: 1e5"),
        ("choices: [a, b], default: a", "choices: [yes, no], default: yes"),
        ("choice: [good, bad]", "choice: [yes, no]"),
    ],
)
def test_a_word_that_yaml_readers_take_for_something_else_is_found(tmp_path: Path, old: str, new: str) -> None:
    found = names(tmp_path, SPEC.replace(old, new))

    assert "yaml-surprise" in found


@pytest.mark.parametrize(
    "value",
    [
        "true",
        "false",
        "12",
        "1.5",
        "0",
        "-0",
        "'no'",
        '"12:30"',
        "north",
        "12:61:99",
        "0x1f",
        "1_000",
        "-9223372036854775808",
        "0x7fffffffffffffff",
        "1.5e+3",
        "'.inf'",
        "12e4f",
        "1e",
        "~",
        "|\n          no",
    ],
)
def test_what_every_reader_takes_alike_is_left_alone(tmp_path: Path, value: str) -> None:
    spec = SPEC.replace("{text: High water., at: noon}", f"text: High water.\n        at: {value}")

    assert names(tmp_path, spec) == []


@pytest.mark.parametrize("key", ["many: yes, max_items: 3", "many: no"])
def test_a_setting_may_be_written_as_yes_or_no(tmp_path: Path, key: str) -> None:
    spec = SPEC.replace("parse: {choice: [good, bad], into: verdict}", f"parse: {{tags: [verdict], {key}}}")

    assert "yaml-surprise" not in names(tmp_path, spec)


def test_a_clock_time_is_put_into_quotes(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, SPEC.replace("at: noon", "at: 12:30"))

    assert 'at: "12:30"}' in mended(found)
    assert names(tmp_path, mended(found)) == []


def test_a_truth_value_is_not_mended_since_it_may_be_meant(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, SPEC.replace("at: noon", "at: no"))

    assert found.fix is None


def test_line_endings_of_two_sorts_are_made_alike(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, SPEC.replace("name: x\n", "name: x\r\n"))

    assert found.code.name == "mixed-line-endings"
    assert mended(found) == SPEC


def test_a_file_with_windows_endings_throughout_is_clean(tmp_path: Path) -> None:
    assert names(tmp_path, SPEC.replace("\n", "\r\n")) == []


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-Zq3vT8mKx2LpW9dRb6NcYh4J",
        "sk-ant-api03-Zq3vT8mKx2LpW9dRb6NcYh4J",
        "hf_ZqvTmKxLpWdRbNcYhJqweRTYuiop",
        "AKIAIOSFODNN7EXKMPLE",
        "-----BEGIN RSA PRIVATE KEY-----",
        "https://me:hunter2@models.example.org/v1",
    ],
)
def test_a_secret_is_found_in_prompts_and_comments(tmp_path: Path, secret: str) -> None:
    in_prompt = findings(tmp_path, prompt=f"- user: good or bad? {{{{ text }}}} {secret}\n")
    in_comment = findings(tmp_path, f"# {secret}\n{SPEC}")

    assert [found.severity for found in (*in_prompt, *in_comment)] == [Severity.ERROR] * 2
    assert all(found.code.hides for found in (*in_prompt, *in_comment))


@pytest.mark.parametrize(
    "text", ["sk-your-key-goes-here-0000000", "sk-xxxxxxxxxxxxxxxxxxxxxxxx", "task-force-of-the-nations-of-the-world"]
)
def test_an_example_of_a_secret_is_none(tmp_path: Path, text: str) -> None:
    assert names(tmp_path, f"# {text}\n{SPEC}") == []


def test_a_model_slot_says_what_it_expects(tmp_path: Path) -> None:
    assert names(tmp_path, SPEC.replace("{expects: instruct}", "{}")) == ["unstated-model-type"]


def test_the_temperature_of_the_step_counts_before_that_of_the_slot(tmp_path: Path) -> None:
    cold = SPEC.replace("expects: instruct", "expects: instruct, sampling: {temperature: 0}")
    several = cold.replace("    prompt: ask\n", "    prompt: ask\n    samples: 3\n")
    warm = several.replace("    samples: 3\n", "    samples: 3\n    sampling: {temperature: 0.7}\n")

    assert names(tmp_path, cold) == []
    assert names(tmp_path, several) == ["equal-samples"]
    assert names(tmp_path, warm) == []


def test_what_is_taste_is_advice(tmp_path: Path) -> None:
    spec = SPEC.replace("description: Something.\n", "").replace(", help: How", "")

    assert {found.severity for found in findings(tmp_path, spec)} == {Severity.ADVICE}
    assert names(tmp_path, spec) == ["undocumented", "undocumented"]


def test_a_path_of_this_machine_is_told_in_a_spec(tmp_path: Path) -> None:
    spec = SPEC.replace(
        "kind: rows\n    rows:\n      - {text: High water., at: noon}", "kind: read\n    path: ~/documents"
    )

    assert names(tmp_path, spec) == ["absolute-path"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("choice: [good, bad]", "choice: [good, good]", 1),
        ("choices: [a, b]", "choices: [a, b, a, a]", 2),
        ("from: told", "from: [told, told]", 1),
        ("at: noon}", "at: noon, tags: [x, x]}", 0),
    ],
)
def test_an_item_that_stands_twice_is_told_where_it_adds_nothing(
    tmp_path: Path, old: str, new: str, expected: int
) -> None:
    assert names(tmp_path, SPEC.replace(old, new)).count("repeated-item") == expected


def test_days_of_a_draw_are_dates_with_quotes_or_without(tmp_path: Path) -> None:
    drawn = "{kind: draw, from: documents, fields: {day: {%s: [2024-01-01, 2024-12-31]}}}"
    spec = SPEC.replace("  told: {kind: map, from: documents, set", "  days: DRAW\n  told: {kind: map, from: days, set")

    assert "yaml-surprise" not in names(tmp_path, spec.replace("DRAW", drawn % "date"))
    assert names(tmp_path, spec.replace("DRAW", drawn % "choice")).count("yaml-surprise") == 2


@pytest.mark.parametrize(
    ("parse", "expected"),
    [
        ("{choice: [good, bad], into: verdict, after: “Verdict:”}", 1),
        ("{choice: [“good”, ‘bad’], into: verdict}", 2),
        ("{choice: {“good”: true, bad: false}, into: verdict}", 1),
        ("{regex: „(?P<verdict>good)“}", 1),
        ("{choice: [good, bad], into: verdict, after: '“Verdict:”'}", 0),
        ("{pattern: “Question” {verdict} “Answer” {reason} “End”}", 0),
    ],
)
def test_typographic_quotes_for_those_of_yaml_are_told(tmp_path: Path, parse: str, expected: int) -> None:
    spec = SPEC.replace("{choice: [good, bad], into: verdict}", parse)

    found = [each for each in findings(tmp_path, spec) if each.code.name == "smart-quotes"]

    assert len(found) == expected
    assert all("“" not in mended(each) and "„" not in mended(each) for each in found[:1] if expected == 1)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{text: Food, mostly, at: noon}", ['write `text: "Food, mostly"` if the comma is part of the text']),
        ("{text: Food, a, b, at: noon}", ['write `text: "Food, a"` if the comma is part of the text', "write `b: …`"]),
        ("{text, at: noon}", ["write `text: …`"]),
        ("{text: a, at: noon, more: {b, c: 1}}", ["write `b: …`"]),
        ("{text: a, at: noon, more: }", []),
        ("{text: a, at: noon, more: null}", []),
        ("{text: a, at: noon, more: ~}", []),
        ('{text: a, at: noon, "more" : , other: ""}', []),
    ],
)
def test_a_key_without_a_colon_is_told_in_braces(tmp_path: Path, row: str, expected: list[str]) -> None:
    spec = SPEC.replace("{text: High water., at: noon}", row)

    assert [each.help for each in findings(tmp_path, spec) if each.code.name == "valueless-key"] == expected

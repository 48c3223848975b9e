"""Rules on outputs, and on options that are at odds with each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.lint import lint_path
from support.lint_spec import asking, findings, told

ASKED = '- user: "{{ text }}"'
ANSWERED = '- assistant: "{{ title }}"'
SYSTEM = "- system: Answer."
TURNS = '- each: tags as tag\n  messages:\n    - user: "{{ tag }}"\n    - assistant: "{{ text }}"'


@pytest.mark.parametrize(
    ("format_", "messages", "refused"),
    [
        ("sharegpt", [ASKED, ANSWERED], False),
        ("sharegpt", [SYSTEM, ASKED, ANSWERED], False),
        ("sharegpt", [ASKED], True),
        ("sharegpt", [ASKED, SYSTEM, ANSWERED], True),
        ("sharegpt", [ANSWERED, ASKED], True),
        ("sharegpt", [ASKED, ASKED, ANSWERED], True),
        ("sharegpt", [ASKED, ASKED + "\n  when: n > 1", ANSWERED], False),
        ("sharegpt", [ASKED, ANSWERED + "\n  when: n > 1"], False),
        ("sharegpt", [TURNS], False),
        ("sharegpt", [SYSTEM, TURNS], False),
        ("sharegpt", [TURNS, ASKED], False),
        ("sharegpt", ['- each: tags as tag\n  user: "{{ tag }}"', ANSWERED], False),
        ("sharegpt", ['- each: tags as tag\n  user: "{{ tag }}"'], True),
        ("sharegpt", ['- role: "{{ title }}"\n  content: "{{ text }}"'], False),
        ("sharegpt", [ASKED, '- role: "{{ title }}"\n  content: "{{ text }}"'], False),
        ("sharegpt", [TURNS.replace("- user: \"{{ tag }}\"", "- user: \"{{ tag }}\"\n      when: n > 1")], False),
        ("chat", [ASKED, ASKED, ANSWERED], False),
        ("segments", [ASKED, ANSWERED], False),
        ("segments", [ASKED], True),
        ("segments", [ASKED + "\n  train: true"], True),
        ("segments", [ASKED, ANSWERED + "\n  train: false"], True),
        ("segments", [ASKED + "\n  train: true", ANSWERED + "\n  train: false"], False),
        ("segments", [ASKED, ANSWERED + "\n  train: n > 1"], False),
        ("segments", [ASKED, ANSWERED + "\n  train: false", ANSWERED + "\n  when: n > 1"], False),
        ("completion", [ASKED], True),
        ("completion", [ASKED, ANSWERED], False),
        ("chat", [ANSWERED], False),
        ("chat", [ASKED, ANSWERED, ASKED], True),
    ],
)  # fmt: skip
def test_a_conversation_that_no_row_could_make_good_is_told(
    tmp_path: Path, format_: str, messages: list[str], refused: bool
) -> None:
    lines = "\n".join(messages).replace("\n", "\n    ")
    output = f"o.jsonl:\n  from: rows\n  format: {format_}\n  messages:\n    {lines}"

    assert told(findings(tmp_path, outputs=output)) == ([("ATK528", "messages")] if refused else [])


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ('prompt: "{{ text }}", chosen: "{{ title }}", rejected: "{{ text }}"', []),
        ('prompt: "{{ text }}", chosen: "{{ title }}", rejected: "{{ title }}"', [("ATK528", "rejected")]),
        ('messages: [{user: "{{ text }}"}], chosen: "{{ title }}", rejected: "{{ text }}"', []),
        ('messages: [{system: "{{ text }}"}], chosen: "{{ title }}", rejected: "{{ text }}"', [("ATK528", "messages")]),
    ],
)
def test_answers_that_are_the_same_or_answer_nothing_are_told(
    tmp_path: Path, parts: str, expected: list[tuple[str, str]]
) -> None:
    output = f"o.jsonl: {{from: rows, format: preference, {parts}}}"

    assert told(findings(tmp_path, outputs=output)) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.jsonl", "b.jsonl"], []),
        (["a.jsonl", "parts/a.jsonl", "parts/b.jsonl"], []),
        (["a.jsonl", "a.jsonl.gz"], []),
        (["a.jsonl", "./a.jsonl"], [("ATK529", "./a.jsonl")]),
        (["p/a.jsonl", "p//a.jsonl"], [("ATK529", "p//a.jsonl")]),
        (["a.jsonl", "A.jsonl"], [("ATK548", "A.jsonl")]),
        (["caf\u00e9.jsonl", "cafe\u0301.jsonl"], [("ATK548", "cafe\u0301.jsonl")]),
        (["data", "data/a.jsonl"], [("ATK529", "data/a.jsonl")]),
        (["data/x/a.jsonl", "data"], [("ATK529", "data/x/a.jsonl")]),
        (["events.jsonl/a.jsonl"], [("ATK529", "events.jsonl/a.jsonl")]),
    ],
)
def test_every_output_has_a_file_of_its_own(tmp_path: Path, names: list[str], expected: list[tuple[str, str]]) -> None:
    outputs = "\n".join(f'"{name}": {{from: rows, format: jsonl}}' for name in names)

    assert told(findings(tmp_path, outputs=outputs)) == [(code, f'"{name}"') for code, name in expected]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("c: {kind: chunk, from: rows, max_tokens: 100, overlap: 97}", [("ATK544", "97")]),
        ("c: {kind: chunk, from: rows, max_tokens: 100, overlap: 96}", []),
        ("c: {kind: chunk, from: rows, max_tokens: =few, overlap: 50}", [("ATK544", "50")]),
        ("c: {kind: chunk, from: rows, max_tokens: =most, overlap: 50}", []),
        ("c: {kind: chunk, from: rows, max_tokens: =few * 9, overlap: 50}", []),
        ("c: {kind: sample, from: rows}", [("ATK540", "c")]),
        ("c: {kind: sample, from: rows, count: 0}", [("ATK540", "count")]),
        ("c: {kind: sample, from: rows, count: 1}", []),
        ("c: {kind: sample, from: rows, count: =most}", []),
        ("c: {kind: sample, from: rows, count: null}", []),
        ("c: {kind: map, from: rows}", [("ATK540", "c")]),
        ("c: {kind: map, from: rows, rename: {text: text}}", [("ATK540", "text")]),
        ("c: {kind: map, from: rows, rename: {text: body}}", []),
    ],
)
def test_options_that_are_at_odds_or_do_nothing_are_told(
    tmp_path: Path, step: str, expected: list[tuple[str, str]]
) -> None:
    params = "few: {type: int, default: 40}\nmost: {type: int}"

    assert told(findings(tmp_path, step, params=params)) == expected


def test_a_run_does_not_read_what_it_writes(tmp_path: Path) -> None:
    step = "r: {kind: read, path: =output_dir}"
    output = "o.jsonl: {from: r, format: jsonl}\np.jsonl: {from: rows, format: jsonl}"

    assert told(findings(tmp_path, step, outputs=output)) == [("ATK530", "=output_dir")]


@pytest.mark.parametrize(("input_dir", "expected"), [("data/../out", ["ATK530"]), ("out/more", []), ("data", [])])
def test_a_config_does_not_name_one_folder_twice(tmp_path: Path, input_dir: str, expected: list[str]) -> None:
    findings(tmp_path, "r: {kind: read, path: =input_dir}", params="input_dir: {type: path}")
    for folder in ("data", "out/more"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.txt").write_text("text")
    config = tmp_path / "config.yaml"
    config.write_text(f"pipeline: pipeline.yaml\ninput_dir: {input_dir}\noutput_dir: out\n")

    assert [found.code.id for found in lint_path(config).sink.sorted() if found.code.id == "ATK530"] == expected


@pytest.mark.parametrize(
    ("votes", "rule", "expected"),
    [
        ("4", "ok | share >= 0.5", ["4"]),
        ("4", "ok | share > 0.5", []),
        ("3", "ok | share >= 0.5", []),
        ("4", "ok | share >= 0.75", []),
        ("4", "ok[0]", []),
        ("=most", "ok | share >= 0.5", []),
    ],
)
def test_an_even_number_of_votes_is_advised_against_where_half_of_them_decides(
    tmp_path: Path, votes: str, rule: str, expected: list[str]
) -> None:
    step = asking("v", "rows", "{choice: {yes: true, no: false}, into: ok}", f"votes: {votes}\npass: {rule}", "vote")
    findings(tmp_path, step, params="most: {type: int, default: 4, max: 4}")
    found = lint_path(tmp_path / "pipeline.yaml").sink.sorted()

    assert [each.span.text for each in found if each.code.id == "ATK543" and each.span] == expected

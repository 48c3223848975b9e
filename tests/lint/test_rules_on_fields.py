"""Rules on fields: those that nothing reads, that are overwritten unread, or that some rows lack."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from atk_interp.lint import lint_path
from support.lint_spec import asking, findings, told
from support.pipelines import write_project

TAGS = "{tags: [verdict, remark]}"
ONLY_TEXT = "o.jsonl: {from: LAST, format: jsonl, fields: {text: =text}}"
READING = asking("k", "j", "{tags: [line]}", "keep: line").replace("ask\n", "reads_remark\n")


@pytest.mark.parametrize(
    ("parse", "more", "after", "unread"),
    [
        (TAGS, "keep: verdict", [], ["remark"]),
        (TAGS, "", [], ["verdict"]),
        # What stands before a field that is read makes the model think.
        ("{tags: [remark, verdict]}", "keep: verdict", [], []),
        ("{tags: [verdict, _remark]}", "keep: verdict", [], []),
        (TAGS, "accept: {fits: remark and verdict}", [], []),
        (TAGS, "keep: verdict", ["f: {kind: filter, from: j, keep: remark}"], []),
        (TAGS, "keep: verdict", ["f: {kind: map, from: j, set: {note: =remark}}"], []),
        (TAGS, "keep: verdict", ["f: {kind: map, from: j, drop: [remark]}"], ["remark"]),
        (TAGS, "keep: verdict", ["f: {kind: group, from: j, by: text, collect: {a: =remark}, first: [text]}"], []),
        (TAGS, "keep: verdict", ["f: {kind: group, from: j, by: n, collect: {texts: =text}, first: [text]}"],
         ["remark"]),
        (TAGS, "keep: verdict", [READING], []),
        (TAGS, "keep: verdict", ["f: {kind: filter, from: j, when: remark, keep: n}"], []),
        ("{pattern: 'Q: {question}', many: true}", "", ["s: {kind: sample, from: j, count: 3}"], ["{question}"]),
    ],
)  # fmt: skip
def test_a_field_that_is_paid_for_is_to_be_read(
    tmp_path: Path, parse: str, more: str, after: list[str], unread: list[str]
) -> None:
    steps = [asking("j", "rows", parse, more), *after]
    last = after[-1].partition(":")[0] if after else "j"
    prompts = {"reads_remark": '- user: "{{ remark }} {{ text }}"\n'}
    found = findings(tmp_path, *steps, outputs=ONLY_TEXT.replace("LAST", last), prompts=prompts)

    assert [text for code, text in told(found) if code == "ATK525"] == unread


def test_an_output_of_whole_rows_reads_every_field(tmp_path: Path) -> None:
    assert told(findings(tmp_path, asking("j", "rows", TAGS))) == []


def test_one_of_two_branches_is_enough_to_read_a_field(tmp_path: Path) -> None:
    outputs = "o.jsonl: {from: j, format: jsonl, fields: {text: =text}}\np.jsonl: {from: f, format: jsonl}"
    steps = [asking("j", "rows", TAGS), "f: {kind: filter, from: j, keep: verdict}"]

    assert told(findings(tmp_path, *steps, outputs=outputs)) == []


def test_a_step_that_leads_nowhere_is_told_once(tmp_path: Path) -> None:
    steps = [asking("j", "rows", TAGS), "f: {kind: filter, from: j, keep: verdict}"]
    found = findings(tmp_path, *steps, outputs="o.jsonl: {from: rows, format: jsonl}")

    assert told(found) == [("ATK521", "f")]


NOTED = asking("a", "rows", "{tags: [note]}")


@pytest.mark.parametrize(
    ("steps", "overwritten"),
    [
        ([NOTED, asking("b", "a", "{tags: [note]}")], ["note"]),
        ([asking("b", "rows", "{tags: [title]}")], ["title"]),
        ([asking("b", "rows", "{tags: [text]}")], []),  # the prompt reads it first
        ([NOTED, asking("b", "a", "{tags: [note]}", "when: n > 1")], []),
        ([NOTED, asking("b", "a", "{tags: [note]}", "when: note")], []),
        ([NOTED, "f: {kind: filter, from: a, keep: note}", asking("b", "f", "{tags: [note]}")], []),
        ([NOTED, "f: {kind: sample, from: a, count: 3}", asking("b", "f", "{tags: [note]}")], ["note"]),
        ([NOTED, "m: {kind: map, from: a, set: {note: x}}"], []),
        ([NOTED, "m: {kind: map, from: a, drop: [note]}", asking("b", "m", "{tags: [note]}")], []),
        (["c: {kind: chunk, from: rows, max_tokens: 9}", "d: {kind: chunk, from: c, max_tokens: 5}"], ["d"]),
        (["e: {kind: explode, from: rows, field: tags}"], []),
    ],
)  # fmt: skip
def test_a_field_that_is_overwritten_unread_is_told(tmp_path: Path, steps: list[str], overwritten: list[str]) -> None:
    reading = "o.jsonl: {from: LAST, format: jsonl, fields: {text: =text, note: =NOTE}}"
    last = steps[-1].partition(":")[0]
    note = "note" if "note" in steps[-1] and "drop" not in steps[-1] else "index" if "chunk" in steps[-1] else "title"
    found = findings(tmp_path, *steps, outputs=reading.replace("LAST", last).replace("NOTE", note))

    assert [text for code, text in told(found) if code == "ATK526"] == overwritten


def test_what_no_author_has_named_may_be_overwritten_if_nothing_reads_it(tmp_path: Path) -> None:
    steps = ["c: {kind: chunk, from: rows, max_tokens: 9}", "d: {kind: chunk, from: c, max_tokens: 5}"]
    outputs = "o.jsonl: {from: d, format: jsonl, fields: {text: =text}}"

    assert told(findings(tmp_path, *steps, outputs=outputs)) == []


BRANCHES = [
    asking("judged", "rows", "{choice: [good, bad], into: verdict}"),
    "plain: {kind: filter, from: rows, keep: n > 3}",
]


@pytest.mark.parametrize(
    ("condition", "lost"),
    [
        ("verdict == 'good'", ["verdict == 'good'"]),
        ("n > 1 and verdict in ['good']", ["verdict in ['good']"]),
        ("verdict != 'good'", []),
        ("verdict is none or verdict == 'good'", []),
        ("verdict == none", []),
        ("n == 1", []),
    ],
)
def test_rows_that_lack_a_field_are_not_lost_without_a_word(tmp_path: Path, condition: str, lost: list[str]) -> None:
    both = f"both:\n  kind: filter\n  from: [judged, plain]\n  keep: {condition}"
    found = findings(tmp_path, *BRANCHES, both)

    assert told(found) == [("ATK527", text) for text in lost]
    assert all(each.notes == ("rows of step `plain` have no `verdict`",) for each in found if each.code.id == "ATK527")


def test_a_when_may_ask_for_what_only_some_rows_have(tmp_path: Path) -> None:
    both = "both: {kind: map, from: [judged, plain], when: verdict == 'good', set: {text: x}}"

    assert told(findings(tmp_path, *BRANCHES, both)) == []


def test_fields_within_a_loop_and_conditions_after_it_are_left_alone(tmp_path: Path) -> None:
    loop = (
        "refined:\n  kind: loop\n  from: kept\n  max_rounds: 3\n  until: verdict == 'bad'\n  steps:\n"
        + textwrap.indent(asking("judged", "x", "{choice: [good, bad], into: verdict}"), "    ").replace(
            "      from: x\n", ""
        )
    )
    kept = asking("kept", "rows", "{choice: [good, bad], into: verdict}", "keep: verdict == 'good'")
    after = "f: {kind: filter, from: refined, keep: verdict == 'bad'}"

    assert told(findings(tmp_path, kept, loop, after)) == []


def test_what_is_said_in_a_dialogue_is_read_with_its_turns(tmp_path: Path) -> None:
    spec = """
        steps:
          rows: {kind: rows, rows: [{text: salt}]}
          talk: {kind: converse, from: rows, turns: 4, prompt: ask, speakers: {a: {model: m}, b: {model: m}}}
        outputs:
          said.jsonl:
            from: talk
            format: segments
            markup: lines
            messages: [{each: conversation as t, assistant: "{{ t.content }}"}]
        """
    found = lint_path(write_project(tmp_path, spec)).sink.sorted()

    assert "ATK525" not in [each.code.id for each in found]
    assert not [each for each in found if each.is_error]

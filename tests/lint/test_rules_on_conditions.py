"""Rules on conditions: those that decide nothing, and those that no row can fulfil."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.lint_spec import asking, findings, told

JUDGE = "{choice: [good, bad, odd], into: verdict}"


@pytest.mark.parametrize(
    "condition",
    [
        "n > 1",
        "n > 1 and n < 3",
        "tags",
        "title or n > 1",
        "not tags",
        "text | length > 10 and text | length < 100",
        "attempts_wanted > 1",
        "mode == 'fast'",
        "not strict or n > 1",
        "0.5 | chance and 0.5 | chance",
        "n == 1 or n == 2",
        "text is matching('x') or text is matching('y')",
        "(text | length if n > 1 else 0) > 3",
        "tags | select('eq', 'x') | list | length > 0",
        "row.source != '' and row.id",
        "n != 1 if strict else true",
    ],
)
def test_a_condition_that_may_come_out_either_way_is_fine(tmp_path: Path, condition: str) -> None:
    params = """
        attempts_wanted: {type: int, default: 2, min: 1}
        mode: {type: choice, choices: [fast, slow], default: fast}
        strict: {type: bool, default: false}
    """
    found = findings(tmp_path, f"f:\n  kind: filter\n  from: rows\n  keep: {condition}", params=params)

    assert told(found) == []


@pytest.mark.parametrize(
    ("condition", "part"),
    [
        ("true", "true"),
        ("n > 1 or true", "n > 1 or true"),
        ("n > 1 and (tags or not tags)", "tags or not tags"),
        ("n > 1 and 'x'", "'x'"),
        ("(1 if n is none else 2) > n", "n is none"),
        ("least < 1", "least < 1"),
        ("mode == 'fast' or mode == 'slow'", "mode == 'fast' or mode == 'slow'"),
        ("text | length < 0 or n > 1", "text | length < 0"),
        ("5 < n < 3", "5 < n < 3"),
        ("text is defined", "text is defined"),
    ],
)
def test_a_condition_that_decides_nothing_is_told_at_the_part_that_is_wrong(
    tmp_path: Path, condition: str, part: str
) -> None:
    params = "least: {type: int, default: 2, min: 1}\nmode: {type: choice, choices: [fast, slow], default: fast}"
    found = findings(tmp_path, f"f:\n  kind: filter\n  from: rows\n  keep: {condition}", params=params)

    assert told(found) == [("ATK314", part)]


def test_what_is_an_error_already_is_told_once(tmp_path: Path) -> None:
    step = asking("judged", "rows", JUDGE, "keep: verdict == 'god'")

    assert told(findings(tmp_path, step)) == [("ATK307", "'god'")]


KEPT = asking("kept", "rows", JUDGE, "keep: verdict != 'bad'")


@pytest.mark.parametrize(
    "steps",
    [
        [KEPT, asking("mended", "kept", "{text: heading}", "when: verdict == 'odd'")],
        [asking("seen", "rows", JUDGE), asking("mended", "seen", "{text: heading}", "when: verdict == 'bad'")],
        # Rows that pass the first step by were not judged.
        [
            asking("kept", "rows", JUDGE, "when: n > 1\nkeep: verdict != 'bad'"),
            asking("mended", "kept", "{text: heading}", "when: verdict is none"),
        ],
        # What is kept in spite of a rejection did not go through `keep`.
        [
            asking("kept", "rows", JUDGE, "on_reject: keep\nkeep: verdict != 'bad'"),
            asking("mended", "kept", "{text: heading}", "when: verdict is none"),
        ],
        # The field is another one by then.
        [
            KEPT,
            asking("again", "kept", JUDGE, "when: verdict == 'odd'"),
            asking("mended", "again", "{text: heading}", "when: verdict == 'bad'"),
        ],
        # Two branches, of which the other one has such rows.
        [
            KEPT,
            asking("other", "rows", JUDGE, "keep: verdict == 'bad'"),
            asking("mended", "[kept, other]", "{text: heading}", "when: verdict == 'bad'"),
        ],
        # One row stands for several others.
        [
            KEPT,
            "g: {kind: group, from: kept, by: text, collect: {verdict: =verdict}, first: [text]}",
            "f: {kind: filter, from: g, keep: verdict | length > 1}",
        ],
        ["a: {kind: filter, from: rows, keep: n > 1}", "b: {kind: filter, from: a, keep: n < 3}"],
        ["a: {kind: filter, from: rows, keep: 0.5 | chance}", "b: {kind: filter, from: a, keep: not (0.5 | chance)}"],
        ["a: {kind: filter, from: rows, keep: n > 1}", "b: {kind: filter, from: a, keep: n > 1}"],
    ],
)
def test_a_step_that_some_row_may_reach_is_fine(tmp_path: Path, steps: list[str]) -> None:
    assert told(findings(tmp_path, *steps)) == []


@pytest.mark.parametrize(
    ("steps", "part", "labels"),
    [
        ([KEPT, asking("m", "kept", "{text: heading}", "when: verdict == 'bad'")], "verdict == 'bad'", 1),
        ([KEPT, "s: {kind: sample, from: kept, count: 3}", "f: {kind: filter, from: s, keep: verdict == 'bad'}"],
         "verdict == 'bad'", 1),
        ([KEPT, asking("m", "kept", "{text: heading}", "keep: verdict == 'bad' and heading")],
         "verdict == 'bad' and heading", 1),
        ([KEPT, asking("m", "kept", "{text: heading}", "accept: {fits: verdict == 'bad' and heading}")],
         "verdict == 'bad' and heading", 1),
        ([asking("m", "rows", JUDGE, "accept: {fits: verdict == 'odd'}\nkeep: verdict == 'bad'")],
         "verdict == 'bad'", 1),
        ([asking("m", "rows", JUDGE, "when: n > 3\nkeep: verdict == 'bad' and n < 2")],
         "verdict == 'bad' and n < 2", 1),
        (["a: {kind: filter, from: rows, keep: n > 1}", "b: {kind: filter, from: a, keep: n != 2}",
          "c: {kind: filter, from: b, keep: n == 2}"], "n == 2", 1),
        (["a: {kind: filter, from: rows, keep: n > 1}", "b: {kind: filter, from: a, keep: n < 4}",
          "c: {kind: filter, from: b, keep: n == 9 or n == 0}"], "n == 9 or n == 0", 2),
        ([asking("v", "rows", "{choice: {yes: true, no: false}, into: ok}",
                 "votes: 3\npass: ok | share >= 0.6", kind="vote"),
          "f: {kind: filter, from: v, keep: ok | share < 0.5}"], "ok | share < 0.5", 1),
        (["a: {kind: filter, from: rows, when: n > 5, keep: n > 7}",
          "b: {kind: filter, from: a, keep: n == 6}"], "n == 6", 1),
        (["a: {kind: map, from: rows, when: n > 5 and n < 3, set: {text: x}}"], "n > 5 and n < 3", 0),
    ],
)  # fmt: skip
def test_a_condition_that_no_row_fulfils_names_what_let_none_through(
    tmp_path: Path, steps: list[str], part: str, labels: int
) -> None:
    found = findings(tmp_path, *steps)

    assert told(found) == [("ATK315", part)]
    assert [len(each.labels) for each in found if each.code.id == "ATK315"] == [labels]


def test_an_output_may_be_without_rows_too(tmp_path: Path) -> None:
    output = "o.jsonl: {from: kept, where: verdict == 'bad', format: jsonl}"

    assert told(findings(tmp_path, KEPT, outputs=output)) == [("ATK315", "verdict == 'bad'")]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("n > 1", ["n > 1"]),
        ("strict", ["strict"]),
        ("verdict == 'good' or n > 1", []),
        ("attempt > 0 or n > 1", []),
        ("0.5 | chance", []),
    ],
)
def test_a_rule_under_accept_must_look_at_the_reply(tmp_path: Path, rule: str, expected: list[str]) -> None:
    step = asking("judged", "rows", JUDGE, f"accept:\n  fits: {rule}")
    found = findings(tmp_path, step, params="strict: {type: bool, default: false}")

    assert [text for _, text in told(found)] == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("accept: {fits: verdict != 'bad'}\nkeep: verdict != 'bad'", [("ATK547", "verdict != 'bad'")]),
        ("accept: {fits: verdict == 'odd'}\nkeep: verdict != 'bad' or n", [("ATK547", "verdict != 'bad' or n")]),
        ("accept: {fits: verdict != 'bad'}\nkeep: verdict == 'odd'", []),
        ("accept: {fits: verdict != 'bad'}\nkeep: verdict != 'bad' and n > 1", []),
        ("attempts: 1\nfeedback: true", [("ATK546", "feedback")]),
        ("attempts: 2\nfeedback: true", []),
        ("attempts: 1\nfeedback: false", []),
        ("feedback: true", []),
    ],
)  # fmt: skip
def test_accept_keep_and_feedback_do_not_stand_in_each_others_way(
    tmp_path: Path, more: str, expected: list[tuple[str, str]]
) -> None:
    assert told(findings(tmp_path, asking("judged", "rows", JUDGE, more))) == expected


def test_feedback_to_a_text_to_complete_has_no_effect(tmp_path: Path) -> None:
    step = asking("judged", "rows", JUDGE, "feedback: true").replace("prompt: ask", "prompt: text")
    found = findings(tmp_path, step, prompts={"text.txt": "Good, bad or odd? {{ text }}:"})

    assert told(found) == [("ATK546", "feedback")]


TRUTH = "{choice: {yes: true, no: false}, into: ok}"


@pytest.mark.parametrize(
    ("parse", "votes", "rule", "expected"),
    [
        (TRUTH, "3", "ok | share >= 0.5", None),
        (TRUTH, "3", "ok | share > 1", "ATK541"),
        (TRUTH, "3", "ok | select | list | length >= 4", "ATK541"),
        (TRUTH, "3", "ok | select | list | length >= 3", None),
        (TRUTH, "=most", "ok | select | list | length > 5", "ATK541"),
        (TRUTH, "=most", "ok | select | list | length > 4", None),
        (TRUTH, "=free", "ok | select | list | length > 90", None),
        (TRUTH, "3", "ok | share >= 0", "ATK542"),
        (TRUTH, "3", "true", "ATK542"),
        (TRUTH, "3", "ok[4]", "ATK541"),
        (TRUTH, "3", "ok[2]", None),
        (TRUTH, "15", "ok | share >= 0.9", None),
        (TRUTH, "101", "ok | share >= 0", None),
        (TRUTH, "3", "ok | share >= 0 and n > 1", None),
        (JUDGE, "3", "verdict | select('eq', 'good') | list | length > 3", "ATK541"),
        (JUDGE, "3", "verdict | select('eq', 'good') | list | length > 2", None),
        ("{text: verdict}", "3", "verdict | length > 9", None),
    ],
)
def test_a_vote_that_is_decided_beforehand_is_told(
    tmp_path: Path, parse: str, votes: str, rule: str, expected: str | None
) -> None:
    params = "most: {type: int, default: 3, min: 1, max: 5}\nfree: {type: int, default: 3}"
    step = asking("v", "rows", parse, f"votes: {votes}\npass: {rule}", kind="vote")

    assert told(findings(tmp_path, step, params=params)) == ([] if expected is None else [(expected, rule)])

"""What lint says of the examples of a step, and what it leaves alone."""

from __future__ import annotations

import pytest

from support.lint_text import found_in

PARAMS = "  least: {type: int, default: 3}\n  topic: {type: text}"
STEPS = """
  given: {kind: rows, rows: [{text: a, parts: [{name: b}], size: 1}]}
  asked:
    kind: generate
    from: given
    model: m
    prompt: ask
    parse: PARSE
    OPTIONS
    accept: {it is short: "true"}
    examples: [EXAMPLE]
"""
VOTE = STEPS.replace("generate", "vote").replace("OPTIONS", 'votes: 3\n    pass: "true"')
CHOICE = "{choice: [good, bad], into: verdict}"
MANY = '{pattern: "Q: {q}", many: true}'


def told(example: str, parse: str = CHOICE, options: str = "attempts: 1", steps: str = STEPS) -> list[tuple[str, str]]:
    """The findings about an example: code and what is underlined."""
    text = steps.replace("PARSE", parse).replace("OPTIONS", options).replace("EXAMPLE", "{" + example + "}")
    found = found_in(text, params=PARAMS, models="  m: {}")
    return [(code, underlined) for code, underlined in found if code.startswith(("ATK43", "ATK2"))]


@pytest.mark.parametrize(
    "example",
    [
        "reply: x, expect: {verdict: good}",
        "reply: [x], passes: true",
        "reply: x, rejected: true",
        "reply: x, rejected: it is short",
        "reply: x, rejected: the reply could not be read",
        "reply: x, rejected: the reply is empty",
        "given: {text: a, size: 2, parts: [{name: c}]}, with: {least: 2, topic: sea}, reply: x, passes: true",
        "given: {parts: []}, reply: x, passes: true, description: why not",
    ],
)
def test_what_can_be_is_left_alone(example: str) -> None:
    assert told(example) == []


@pytest.mark.parametrize(
    ("example", "code", "underlined"),
    [
        ("given: {topic: sea}, reply: x, passes: true", "ATK432", "topic"),
        ("given: {parts: [{name: 3}]}, reply: x, passes: true", "ATK434", "3"),
        ("given: {parts: a}, reply: x, passes: true", "ATK434", "a"),
        ("with: {leest: 3}, reply: x, passes: true", "ATK432", "leest"),
        ("with: {text: a}, reply: x, passes: true", "ATK432", "text"),
        ("with: {least: few}, reply: x, passes: true", "ATK434", "few"),
        ("reply: x, expect: {text: a}", "ATK432", "text"),
        ("reply: x, expect: {verdict: null}", "ATK434", "null"),
        ("reply: x, expect: [{verdict: good}]", "ATK431", "expect"),
        ("reply: x, expect: {verdict: good}, rejected: it is short", "ATK431", "expect"),
        ("reply: x, passes: false", "ATK431", "passes"),
        ("reply: [], passes: true", "ATK431", "reply"),
        ("reply: x, filtered: true", "ATK431", "filtered"),
        (
            "reply: x, rejected: the same was said before in the reply",
            "ATK433",
            "the same was said before in the reply",
        ),
        ("passes: true", "ATK202", "{passes: true}"),
        ("reply: x, passses: true", "ATK201", "passses"),
        ("reply: 3, passes: true", "ATK203", "3"),
    ],
)
def test_what_cannot_be_is_underlined(example: str, code: str, underlined: str) -> None:
    assert told(example) == [(code, underlined)]


def test_a_reply_of_several_readings_may_lose_some() -> None:
    assert told("reply: x, expect: [{q: a}, {q: b}], rejected: the same was said before in the reply", MANY) == []
    assert told("reply: x, expect: [{q: a}, b]", MANY) == [("ATK431", "b")]
    assert told("reply: x, expect: [{q: a}, {r: b}]", MANY) == [("ATK432", "r")]


def test_samples_may_have_a_reply_each() -> None:
    assert told("reply: [x, y], expect: [{verdict: good}, {verdict: bad}]", options="samples: 2") == []
    assert told("reply: [x, y, z], passes: true", options="samples: 2") == [("ATK431", "reply")]
    assert told("reply: [x, y, z], passes: true", options="samples: =least") == []


def test_a_step_with_keep_may_filter() -> None:
    assert told("reply: x, filtered: true, expect: {verdict: bad}", options='keep: verdict == "good"') == []


def test_the_fields_of_a_vote_are_lists() -> None:
    assert told("reply: x, expect: {verdict: [good, bad]}", steps=VOTE) == []
    assert told("reply: x, filtered: true", steps=VOTE) == []
    assert told("reply: x, rejected: no vote could be read", steps=VOTE) == []
    assert told("reply: x, expect: {verdict: good}", steps=VOTE) == [("ATK434", "good")]
    assert told("reply: x, expect: {verdict: [fine]}", steps=VOTE) == [("ATK434", "fine")]


def test_a_parse_that_is_broken_is_told_alone() -> None:
    assert told("reply: x, expect: {verdict: good}", "{choice: [], into: verdict}") == []

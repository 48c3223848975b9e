"""What an argument may be is said once: a check refuses what is written out, a run what comes up."""

from __future__ import annotations

from typing import Any

import pytest

from atk_interp.diagnostics import Sink
from atk_interp.expressions import check_expression, compile_expression, parse_expression
from atk_interp.expressions.errors import EvaluationError, OperandError
from atk_interp.expressions.expression import Expression
from atk_interp.expressions.for_templates import template_filters
from atk_interp.expressions.functions import CALLS, FILTERS, TESTS, Function
from atk_interp.expressions.types import ANY, FLOAT, INT, TEXT, ListType, Type
from atk_interp.source import MappedText

_TYPES: dict[str, Type] = {"text": TEXT, "n": INT, "score": FLOAT, "items": ListType(TEXT), "x": ANY}
_SCOPE: dict[str, Any] = {"text": "a b", "n": 3, "score": 0.5, "items": ["a"], "row": {"id": "1"}, "seed": 1}


def _parsed(text: str, sink: Sink) -> Expression:
    expression = parse_expression(MappedText.detached(text), sink)
    assert expression is not None
    return expression


def _said(text: str) -> list[tuple[str, str, str]]:
    sink = Sink()
    check_expression(_parsed(text, sink), _TYPES, sink)
    return [(found.code.id, found.span.text if found.span else "", found.message) for found in sink.sorted()]


_REFUSED: list[tuple[str, str, object, str]] = [
    ("text | typos({})", "typos.rate", 2, "a probability is a number from 0 to 1"),
    ("text | typos(rate={})", "typos.rate", -0.1, "a probability is a number from 0 to 1"),
    ("text | random_case({})", "random_case.p", 3, "a probability is a number from 0 to 1"),
    ("chance({})", "chance.p", 60, "a probability is a number from 0 to 1"),
    ("items | pick({})", "pick.weights", [-1], "weights are numbers, none of them below 0, and not all 0"),
    ("items | pick({})", "pick.weights", [0], "weights are numbers, none of them below 0, and not all 0"),
    ("items | pick({})", "pick.weights", ["1"], "weights are numbers, none of them below 0, and not all 0"),
    (
        "text | redacted({})",
        "redacted.only",
        ["mail"],
        "`only` is a list of some of key, email, iban, ip, card, phone",
    ),
    ("text | copied(text, {})", "copied.n", 0, "a run has 1 to 20 words"),
    ("text | repetition({})", "repetition.n", 21, "a run has 1 to 20 words"),
    ("text | split({})", "split.separator", "", "the separator must not be empty"),
    ("score | round({})", "round.precision", 30, "numbers are rounded to at most 20 places"),
    ("text | center({})", "center.width", 5000, "the width must be at most 1000"),
    ("text | indent({})", "indent.width", 5000, "the width must be at most 1000"),
    ("text | truncate(9, leeway={})", "truncate.leeway", -1, "the leeway must not be below 0"),
    ("items | batch({}) | list", "batch.linecount", 0, "a batch has at least 1 item"),
    ("items | slice({}) | list", "slice.slices", 0, "there must be at least 1 slice"),
    ("items | map('center', {}) | list", "center.width", 5000, "the width must be at most 1000"),
    ("n is divisibleby({})", "divisibleby.num", 0, "nothing is divisible by 0"),
    ("range(1, 5, {}) | list", "range.step", 0, "the step must not be 0"),
]


@pytest.mark.parametrize(("text", "parameter", "value", "why"), _REFUSED, ids=[case[0] for case in _REFUSED])
def test_what_is_written_out_is_refused_by_the_check_and_what_comes_up_by_the_run(
    text: str, parameter: str, value: object, why: str
) -> None:
    written = repr(value)
    assert _said(text.format(written)) == [("ATK305", written, why)]
    assert _said(text.format("x")) == []
    for argument, scope in ((written, _SCOPE), ("x", {**_SCOPE, "x": value})):
        with pytest.raises(EvaluationError) as raised:
            compile_expression(_parsed(text.format(argument), Sink()))(scope)
        assert raised.value.message == why


def _limited() -> set[str]:
    functions: list[Function] = [*FILTERS.own.values(), *TESTS.own.values(), *CALLS.values()]
    return {f"{each.name}.{part.name}" for each in functions for part in each.parameters if part.limit is not None}


def test_every_limit_is_tried_here() -> None:
    assert _limited() == {parameter for _, parameter, _, _ in _REFUSED}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("text | cased({})", "style"),
        ("text | typos(0, {})", "keyboard"),
        ("text | tokens({})", "tokenizer"),
        ("score | round(1, {})", "method"),
    ],
)
def test_a_word_is_one_of_those_that_there_are(text: str, name: str) -> None:
    assert _said(text.format("'dvorak'")) == [("ATK305", "'dvorak'", f"there is no {name} `dvorak`")]
    with pytest.raises(EvaluationError, match=f"a {name} is one of "):
        compile_expression(_parsed(text.format("x"), Sink()))({**_SCOPE, "x": "dvorak"})


def test_a_prompt_is_told_the_same() -> None:
    with pytest.raises(OperandError, match="a run has 1 to 20 words"):
        template_filters()["repetition"]("a b", 0)
    with pytest.raises(OperandError, match="a style is one of upper, lower"):
        template_filters()["cased"]("a", "shouting")


def test_arguments_that_do_not_fit_each_other_are_told() -> None:
    why = "the length must be at least that of the end, 3"
    assert _said("text | truncate(2)") == [("ATK305", "truncate(2)", why)]
    assert _said("text | truncate(2, end='')") == _said("text | truncate(n)") == []


_FAILING = [
    ("n / 0", "n / 0", "a division by 0"),
    ("n % 0", "n % 0", "a division by 0"),
    ("x // 0.0", "x // 0.0", "a division by 0"),
    ("n + 1 / (2 - 2)", "1 / (2 - 2)", "a division by 0"),
    ("[] | pick", "[] | pick", "there is nothing to pick from"),
    ("text ~ ([] | first)", "[] | first", "there is no first item: the list is empty"),
    ("[] | last", "[] | last", "there is no last item: the list is empty"),
    ("[] | max", "[] | max", "there is no max item: the list is empty"),
    ("'' | first", "'' | first", "there is no first item: the list is empty"),
    ("1.5 | chance", "1.5 | chance", "a probability is a number from 0 to 1"),
    ("['a'] | pick([1, 2])", "['a'] | pick([1, 2])", "of items there are 1, and of weights 2"),
    ("{'a': -1} | pick", "{'a': -1} | pick", "weights are numbers, none of them below 0, and not all 0"),
    ("10 ** 400", "10 ** 400", "the result is too large a number"),
]


@pytest.mark.parametrize(("text", "place", "why"), _FAILING, ids=[case[0] for case in _FAILING])
def test_a_part_that_fails_whatever_the_row_is_told(text: str, place: str, why: str) -> None:
    assert _said(text) == [("ATK306", place, why)]


@pytest.mark.parametrize(
    "text",
    [
        "[] | first | default(text)",
        "[] | first | default('x')",
        "([] | first) is defined",
        "['a'] | pick",
        "2 ** 10",
        "[[]] | first",
        "range(3) | list | last",
    ],
)
def test_nothing_is_said_of_what_gives_a_value_or_depends_on_a_row(text: str) -> None:
    assert _said(text) == []


def test_a_limit_is_not_asked_of_none() -> None:
    assert _said("text | redacted(none)") == _said("items | pick(none)") == []

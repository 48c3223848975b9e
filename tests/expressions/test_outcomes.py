"""What a condition can come out as, for all rows at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from atk_interp.diagnostics import Sink
from atk_interp.expressions import EvaluationError, compile_expression, parse_expression, unparse
from atk_interp.expressions.expression import Expression
from atk_interp.expressions.outcomes import Outcomes, is_plainly_open, outcomes
from atk_interp.expressions.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    TEXT,
    ListType,
    RecordType,
    TextType,
    Type,
    maybe,
    type_of,
)
from atk_interp.source import MappedText
from expressions.generated import scopes, trees

_SCOPE: dict[str, Type] = {
    "text": TEXT,
    "title": maybe(TEXT),
    "verdict": TextType(("good", "bad")),
    "repair": maybe(TextType(("pass", "reword", "fail"))),
    "n": INT,
    "m": INT,
    "score": FLOAT,
    "ok": BOOL,
    "votes": ListType(BOOL),
    "tags": ListType(TEXT),
    "meta": RecordType({"year": maybe(INT)}),
    "x": ANY,
    "tokens": INT,
    "row": RecordType({"id": TEXT, "source": TEXT}),
}
_BOUNDS = {"tokens": (50, 1000)}


def _parsed(text: str) -> Expression:
    expression = parse_expression(MappedText.detached(text), Sink())
    assert expression is not None
    return expression


def _outcomes(text: str, *held: str) -> Outcomes:
    return outcomes(_parsed(text), _SCOPE, given=[_parsed(each).root for each in held], bounds=_BOUNDS)


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "1",
        "'false'",
        "ok or true",
        "ok or not ok",
        "not (ok and not ok)",
        "title or 'untitled'",
        "verdict == 'good' or verdict == 'bad'",
        "verdict in ['good', 'bad']",
        "verdict != 'good' or verdict != 'bad'",
        "n < 5 or n >= 5",
        "n > 5 or n < 6",
        "text | length >= 0",
        "votes | share <= 1",
        "tokens >= 50",
        "attempt >= 0",
        "title is defined",
        "n == n",
        "n < m or n >= m",
        "n == m or m != n",
        "title is none or title is not none",
        "text is string",
        "score is number",
        "true if ok else 1",
        "x is none or x is not none",
        "3 > 2",
        "'a' in ['a', 'b']",
        "tokens - 1 > 5 or tokens - 1 <= 5",
        "'a' in tags or 'a' not in tags",
    ],
)
def test_some_conditions_always_hold(text: str) -> None:
    assert _outcomes(text) == {True}
    assert _outcomes(f"not ({text})") == {False}


@pytest.mark.parametrize(
    "text",
    [
        "verdict == 'good' and verdict == 'bad'",
        "repair == 'pass' and repair is none",
        "5 < n < 3",
        "5 < n < 6",
        "score > 5 and score < 5",
        "text | length < 0",
        "text == 'a' and text == 'b'",
        "votes | share > 1",
        "tokens < 50",
        "tokens > 1000",
        "n in [1, 2] and n > 2",
        "title is none and title",
        "ok is none",
        "text is eq('a') and text is ne('a')",
        "tags == ['a'] and tags == ['b']",
        "not votes and votes == [true]",
    ],
)
def test_some_conditions_never_hold(text: str) -> None:
    assert _outcomes(text) == {False}


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "text",
        "tags",
        "meta",
        "x",
        "n",
        "score > 5 and score < 6",
        "5 < n < 7",
        "verdict == 'good'",
        "repair == 'pass' or repair == 'reword' or repair == 'fail'",
        "x is defined",
        "meta.year is none",
        "n < m",
        "n == m and n < 3",
        "text < 'b' and text > 'a'",
        "text == 'a' or text == 'b'",
        "0.5 | chance or 0.5 | chance",
        "0.5 | chance and not (0.5 | chance)",
        "votes | share >= 0.5",
        "score is float and score > 5",
        "score is integer and score > 5",
        "x > 3 and x < 5",
        "x == 'a' and x",
        "text | length > 3 and text | wordcount < 3",
        "text is matching('a') and not (text is matching('b'))",
        "row.source == 'a'",
        "sample == 0",
        "attempt > 3",
        "tags == ['a']",
        "tags[0] == 'a' and tags[1] == 'b'",
        "x.a == 'a' and x.b == 'b'",
        "n / 2 > 0.4 and n / 2 < 0.6",
        "ok == 1",
        "x is true and x is boolean",
        "tokens == 1000",
        "tokens == 50",
        "text in ['a', '']",
        "text not in ['a', '']",
        "'a' in tags and 'b' in tags",
    ],
)
def test_most_conditions_may_come_out_either_way(text: str) -> None:
    assert _outcomes(text) == {True, False}


@pytest.mark.parametrize(
    ("text", "held", "expected"),
    [
        ("verdict == 'bad'", ["verdict == 'good'"], {False}),
        ("verdict == 'bad'", ["ok or verdict == 'good'"], {True, False}),
        ("verdict == 'bad' and not ok", ["ok or verdict == 'good'"], {False}),
        ("repair == 'fail'", ["repair != 'fail'"], {False}),
        ("repair is none", ["repair == 'pass'"], {False}),
        ("text | length < 5", ["text | length > 10"], {False}),
        ("text | length < 15", ["text | length > 10"], {True, False}),
        ("votes | share < 0.5", ["votes | share >= 0.6"], {False}),
        ("ok", ["ok"], {True}),
        ("ok", ["not ok", "ok"], set()),
        ("n > 3", ["title | length > 3"], {True, False}),
    ],
)
def test_what_is_known_to_hold_leaves_fewer_outcomes(text: str, held: list[str], expected: set[bool]) -> None:
    assert _outcomes(text, *held) == expected


def test_a_condition_with_too_many_cases_may_be_anything() -> None:
    assert _outcomes(" and ".join(f"tags[{number}] == 'x'" for number in range(20)) + " and false") == {True, False}


@pytest.mark.slow
@settings(max_examples=600)
@given(trees(3), scopes())
def test_no_row_has_an_outcome_that_was_ruled_out(tree: object, scope: dict[str, object]) -> None:
    """Whatever the types say no more than they must: the outcome on a row is among those that were found."""
    text = unparse(tree)  # type: ignore[arg-type]
    expression = parse_expression(MappedText.detached(text), Sink())
    if expression is None:
        return
    try:
        outcome = bool(compile_expression(expression)({**scope, "sample": 0, "attempt": 0, "seed": 0}))
    except EvaluationError:
        return
    widened = {name: _widened(type_of(value)) for name, value in scope.items()}
    for types in (widened, {name: maybe(type_) for name, type_ in widened.items()}, dict.fromkeys(scope, ANY)):
        found = outcomes(expression, types)
        if is_plainly_open(expression, types, expression.root, {}):
            assert len(found) == 2, (text, types)
        assert not found or outcome in found, (text, types)


def _widened(type_: Type) -> Type:
    return TEXT if isinstance(type_, TextType) else type_

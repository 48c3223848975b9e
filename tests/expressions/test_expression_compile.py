"""Evaluating: values, errors with their place, bounds that hold, and draws that repeat."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from atk_interp.diagnostics import Sink
from atk_interp.expressions import EvaluationError, Expression, ast, compile_expression, parse_expression, unparse
from atk_interp.source import MappedText, SourceFile
from atk_interp.values import encode
from expressions.generated import REFUSED, ask_us, scopes, trees


def _parsed(text: str) -> Expression:
    sink = Sink()
    expression = parse_expression(MappedText.detached(text), sink)
    assert expression is not None, [found.message for found in sink]
    return expression


def _value(text: str, scope: Mapping[str, object] | None = None, *, site: str = "") -> Any:
    return compile_expression(_parsed(text), site=site)(scope or {})


_ERRORS = [
    (
        "a | fromjson",
        {"a": "{"},
        "a | fromjson",
        "the text is not JSON: unexpected end of data: line 1 column 2 (char 1)",
    ),
    (
        "a | fromjson",
        {"a": "[18446744073709551616]"},
        "a | fromjson",
        "a whole number in the JSON has more than 64 bits: 18446744073709551616",
    ),
    ("a | fromjson", {"a": "[" * 101 + "9" * 19 + "]" * 101}, "a | fromjson", "the JSON is nested more than 100 deep"),
    ("'x' | split(a)", {"a": ""}, "a", "the separator must not be empty"),
    ("'x' | replaced(a, '')", {"a": "("}, "'x' | replaced(a, '')", "`(` is not a regular expression: missing )"),
    ("'x' | replaced('x', a)", {"a": "\\1"}, "'x' | replaced('x', a)", "there is no group `1` in `x`"),
    ("a.b.c", {"a": {"b": {}}}, "a.b.c", "the record has no field `c`"),
    ("a.b", {"a": "text"}, "a.b", "text has no fields"),
    ("a.b", {"a": None}, "a.b", "none has no fields"),
    ("a + gone", {"a": 1}, "gone", "there is no `gone` here"),
    ("a[5]", {"a": [1]}, "a[5]", "there is no item 5: there is only 1"),
    ("a[true]", {"a": [1]}, "a[true]", "a list has no item for true"),
    ("a['x']", {"a": {}}, "a['x']", "the record has no field `x`"),
    ("a[::0]", {"a": [1]}, "a[::0]", "the step of a part `[a:b:step]` must not be 0"),
    ("a + 'x'", {"a": 1}, "a + 'x'", "`+` cannot work on a whole number and text"),
    ("1 / a", {"a": 0}, "1 / a", "a division by 0"),
    ("a ~ none", {"a": 1}, "a ~ none", "`~` joins texts and numbers, not none"),
    ("a < b", {"a": 1, "b": "x"}, "a < b", "`<` cannot work on a whole number and text"),
    ("a in b", {"a": 1, "b": "x"}, "a in b", "only text can be in a text, not a whole number"),
    ("-a", {"a": True}, "-a", "`-` needs a number, not true"),
    ("a | length", {"a": None}, "a | length", "`length` works on text, a list or a record, not none"),
    ("a | first", {"a": []}, "a | first", "there is no first item: the list is empty"),
    ("a | round(-1)", {"a": -(2**63)}, "a | round(-1)", "the result is too large a number"),
    ("a | sort", {"a": [1, "x"]}, "a | sort", "`sort` cannot work on these values"),
    ("a | join", {"a": [None]}, "a | join", "only texts, numbers, true and false can be joined"),
    ("a | truncate(b)", {"a": "x", "b": "y"}, "b", "`length` of `truncate` is a whole number, not text"),
    ("a | share", {"a": [1]}, "a | share", "every item must be true or false"),
    ("a is matching(b)", {"a": "x", "b": "("}, "a is matching(b)", "`(` is not a regular expression: missing )"),
    ("a | map('upper') | list", {"a": [1]}, "a | map('upper')", "`upper` works on text, not a whole number"),
    ("a | map(attribute='x') | list", {"a": [{}]}, "a | map(attribute='x')", "an item has no `x`"),
    ("{a: 1}", {"a": 2}, "a", "the keys of a record are text, not a whole number"),
    ("chance(2)", {"row": {"id": "1"}, "seed": 1}, "2", "a probability is a number from 0 to 1"),
    ("[] | pick", {"row": {"id": "1"}, "seed": 1}, "[] | pick", "there is nothing to pick from"),
    (
        "[1] | pick(weights=[0])",
        {"row": {"id": "1"}, "seed": 1},
        "[0]",
        "weights are numbers, none of them below 0, and not all 0",
    ),
    ("chance(1)", {}, "chance(1)", "a random choice is made for a row, and there is no `row` here"),
    ("chance(1)", {"row": {"id": "1"}}, "chance(1)", "a random choice is made for a row, and there is no `seed` here"),
]


@pytest.mark.parametrize(("text", "scope", "place", "message"), _ERRORS, ids=[case[0] for case in _ERRORS])
def test_an_error_says_why_and_underlines_the_part(text: str, scope: dict[str, Any], place: str, message: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        _value(text, scope)
    assert (raised.value.span.text, raised.value.message, str(raised.value)) == (place, message, message)


def test_an_error_is_placed_in_its_file() -> None:
    file = SourceFile("spec.yaml", "keep: gone == 1\n")
    expression = parse_expression(MappedText.verbatim("gone == 1", file, 6), Sink())
    assert expression is not None
    with pytest.raises(EvaluationError) as raised:
        compile_expression(expression)({})
    assert raised.value.span == file.span(6, 10)


@pytest.mark.parametrize("text", ["a | nothing", "a is nothing", "a | upper(1)", "a | map('nothing')"])
def test_what_the_checker_would_have_found_is_an_error_when_compiled(text: str) -> None:
    with pytest.raises(EvaluationError):
        compile_expression(_parsed(text))


def test_the_right_side_is_not_evaluated_when_the_left_one_decides() -> None:
    assert _value("false and gone") is False
    assert _value("1 or gone") == 1
    assert _value("1 if true else gone") == 1
    assert _value("1 > 2 > gone | default(0)") is False


_HOSTILE = [
    "'x' * 1000000000",
    "('x' * 1000000) * 1000000",
    "[[['x'] * 1000] * 1000] * 1000",
    "9 ** 9 ** 9",
    "9.0 ** 999",
    "2 ** -99999999999999999999999 if false else 9 ** 9999999",
    "range(10 ** 9) | list",
    "range(0, 10 ** 9, 1) | length",
    "('a' * 100000) | replace('a', 'b' * 100000)",
    "['x' * 100000] * 100 | join('y' * 100000)",
    "(['x'] * 100000) | join('y' * 100000)",
    "['x' * 1000000] * 10 | map('replace', 'x', 'y' * 9) | list",
    "'x' | center(100000000)",
    "'x\n' * 1000000 | indent(1000)",
    "(['x' * 100000] * 99) | tojson(1000)",
    "[1] | batch(100000000, 'x')",
    "[1] | slice(100000000)",
    "18446744073709551615 + 1",
    "10 ** 19 * 10",
    "1e308 * 10",
    "'inf' | float",
    "'nan' | float",
    "(-8) ** 0.5",
    "[10 ** 19, 10 ** 19] | sum",
    "1 | round(999)",
]


@pytest.mark.parametrize("text", _HOSTILE)
def test_what_would_grow_without_bound_is_refused_at_once(text: str) -> None:
    if ask_us(text.replace("\n", "\\n"), {}) is not REFUSED:
        pytest.fail("it was computed")


@pytest.mark.slow
def test_deeply_nested_data_is_refused_rather_than_crashing() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for text in ("a == b", "a | tojson", "a | hash", "a < b"):
        assert ask_us(text, {"a": deep, "b": [deep]}) in (REFUSED, False)


def test_no_regular_expression_takes_more_than_linear_time() -> None:
    assert _value("a is matching('(a+)+$')", {"a": "a" * 100_000 + "b"}) is False


@pytest.mark.slow
@settings(max_examples=300)
@given(trees(3), scopes())
def test_every_value_is_json_and_the_row_is_left_alone(tree: ast.Node, scope: dict[str, Any]) -> None:
    before = encode(scope)
    value = ask_us(unparse(tree), scope)
    assert encode(scope) == before
    if value is not REFUSED:
        encode(value)


# Draws

_ROW = {"row": {"id": "r1"}, "seed": 7}


def _rows(count: int) -> list[dict[str, Any]]:
    return [{"row": {"id": f"r{number}"}, "seed": 7} for number in range(count)]


def test_a_draw_repeats_for_the_same_seed_row_and_place() -> None:
    """Golden values: they are part of what "same seed, same bytes" promises."""
    picked = [_value("['a', 'b', 'c', 'd'] | pick", row, site="step.key") for row in _rows(8)]
    assert "".join(picked) == GOLDEN_PICKS
    assert _value("[1, 2, 3, 4, 5] | shuffled", _ROW) == GOLDEN_SHUFFLE


GOLDEN_PICKS = "bbcddcbb"
GOLDEN_SHUFFLE = [3, 1, 4, 2, 5]


@pytest.mark.parametrize("change", [{"seed": 8}, {"row": {"id": "r2"}}])
def test_another_seed_or_row_draws_anew(change: dict[str, Any]) -> None:
    text = "range(1000) | shuffled"
    assert _value(text, _ROW) != _value(text, {**_ROW, **change})


def test_another_place_draws_anew() -> None:
    text = "range(1000) | pick"
    assert _value(text, _ROW, site="a") != _value(text, _ROW, site="b")
    first, second = _value(f"[{text}, {text}]", _ROW)
    assert first != second


def test_spelling_and_position_do_not_change_a_draw() -> None:
    assert _value("range(1000)|pick", _ROW) == _value("(  range( 1000 ) | pick )", _ROW)
    weights = compile_expression(_parsed("weights | pick"))
    for row in _rows(20):
        assert weights({**row, "weights": {"a": 1, "b": 2}}) == weights({**row, "weights": {"b": 2, "a": 1}})


def test_evaluating_again_or_in_another_order_does_not_change_a_draw() -> None:
    compiled = compile_expression(_parsed("range(1000) | pick"))
    rows = _rows(20)
    forwards = [compiled(row) for row in rows]
    backwards = [compiled(row) for row in reversed(rows)]
    assert forwards == backwards[::-1]


def test_chance_comes_true_as_often_as_it_says() -> None:
    compiled = compile_expression(_parsed("chance(0.3)"))
    assert 0.27 < sum(bool(compiled(row)) for row in _rows(4000)) / 4000 < 0.33


def test_weights_decide_how_often_an_item_is_picked() -> None:
    for text in ("['a', 'b', 'c'] | pick(weights=[1, 0, 3])", "{'a': 1, 'b': 0, 'c': 3} | pick"):
        compiled = compile_expression(_parsed(text))
        picked = [compiled(row) for row in _rows(2000)]
        assert "b" not in picked
        assert 0.21 < picked.count("a") / 2000 < 0.29


def test_a_shuffle_keeps_every_item() -> None:
    assert sorted(_value("[3, 1, 2, 2] | shuffled", _ROW)) == [1, 2, 2, 3]


def test_a_compiled_expression_serves_many_threads() -> None:
    compiled = compile_expression(_parsed("xs | sort | map('string') | join(',')"))
    results: list[object] = []

    def work(number: int) -> None:
        results.extend(compiled({"xs": [number, 1, 0]}) for _ in range(200))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(map(str, results))) == ["0,1,2", "0,1,3", "0,1,4", "0,1,5"]

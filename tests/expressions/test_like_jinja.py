"""The language is held to Jinja: what both read, both read alike; what both evaluate, both evaluate to the same."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import jinja2
import pytest
from hypothesis import example, given, settings
from jinja2.parser import Parser

from atk_interp.expressions import ast, unparse
from atk_interp.expressions.parser import parse
from expressions.generated import JINJA, REFUSED, ask_jinja, ask_us, from_jinja, same, scopes, slips, trees
from expressions.generated_calls import CONSTRUCTS, around

Scope = dict[str, Any]


def _jinja_tree(text: str) -> ast.Node:
    parser = Parser(JINJA, text, state="variable")
    expression = parser.parse_expression()
    assert parser.stream.eos, "Jinja reads only the beginning"
    return from_jinja(expression)


def _normal(node: Any) -> Any:
    """The tree with `x is not t` as `not (x is t)`, as Jinja has it."""
    if isinstance(node, tuple):
        return tuple(map(_normal, node))
    if not isinstance(node, ast.Node | ast.Keyword):
        return node
    parts = {part.name: _normal(getattr(node, part.name)) for part in fields(node) if part.compare}
    made: Any = replace(node, **parts)
    if isinstance(made, ast.Test) and made.negated:
        return ast.Unary("not", replace(made, negated=False))
    return made


@pytest.mark.slow
@settings(max_examples=400)
@given(trees(3), scopes())
def test_what_both_evaluate_is_the_same_value(tree: ast.Node, scope: Scope) -> None:
    text = unparse(tree)
    ours = ask_us(text, scope)
    if ours is not REFUSED:
        theirs = ask_jinja(text, scope)
        assert theirs is REFUSED or same(ours, theirs), f"{text}: ours {ours!r}, Jinja's {theirs!r}"


@pytest.mark.slow
@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_each_operator_and_function_has_jinjas_values(construct: str) -> None:
    """And it has some: a construct that no example gives a value would be compared with nothing."""
    values = 0

    @settings(max_examples=15, derandomize=True)
    @given(around(construct), scopes())
    def compare(tree: ast.Node, scope: Scope) -> None:
        nonlocal values
        text = unparse(tree)
        ours, theirs = ask_us(text, scope), ask_jinja(text, scope)
        if ours is not REFUSED and theirs is not REFUSED:
            assert same(ours, theirs), f"{text}: ours {ours!r}, Jinja's {theirs!r}"
            values += 1

    compare()
    assert values > 0


def test_every_kind_of_node_is_among_the_constructs() -> None:
    found: set[type[ast.Node]] = set()

    @settings(max_examples=300, derandomize=True, database=None)
    @given(trees(3))
    def look(tree: ast.Node) -> None:
        found.update(map(type, ast.walk(tree)))

    look()
    assert found == {*ast.Node.__subclasses__()}


@pytest.mark.slow
@settings(max_examples=400)
@given(trees(3))
def test_printing_and_reading_gives_the_same_tree(tree: ast.Node) -> None:
    node, _ = parse(unparse(tree))
    if node is not None:
        assert parse(unparse(node))[0] == node


@pytest.mark.slow
@settings(max_examples=300)
@given(trees(3))
def test_what_we_read_jinja_reads_alike(tree: ast.Node) -> None:
    text = unparse(tree)
    node, _ = parse(text)
    if node is not None:
        assert repr(_jinja_tree(text)) == repr(_normal(node))


@pytest.mark.slow
@settings(max_examples=400)
@example("a is none if b else a")
@example("- 2.5 ** 1 | upper")
@example("a if b if a else b")
@example("a is in [1:2]")
@given(slips())
def test_what_we_read_of_a_damaged_text_jinja_reads_alike(text: str) -> None:
    node, _ = parse(text)
    if node is not None:
        assert repr(_jinja_tree(text)) == repr(_normal(node))


_AGREED = [
    ("2 ** 3 ** 2", 64),
    ("-2 ** 2", 4),
    ("-3 | abs", 3),
    ("1 ~ true ~ 0.5", "1True0.5"),
    ("n and t", "text"),
    ("none or t", "text"),
    ("1 < n < 5", True),
    ("true == 1", True),
    ("1 == 1.0", True),
    ("t in ['text']", True),
    ("'a' 'b'", "ab"),
    ("n if n > 5", None),
    ("7 // 2", 3),
    ("7 / 2", 3.5),
    ("-7 % 3", 2),
    ("r.gone | default('x')", "x"),
    ("gone | default('x')", "x"),
    ("[] | first | default(0)", 0),
    ("r.gone is defined", False),
    ("none | default('x')", None),
    ("'' | default('x', true)", "x"),
    ("'\\d\\n' | length", 3),
    ("t[1:-1]", "ex"),
    ("xs[-1]", 3),
    ("xs | map('string') | join('-')", "3-1-3"),
    ("xs | unique | list", [3, 1]),
    ("'a,b' is in ['a,b']", True),
    ("not n is odd", False),
    ("5 | round(-1)", 0),
    ("2.5 | round", 2.0),
    ("'x' if false else 'y' if true else 'z'", "y"),
    ("(n | string) + t", "3text"),
    ("range(3) | list", [0, 1, 2]),
    ("{'a': 1, 'a': 2}.a", 2),
    ("r['items']", 7),
]


@pytest.mark.parametrize(("text", "value"), _AGREED)
def test_known_answers(text: str, value: Any) -> None:
    scope = {"n": 3, "t": "text", "xs": [3, 1, 3], "r": {"a": 1, "items": 7}}
    assert same(ask_us(text, scope), value)
    assert same(ask_jinja(text, scope), value)


_REFUSED = [
    "xs | map('abs') == xs",
    "xs | select and n",
    "(xs | map('string') | list) ~ t",
    "t | replace('a')",
    "'%s' % n",
    "t * 100000000",
    "9 ** 99",
    "none ~ t",
    "n + true",
    "t.upper",
    "r.items",
    "(1, 2)",
    "('a' if n > 5) is none",
    "'<' + (t | tojson)",
    "'<a>' | indent(t | tojson, true)",
    "['<a>'] | map('indent', t | tojson, true) | list",
    "'<a>' | truncate(1, true, t | tojson)",
    "n.real",
    "1e308 * 10",
]


@pytest.mark.parametrize("text", _REFUSED)
def test_what_jinja_takes_and_we_refuse(text: str) -> None:
    scope = {"n": 3, "t": "text", "xs": [3, 1, 3], "r": {"a": 1, "items": 7}}
    assert ask_us(text, scope) is REFUSED


def test_jinja_takes_what_the_other_test_says_it_takes() -> None:
    with pytest.raises(jinja2.TemplateSyntaxError):
        JINJA.compile_expression("a is none if b else c")

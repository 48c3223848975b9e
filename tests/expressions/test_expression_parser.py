"""Reading expressions, and what is said about those that cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atk_interp.diagnostics import Sink
from atk_interp.expressions import ast, parse_expression, unparse
from atk_interp.expressions.bounds import MAX_DEPTH, MAX_LENGTH
from atk_interp.expressions.parser import parse, scan
from atk_interp.expressions.slips import SLIPS
from atk_interp.expressions.tables import GRAMMAR, TABLES, build
from atk_interp.source import MappedText, SourceFile
from atk_interp.values import decode
from expressions.generated import trees


def _said(text: str) -> list[tuple[str, str, str, str | None]]:
    """Code, underlined text, message and help of everything that is wrong with a text."""
    sink = Sink()
    assert parse_expression(MappedText.detached(text), sink) is None
    return [
        (found.code.id, found.span.text if found.span else "", found.message, found.help) for found in sink.sorted()
    ]


def test_the_tables_are_those_of_the_grammar() -> None:
    """After a change of the grammar: `python -m atk_interp.expressions.tables`."""
    assert decode(TABLES.read_bytes()) == build(GRAMMAR.read_text("utf-8"))


@pytest.mark.slow
@settings(max_examples=300)
@given(trees(3))
def test_printing_and_parsing_gives_the_tree_back(tree: ast.Node) -> None:
    node, problems = parse(unparse(tree))
    assert repr(node) == repr(tree) or (node is None and {problem.code.id for problem in problems} <= {"ATK312"})


@settings(max_examples=300)
@given(st.text(alphabet="ab1.|()[]{}'\"=!&<> \n+-*/%~,:is not", max_size=30))
def test_any_text_is_read_or_explained_at_a_place_within_it(text: str) -> None:
    node, problems = parse(text)
    assert (node is None) is bool(problems)
    for problem in problems:
        assert 0 <= problem.start <= problem.end <= len(text)


@pytest.mark.slow
@given(trees(2))
def test_every_node_stands_where_it_says(tree: ast.Node) -> None:
    """What a node's span underlines is an expression that reads as that node."""
    text = unparse(tree)
    root, _ = parse(text)
    for node in ast.walk(root) if root else ():
        again, _ = parse(text[node.start : node.end])
        if again is not None:
            assert again == node


_SLIPS: list[tuple[str, list[tuple[str, str, str, str | None]]]] = [
    ('verdict = "x"', [("ATK311", "=", "one `=` does not compare", "write `==`")]),
    ("a && b", [("ATK311", "&&", "`and` is written as a word", "write `and`")]),
    ("a & b", [("ATK311", "&", "`and` is written as a word", "write `and`")]),
    ("a || b.c", [("ATK311", "||", "`or` is written as a word", "write `or`")]),
    ("!a", [("ATK311", "!", "`not` is written as a word", "write `not`")]),
    ("a === b", [("ATK311", "===", "equality has two signs", "write `==`")]),
    ("a !== b", [("ATK311", "!==", "inequality has two signs", "write `!=`")]),
    ("a <> b", [("ATK311", "<>", "inequality is written otherwise", "write `!=`")]),
    ("a => b", [("ATK311", "=>", "the equals sign comes last", "write `>=`")]),
    ("a =< b", [("ATK311", "=<", "the equals sign comes last", "write `<=`")]),
    ("a AND b", [("ATK311", "AND", "`and` is written small", "write `and`")]),
    ("NOT a", [("ATK311", "NOT", "`not` is written small", "write `not`")]),
    ("a OR b", [("ATK311", "OR", "`or` is written small", "write `or`")]),
    ("a ? b : c", [("ATK311", "?", "a choice is written with words", "write `a if condition else b`")]),
    (
        "if a then b",
        [
            ("ATK311", "if", "the value comes before its `if`", "write `a if condition else b`"),
            ("ATK311", "then", "there is no `then`", "write `a if condition else b`"),
        ],
    ),
    ("a if b elif c", [("ATK311", "elif", "there is no `elif`", "write `a if x else b if y else c`")]),
    (
        "[x for x in xs]",
        [("ATK311", "for", "there are no loops in an expression", "use `| map`, `| select` or `| selectattr`")],
    ),
    ("lambda x: x", [("ATK311", "lambda", "there are no functions of one's own", "use `| map` or `| select`")]),
    ("share >= 50%", [("ATK311", "%", "a percentage is written as a fraction", "write `0.5` for 50%")]),
    ("2 ^ 3", [("ATK311", "^", "a power has two stars", "write `**`")]),
    ("$name", [("ATK311", "$", "names stand without a `$`", "write the name alone")]),
    ('f"{a}"', [("ATK311", "f", "text is not filled in here", 'join the parts: `"question: " ~ question`')]),
    ('r"\\d"', [("ATK311", "r", "raw text does not exist here", "double the backslashes instead")]),
    (
        "{{ a }}",
        [("ATK310", "{{", "an expression is written without the braces of a template", "remove `{{` and `}}`")],
    ),
    (
        "{% if a %}",
        [
            ("ATK310", "{%", "statements belong to templates", "write `a if condition else b`"),
            ("ATK310", "%}", "statements belong to templates", "write `a if condition else b`"),
        ],
    ),
    (
        "“a” == b",
        [
            ("ATK301", "“", "text stands in straight quotes", "write `\"` or `'`"),
            ("ATK301", "”", "text stands in straight quotes", "write `\"` or `'`"),
        ],
    ),
    ('a == "b', [("ATK301", '"b', 'the text after `"` has no closing quote', 'close it with `"`')]),
    ("a == not b", [("ATK301", "not", "`not` after an operator needs parentheses", "write `(not …)`")]),
    ("a not b", [("ATK301", "a", "a word is missing before `not`", "write `is not`, or `and not`")]),
    ("a.0", [("ATK301", "0", "an item is picked with square brackets", "write `[0]`")]),
    ("a | first.b", [("ATK301", ".", "a part of what a filter gives needs parentheses", "write `(x | filter).field`")]),
    ("len(x) > 1", [("ATK311", "len", "`len` is not called like a function", "write `x | length`")]),
    ("join(xs, d)", [("ATK311", "join", "`join` is not called like a function", "write `xs | join(d)`")]),
    ("odd(x)", [("ATK311", "odd", "`odd` is a test and follows `is`", "write `… is odd`")]),
    ("chanse(1)", [("ATK303", "chanse", "there is no function `chanse`", "did you mean `chance` or `range`?")]),
    ("x.lower()", [("ATK311", "lower", "`.lower(…)` is a method call, and there are none", "write `x | lower`")]),
    ("x.length()", [("ATK311", "length", "`.length(…)` is a method call, and there are none", "write `x | length`")]),
    (
        "x.replace(a, b)",
        [("ATK311", "replace", "`.replace(…)` is a method call, and there are none", "write `x | replace(a, b)`")],
    ),
    (
        "x.contains(y)",
        [("ATK311", "contains", "`.contains(…)` is a method call, and there are none", "write `y in x`")],
    ),
    (
        '", ".join(xs)',
        [("ATK311", "join", "`.join(…)` is a method call, and there are none", 'write `xs | join(", ")`')],
    ),
    ("x.split(y)", [("ATK311", "split", "`.split(…)` is a method call, and there are none", "write `x | split(y)`")]),
    (
        "x.splitlines()",
        [
            (
                "ATK311",
                "splitlines",
                "`.splitlines(…)` is a method call, and there are none",
                'write `x | split("\\n")`',
            )
        ],
    ),
    ("loads(x)", [("ATK311", "loads", "`loads` is not called like a function", "write `x | fromjson`")]),
    ("x.get(y)", [("ATK311", "get", "`.get(…)` is a method call, and there are none", "write `x[y]`")]),
    (
        "x.startswith(y)",
        [
            (
                "ATK311",
                "startswith",
                "`.startswith(…)` is a method call, and there are none",
                'write `x is matching("^…")`',
            )
        ],
    ),
    ("xs[0](1)", [("ATK301", "(1)", "only functions can be called", "remove the parentheses and what is in them")]),
    ("(a, b)", [("ATK312", "(a, b)", "a list is written in square brackets", "write `[a, b]`")]),
    ("", [("ATK301", "", "the expression is empty", "write a value, a name or a condition")]),
    (
        "a b",
        [
            (
                "ATK301",
                "b",
                "something is missing between `a` and `b`",
                "put an operator between them, or quotes round a text",
            )
        ],
    ),
    ("a ==", [("ATK301", "==", "a value is missing after `==`", None)]),
    ("a == )", [("ATK301", ")", "`)` closes nothing", "remove it")]),
    ("(a == )", [("ATK301", ")", "a value is missing between `==` and `)`", None)]),
    ("(a", [("ATK301", "(", "`(` is never closed", "close it")]),
    ("[a, b", [("ATK301", "[", "`[` is never closed", "close it")]),
    ("[a)", [("ATK301", ")", "`)` closes nothing", "remove it")]),
    ("a ; b", [("ATK301", ";", "`;` means nothing in an expression", None)]),
    ("a, b", [("ATK301", ",", "`,` cannot stand here", "a list stands in square brackets: `[a, b]`")]),
    ("a else b", [("ATK301", "else", "`else` cannot stand here", "write `a if condition else b`")]),
    ("{1: 2}", [("ATK301", "1", "the keys of a record are text", "put the key in quotes")]),
    ("x | f(a=1, b)", [("ATK301", "b", "an argument without a name stands after one with a name", None)]),
    ("x | f(a=1, a=2)", [("ATK301", "a", "`a` is given twice", None)]),
    (
        "99999999999999999999999",
        [("ATK301", "99999999999999999999999", "the number is too large", "whole numbers have at most 64 bits here")],
    ),
    ('"\\x1"', [("ATK301", "\\x", "the escape `\\x` is not complete", "double a backslash that stands for itself")]),
    (
        '"\\ud800"',
        [("ATK301", "\\ud800", "there is no character `\\ud800`", "double a backslash that stands for itself")],
    ),
    (
        "a is none if b else c",
        [
            (
                "ATK312",
                "if",
                "Jinja takes the `if` after `is none` for the argument of the test",
                "put the whole test in parentheses: `(… is …)`",
            )
        ],
    ),
    (
        "r.items",
        [
            (
                "ATK312",
                "items",
                "`.items` is a method of every record in Jinja, not a field",
                'write `r["items"]` for the field',
            )
        ],
    ),
    (
        "xs | select == xs",
        [
            (
                "ATK312",
                "xs | select",
                "Jinja would see a generator here, which is always true and equal to nothing",
                "add `| list` (or `| string` to reversed text)",
            )
        ],
    ),
    (
        "(a if b) | upper",
        [
            (
                "ATK312",
                "a if b",
                "an `if` inside of something else needs its `else`",
                "add `else none`, or the value that fits",
            )
        ],
    ),
    (
        "a + (b | tojson)",
        [
            (
                "ATK312",
                "b | tojson",
                "Jinja would escape for HTML what is joined to the text of `tojson` like this",
                "join texts with `~`",
            )
        ],
    ),
]


@pytest.mark.parametrize(("text", "said"), _SLIPS, ids=[text for text, _ in _SLIPS])
def test_a_slip_is_named_where_it_stands(text: str, said: list[tuple[str, str, str, str | None]]) -> None:
    assert _said(text) == said


def test_every_slip_of_the_table_has_its_case() -> None:
    texts = " ".join(message for _, said in _SLIPS for _, _, message, _ in said)
    assert [slip.message for slip in SLIPS if slip.message not in texts] == []


@pytest.mark.parametrize(
    "text", ['{"a": {"b": 1}} x', "a and not b c", "x is not none(y) z", "1.5 2.5", "a | f(b=1) c"]
)
def test_what_only_looks_like_a_slip_is_not_called_one(text: str) -> None:
    [(_, _, message, _)] = _said(text)
    assert message.startswith("something is missing between")


def test_several_slips_are_all_reported() -> None:
    assert [place for _, place, _, _ in _said('a = 1 && !b || c == "x"')] == ["=", "&&", "!", "||"]


def test_an_expression_nested_too_deeply_is_refused() -> None:
    assert _said("-" * MAX_DEPTH + "1")[0][2] == "the expression is nested too deeply"
    assert parse("-" * (MAX_DEPTH - 1) + "1")[0] is not None


def test_parentheses_nest_as_deep_as_one_likes() -> None:
    assert parse("(" * 5000 + "a" + ")" * 5000)[0] == ast.Name("a")


def test_an_expression_too_long_is_refused() -> None:
    assert _said("a" * (MAX_LENGTH + 1))[0][2] == "the expression has more than 20,000 characters"


def test_tokens_cover_all_of_the_text_but_spaces() -> None:
    text = "a |b('x')  ==\n1.5e3 §"
    assert "".join(token.text for token in scan(text)) == "".join(text.split())


def test_names_are_given_with_every_place() -> None:
    sink = Sink()
    expression = parse_expression(MappedText.detached("a + b.a | f(x=a)"), sink)
    assert expression is not None
    assert {name: [node.start for node in nodes] for name, nodes in expression.names.items()} == {
        "a": [0, 14],
        "b": [4],
    }


@pytest.mark.parametrize(
    ("file", "offsets"),
    [
        ("when: a &&\n  b", None),
        ('when: "a \\x26& b"', (7, 8, 9, 13, 14, 15, 16)),
    ],
)
def test_a_finding_is_underlined_through_quotes_and_folds(file: str, offsets: tuple[int, ...] | None) -> None:
    value = "a && b"
    if offsets is None:
        offsets = (*range(6, 10), 10, 13, 14)
    sink = Sink()
    assert parse_expression(MappedText.scattered(value, SourceFile("spec.yaml", file), offsets), sink) is None
    [found] = sink.sorted()
    assert found.span is not None
    assert found.span.text in ("&&", "\\x26&")

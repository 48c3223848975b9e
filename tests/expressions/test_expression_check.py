"""What the checker says, and where, and what it lets pass."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from atk_interp.diagnostics import Severity, Sink
from atk_interp.expressions import CODES, ast, check_expression, parse_expression, unparse
from atk_interp.expressions.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    NULL,
    TEXT,
    ListType,
    RecordType,
    TextType,
    Type,
    maybe,
    type_of,
)
from atk_interp.source import MappedText
from expressions.generated import REFUSED, ask_us, scopes, trees

_SCOPE: dict[str, Type] = {
    "question": TEXT,
    "answer": maybe(TEXT),
    "n": INT,
    "score": FLOAT,
    "verdict": TextType(("suitable", "unsuitable")),
    "tags": ListType(TEXT),
    "turns": ListType(RecordType({"role": TextType(("user", "assistant")), "text": TEXT})),
    "ok": BOOL,
    "votes": ListType(BOOL),
    "answers": ListType(TextType(("yes", "no"))),
    "meta": RecordType({"title": TEXT, "year": maybe(INT)}),
    "extra": RecordType({"known": INT}, open=True),
    "reply": maybe(RecordType({"text": TEXT})),
    "notes": ListType(RecordType({"body": maybe(TEXT)})),
    "maybes": ListType(maybe(TEXT)),
    "x": ANY,
}


def _checked(text: str) -> tuple[Type, list[tuple[str, str, str, str | None]]]:
    sink = Sink()
    expression = parse_expression(MappedText.detached(text), sink)
    assert expression is not None, [found.message for found in sink]
    type_ = check_expression(expression, _SCOPE, sink)
    said = [
        (found.code.id, found.span.text if found.span else "", found.message, found.help) for found in sink.sorted()
    ]
    return type_, said


_TYPES: list[tuple[str, Type]] = [
    ("question | length > 10", BOOL),
    ("n + 1", INT),
    ("n / 2", FLOAT),
    ("n * score", FLOAT),
    ("question + 'x'", TEXT),
    ("'ab' * n", TEXT),
    ("tags + ['a']", ListType(TEXT)),
    ("question ~ n", TEXT),
    ("x.y.z[3] + 1", ANY),
    ("x | length", INT),
    ("answer or 'none'", TEXT),
    ("answer and ok", ANY),
    ("n if ok", maybe(INT)),
    ("n if ok else score", FLOAT),
    ("meta.year", maybe(INT)),
    ("extra.unknown", ANY),
    ("turns[0].text", TEXT),
    ("turns[1:]", ListType(RecordType({"role": TextType(("user", "assistant")), "text": TEXT}))),
    ("turns | map(attribute='text') | list", ListType(TEXT)),
    ("tags | map('length') | list", ListType(INT)),
    ("tags | map('length') | sum", INT),
    ("tags | first", TEXT),
    ("tags | select('eq', 'a') | list", ListType(TEXT)),
    ("votes | share", FLOAT),
    ("tags | pick", TEXT),
    ("{'a': 1} | pick", TEXT),
    ("tags | shuffled", ListType(TEXT)),
    ("tags or []", ListType(TEXT)),
    ("tags if ok else []", ListType(TEXT)),
    ("[] if ok else 'x'", ANY),
    ("chance(0.5)", BOOL),
    ("range(3) | list", ListType(INT)),
    ("{'a': n, 'b': [ok]}", RecordType({"a": INT, "b": ListType(BOOL)})),
    ("n | abs", INT),
    ("question | int", INT),
    ("question | int(none)", ANY),
    ("row.id", TEXT),
    ("seed + sample + attempt", INT),
    ("not answer", BOOL),
    ("none", NULL),
]


@pytest.mark.parametrize(("text", "type_"), _TYPES, ids=[text for text, _ in _TYPES])
def test_what_makes_sense_has_a_type_and_no_findings(text: str, type_: Type) -> None:
    assert _checked(text) == (type_, [])


_SILENT = [
    "answer is not none and answer | length > 3",
    "answer and answer | length > 3",
    "not answer or answer | length > 3",
    "answer is none or answer | length > 3",
    "answer | length if answer else 0",
    "0 if answer is none else answer | length",
    "answer != none and answer | length > 3",
    "answer == 'x' and answer | length > 0",
    "(answer == 'x' or answer == 'y') and answer | length > 0",
    "answer in ['x', 'y'] and answer | length > 0",
    "not (answer is none or ok) and answer | length > 0",
    "answer is string and answer | upper == 'A'",
    "reply is not none and reply.text | length > 0",
    "meta.year is not none and meta.year > 1900",
    "answer == 'x'",
    "answer in tags",
    "answer is none",
    "question == none",
    "answer | default('x', true) | length",
    "verdict == 'suitable'",
    "verdict in ['suitable', 'unsuitable']",
    "ok == 1",
    "n == 1.0",
    "x is matching(x)",
    "x | pick(weights=x)",
    "turns | selectattr('role', 'eq', 'user') | list | length > 0",
    "x | sum(attribute='n', start=x)",
    "notes | selectattr('body') | map(attribute='body') | map('upper') | join(', ')",
    "notes | rejectattr('body', 'none') | map(attribute='body') | map('length') | sum > 3",
    "maybes | select | map('upper') | list",
    "maybes | reject('none') | join",
    "maybes | select('string') | map('upper') | list",
    "maybes | map('default', '', true) | map('upper') | list",
    "notes[0].body and notes[0].body | upper",
    "meta['year'] is not none and meta['year'] > 1900",
    "meta.year is not none and meta['year'] > 1900",
    "not (answer is none or n > 1) and answer | upper",
    "(answer or 'x') | length",
    "[answer, question] | select | list",
    "{'a': answer}.a is none",
    "(answer if ok else question) or ''",
    "votes | share >= 1 and ok | share > 0",
    "question | coverage(question) <= 1",
    "verdict | upper == 'SUITABLE'",
    "turns | sort(attribute='role,text') | first",
    "tags | join(', ') ~ n",
    "x.a.b[0] | upper and x + 1 > x | length",
    "answer is none or n > 1 and answer | length > 2",
    "question | language == 'de' or question | language in ['en', 'und']",
    "[1, 'a'][n] + 1",
    "'yes' in answers",
    "answers | select('eq', 'yes') | list",
    "answers | select('in', ['yes']) | list",
    "verdict == (answers[0] if ok else 'suitable')",
    "question | replace('a', 1)",
]


@pytest.mark.parametrize("text", _SILENT)
def test_nothing_is_said_of_what_can_work(text: str) -> None:
    assert _checked(text)[1] == []


_FINDINGS = [
    ("quesion != ''", "ATK302", "quesion", "unknown name `quesion`", "did you mean `question`?"),
    ("quesion | default('x')", "ATK302", "quesion", "unknown name `quesion`", "did you mean `question`?"),
    ("meta.titel", "ATK302", "titel", "`meta` has no field `titel`", "did you mean `title`?"),
    ("meta['titel']", "ATK302", "'titel'", "`meta` has no field `titel`", "did you mean `title`?"),
    ("row.question", "ATK302", "question", "`row` has no field `question`", "write `question`"),
    ("turns | map(attribute='txt') | list", "ATK302", "'txt'", "the items have no field `txt`", "did you mean `text`?"),
    (
        "turns | sort(attribute='rôle') | list",
        "ATK302",
        "'rôle'",
        "the items have no field `rôle`",
        "did you mean `role`?",
    ),
    (
        "turns | sum(attribute='text')",
        "ATK305",
        "turns",
        "`sum` needs each item to be a number or true or false, and here each is text",
        None,
    ),
    (
        "maybes | map('upper') | list",
        "ATK309",
        "'upper'",
        "an item may be none here, where `upper` fails",
        'leave those out first: `| reject("none")`',
    ),
    (
        "notes | selectattr('body', 'matching', 'a') | list",
        "ATK309",
        "'matching'",
        "an item may be none here, where `matching` fails",
        'leave those out first: `| rejectattr("body", "none")`',
    ),
    ("maybes | join", "ATK309", "maybes", "an item may be none here, where `join` fails", "leave those out first"),
    (
        "votes | share >= 60",
        "ATK307",
        "60",
        "`share` gives a number from 0 to 1: this comes out the same on every row",
        "write `0.6` for 60 %",
    ),
    (
        "verdict | upper == 'suitable'",
        "ATK307",
        "'suitable'",
        "`verdict | upper` is never `suitable`",
        "did you mean `SUITABLE` or `UNSUITABLE`?",
    ),
    (
        "question | splits(',')",
        "ATK303",
        "splits",
        "there is no filter `splits`",
        "did you mean `split`, `list` or `slice`?",
    ),
    (
        "question | regex_replace('a', 'b')",
        "ATK303",
        "regex_replace",
        "there is no filter `regex_replace`",
        "write `| replaced(regex, with)`",
    ),
    ("question | from_json", "ATK303", "from_json", "there is no filter `from_json`", "write `| fromjson`"),
    (
        "question | split(',') == 'a'",
        "ATK307",
        "question | split(',') == 'a'",
        "`==` never holds between a list and text",
        None,
    ),
    ("question | split('')", "ATK305", "''", "the separator must not be empty", None),
    ("question | replaced('(', '')", "ATK308", "(", "not a regular expression: missing )", None),
    ("question | replaced('a', '\\\\1')", "ATK305", "replaced('a', '\\\\1')", "there is no group `1` in `a`", None),
    ("question | lenght", "ATK303", "lenght", "there is no filter `lenght`", "did you mean `length`?"),
    ("question | len", "ATK303", "len", "there is no filter `len`", "write `| length`"),
    (
        "tags | random",
        "ATK303",
        "random",
        "there is no filter `random`",
        "use `pick`, which draws the same on every run",
    ),
    (
        "question | matching('a')",
        "ATK303",
        "matching",
        "there is no filter `matching`",
        "`matching` is a test: write `is matching`",
    ),
    ("question is matchin('a')", "ATK304", "matchin", "there is no test `matchin`", "did you mean `matching`?"),
    (
        "question is empty",
        "ATK304",
        "empty",
        "there is no test `empty`",
        'write `== ""` for text, `== []` for a list, or `not …`',
    ),
    ("question is length", "ATK304", "length", "there is no test `length`", "`length` is a filter: write `| length`"),
    (
        "question | replace('a')",
        "ATK305",
        "replace('a')",
        "`replace` needs its argument `new`",
        "it is written `replace(old, new, count=none)`",
    ),
    ("question | upper(1)", "ATK305", "1", "`upper` takes no arguments, not 1", "it is written `upper`"),
    (
        "question | truncate(lenght=3)",
        "ATK305",
        "lenght",
        "`truncate` has no parameter `lenght`",
        "did you mean `length`?",
    ),
    ("chance('a')", "ATK305", "'a'", "`p` of `chance` is a number, not text", None),
    ("tags | share", "ATK305", "tags", "`share` needs each item to be true or false, and here each is text", None),
    ("turns | map('upper') | list", "ATK305", "'upper'", "`upper` needs text, and each item is a record", None),
    ("tags | select('evn') | list", "ATK305", "'evn'", "there is no test `evn`", "did you mean `even`, `eq` or `in`?"),
    ("tags | map(question) | list", "ATK305", "question", "the name of a filter in quotes is needed here", None),
    (
        "tags | map | list",
        "ATK305",
        "map",
        "`map` needs a field or the name of a filter",
        'write `map(attribute="field")` or `map("filter")`',
    ),
    (
        "question + n",
        "ATK306",
        "question + n",
        "`+` cannot work on text and a whole number",
        "join text and other values with `~`",
    ),
    (
        "n < question",
        "ATK306",
        "n < question",
        "`<` cannot work on a whole number and text",
        "make a number of the text: `| float`",
    ),
    (
        "ok + 1",
        "ATK306",
        "ok",
        "`+` needs text, a number or a list, and `ok` is true or false",
        "true and false become 1 and 0 by `| int`",
    ),
    ("-question", "ATK306", "question", "`-` needs a number, and `question` is text", None),
    (
        "question ~ tags",
        "ATK306",
        "tags",
        "`~` needs text, a number or true or false, and `tags` is a list",
        'write `tags | join(", ")`',
    ),
    (
        "question.length",
        "ATK306",
        "length",
        "`question` is text and has no field `length`",
        "write `question | length`",
    ),
    ("n[0]", "ATK306", "n", "`[…]` needs text, a list or a record, and `n` is a whole number", None),
    ("tags['a']", "ATK306", "'a'", "the place of an item needs a whole number, and `'a'` is text", None),
    ("n[1:]", "ATK306", "n", "`[a:b]` needs text or a list, and `n` is a whole number", None),
    ("n in question", "ATK306", "n", "`in` text needs text, and `n` is a whole number", None),
    ("question in n", "ATK306", "n", "`in` needs text, a list or a record, and `n` is a whole number", None),
    ("n is matching('1')", "ATK306", "n", "`matching` needs text, and `n` is a whole number", None),
    ("none | length", "ATK306", "none", "`length` needs text, a list or a record, and `none` is none", None),
    (
        "verdict == 'sutable'",
        "ATK307",
        "'sutable'",
        "`verdict` is never `sutable`",
        "did you mean `suitable` or `unsuitable`?",
    ),
    (
        "'sutable' == verdict",
        "ATK307",
        "'sutable'",
        "`verdict` is never `sutable`",
        "did you mean `suitable` or `unsuitable`?",
    ),
    ("verdict is eq('good')", "ATK307", "'good'", "`verdict` is never `good`", None),
    ("verdict in ['suitable', 'good']", "ATK307", "'good'", "`verdict` is never `good`", None),
    ("n == '3'", "ATK307", "n == '3'", "`==` never holds between a whole number and text", "write `3` without quotes"),
    ("n != '3'", "ATK307", "n != '3'", "`!=` always holds between a whole number and text", "write `3` without quotes"),
    (
        "ok == 'true'",
        "ATK307",
        "ok == 'true'",
        "`==` never holds between true or false and text",
        "write `true` without quotes",
    ),
    (
        "question == 3",
        "ATK307",
        "question == 3",
        "`==` never holds between text and a whole number",
        'write `"3"`, or make a number of the text: `| float`',
    ),
    ("n in tags", "ATK307", "n in tags", "a whole number is never in a list of text", None),
    ("n in ['1', 2]", "ATK307", "'1'", "`n` is a whole number and never equals text", "write `1` without quotes"),
    ("'a' == 'b'", "ATK307", "'a'", "two different texts: the comparison never holds", None),
    ("'yse' in answers", "ATK307", "'yse'", "an item of `answers` is never `yse`", "did you mean `yes`?"),
    (
        "answers | select('eq', 'yse') | list",
        "ATK307",
        "'yse'",
        "an item of `answers` is never `yse`",
        "did you mean `yes`?",
    ),
    (
        "answers | reject('in', ['yes', 'on']) | list",
        "ATK307",
        "'on'",
        "an item of `answers` is never `on`",
        "did you mean `no`?",
    ),
    (
        "votes | select('eq', 'yes') | list",
        "ATK307",
        "'yes'",
        "an item of `votes` is true or false and never equals text",
        None,
    ),
    (
        "turns | selectattr('role', 'eq', 'usr') | list",
        "ATK307",
        "'usr'",
        "`role` of an item is never `usr`",
        "did you mean `user`?",
    ),
    ("verdict == answers[0]", "ATK307", "verdict == answers[0]", "`verdict` and `answers[0]` are never equal", None),
    ("question is matching('(a')", "ATK308", "(a", "not a regular expression: missing )", None),
    (
        "question is matching('\\\\d(?=x)')",
        "ATK308",
        "(?=",
        "not a regular expression: look-ahead does not exist in RE2",
        None,
    ),
    (
        "question is matching('(a)\\\\1')",
        "ATK308",
        "\\\\1",
        "not a regular expression: back-references do not exist in RE2",
        None,
    ),
    ("tags | select('matching', '[') | list", "ATK308", "[", "not a regular expression: missing ]", None),
    (
        "answer | length > 3",
        "ATK309",
        "answer",
        "`answer` may be none here, where `length` fails",
        "ask first: `answer is not none and …`",
    ),
    (
        "meta.year > 1900",
        "ATK309",
        "meta.year",
        "`meta.year` may be none here, where `>` fails",
        "ask first: `meta.year is not none and …`",
    ),
    (
        "reply.text",
        "ATK309",
        "reply",
        "`reply` may be none here, and none has no fields",
        "ask first: `reply is not none and …`",
    ),
    (
        "question | coverage(answer)",
        "ATK309",
        "answer",
        "`answer` may be none here, where `coverage` fails",
        "ask first: `answer is not none and …`",
    ),
    (
        "answer | default('x') | length",
        "ATK309",
        "answer | default('x')",
        "`default` stands in for a missing field, not for none",
        "write `answer | default(…, true)` or `answer or …`",
    ),
    ("question == null", "ATK311", "null", "`null` is `none` here", "write `none`"),
    ("ok == TRUE", "ATK311", "TRUE", "`TRUE` is `true` here", "write `true`"),
    (
        "question is matching('\\bcat')",
        "ATK313",
        "'\\bcat'",
        "`\\b` is a backspace character in a text",
        "write `\\\\b` for a word boundary",
    ),
]


@pytest.mark.parametrize(("text", "code", "place", "message", "help"), _FINDINGS, ids=[case[0] for case in _FINDINGS])
def test_a_mistake_is_told_once_where_it_stands(
    text: str, code: str, place: str, message: str, help: str | None
) -> None:
    assert _checked(text)[1] == [(code, place, message, help)]


def test_every_code_has_a_case_and_a_page() -> None:
    seen = {case[1] for case in _FINDINGS} | {"ATK301", "ATK310", "ATK312"}
    assert {code.id for code in CODES} == seen
    assert all(code.finds and code.why and code.bad and code.good for code in CODES)


def test_the_caller_can_say_where_a_name_was_looked_for() -> None:
    sink = Sink()
    expression = parse_expression(MappedText.detached("quesion"), sink)
    assert expression is not None
    check_expression(expression, _SCOPE, sink, explain_unknown=lambda name: ((f"no step writes `{name}`",), "ask"))
    [found] = sink
    assert (found.notes, found.help) == (("no step writes `quesion`",), "ask")


def test_a_name_of_the_scope_goes_before_a_built_in_one() -> None:
    sink = Sink()
    expression = parse_expression(MappedText.detached("seed | upper"), sink)
    assert expression is not None
    check_expression(expression, {"seed": TEXT}, sink)
    assert not [*sink]


@pytest.mark.slow
@settings(max_examples=400)
@given(trees(3), scopes())
def test_an_error_is_only_reported_for_what_cannot_work(tree: ast.Node, scope: dict[str, object]) -> None:
    """With the exact types of a row, an expression with an operand error does not evaluate on that row."""
    text = unparse(tree)
    sink = Sink()
    expression = parse_expression(MappedText.detached(text), sink)
    if expression is None:
        return
    check_expression(expression, {name: type_of(value) for name, value in scope.items()}, sink)
    errors = {found.code.id for found in sink if found.severity is Severity.ERROR}
    if errors & {"ATK303", "ATK304", "ATK306"} and not _has_branches(expression.root):
        assert ask_us(text, scope) is REFUSED, [found.message for found in sink]


def _has_branches(root: ast.Node) -> bool:
    """Whether a part may never be evaluated, or is evaluated for no item."""
    skipping = (ast.And, ast.Or, ast.Conditional)
    each = ("map", "select", "reject", "selectattr", "rejectattr")
    return any(
        isinstance(node, skipping)
        or (isinstance(node, ast.Filter) and node.name in each)
        or (isinstance(node, ast.Comparison) and len(node.rest) > 1)
        for node in ast.walk(root)
    )

"""The tables of filters, tests and functions, and the page that describes them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import jinja2
import pytest

from atk_interp.expressions import CALLS, CODES, FILTERS, TESTS, template_filters, template_tests
from atk_interp.expressions.functions import Form, Function, signature
from atk_interp.expressions.types import Type
from expressions.generated import JINJA, ask_us, same

_ALL = {
    **{f"| {name}": function for name, function in FILTERS.items()},
    **{f"is {name}": function for name, function in TESTS.items()},
    **{f"{name}()": function for name, function in CALLS.items()},
}
_PROPER = {name: function for name, function in _ALL.items() if function.name in name}


@pytest.fixture(scope="module")
def page(project_root: Path) -> str:
    return (project_root / "docs" / "expressions.md").read_text("utf-8")


@pytest.mark.parametrize("name", _PROPER)
def test_the_example_gives_what_it_says(name: str) -> None:
    example = _ALL[name].example
    assert same(ask_us(example.expression, {"row": {"id": "r"}, "seed": 1}), example.value)


@pytest.mark.parametrize("name", _PROPER)
def test_the_page_lists_the_function_with_its_signature_and_line(name: str, page: str) -> None:
    function = _ALL[name]
    written = signature(function) if function.form not in (Form.EACH, Form.CHOSEN) else function.name
    assert re.search(rf"^\| `{re.escape(written.replace('|', chr(92) + '|'))}[`( ]", page, re.MULTILINE), written
    assert function.doc.replace("|", "\\|") in page


def test_the_page_lists_nothing_that_does_not_exist(page: str) -> None:
    tables = page[page.index("## Filters") :]
    listed = {match.split("(")[0] for match in re.findall(r"^\| `([a-z]+[^`]*)`", tables, re.MULTILINE)}
    assert listed == {function.name for function in _ALL.values()}


def test_the_page_lists_every_code(page: str) -> None:
    assert [code.id for code in CODES if f"`{code.id}`" not in page] == []


@pytest.mark.parametrize("name", [name for name, function in _ALL.items() if function.in_jinja])
def test_parameters_are_named_and_ordered_as_in_jinja(name: str) -> None:
    function = _ALL[name]
    table = JINJA.filters if name.startswith("|") else JINJA.tests if name.startswith("is") else JINJA.globals
    theirs = table[name.strip("| ()").removeprefix("is ")]
    if function.form in (Form.EACH, Form.CHOSEN) or not inspect.isfunction(theirs) or name == "range()":
        return
    passed = {"environment", "env", "eval_ctx", "context"}
    names = [parameter for parameter in inspect.signature(theirs).parameters if parameter not in passed][1:]
    assert [parameter.name for parameter in function.parameters] == names


def test_what_is_not_jinja_is_marked_so() -> None:
    ours = {name for name, function in FILTERS.items() if not function.in_jinja}
    texts = {"tokens", "similarity", "coverage", "copied", "longest_copy", "language", "redacted", "cased"}
    quality = {"repetition", "special_characters", "readability"}
    lists = {"turns", "flatten", "split", "sentences", "askable", "fromjson", "replaced"}
    assert ours == {*texts, *quality, *lists, "share", "hash", "pick", "shuffled", "chance", "random_case", "typos"}
    assert not ours & JINJA.filters.keys()
    assert {name for name, function in TESTS.items() if not function.in_jinja} == {"matching"}


def test_result_types_hold_for_the_examples() -> None:
    assert all(isinstance(function.result, Type) or callable(function.result) for function in _ALL.values())


def test_templates_get_what_jinja_does_not_have() -> None:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.filters.update(template_filters())
    environment.tests.update(template_tests())
    template = environment.from_string(
        "{{ votes | share }} {{ text is matching(pattern='a+') }} {{ text | coverage(text) }}"
        " {{ (text | split('d'))[1] }} {{ ('[7]' | fromjson)[0] }} {{ text | replaced('a+', with='-') }}"
    )
    assert template.render(votes=[True, False], text="aardvark") == "0.5 True 1.0 vark 7 -rdv-rk"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1 | tokens }}",
        "{{ 'a' | coverage }}",
        "{{ 'a' | coverage('a', 'b') }}",
        "{{ 'a' | tokens(x=1) }}",
        "{{ 'a' | coverage(1) }}",
    ],
)
def test_templates_are_told_what_does_not_fit(text: str) -> None:
    environment = jinja2.Environment()
    environment.filters.update(template_filters())
    with pytest.raises(ValueError, match="`"):
        environment.from_string(text).render()


@pytest.mark.parametrize("function", FILTERS.values(), ids=FILTERS)
def test_a_page_line_is_one_sentence(function: Function) -> None:
    assert function.doc.endswith(".")
    assert "\n" not in function.doc


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[] | share", 0.0),
        ("true | share", 1.0),
        ("'a b' | tokens", 2),
        ("[1, 'a'] | hash", "13023f35"),
        ("'The Cat' | similarity('the cat')", 1.0),
        ("'' | similarity('')", 1.0),
        ("'' | coverage('x')", 0.0),
        ("'a b c d e. A b c d e.' | repetition", 0.5),
        ("'one two three' | repetition", 0.0),
        ("'' | repetition(1)", 0.0),
        ("'aaa aaa bb' | repetition(1)", 0.375),
        ("'jo@example.org 10.0.0.1' | redacted(only=['ip'])", "jo@example.org [IP]"),
        ("'What is 1999?' | coverage('in 1998')", 0.0),
        ("'Does a colony eat glass?' | coverage('Colonies of bees eat grasses.')", 0.6666666666666666),
        ("'猫が好き' | similarity('犬が好き')", 0.6),
        ("'Übung' is matching('(?i)^üb')", True),
        ("'a.b' is matching('a\\\\.b')", True),
        ("['a1', 'b'] | select('matching', '[0-9]') | list", ["a1"]),
        ("[{'a': {'b': 1}}] | map(attribute='a.b') | list", [1]),
        ("[{'a': 1}, {}] | map(attribute='a', default=0) | list", [1, 0]),
        ("[{'a': 1}, {}] | selectattr('a', 'defined') | list", [{"a": 1}]),
        ("[1, 2, 3] | batch(2, 0) | list", [[1, 2], [3, 0]]),
        ("[1, 2, 3, 4] | slice(3, 0) | list", [[1, 2], [3, 0], [4, 0]]),
        ("' a  b\\n' | split", ["a", "b"]),
        ("'a, b,' | split(',')", ["a", " b", ""]),
        ("'' | split(',')", [""]),
        ("'a; b' | split(';') | map('trim') | join('|')", "a|b"),
        ("' {\"a\": [1.5, null]} ' | fromjson", {"a": [1.5, None]}),
        ('(\'{"a": {"b": 2}}\' | fromjson).a.b', 2),
        ("'1a22b' | replaced('[0-9]+', with='é')", "éaéb"),
        ("'(p. 7)' | replaced('(?P<n>[0-9])', '\\\\g<n>\\\\1')", "(p. 77)"),
        ("'<é>' | tojson", '"\\u003c\\u00e9\\u003e"'),
    ],
)
def test_known_answers_of_functions(text: str, value: object) -> None:
    found = ask_us(text, {})
    assert same(found[:8] if "hash" in text else found, value)

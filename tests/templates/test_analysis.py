"""What a template needs is known before a row is there, and underlined where it stands."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.diagnostics import Sink
from atk_interp.expressions.types import ANY, INT, TEXT, ListType, RecordType, Type, maybe
from atk_interp.source import MappedText
from atk_interp.templates import check_template, compile_template, used_names
from atk_interp.templates.environment import Sandbox

SCOPE: dict[str, Type] = {
    "text": TEXT,
    "size": INT,
    "tags": ListType(TEXT),
    "turns": ListType(RecordType({"question": TEXT, "answer": TEXT})),
    "row": RecordType({"id": TEXT, "source": TEXT}),
    "extra": RecordType({}, open=True),
    "note": maybe(TEXT),
    "any": ANY,
}


def findings(text: str) -> list[tuple[str, str]]:
    """The code of each finding, and what it underlines."""
    sink = Sink()
    template = compile_template(MappedText.detached(text), sink)
    assert template is not None, sink.sorted()
    check_template(template, SCOPE, sink)
    return [(found.code.id, found.span.text if found.span else "") for found in sink.sorted()]


@pytest.mark.parametrize(
    "text",
    [
        "{{ text }} {{ size + 1 }} {{ tags | join(', ') }} {{ turns[0].answer }}",
        "{% for turn in turns %}{{ loop.index }} {{ turn.question }}{% endfor %}",
        "{% for key, value in extra.items() %}{{ key }}{{ value }}{% endfor %}",
        "{% set a = text %}{{ a }}",
        "{% set a %}x{% endset %}{{ a | upper }}",
        "{% if size %}{% set a = 1 %}{% else %}{% set a = 2 %}{% endif %}{{ a }}",
        "{% macro m(x) %}{{ x }}{{ caller() }}{% endmacro %}{% call m(1) %}y{% endcall %}",
        "{% with a = size %}{{ a }}{% endwith %}",
        "{{ other | default('x') }} {{ other is defined }}",
        "{{ extra.anything.at.all }} {{ any.thing }}",
        "{{ text.upper() }} {{ text.split('a')[0] }} {{ turns[0].items() }}",
        "{{ note or '' }} {% if note %}{{ note }}{% endif %} {% for x in note or [] %}{{ x }}{% endfor %}",
        "{% raw %}{{ nothing }}{% endraw %} {# {{ nothing }} #}",
        "{{ range(3) | list }}",
        "{{ turns | map(attribute='question') | join }}",
    ],
)
def test_what_is_right_is_not_complained_of(text: str) -> None:
    assert findings(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ txt }}", [("ATK403", "txt")]),
        ("{{ text }} {{ text.nothing }} {{ nothing }}", [("ATK404", "nothing"), ("ATK403", "nothing")]),
        ("{{ a }} {{ a }}", [("ATK403", "a")]),
        ("{{ row.text }}", [("ATK404", "text")]),
        ("{{ row['text'] }}", [("ATK404", "text")]),
        ("{{ size.real2 }}", [("ATK404", "real2")]),
        ("{{ turns.answer }}", [("ATK404", "answer")]),
        ("{% for t in turns %}{{ t.anwser }}{% endfor %}{{ t }}", [("ATK404", "anwser"), ("ATK403", "t")]),
        ("{{ loop.index }}{% for t in turns %}{{ loop.index }}{% endfor %}", [("ATK403", "loop")]),
        ("{% for letter in text %}{% endfor %}", [("ATK408", "text")]),
        ("{% for digit in size %}{% endfor %}", [("ATK408", "size")]),
        ("{{ text | replace(a, b) }}", [("ATK403", "a"), ("ATK403", "b")]),
        ("{% if a and b %}{% elif c %}{% else %}{{ d }}{% endif %}", [("ATK403", x) for x in "abcd"]),
        ("x\n  {{- a -}}  \n{{ b }}", [("ATK403", "a"), ("ATK403", "b")]),
        ("{{ text | nofilter }}{{ a }}", [("ATK409", "nofilter"), ("ATK403", "a")]),
        ("{{ text is notest }}", [("ATK409", "notest")]),
        ("{{ text is matching('(') }}", [("ATK308", "'('")]),
        ("{{ tags | select('matching', pattern='[') | list }}", [("ATK308", "'['")]),
        ("{{ turns | rejectattr('answer', 'matching', '(?=a)') | list }}", [("ATK308", "'(?=a)'")]),
        ("{{ text | replaced('(', '[') }}", [("ATK308", "'('")]),
        ("{{ text | replaced(with='(', regex='[') }}", [("ATK308", "'['")]),
        ("{{ text is matching('\\bcat') }}", [("ATK313", "'\\bcat'")]),
    ],
)
def test_what_is_wrong_is_underlined_in_reading_order(text: str, expected: list[tuple[str, str]]) -> None:
    assert findings(text) == expected


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ a }}{{ b.c }}{% if d %}{% endif %}", {"a", "b", "d"}),
        ("{% for x in xs %}{{ x }}{{ loop.index }}{% endfor %}", {"xs"}),
        ("{% set a = b %}{{ a }}", {"b"}),
        ("{{ a | default(b) }}", {"b"}),
        ("{% raw %}{{ a }}{% endraw %}", set()),
    ],
)
def test_the_names_that_a_template_uses(text: str, names: set[str]) -> None:
    template = compile_template(MappedText.detached(text), Sink())
    assert template is not None

    assert used_names(template) == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ note }}", ["ATK436"]),
        ("{% if size %}{{ note }}{% endif %}", ["ATK436"]),
        ("{% if note and size %}{{ note }}{% else %}{{ note }}{% endif %}", ["ATK436"]),
        ("{{ note | upper }} {{ note | trim | title }}", ["ATK436", "ATK436"]),
        ("{% set loud = note | upper %}{{ loud }}", ["ATK436"]),
        ("{% if note %}{{ note | upper }}{% endif %}", []),
        ("{{ note | upper if note }} {{ (note or 'x') | upper }} {{ note | default('', true) | upper }}", []),
        ("{{ note | tojson }} {{ size | string | upper }}{% for x in note | lower %}{{ x }}{% endfor %}", []),
        ("{{ tags }}", ["ATK435"]),
        ("{{ turns[0] }}", ["ATK435"]),
        ("{% for turn in turns %}{{ turn }}{% endfor %}", ["ATK435"]),
        ("{{ tags | tojson }} {{ turns | length }}", []),
    ],
)
def test_what_python_would_print_in_its_own_way_is_told(text: str, expected: list[str]) -> None:
    assert [code for code, _ in findings(text)] == expected


@given(st.text(st.sampled_from("ab{}%#}\n\r \t'\"é<|"), max_size=12))
def test_a_text_without_tags_is_read_as_jinja_reads_it(text: str) -> None:
    theirs = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    try:
        expected = theirs.parse(text)
    except jinja2.TemplateSyntaxError:
        return
    assert Sandbox().parse(text) == expected

"""Templates run in a sandbox, fail on what is undefined, and cost no more than their bounds."""

from __future__ import annotations

from typing import Any

import pytest

from atk_interp.diagnostics import Sink
from atk_interp.source import MappedText
from atk_interp.templates import RenderError, Template, compile_template


def template(text: str) -> Template:
    sink = Sink()
    made = compile_template(MappedText.detached(text, "t.yaml"), sink)
    assert made is not None, sink.sorted()
    assert not sink.has_errors, sink.sorted()
    return made


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("plain", {}, "plain"),
        ("{{ a }}-{{ b.c }}", {"a": 1, "b": {"c": "x"}}, "1-x"),
        ("{% for x in xs %}\n  {{ x }}\n{% endfor %}\n", {"xs": [1, 2]}, "  1\n  2\n"),
        ("{% if a %}\nyes\n{% endif %}\nend", {"a": True}, "yes\nend"),
        ("{{ a }}", {"a": "{{ b }} {% raw %}"}, "{{ b }} {% raw %}"),
        ("{{ '<b>' }}", {}, "<b>"),
        ("{{ text | tokens }}", {"text": "one two"}, "2"),
        ("{{ a | default('x') }}", {}, "x"),
    ],
)
def test_what_a_template_gives(text: str, names: dict[str, Any], expected: str) -> None:
    assert template(text).render(names) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{{ missing }}",
        "{{ a.missing }}",
        "{{ a.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ a['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ xs.append(3) }}",
        "{{ '{0.__class__}'.format(a) }}",
        "{{ range(100000) | list }}",
        "{{ 'x' * 100000000 }}",
        "{{ 100000000 * [1] }}",
        "{{ 9 ** 99999999 }}",
        "{% for a in range(9999) %}{% for b in range(999) %}xxxxxxxx{% endfor %}{% endfor %}",
        "{{ 1 / 0 }}",
        "{{ [1][5] }}",
        "{{ 'a' + 1 }}",
    ],
)
def test_what_cannot_be_rendered_says_so_with_its_place(text: str) -> None:
    with pytest.raises(RenderError, match=r"^t\.yaml:1: "):
        template(text).render({"a": {"x": 1}, "xs": [1]})


@pytest.mark.parametrize("name", ["random", "e", "safe", "urlize", "pprint"])
def test_filters_that_are_unseeded_or_write_html_do_not_exist(name: str) -> None:
    sink = Sink()
    compile_template(MappedText.detached(f"{{{{ 'a' | {name} }}}}"), sink)

    assert [found.code.id for found in sink] == ["ATK409"]


@pytest.mark.parametrize("name", ["open", "import", "exec", "os", "lipsum", "cycler", "namespace", "dict"])
def test_nothing_of_python_is_in_scope(name: str) -> None:
    with pytest.raises(RenderError):
        template(f"{{{{ {name} }}}}").render({})


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("a {{ b", "`{{` is never closed", "{{"),
        ("a {{ b }", "`{{` is never closed", "{{"),
        ("a {{ b\n\n{% if c %}{% endif %}", "`{{` is never closed", "{{"),
        ("{% if a %}x", "`{% if %}` is never closed", "{% if"),
        ("{% for a in b %}{% if c %}{% endif %}", "`{% for %}` is never closed", "{% for"),
        ("{{ a }} {% endfor %}", "there is nothing here that `{% endfor %}` could belong to", "endfor"),
        ("{% fro a in b %}", "there is no tag `fro`", "fro"),
        ("x\n{{ a b }}", "`}}` is expected here, not `b`", "b"),
        ("{{ }}", "a value is expected before `}}`", "}"),
        ("{{ 'abc }}", None, "'"),
        ("{% block a %}{% endblock %}{% block a %}{% endblock %}", "block `a` defined twice", "block"),
    ],
)
def test_a_mistake_of_syntax_is_underlined(text: str, message: str | None, place: str) -> None:
    sink = Sink()
    compile_template(MappedText.detached(text), sink)
    (found,) = sink

    assert found.code.id == "ATK402"
    assert found.message == message or message is None
    assert found.span is not None
    assert found.span.text == place


def test_line_breaks_of_windows_do_not_move_a_place() -> None:
    sink = Sink()
    compile_template(MappedText.detached("a\r\nb\r\n{{ x | nofilter }}\r\n"), sink)
    (found,) = sink

    assert found.span is not None
    assert (found.span.text, found.span.begin.line) == ("nofilter", 3)

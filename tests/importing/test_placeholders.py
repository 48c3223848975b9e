"""Texts for `str.format` become templates that render to the same text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.diagnostics import Sink
from atk_interp.importing.placeholders import converted
from atk_interp.source import MappedText
from atk_interp.templates import compile_template
from support.foreign_checkout import LeavesMissing

VALUES = {
    "text": "a {b} {{c}} {% raw %} {# x #}",
    "n": 12,
    "f": 1.5,
    "rec": {"a": "x", "b c": "y"},
    "items": ["p", "q"],
    "_empty": "",
    "größe": "9 m",
}


def formatted(text: str) -> str | None:
    """What Python makes of a text for the values; None where it fails."""
    try:
        return LeavesMissing().vformat(text, (), VALUES)
    except (ValueError, LookupError, AttributeError, TypeError):
        return None


def rendered(template: str) -> str:
    sink = Sink()
    compiled = compile_template(MappedText.detached(template + "."), sink)  # Jinja drops a line break at the end
    assert compiled is not None, [*sink]
    return compiled.render(VALUES).removesuffix(".")


PIECES = [
    *("{", "}", "{{", "}}", "{{{", "%", "#", "{%", "{#", "%}", "#}", "-", "\r", "\n", "\r\n", " ", '"', "'", "\\"),
    *(":", "!", "[", "]", ".", "x", "é", "😀", '{"a": 1}', '{"a": {"b": []}}', "{}", "{0}", "{:}", "{!r}", "{ text }"),
    *("{text}", "{n}", "{f}", "{_empty}", "{größe}", "{text!s}", "{text:}", "{text:s}", "{n:>5}", "{n:<5}", "{n:^6}"),
    *("{text:*^60}", "{rec[a]}", "{rec[b c]}", "{items[1]}", "{text[0]}", "{text.foo}", "{text!x}"),
    *("{missing}", "{missing:>9}", "{missing!r}", "{missing[0]}", "{missing.foo}", "{none}", "{if}", "{self}", "{b c}"),
]


@given(st.lists(st.sampled_from(PIECES) | st.text(alphabet="{}%#!:[].ab ", max_size=4), max_size=9).map("".join))
def test_a_template_renders_to_what_python_formats(text: str) -> None:
    found = converted(text, VALUES.__contains__)
    wanted = formatted(text)
    if wanted is None:
        assert found.failed
        rendered(found.template)
    else:
        assert not found.failed
        assert rendered(found.template) == wanted


@given(st.text(alphabet="{}%#-\"'\\\r\n ab", max_size=30))
def test_a_text_that_python_cannot_format_keeps_every_character(text: str) -> None:
    found = converted(text, lambda name: False)
    if found.failed:
        assert rendered(found.template) == text


@pytest.mark.parametrize(
    ("text", "template", "failed"),
    [
        ('{"a": {text}}', '{"a": {{ text }}}', '`{"a": {text}}` cannot be filled in'),
        ('{"a": {{text}}, {text}', '{"a": {{ "{{" }}text}}, {{ text }}', "a `{` stands within another"),
        ("{text} }", "{{ text }} }", "a `}` stands alone"),
        ("{text} {", "{{ text }} {", "a `{` stands alone"),
        ("{} {text}", "{} {{ text }}", "`{}` asks for a value by its place, and there are only names"),
        ("{0} {text}", "{0} {{ text }}", "`{0}` asks for a value by its place, and there are only names"),
        ("{text.foo}", "{text.foo}", "`{text.foo}` asks for an attribute, which no value has"),
        ("{text!x}", "{text!x}", "`{text!x}` has a conversion that does not exist"),
    ],
)
def test_what_was_meant_is_taken_where_python_fails(text: str, template: str, failed: str) -> None:
    found = converted(text, VALUES.__contains__)
    assert (found.template, found.failed) == (template, failed)


@pytest.mark.parametrize(
    ("text", "template", "told"),
    [
        ("{text!r}", "'{{ text }}'", "`{text!r}` is the value as Python writes it; here it stands between quotes"),
        ("{f:.2f}", "{{ f }}", "the format of `{f:.2f}` is left out; write what is meant with a filter"),
        ("{f:{n}}", "{{ f }}", "the format of `{f:{n}}` is left out; write what is meant with a filter"),
        ("{user}", "{user}", "nothing fills in `{user}`, so it stays text; `--fill user` makes it a field"),
    ],
)
def test_what_has_no_equal_is_told_where_it_stands(text: str, template: str, told: str) -> None:
    found = converted(f"ab {text}", VALUES.__contains__)
    assert (found.template, found.told) == (f"ab {template}", ((3, told),))


def test_no_attribute_of_anything_is_looked_up() -> None:
    found = converted("{text.__init__.__globals__[os]} {missing.__class__}", VALUES.__contains__)
    assert found.template == "{text.__init__.__globals__[os]} {missing.__class__}"

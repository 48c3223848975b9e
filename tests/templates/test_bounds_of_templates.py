"""No template can keep `lint` or a run waiting, or fill the memory: it ends with a finding or a `RenderError`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from atk_interp.diagnostics import Sink
from atk_interp.expressions.types import TEXT
from atk_interp.source import MappedText
from atk_interp.templates import RenderError, check_template, compile_template

HUGE = "9" * 9
DOUBLING = "{{% macro m(x, n) %}}{{% if n %}}{body}{{% endif %}}{{% endmacro %}}{{{{ m(start, 99) }}}}"
LOOPS = "{% for a in range(10000) %}{% for b in range(10000) %}{% for c in range(10000) %}"
ENDS = "{% endfor %}{% endfor %}{% endfor %}"


def doubling(start: str, body: str) -> str:
    """A macro that calls itself with something twice as large."""
    return DOUBLING.format(body=body).replace("start", start)


HOSTILE = {
    # computed while compiling, if Jinja may
    "slices": "{{ [1]|slice(200000000)|list|length }}",
    "center": "{{ 'a'|center(3000000000)|length }}",
    "output of constants": "{{ 'a' ~ ('b' * 900000000) }}",
    "autoescape": "{% autoescape 'a'|center(3000000000) %}{% endautoescape %}",
    "condition": "{{ 1 if 'a'|center(3000000000) else 2 }}",
    # loops and calls
    "empty loops": LOOPS + ENDS,
    "silent loops": LOOPS + "{% if a == 'b' %}x{% endif %}" + ENDS,
    "loops over text": "{% for a in 'x' * 5000000 %}{% endfor %}",
    "loops with a test": "{% for a in range(10000) %}{% for b in range(9999) if false %}{% endfor %}{% endfor %}",
    "recursive loop": "{% for a in range(9999) recursive %}{{ loop(range(9999)) if loop.depth < 3 }}{% endfor %}",
    "select without end": "{% for a in range(9999) %}{% set b = range(9999)|select('none')|list %}{% endfor %}",
    "macro": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(99) }}",
    "macro without end": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "caller": "{% macro m(n) %}{% if n %}{{ caller() }}{{ caller() }}{% call m(n - 1) %}"
    "{{ m(0) }}{% call m(n - 1) %}{% endcall %}{% endcall %}{% endif %}{% endmacro %}{% call m(99) %}x{% endcall %}",
    "block": "{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}",
    "search in loops": "{% set s = 'x' * 5000000 %}{% for a in range(10000) %}{% for b in range(99) %}"
    "{% if a ~ 'y' in s %}{% endif %}{% endfor %}{% endfor %}",
    "search in a list": "{% set s = range(9999)|list %}{% for a in range(10000) %}{% for b in range(99) %}"
    "{% if 'y' in s %}{% endif %}{% if b is in s %}{% endif %}{% endfor %}{% endfor %}",
    "slices of text": "{% set s = 'x' * 5000000 %}{% for a in range(10000) %}{% for b in range(99) %}"
    "{% set c = s[1:] %}{% endfor %}{% endfor %}",
    # numbers
    "powers": "{{ (((10**900)**900)**20) % 7 }}",
    "products": doubling("9**300", "{{ m(x * x, n - 1) }}"),
    "sum of numbers": doubling("9**300", "{{ m([x * x, x * x]|sum, n - 1) }}"),
    "to_bytes": "{{ (5).to_bytes(900000000, 'big') }}",
    "round": "{{ 1.5|round(900000000, 'ceil') }}",
    "number in hexadecimal": "{{ ('f' * 5000000)|int(base=16) // 3 }}",
    "long number": "{{ 0x" + "f" * 99999 + " // 3 }}",
    "longer number": "{{ " + "9" * 9999 + " // 3 }}",
    # texts
    "doubled by ~": doubling("'x'", "{{ m(x ~ x, n - 1) }}"),
    "doubled by +": doubling("'x'", "{{ m(x + x, n - 1) }}"),
    "doubled by set": doubling("'x'", "{% set y %}{{ x }}{{ x }}{% endset %}{{ m(y, n - 1) }}"),
    "doubled by a block": doubling("'x'", "{% filter upper %}{{ x }}{{ x }}{{ m(x ~ x, n - 1) }}{% endfilter %}"),
    "doubled by join": doubling("'x'", "{{ m([x, x]|join, n - 1) }}"),
    "doubled by replace": doubling("'xx'", "{{ m(x|replace('x', 'xx'), n - 1) }}"),
    "joined by a long text": "{{ range(9999)|join('x' * 5000000) }}",
    "joined by a method": "{{ ('x' * 5000000).join(range(9999)|map('string')) }}",
    "replace": "{{ ('x' * 5000000)|replace('x', 'x' * 5000000) }}",
    "replace of nothing": "{{ ('x' * 5000000)|replace('', 'x' * 5000000) }}",
    "replace as a method": "{{ ('x' * 5000000).replace('', 'x' * 5000000) }}",
    "format": "{{ '%900000000d'|format(1) }}",
    "format with %": "{{ '%900000000d' % 1 }}",
    "format as a method": "{{ '{:>900000000}'.format(1) }}",
    "format by its name": "{{ ('{:>900000000}'|attr('format'))(1) }}",
    "format as an item": "{{ '{:>900000000}'['format'](1) }}",
    "format_map": "{{ '{a:>900000000}'.format_map({'a': 1}) }}",
    "center as a method": "{{ 'a'.center(900000000) }}",
    "ljust": "{{ 'a'.ljust(900000000)[0] }}",
    "zfill": "{{ 'a'.zfill(900000000)[0] }}",
    "expandtabs": "{{ '\\t'.expandtabs(900000000)[0] }}",
    "translate": "{{ 'a'.translate({97: 'x' * 5000000}) }}",
    "encode": "{{ ('x' * 5000000).encode() }}",
    "indent": "{{ 'a\\nb'|indent(900000000) }}",
    "indent with text": "{{ ('a\\n' * 100000)|indent('x' * 5000000) }}",
    "tojson": "{{ [[1]]|tojson(indent=900000000) }}",
    "wordwrap": "{{ ('a ' * 100000)|wordwrap(1, true, 'x' * 5000000) }}",
    "striptags": "{{ ('<!---->' * 900000)|striptags }}",
    # lists
    "list times a number": "{{ ([1] * 900000000)|length }}",
    "doubled list": doubling("[1]", "{{ m(x + x, n - 1) }}"),
    "nested list": doubling("[1]", "{{ m([x, x], n - 1) }}"),
    "nested tuple": doubling("(1, 2)", "{{ m((x, x), n - 1) }}"),
    "nested record": doubling("{}", "{{ m({'a': x, 'b': x}, n - 1) }}"),
    "nested by batch": doubling("[1]", "{{ m([x]|batch(2, x)|first, n - 1) }}"),
    "nested by varargs": "{% macro m(n) %}{{ m(n - 1, varargs, varargs) }}{% endmacro %}{{ m(99, 1, 2) }}",
    "nested by kwargs": "{% macro m(n) %}{{ m(n - 1, a=kwargs, b=kwargs) }}{% endmacro %}{{ m(99, a=1, b=2) }}",
    "batch": "{{ [1]|batch(900000000, 'x')|list|length }}",
    "sum of lists": "{{ ([[1]] * 500000)|sum(start=[]) }}",
    "sort in loops": "{% for a in range(9999) %}{% set b = range(9999)|sort %}{% endfor %}",
    "sorted text": "{{ ('xyz ' * 1900000)|sort }}",
    "grouped text": "{{ ('xyz ' * 1900000)|groupby('a') }}",
    "views": "{{ row.keys() - row.keys() }}",
}
"""Templates that would take minutes, or gigabytes, were they not stopped."""

PLAIN = "{{ name }}: {% for a in row.items() %}{{ a|join('=') }} {{ loop.index }}{% endfor %}{{ 'a b'.split()|length }}"
NAMES = {"row": {"a": "b"}, "name": "Ann"}


def outcome(text: str) -> str:
    """`refused` by lint, `stopped` while rendering, or the rendered text."""
    sink = Sink()
    template = compile_template(MappedText.detached(text), sink)
    if template is not None and not sink.has_errors:
        check_template(template, {}, Sink())
        try:
            return template.render(NAMES)
        except RenderError:
            return "stopped"
    return "refused"


@pytest.mark.slow
@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_stopped(name: str) -> None:
    assert outcome(HOSTILE[name]) in ("refused", "stopped")


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_hostile_templates_are_stopped_before_they_fill_the_memory() -> None:
    """All of them, one after the other, in a process that gets no more than a gigabyte of addresses."""
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9))\n"
        "import test_bounds_of_templates as bounds\n"
        "for text in bounds.HOSTILE.values(): bounds.outcome(text)\n"
        "print(bounds.outcome(bounds.PLAIN))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=__file__.rpartition("/")[0], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("Ann: a=b 12\n", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PLAIN, "Ann: a=b 12"),
        ("{% for a in range(10000) %}{% for b in range(50) %}{% endfor %}{% endfor %}x", "x"),
        ("{{ ('x' * 1000000)|upper|length }}", "1000000"),
        ("{{ 'x y'|center(7)|replace('x', 'z') }}|{{ 'a\nb'|indent(2) }}", "  z y  |a\n  b"),
        ("{{ {'copy': 1, 'update': 2}.copy }}", "1"),
        ("{{ [[1, 2], [3]]|map('sum')|list }} {{ range(5)|batch(2)|list }}", "[3, 3] [[0, 1], [2, 3], [4]]"),
        ("{{ 'a' < name < 'b' }} {{ 2 ** 10 % 7 }} {{ row['a'] ~ 1 }}", "False 2 b1"),
        ("{% for g in [{'k': 1}, {'k': 1}]|groupby('k') %}{{ g.grouper }}{{ g.list|length }}{% endfor %}", "12"),
        ("{% for a in [[1], [2]] recursive %}{{ a if a is number else loop(a) }}{% endfor %}", "12"),
    ],
)
def test_what_is_usual_goes_on(text: str, expected: str) -> None:
    assert outcome(text) == expected


@pytest.mark.parametrize("method", ["center", "format", "zfill", "encode", "expandtabs", "translate"])
def test_a_method_without_bounds_is_found_by_lint(method: str) -> None:
    sink = Sink()
    template = compile_template(MappedText.detached(f"{{{{ text.{method}(9) }}}}"), sink)
    assert template is not None
    check_template(template, {"text": TEXT}, sink)

    assert [found.code.id for found in sink] == ["ATK404"]

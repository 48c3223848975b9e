"""Jinja in a sandbox, with two additions: every node knows its exact place, and what a template may cost is bounded.

Undefined variables are errors and nothing of Python can be reached (`ImmutableSandboxedEnvironment`). Block tags on a
line of their own leave no blank line. `range` is bounded in size, `*` and `**` in what they make; `Template.render`
bounds the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jinja2
from jinja2.lexer import TokenStream
from jinja2.sandbox import ImmutableSandboxedEnvironment

from atk_interp.expressions import template_filters, template_tests
from atk_interp.source import SourceFile

__all__ = ["MAX_RENDERED", "Place", "RenderError", "Sandbox"]

MAX_RENDERED = 8_000_000
"""Characters that one rendering may have."""
_MAX_RANGE = 10_000
_MAX_EXPONENT = 1_000

_UNWANTED = ("random", "urlize", "pprint", "xmlattr", "forceescape", "escape", "e", "safe", "filesizeformat")
"""Filters of Jinja that are unseeded, or that write HTML."""


class RenderError(Exception):
    """A template that could not be rendered for a row. The message is for people."""


class Place(int):
    """A line number, as Jinja wants it, that also knows the offset of its token in the template."""

    offset: int

    def __new__(cls, line: int, offset: int) -> Place:
        made = super().__new__(cls, line)
        made.offset = offset
        return made


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of all templates. `fragment` gives the file that an `include` names, or None."""

    intercepted_binops = frozenset(["*", "**"])

    def __init__(self, fragment: Callable[[str], SourceFile | None] = lambda name: None) -> None:
        super().__init__(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
        self.fragment = fragment
        self.loader = jinja2.FunctionLoader(self._text_of)
        self.globals = {"range": _range}
        for name in _UNWANTED:
            self.filters.pop(name, None)
        self.filters.update(template_filters())
        self.tests.update(template_tests())

    def _text_of(self, name: str) -> str | None:
        file = self.fragment(name)
        return None if file is None else file.text

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        """Jinja's own, with a `Place` in place of each line number."""
        tokens = _placed(self.lexer.tokeniter(source, name, filename, state), source)
        return TokenStream(self.lexer.wrap(tokens, name, filename), name, filename)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse what would fill the memory before it is made."""
        if operator == "**":
            if isinstance(right, int | float) and abs(right) > _MAX_EXPONENT:
                raise RenderError(f"an exponent of more than {_MAX_EXPONENT:,} is not allowed in a template")
        else:
            _check_product(left, right)
            _check_product(right, left)
        return super().call_binop(context, operator, left, right)


def _placed(tokens: Iterator[tuple[int, str, str]], source: str) -> Iterator[tuple[int, str, str]]:
    """Tokens with their places. Between two of them nothing but blanks that Jinja trims can stand."""
    at = 0
    try:
        for line, kind, text in tokens:
            start = max(at, source.find(text, at))
            at = start + len(text)
            yield Place(line, start), kind, text
    except jinja2.TemplateSyntaxError as error:
        error.lineno = Place(error.lineno, at)
        raise


def _check_product(whole: Any, times: Any) -> None:
    if isinstance(whole, str | list | tuple) and isinstance(times, int) and len(whole) * times > MAX_RENDERED:
        raise RenderError(f"the rendered text has more than {MAX_RENDERED:,} characters")


def _range(*bounds: int) -> range:
    made = range(*bounds)
    if len(made) > _MAX_RANGE:
        raise RenderError(f"a range of more than {_MAX_RANGE:,} numbers is not allowed in a template")
    return made

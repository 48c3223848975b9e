"""Jinja in a sandbox, with two additions: every node knows its exact place, and what a template may cost is bounded.

Undefined variables are errors and nothing of Python can be reached (`ImmutableSandboxedEnvironment`) but the methods
in `filters.METHODS`. Block tags on a line of their own leave no blank line. Loops, calls, filters and operators pay for
their work and for what they make (`work`); `Template.render` bounds the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.lexer import TokenStream
from jinja2.runtime import BlockReference, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

from atk_interp.source import SourceFile
from atk_interp.templates.filters import METHODS, bounded_call, bounded_filters, bounded_tests
from atk_interp.templates.generator import Generator
from atk_interp.templates.work import RenderError, bounded, check_size, compared, counted, joined, spend

__all__ = ["Place", "Sandbox", "template_words"]

_TAG = re.compile(r"\{[{%#]|\r")
_MAX_RANGE = 10_000
_MAX_EXPONENT = 1_000
_CALL = 5
_FILE = 100
"""Steps that an included file costs beside its own."""


class Place(int):
    """A line number, as Jinja wants it, that also knows the offset of its token in the template."""

    offset: int

    def __new__(cls, line: int, offset: int) -> Place:
        made = super().__new__(cls, line)
        made.offset = offset
        return made


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of all templates. `fragment` gives the file that an `include` names, or None."""

    code_generator_class = Generator
    intercepted_binops = frozenset(["+", "-", "*", "**", "%"])
    concat = staticmethod(joined)
    counted = staticmethod(counted)
    compared = staticmethod(compared)
    bounded = staticmethod(bounded)

    def __init__(self, fragment: Callable[[str], SourceFile | None] = lambda name: None) -> None:
        super().__init__(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False, optimized=False
        )
        self.fragment = fragment
        self.loader = jinja2.FunctionLoader(self._text_of)
        self.globals = {"range": _range}
        self.filters: dict[str, Any] = bounded_filters(self.filters)
        self.tests: dict[str, Any] = bounded_tests(self.tests)

    def _text_of(self, name: str) -> str | None:
        file = self.fragment(name)
        return None if file is None else file.text

    def _load_template(self, name: str, globals: Any) -> jinja2.Template:
        spend(_FILE)  # a file may include itself, twice
        return super()._load_template(name, globals)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Jinja's own, but for a text in which no tag begins: most roles and examples of a prompt are one."""
        if _TAG.search(source):
            return super()._parse(source, name, filename)
        text = source.removesuffix("\n")
        data = nodes.TemplateData(text, lineno=Place(1, 0))
        body: list[nodes.Node] = [nodes.Output([data], lineno=data.lineno)] if text else []
        tree = nodes.Template(body, lineno=1)
        tree.set_environment(self)
        return tree

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        """Jinja's own, with a `Place` in place of each line number."""
        tokens = _placed(self.lexer.tokeniter(source, name, filename, state), source)
        return TokenStream(self.lexer.wrap(tokens, name, filename), name, filename)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Of a value only the listed methods; of a loop, a macro or an imported file what Jinja allows."""
        for kind, names in METHODS.items():
            if isinstance(obj, kind):
                return attr in names
        return super().is_safe_attribute(obj, attr, value)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Any:
        """A record may have a field of the name of a method that templates do not have, `copy` or `update`."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        told = f"a template cannot use `{attribute}` of a value"
        return self.undefined(told, name=attribute, obj=obj, exc=SecurityError)

    def wrap_str_format(self, value: Any) -> None:
        """Jinja would hand out a `format` of its own; a format can ask for any width."""

    def call(__self, __context: Any, __obj: Any, *args: Any, **keywords: Any) -> Any:  # noqa: N805
        """A call in a template: of a macro, of `loop`, of a method."""
        spend(_CALL)
        call = partial(super().call, __context, __obj, **keywords)
        if isinstance(__obj, Macro):
            if __obj.catch_varargs or __obj.catch_kwargs:
                bounded((args, keywords))
            return call(*args)
        if isinstance(__obj, LoopContext):
            return call(*map(counted, args))
        return call(*args) if isinstance(__obj, BlockReference) else bounded_call(call, __obj, args)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse what would fill the memory before it is made."""
        if operator in ("-", "%") and not (isinstance(left, int | float) and isinstance(right, int | float)):
            # `%` fills in a text, with any width; jinja2.Undefined tells itself that it is not defined
            if not isinstance(left, jinja2.Undefined) and not isinstance(right, jinja2.Undefined):
                raise RenderError(f"`{operator}` works on numbers")
        elif operator == "**":
            _check_power(left, right)
        elif operator == "*":
            _check_product(left, right)
            _check_product(right, left)
        elif isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
            check_size(len(left) + len(right))
        return bounded(super().call_binop(context, operator, left, right))


def template_words(*, tests: bool = False) -> list[str]:
    """The names of the filters, or of the tests, that every template may use."""
    sandbox = Sandbox()
    return sorted(sandbox.tests if tests else sandbox.filters)


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


def _check_power(base: Any, exponent: Any) -> None:
    if isinstance(exponent, int | float) and abs(exponent) > _MAX_EXPONENT:
        raise RenderError(f"an exponent of more than {_MAX_EXPONENT:,} is not allowed in a template")
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * exponent > 2 * 4_096:
        raise RenderError("a number of more than 1,000 digits is not allowed in a template")


def _check_product(whole: Any, times: Any) -> None:
    if isinstance(whole, str | list | tuple) and isinstance(times, int):
        check_size(len(whole) * times)


def _range(*bounds: int) -> range:
    made = range(*bounds)
    if len(made) > _MAX_RANGE:
        raise RenderError(f"a range of more than {_MAX_RANGE:,} numbers is not allowed in a template")
    return made

"""Compiling and rendering Jinja templates in a sandbox.

Undefined variables are errors, data is never read as a template, and nothing of Python can be reached
(`ImmutableSandboxedEnvironment`). Block tags on a line of their own leave no blank line. A rendering is bounded
in length, and `range` in size, so that no template can hang a run or fill the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from atk_interp.diagnostics import Sink
from atk_interp.expressions import template_filters, template_tests
from atk_interp.source import MappedText, Span
from atk_interp.templates import codes

__all__ = ["RenderError", "Template", "compile_template", "environment"]

MAX_RENDERED = 8_000_000
"""Characters that one rendering may have."""
_MAX_RANGE = 10_000


class RenderError(Exception):
    """A template that could not be rendered for a row. The message is for people."""


class Template:
    """A compiled template that knows its place. Safe to render from several threads."""

    __slots__ = ("_render", "constant", "text", "tree")

    def __init__(self, text: MappedText, compiled: jinja2.Template, tree: jinja2.nodes.Template) -> None:
        self.text = text
        self.tree = tree
        self.constant = _constant(tree)
        self._render: Callable[..., str] = compiled.render

    def render(self, names: Mapping[str, Any]) -> str:
        """The text for these names. Raises `RenderError`, naming the file and line."""
        if self.constant is not None:
            return self.constant
        try:
            rendered = self._render(names)
        except (jinja2.TemplateError, SecurityError) as error:
            raise RenderError(f"{self._where()}: {error.message or 'the template cannot be rendered'}") from error
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise RenderError(f"{self._where()}: {error}") from error
        if len(rendered) > MAX_RENDERED:
            raise RenderError(f"{self._where()}: the rendered text has more than {MAX_RENDERED:,} characters")
        return rendered

    def _where(self) -> str:
        span = self.text.span()
        return f"{span.file.path}:{span.begin.line}"


def _constant(tree: jinja2.nodes.Template) -> str | None:
    """The text of a template that has nothing to fill in."""
    parts: list[str] = []
    for node in tree.body:
        if not isinstance(node, jinja2.nodes.Output):
            return None
        for item in node.nodes:
            if not isinstance(item, jinja2.nodes.TemplateData):
                return None
            parts.append(item.data)
    return "".join(parts)


def environment(load: Callable[[str], str | None] | None = None) -> jinja2.Environment:
    """A sandbox; `load` gives the text of an included fragment, or None."""
    made = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        cache_size=200,
        loader=jinja2.FunctionLoader(load) if load is not None else None,
    )
    made.globals = {"range": _range}
    for unseeded in ("random", "urlize", "pprint", "xmlattr", "forceescape", "escape", "e", "safe", "filesizeformat"):
        made.filters.pop(unseeded, None)
    made.filters.update(template_filters())
    made.tests.update(template_tests())
    return made


def _range(*bounds: int) -> range:
    made = range(*bounds)
    if len(made) > _MAX_RANGE:
        raise RenderError(f"a range of more than {_MAX_RANGE:,} numbers is not allowed in a template")
    return made


@cache
def _plain_environment() -> jinja2.Environment:
    return environment()


def compile_template(text: MappedText, sink: Sink, env: jinja2.Environment | None = None) -> Template | None:
    """The template in a text; None, and a finding at its line, when it cannot be read."""
    env = env or _plain_environment()
    try:
        tree = env.parse(text.value)
        return Template(text, env.from_string(text.value), tree)
    except jinja2.TemplateSyntaxError as error:
        sink.report(codes.TEMPLATE_SYNTAX, _line(text, error.lineno), _reason(error.message or ""), help=_help(error))
    except (RecursionError, MemoryError, OverflowError):
        sink.report(codes.TEMPLATE_SYNTAX, text.span(), "the template is nested too deeply")
    return None


def _line(text: MappedText, number: int) -> Span:
    """The number-th line of the template, without its blanks."""
    lines = text.value.splitlines(keepends=True) or [""]
    number = max(1, min(number, len(lines)))
    start = sum(len(line) for line in lines[: number - 1])
    line = lines[number - 1]
    begin = start + len(line) - len(line.lstrip())
    return text.span(begin, max(begin + 1, start + len(line.rstrip())))


def _reason(message: str) -> str:
    return (message[:1].lower() + message[1:]).rstrip(".") or "the template cannot be read"


def _help(error: jinja2.TemplateSyntaxError) -> str | None:
    message = error.message or ""
    if "unexpected '}'" in message or "unexpected end of template" in message:
        return "close what was opened: `{{ … }}` or `{% … %}`"
    if "No filter named" in message or "No test named" in message:
        return "see `docs/expressions.md` for what there is"
    if "Encountered unknown tag" in message:
        return "to show braces as they are, write `{% raw %}…{% endraw %}`"
    return None

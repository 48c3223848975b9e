"""Compiling and rendering templates. Data is never read as a template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any

import jinja2
from jinja2 import nodes

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.source import MappedText, Span
from atk_interp.templates import codes
from atk_interp.templates.environment import MAX_RENDERED, Place, RenderError, Sandbox
from atk_interp.templates.syntax import report_syntax

__all__ = ["RenderError", "Template", "compile_template", "node_span"]


class Template:
    """A parsed template that knows its place. Safe to render from several threads.

    It is compiled when it is first rendered: checking a spec takes no more than its tree.
    """

    def __init__(self, text: MappedText, tree: nodes.Template, env: Sandbox) -> None:
        self.text = text
        self.tree = tree
        self.env = env
        self.constant = _constant(tree)

    @cached_property
    def _compiled(self) -> jinja2.Template:
        return self.env.from_string(self.tree)

    def render(self, names: Mapping[str, Any]) -> str:
        """The text for these names. Raises `RenderError`, naming the file and line."""
        if self.constant is not None:
            return self.constant
        try:
            return _bounded(self._compiled.generate(names))
        except jinja2.TemplateError as error:
            raise RenderError(f"{self._where()}: {error.message or 'the template cannot be rendered'}") from error
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise RenderError(f"{self._where()}: {error}") from error
        except (RecursionError, MemoryError) as error:
            raise RenderError(f"{self._where()}: the template is too large or nested too deeply") from error
        except RenderError as error:
            raise RenderError(f"{self._where()}: {error}") from error

    def _where(self) -> str:
        span = self.text.span()
        return f"{span.file.path}:{span.begin.line}"


def _bounded(pieces: Iterator[str]) -> str:
    parts: list[str] = []
    left = MAX_RENDERED
    for piece in pieces:
        parts.append(piece)
        left -= len(piece)
        if left < 0:
            raise RenderError(f"the rendered text has more than {MAX_RENDERED:,} characters")
    return "".join(parts)


def _constant(tree: nodes.Template) -> str | None:
    """The text of a template that has nothing to fill in."""
    parts: list[str] = []
    for node in tree.body:
        if not isinstance(node, nodes.Output):
            return None
        for item in node.nodes:
            if not isinstance(item, nodes.TemplateData):
                return None
            parts.append(item.data)
    return "".join(parts)


@cache
def _plain() -> Sandbox:
    return Sandbox()


def compile_template(text: MappedText, sink: Sink, env: Sandbox | None = None) -> Template | None:
    """The template in a text; None, and a finding at its place, when it cannot be read."""
    env = env or _plain()
    text = _with_line_feeds(text)
    try:
        template = Template(text, env.parse(text.value), env)
        if not _report_unknown(template, sink) and template.constant is None:
            env.compile(template.tree, raw=True)  # finds what only the compiler of Jinja refuses
        return template
    except jinja2.TemplateSyntaxError as error:
        report_syntax(error, text, sink)
    except (RecursionError, MemoryError, OverflowError):
        sink.report(codes.TEMPLATE_SYNTAX, text.span(0, 1), "the template is nested too deeply")
    return None


def _with_line_feeds(text: MappedText) -> MappedText:
    """The text with line feeds alone, as Jinja makes them of all line breaks, and every character in its place."""
    if "\r" not in text.value:
        return text
    kept = [found.start() for found in re.finditer(r"\r(?!\n)|[^\r]", text.value)]
    value = "".join(text.value[index] for index in kept).replace("\r", "\n")
    return MappedText(value, text.file, (*(text.offset(index) for index in kept), text.offset(len(text.value))))


def _report_unknown(template: Template, sink: Sink) -> bool:
    """Report filters, tests and files that do not exist; whether there were any. Jinja looks when it renders."""
    before = len(sink)
    for node in template.tree.find_all((nodes.Filter, nodes.Test)):
        what = "filter" if isinstance(node, nodes.Filter) else "test"
        known = template.env.filters if what == "filter" else template.env.tests
        if node.name not in known:
            _unknown(template, node, node.name, what, did_you_mean(node.name, known), sink)
    for include in template.tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        named: nodes.Node | None = getattr(include, "template", None)
        name = named.value if isinstance(named, nodes.Const) else None
        if named is None or not isinstance(name, str) or getattr(include, "ignore_missing", False):
            continue
        if template.env.fragment(name) is None:
            _unknown(template, named, name, "file", "write the file into one of the prompt folders", sink)
    return len(sink) > before


def _unknown(template: Template, node: nodes.Node, name: str, what: str, help_: str | None, sink: Sink) -> None:
    span = node_span(template.text, node, name)
    sink.report(codes.UNKNOWN_IN_TEMPLATE, span, f"there is no {what} `{name}`", help=help_)


def node_span(text: MappedText, node: nodes.Node, name: str | None = None) -> Span:
    """Where a node stands: the name that it is about, at or after the token that it begins with."""
    at = node.lineno.offset if isinstance(node.lineno, Place) else 0
    wanted = name or getattr(node, "name", None) or getattr(node, "attr", None)
    if wanted:
        found = text.value.find(wanted, at)
        if found >= 0:
            return text.span(found, found + len(wanted))
    return text.span(at, at + 1)

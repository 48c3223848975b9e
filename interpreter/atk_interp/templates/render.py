"""Compiling and rendering templates. Data is never read as a template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property, lru_cache
from typing import Any

import jinja2
from jinja2 import nodes

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.expressions.functions import FILTERS, TESTS
from atk_interp.installed import why_refused
from atk_interp.source import MappedText, Span
from atk_interp.templates import codes
from atk_interp.templates.environment import Place, Sandbox
from atk_interp.templates.facts import Facts
from atk_interp.templates.generator import NAMING, template_names
from atk_interp.templates.syntax import report_syntax
from atk_interp.templates.work import MAX_RENDERED, RenderError, begin, check_size

__all__ = ["Template", "compile_template", "node_span"]


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
    def facts(self) -> Facts:
        """What can be seen without filling it in."""
        return Facts(self.tree, self.text)

    @cached_property
    def _compiled(self) -> jinja2.Template:
        return self.env.from_string(self.tree)

    def render(self, names: Mapping[str, Any]) -> str:
        """The text for these names. Raises `RenderError`, naming the file and line."""
        if self.constant is not None:
            return self.constant
        begin()
        try:
            return _bounded(self._compiled.generate(names))
        except jinja2.TemplateError as error:
            raise RenderError(f"{self._where()}: {error.message or 'the template cannot be rendered'}") from error
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise RenderError(f"{self._where()}: {error}") from error
        except (RecursionError, MemoryError, SyntaxError) as error:
            raise RenderError(f"{self._where()}: the template is too large or nested too deeply") from error
        except RenderError as error:
            raise RenderError(f"{self._where()}: {error}") from error

    def files(self) -> dict[str, str]:
        """The text of every file that this template includes, imports or extends, and those do, by its path."""
        found: dict[str, str] = {}
        waiting = [self.text.value] if self.constant is None else []
        while waiting:
            naming: Sequence[nodes.Node] = ()
            with suppress(jinja2.TemplateSyntaxError, RecursionError, ValueError):  # told by `check_template`
                _, naming = _asked_for(waiting.pop())
            names = [name for statement in naming for name in template_names(statement) or ()]
            for file in filter(None, map(self.env.fragment, names)):
                if file.path not in found:
                    found[file.path] = file.text
                    waiting.append(file.text)
        return found

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
            check_size(MAX_RENDERED - left)
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
        template = Template(text, _tree(text.value), env)
        if template.constant is None and not _report_unknown(template, sink):
            _compile(text.value)  # finds what only the compiler of Jinja refuses
        return template
    except jinja2.TemplateSyntaxError as error:
        report_syntax(error, text, sink)
    except ValueError:
        sink.report(codes.TEMPLATE_SYNTAX, text.span(0, 1), "a number in the template is too large")
    except (RecursionError, MemoryError, OverflowError):
        sink.report(codes.TEMPLATE_SYNTAX, text.span(0, 1), "the template is nested too deeply")
    return None


@lru_cache(maxsize=512)
def _tree(text: str) -> nodes.Template:
    """The tree of a template. It depends on the text alone, and an editor asks for it at every key that is pressed."""
    return _plain().parse(text)


@lru_cache(maxsize=512)
def _compile(text: str) -> None:
    """Raises what the compiler of Jinja does, also without knowing the files that a template names."""
    _plain().compile(_tree(text), raw=True)


def _with_line_feeds(text: MappedText) -> MappedText:
    """The text with line feeds alone, as Jinja makes them of all line breaks, and every character in its place."""
    if "\r" not in text.value:
        return text
    kept = [found.start() for found in re.finditer(r"\r(?!\n)|[^\r]", text.value)]
    value = "".join(text.value[index] for index in kept).replace("\r", "\n")
    return MappedText.scattered(value, text.file, [text.offset(index) for index in [*kept, len(text.value)]])


def _report_unknown(template: Template, sink: Sink) -> bool:
    """Report filters, tests and files that do not exist; whether there were any. Jinja looks when it renders."""
    before = len(sink)
    asking, naming_files = _asked_for(template.text.value)
    for node in asking:
        what = "filter" if isinstance(node, nodes.Filter) else "test"
        known = template.env.filters if what == "filter" else template.env.tests
        if node.name not in known:
            _unknown(template, node, node.name, what, did_you_mean(node.name, known), sink)
    for naming in naming_files:
        _report_file(template, naming, sink)
    return len(sink) > before


@lru_cache(maxsize=512)
def _asked_for(text: str) -> tuple[Sequence[nodes.Filter | nodes.Test], Sequence[nodes.Node]]:
    """The filters and tests in a template, and the statements that name files."""
    tree = _tree(text)
    return [*tree.find_all(nodes.Filter), *tree.find_all(nodes.Test)], [*tree.find_all(NAMING)]


def _report_file(template: Template, naming: nodes.Node, sink: Sink) -> None:
    """Report a file that is chosen while a prompt is rendered, and one that does not exist."""
    named: nodes.Node = naming.template  # type: ignore[attr-defined]
    names = template_names(naming)
    if names is None:
        told = "the name of a file is written out in a template, not computed"
        sink.report(codes.COMPUTED_FILE, node_span(template.text, named), told, help="choose between files with `if`")
    elif not getattr(naming, "ignore_missing", False) and not any(map(template.env.fragment, names)):
        _unknown(
            template, named, names[0] if names else "", "file", "write the file into one of the prompt folders", sink
        )


def _unknown(template: Template, node: nodes.Node, name: str, what: str, help_: str | None, sink: Sink) -> None:
    span = node_span(template.text, node, name)
    refused = why_refused(FILTERS if what == "filter" else TESTS, name)
    sink.report(codes.UNKNOWN_IN_TEMPLATE, span, refused or f"there is no {what} `{name}`", help=help_)


def node_span(text: MappedText, node: nodes.Node, name: str | None = None) -> Span:
    """Where a node stands: the name that it is about, at or after the token that it begins with."""
    at = node.lineno.offset if isinstance(node.lineno, Place) else 0
    wanted = name or getattr(node, "name", None) or getattr(node, "attr", None)
    if wanted:
        found = text.value.find(wanted, at)
        if found >= 0:
            return text.span(found, found + len(wanted))
    return text.span(at, at + 1)

"""What is wrong with the syntax of a template, in words of our own."""

from __future__ import annotations

import re

import jinja2

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.patterns import pattern
from atk_interp.source import MappedText, Span
from atk_interp.templates import codes
from atk_interp.templates.environment import Place

__all__ = ["TAGS", "report_syntax"]

TAGS = ("if", "for", "set", "include", "macro", "call", "filter", "raw", "with", "block", "extends", "import", "from")
"""The words that begin a tag."""
_PAIRED = {"if", "for", "macro", "call", "filter", "with", "block"}
_SPELLED = {"end of print statement": "}}", "end of statement block": "%}", "begin of print statement": "{{"}
_SENTENCES = (
    (r"expected token '(.+)', got '(.+)'", "`{}` is expected here, not `{}`"),
    (r"[Ee]xpected an expression, got '(.+)'", "a value is expected before `{}`"),
)
_TAG = pattern(r"\{%[-+]?\s*(?P<name>\w+)")
_WORD = pattern(r"\w+|\S")


def report_syntax(error: jinja2.TemplateSyntaxError, text: MappedText, sink: Sink) -> None:
    """Report the error that Jinja stopped at."""
    message = error.message or ""
    at = error.lineno.offset if isinstance(error.lineno, Place) else _line_start(text.value, error.lineno)
    unknown = re.match(r"Encountered unknown tag '(\w+)'", message)
    if unknown:
        _report_tag(unknown[1], at, text, sink)
    elif "end of template" in message or "unexpected '}'" in message:
        _report_unclosed(at, text, sink)
    elif _runs_on(text.value, at):
        _report_braces(max(text.value.rfind("{{", 0, at), text.value.rfind("{%", 0, at)), text, sink)
    else:
        sink.report(codes.TEMPLATE_SYNTAX, _word(text, at), _in_words(message))


def _runs_on(value: str, at: int) -> bool:
    """Whether the braces before a mistake were opened on a line before it, and not closed: they are the mistake."""
    braces = max(value.rfind("{{", 0, at), value.rfind("{%", 0, at))
    between = value[braces + 2 : at]
    return braces >= 0 and "\n" in between and "}}" not in between and "%}" not in between


def _in_words(message: str) -> str:
    """Jinja's sentence, with its names for tokens as they are written."""
    for name, spelling in _SPELLED.items():
        message = message.replace(f"'{name}'", f"'{spelling}'")
    for sentence, words in _SENTENCES:
        found = re.fullmatch(sentence, message)
        if found:
            return words.format(*found.groups())
    return re.sub(r"'([^']*)'", r"`\1`", message[:1].lower() + message[1:]).split(". ")[0].rstrip(".")


def _report_tag(name: str, at: int, text: MappedText, sink: Sink) -> None:
    if name.startswith("end") or name in ("else", "elif"):
        told, help_ = f"there is nothing here that `{{% {name} %}}` could belong to", "remove it, or open its block"
    else:
        told = f"there is no tag `{name}`"
        help_ = did_you_mean(name, TAGS) or "to show braces as they are, write `{% raw %}…{% endraw %}`"
    sink.report(codes.TEMPLATE_SYNTAX, _word(text, at), told, help=help_)


def _report_unclosed(at: int, text: MappedText, sink: Sink) -> None:
    """What was opened last and not closed: a block, or the braces around a name or tag."""
    braces = max(text.value.rfind("{{", 0, at + 1), text.value.rfind("{%", 0, at + 1))
    closed = max(text.value.find("}}", braces, at + 2), text.value.find("%}", braces, at + 2))
    opened = _open_block(text.value)
    if opened is not None and (braces < 0 or closed >= 0):
        name = opened["name"]
        span = text.span(opened.start(), opened.end())
        told, help_ = f"`{{% {name} %}}` is never closed", f"write `{{% end{name} %}}` after it"
        sink.report(codes.TEMPLATE_SYNTAX, span, told, help=help_)
    else:
        _report_braces(max(braces, 0), text, sink)


def _report_braces(braces: int, text: MappedText, sink: Sink) -> None:
    opening = text.value[braces : braces + 2]
    closing = "%}" if opening == "{%" else "}}"
    told = f"`{opening}` is never closed"
    sink.report(codes.TEMPLATE_SYNTAX, text.span(braces, braces + 2), told, help=f"close it with `{closing}`")


def _open_block(value: str) -> re.Match[str] | None:
    """The innermost block tag that has no end."""
    opened: list[re.Match[str]] = []
    for tag in _TAG.finditer(value):
        if tag["name"] in _PAIRED:
            opened.append(tag)
        elif tag["name"].startswith("end") and opened and opened[-1]["name"] == tag["name"][3:]:
            opened.pop()
    return opened[-1] if opened else None


def _word(text: MappedText, at: int) -> Span:
    found = _WORD.search(text.value, at)
    return text.span(*found.span()) if found else text.span(max(0, len(text.value) - 1))


def _line_start(value: str, number: int) -> int:
    return sum(len(line) + 1 for line in value.split("\n")[: max(0, number - 1)])

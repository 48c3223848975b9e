"""What is not YAML, in words of our own: where, what, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from atk_interp.diagnostics import Label, Sink
from atk_interp.document.codes import SYNTAX
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.source import SourceFile, Span

__all__ = ["is_invisible", "report_syntax"]


@dataclass(frozen=True, slots=True)
class _Told:
    """`at` and `width` are what to underline; `label` is written at the construct that the mistake stands in."""

    at: int
    width: int
    message: str
    help: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What the YAML library found. `begin` is the start of the construct around it, or -1."""

    problem: str
    context: str
    at: int
    begin: int
    text: str

    @property
    def character(self) -> str:
        return self.text[self.at : self.at + 1]


_CONFLICT = pattern(r"^(<{7}|={7}|>{7})(?= |\r?$)", re.MULTILINE)


def report_syntax(error: yaml.YAMLError, file: SourceFile, sink: Sink) -> None:
    """Report the syntax error that PyYAML stopped at."""
    mistake = _mistake(error, file.text)
    told = _told(mistake)
    labels = []
    if told.label and 0 <= mistake.begin != told.at:
        labels.append(Label(Span(file, mistake.begin, mistake.begin + 1), told.label))
    sink.report(SYNTAX, Span(file, told.at, told.at + told.width), told.message, labels=labels, help=told.help)


def _mistake(error: yaml.YAMLError, text: str) -> _Mistake:
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    last = max(0, len(text) - 1)
    at = mark.index if mark is not None else getattr(error, "position", None) or 0
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    around = getattr(error, "context", None) or ""
    return _Mistake(str(problem), str(around), min(at, last), context.index if context is not None else -1, text)


def _told(mistake: _Mistake) -> _Told:
    conflict = _CONFLICT.search(mistake.text)
    if conflict:
        return _Told(
            conflict.start(), 7, "a merge conflict was left in the file", "resolve it and remove the three markers"
        )
    for look in (_strange_character, _invisible_indent, _deep_first_line):
        told = look(mistake)
        if told is not None:
            return told
    for part, tell in _TELLERS:
        if part in f"{mistake.context} {mistake.problem}":
            return tell(mistake)
    return _Told(mistake.at, 1, f"this is not YAML: {mistake.problem}", label="in what begins here")


def _strange_character(mistake: _Mistake) -> _Told | None:
    """Characters that no YAML text may have, such as those of a binary file."""
    found = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]", mistake.text)
    if found is None or "character" not in mistake.problem:
        return None
    told = f"the character U+{ord(found[0]):04X} cannot stand in a text file"
    return _Told(found.start(), 1, told, "remove it; a spec, a config or a prompt is plain text")


_INVISIBLE = r"[\u00a0\u1680\u2000-\u200f\u202f\u205f\u2060\u3000\ufeff]"
_INDENT = pattern(rf" *(?P<at>{_INVISIBLE}+)")


def is_invisible(character: str) -> bool:
    """Whether a character looks like a space, or like nothing, and is none to YAML."""
    return re.fullmatch(_INVISIBLE, character) is not None


def _invisible_indent(mistake: _Mistake) -> _Told | None:
    """A space that is none, such as web pages and word processors write, before this line or the one above."""
    line = mistake.text.rfind("\n", 0, mistake.at) + 1
    for start in (line, mistake.text.rfind("\n", 0, max(0, line - 1)) + 1):
        found = _INDENT.match(mistake.text, start)
        if found is not None:
            code = f"U+{ord(found['at'][0]):04X}"
            told = f"the invisible character {code} stands in the indentation"
            return _Told(found.start("at"), len(found["at"]), told, "write plain spaces instead")
    return None


_HEADER = pattern(
    r"^(?P<indent> *)(?:- )?[^#\n]*[:-] *[|>][-+]?[ \t]*(?:#.*)?\n(?:[ \t]*\n)*(?P<first> +)(?=\S)", re.MULTILINE
)


def _deep_first_line(mistake: _Mistake) -> _Told | None:
    """A text of several lines takes the indentation of its first one: those after it that have less end it."""
    headers = [found for found in _HEADER.finditer(mistake.text, 0) if found.end() <= mistake.at]
    if not headers or ("key" not in mistake.problem and "':'" not in mistake.problem):
        return None
    last = headers[-1]
    line = mistake.text.rfind("\n", 0, mistake.at) + 1
    indent = len(mistake.text[line:]) - len(mistake.text[line:].lstrip(" "))
    if not len(last["indent"]) < indent < len(last["first"]):
        return None
    start = last.start("first")
    help_ = "let the first line begin where the others do"
    return _Told(start, len(last["first"]), "the first line of this text is indented more than those after it", help_)


def _colon(mistake: _Mistake) -> _Told:
    help_ = "put quotes around a value with a colon in it, or add the colon that the line before lacks"
    return _Told(mistake.at, 1, "a second `:` cannot stand here", help_)


def _token(mistake: _Mistake) -> _Told:
    if mistake.character == "\t":
        return _tab(mistake)
    return _Told(mistake.at, 1, f"a value cannot begin with `{mistake.character}`", "put quotes around the whole value")


def _tab(mistake: _Mistake) -> _Told:
    line = mistake.text.rfind("\n", 0, mistake.at) + 1
    blank = re.compile(r"[ \t]*").match(mistake.text, line)
    width = max(1, (blank.end() if blank else mistake.at) - mistake.at)
    return _Told(mistake.at, width, "lines cannot be indented with tabs", "indent with spaces")


def _quote(mistake: _Mistake) -> _Told:
    quote = mistake.text[mistake.begin : mistake.begin + 1]
    return _Told(max(0, mistake.begin), 1, f"the quote `{quote}` is never closed", f"close it with `{quote}`")


def _escape(mistake: _Mistake) -> _Told:
    start = max(0, mistake.text.rfind("\\", 0, mistake.at + 1))
    shown = mistake.text[start : start + 2]
    help_ = "use single quotes, or double the backslash"
    return _Told(start, 2, f"`{shown}` is no escape inside double quotes", help_)


def _after_quote(mistake: _Mistake) -> _Told | None:
    """More of a text behind a quote that was not meant to end it."""
    before = mistake.text[mistake.text.rfind("\n", 0, mistake.at) + 1 : mistake.at].rstrip(" ")
    quote = before[-1:]
    if quote not in ("'", '"') or before.count(quote) % 2:
        return None
    at = mistake.text.rfind(quote, 0, mistake.at)
    told = "the text in quotes ends here, and more follows"
    if quote == "'":
        return _Told(at, 1, told, "double a `'` inside of single quotes, or put double quotes around the whole")
    return _Told(at, 1, told, "put single quotes around the whole")


def _bracket(mistake: _Mistake) -> _Told:
    after_quote = _after_quote(mistake)
    if after_quote is not None:
        return after_quote
    opened = mistake.text[mistake.begin : mistake.begin + 1]
    closing = {"{": "}", "[": "]"}.get(opened, "}")
    told = f"a `,` or `{closing}` is missing before this"
    return _Told(mistake.at, 1, told, 'a template needs quotes: "{{ name }}"', f"`{opened}` is opened here")


def _key(mistake: _Mistake) -> _Told:
    after_quote = _after_quote(mistake)
    if after_quote is not None:
        return after_quote
    help_ = "indent all keys of one mapping alike, and write nothing after a closing quote"
    return _Told(mistake.at, 1, "a key is expected here", help_, "the mapping begins here")


def _dash(mistake: _Mistake) -> _Told:
    help_ = "indent all items of one list alike"
    return _Told(mistake.at, 1, "an item of the list, after `-`, is expected here", help_, "the list begins here")


def _stray_dash(mistake: _Mistake) -> _Told:
    return _Told(mistake.at, 1, "a list cannot begin here", "begin the list on a line of its own, after `key:`")


def _missing_colon(mistake: _Mistake) -> _Told:
    start = mistake.begin if mistake.begin >= 0 else mistake.at
    stop = mistake.text.find("\n", start)
    width = max(1, len(mistake.text[start : stop if stop >= 0 else None].rstrip()))
    help_ = "write `key: value`, or begin a text of several lines with `key: |`"
    return _Told(start, width, "this line has no `:` after its key", help_)


def _alias(mistake: _Mistake) -> _Told:
    start = mistake.begin if mistake.begin >= 0 else mistake.at
    word = re.compile(r"\S+").match(mistake.text, start)
    shown = word[0] if word else mistake.character
    told = f"`{shown}` refers to an anchor that does not exist" if shown[0] == "*" else f"`{shown}` is no anchor"
    return _Told(start, len(shown), told, f"put quotes around a text that begins with `{shown[0]}`")


def _block(mistake: _Mistake) -> _Told:
    return _Told(mistake.at, 1, "the text of a block begins on the line after `|` or `>`", "begin a new line here")


_TELLERS: tuple[tuple[str, Callable[[_Mistake], _Told]], ...] = (
    ("mapping values are not allowed", _colon),
    ("cannot start any token", _token),
    ("tab character", _tab),
    ("found unknown escape", _escape),
    ("hexdecimal number", _escape),
    ("quoted scalar", _quote),
    ("while parsing a flow", _bracket),
    ("did not find expected key", _key),
    ("did not find expected '-' indicator", _dash),
    ("block sequence entries are not allowed", _stray_dash),
    ("could not find expected ':'", _missing_colon),
    ("found undefined alias", _alias),
    ("while scanning an alias", _alias),
    ("while scanning an anchor", _alias),
    ("while scanning a block scalar", _block),
)
"""By a part of what libyaml says. The first that fits is taken; anything else is told in libyaml's own words."""

"""Comments that ignore findings: `# atk: ignore[ATK503] reason` in YAML, `{# atk: ignore[…] #}` in templates."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from atk_interp.diagnostics import Code, Diagnostic, Edit, Sink, did_you_mean, near
from atk_interp.document.written import Written, written_scalars
from atk_interp.lint import codes
from atk_interp.lint.known import all_codes, is_about_text
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.source import SourceFile, Span

__all__ = ["Comments", "Ignore", "Item", "comments_in"]

_IN_YAML = pattern(r"(?:^|(?<=[ \t]))#[ \t]*atk:[ \t]*(?P<said>[^\r\n]*)", re.MULTILINE | re.IGNORECASE)
_QUOTED = r"""(?>"(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+'|(?!CLOSE).)*+"""
_IN_TEMPLATE = pattern(
    "|".join(
        (
            r"\{\#[-+]?(?P<comment>.*?)(?:[-+]?\#\}|\Z)",
            r"\{%[-+]?\s*raw\s*[-+]?%\}.*?(?:\{%[-+]?\s*endraw\s*[-+]?%\}|\Z)",
            r"\{\{" + _QUOTED.replace("CLOSE", r"\}\}") + r"(?:\}\}|\Z)",
            r"\{%" + _QUOTED.replace("CLOSE", r"%\}") + r"(?:%\}|\Z)",
        )
    ),
    re.DOTALL,
)
"""Comments, and what else may hold the marks of one. What is never closed goes to the end: each text is read once."""
_HEAD = pattern(r"(?:\s*\{#.*?#\})*", re.DOTALL)
_SAID = pattern(r"\s*atk:\s*(?P<said>.*)", re.DOTALL | re.IGNORECASE)
_FORM = pattern(r"(?P<verb>[\w-]+)\s*(?P<list>\[(?P<names>[^\]]*)\])?\s*(?P<reason>.*)", re.DOTALL)
_VERBS = ("ignore", "ignore-file")


@dataclass(frozen=True, slots=True)
class Item:
    """One code of a comment, as it is written there."""

    code: Code
    span: Span


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that ignores findings. `lines` are first and last, None for the whole file.

    `removal` is what goes with the comment, None where the rest of the file would not mean the same without it.
    """

    span: Span
    items: tuple[Item, ...]
    reason: str
    lines: tuple[int, int] | None
    removal: Span | None

    def covers(self, line: int) -> bool:
        return self.lines is None or self.lines[0] <= line <= self.lines[1]

    def without(self, unused: Iterable[Item]) -> tuple[Edit, ...]:
        """The edits that take items out, the whole comment with the last of them; none where that is not safe."""
        gone = list(unused)
        kept = [item.span.text for item in self.items if item not in gone]
        if kept:
            start, end = self.items[0].span.start, self.items[-1].span.end
            return (Edit(self.span.file.span(start, end), ", ".join(kept)),)
        return (Edit(self.removal, ""),) if self.removal is not None else ()


@dataclass(frozen=True)
class Comments:
    """What the comments of one file say, and what is wrong with them."""

    ignores: tuple[Ignore, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A comment to the linter. `said` is where what follows `atk:` stands; `at_head` before anything else."""

    span: Span
    said: Span
    lines: tuple[int, int]
    removal: Span | None
    at_head: bool


def comments_in(file: SourceFile, is_template: bool) -> Comments:
    """The comments of a YAML file, or of a file that is a template from its first character."""
    if "atk:" not in file.text.lower():
        return Comments()
    sink = Sink()
    found = _of_whole_template(file) if is_template else _of_yaml(file)
    ignores = [ignore for comment in found for ignore in _read(comment, sink)]
    return Comments(tuple(ignores), tuple(sink))


def _of_yaml(file: SourceFile) -> Iterator[_Found]:
    try:
        scalars, head = written_scalars(file.text)
    except ValueError:
        return  # that it is no YAML is told, and cannot be ignored
    followed_by = _followed_by(file)
    for match in _IN_YAML.finditer(file.text):
        inside = _touching(scalars, match.start(), match.start())
        if not any(scalar.text_start <= match.start() < scalar.end for scalar in inside):
            span, said = Span(file, *match.span()), Span(file, *match.span("said"))
            lines = _with_scalars(file, _line_meant(span, followed_by), scalars)
            yield _Found(span, said, lines, _removal(span, keeps_breaks=False), match.start() < head)
    for scalar in scalars:
        if "{#" in file.text[scalar.text_start : scalar.end]:
            yield from _of_template(file, scalar, followed_by)


def _of_whole_template(file: SourceFile) -> Iterator[_Found]:
    head = _HEAD.match(file.text)
    everything = Written(0, len(file.text), 0, "|")
    yield from _of_template(file, everything, _followed_by(file), head.end() if head else -1)


def _of_template(file: SourceFile, written: Written, followed_by: Sequence[int], head: int = -1) -> Iterator[_Found]:
    """The comments of a template; `head` is where the comments before everything else end."""
    keeps_breaks = written.style == "|"
    for match in _IN_TEMPLATE.finditer(file.text, written.text_start, written.end):
        said = _SAID.match(match["comment"] or "")
        if said is None:
            continue
        span = Span(file, *match.span())
        at = match.start("comment")
        line = _line_meant(span, followed_by)
        removal = _removal(span, keeps_breaks=True) if keeps_breaks else None
        said_at = Span(file, at + said.start("said"), at + said.end("said"))
        yield _Found(span, said_at, (line, line), removal, span.start < head)


def _line_meant(comment: Span, followed_by: Sequence[int]) -> int:
    """The line of a comment beside something; for one that stands alone, the next line that is no comment."""
    file, begin, finish = comment.file, comment.begin, comment.finish
    before, after = file.line(begin.line)[: begin.column - 1], file.line(finish.line)[finish.column - 1 :]
    if (before.strip() and not before.lstrip().startswith("#")) or after.strip():
        return begin.line
    return followed_by[finish.line] or begin.line


def _followed_by(file: SourceFile) -> list[int]:
    """For every line, by its number, the next one that is neither empty nor a comment; 0 for none."""
    following = [0] * (file.line_count + 1)
    for number in range(file.line_count, 0, -1):
        text = file.line(number).strip()
        is_comment = text.startswith("#") or (text.startswith("{#") and text.endswith("#}"))
        following[number - 1] = number if text and not is_comment else following[number]
    return following


def _with_scalars(file: SourceFile, line: int, scalars: Sequence[Written]) -> tuple[int, int]:
    """A line, and with it the other lines of the texts that stand on it in part: the whole of a block."""
    first = last = line
    begin = file.offset(line, 1)
    for scalar in _touching(scalars, begin, begin + len(file.line(line))):
        first = min(first, file.position(scalar.start).line)
        last = max(last, file.position(max(scalar.start, scalar.end - 1)).line)
    return first, last


def _touching(scalars: Sequence[Written], start: int, end: int) -> Sequence[Written]:
    """The scalars that have something of a stretch; they are in order, and none is within another."""
    first = bisect_right(scalars, start, key=lambda scalar: scalar.end)
    return scalars[first : bisect_right(scalars, end, key=lambda scalar: scalar.start)]


def _removal(comment: Span, *, keeps_breaks: bool) -> Span | None:
    """What goes with a comment: its line when it stands alone, else the blanks before it.

    A template drops the line break behind a comment, so that without one at the end of a line two lines would part:
    where breaks are kept there is nothing to remove then.
    """
    text = comment.file.text
    start, end = comment.start, comment.end
    while start > 0 and text[start - 1] in " \t":
        start -= 1
    alone = start == 0 or text[start - 1] == "\n"
    rest = re.compile(r"[ \t]*(\r?\n|\Z)").match(text, end)
    if alone and rest is not None:
        return Span(comment.file, start, rest.end())
    return None if keeps_breaks else Span(comment.file, start, end)


def _read(found: _Found, sink: Sink) -> Iterator[Ignore]:
    """What a comment says; nothing, and perhaps a finding, when it cannot be understood."""
    form = _FORM.match(found.said.text)
    if form is None:
        return
    verb = form["verb"].lower()
    if verb not in _VERBS:
        if near(verb, _VERBS):  # a person's remark may begin with `atk:` too
            told = f"`{verb}` means nothing in such a comment"
            sink.report(codes.BAD_IGNORE, _inside(found, form, "verb"), told, help=did_you_mean(verb, _VERBS))
        return
    if form["list"] is None or not form["names"].strip():
        help_ = f"write `{verb}[…]` with codes or names, such as `{verb}[unused-step]`"
        sink.report(codes.BAD_IGNORE, found.span, "this comment does not say what it ignores", help=help_)
        return
    if verb == "ignore-file" and not found.at_head:
        help_ = "move it above the first line that is no comment, or write `ignore` for what follows here"
        told = "`ignore-file` counts only at the head of a file"
        sink.report(codes.BAD_IGNORE, _inside(found, form, "verb"), told, help=help_)
        return
    items = tuple(_items(found, form, sink))
    if items:
        lines = None if verb == "ignore-file" else found.lines
        yield Ignore(found.span, items, form["reason"].strip(), lines, found.removal)


def _inside(found: _Found, form: re.Match[str], group: str) -> Span:
    return Span(found.said.file, found.said.start + form.start(group), found.said.start + form.end(group))


def _items(found: _Found, form: re.Match[str], sink: Sink) -> Iterator[Item]:
    listed = _inside(found, form, "names")
    for match in re.finditer(r"[^,\s](?:[^,]*[^,\s])?", listed.text):
        span = Span(listed.file, listed.start + match.start(), listed.start + match.end())
        code = _by_id_or_name().get(match[0].lower())
        problem = _problem(match[0], code)
        if problem is not None:
            sink.report(codes.BAD_IGNORE, span, problem[0], help=problem[1])
        elif code is not None:
            yield Item(code, span)


def _problem(text: str, code: Code | None) -> tuple[str, str | None] | None:
    """What is wrong with a code in a comment, and what to do."""
    if code is None:
        close = did_you_mean(text.upper(), [known.id for known in all_codes()]) if text[:1].isupper() else None
        close = close or did_you_mean(text, [known.name for known in all_codes()])
        return f"there is no code `{text}`", close or "`atk-interp lint --list-rules` lists them all"
    if is_about_text(code):
        return f"`{text}` cannot be ignored: it says that the file cannot be read", "mend the file"
    if code in codes.CODES:
        return f"`{text}` cannot be ignored by a comment", f"run with `--ignore {text}`, or set it in `pyproject.toml`"
    return None


@cache
def _by_id_or_name() -> Mapping[str, Code]:
    return {text: code for code in all_codes() for text in (code.id.lower(), code.name)}

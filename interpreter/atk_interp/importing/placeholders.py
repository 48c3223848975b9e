"""Text for `str.format` as a Jinja template: `{text}` becomes `{{ text }}`, and every other brace stays what it was.

The reader of the text is Python's own (`string.Formatter`), so what counts as a placeholder is what Python takes for
one. Where Python would fail, the program that the text was written for sends it as it stands, with nothing filled in;
then what was meant is taken: placeholders are filled in, and all other braces are text.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.spec.names import RESERVED_NAMES

__all__ = ["Converted", "as_text", "converted"]

_SHOWN = 60
"""So many characters of a piece of the original are told."""

Fills = Callable[[str], bool]
"""Whether something is filled in for a name; else `{name}` is text."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A template, with what is to be told of it as offsets in the original text and sentences.

    `names` are what it is filled in with. `failed` says why Python could not have filled it in, or is empty.
    """

    template: str
    names: frozenset[str]
    told: tuple[tuple[int, str], ...] = ()
    failed: str = ""


class _FailsAsFormat(Exception):
    """Python's `format` fails on this, whatever the values are."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One placeholder as it is written: `{name!r:>10}` at an offset."""

    at: int
    end: int
    name: str
    conversion: str | None
    spec: str


def converted(text: str, fills: Fills) -> Converted:
    """The template for a text; `fills` says which names have a value when it is filled in."""
    try:
        return _read_strictly(text, fills)
    except _FailsAsFormat as error:
        return _read_as_meant(text, fills, str(error))


def as_text(text: str) -> str:
    """A text as a template that gives it back to the letter."""
    return _Template().text(text).written()


# ------------------------------------------------------------------------------------------------ what is written


class _Template:
    """A template that grows: texts, in which nothing may look like Jinja, and expressions."""

    def __init__(self) -> None:
        self._parts: list[tuple[bool, str]] = []
        """Whether it is an expression, and it."""

    def text(self, text: str) -> _Template:
        if self._parts and not self._parts[-1][0]:
            text = self._parts.pop()[1] + text  # `{` and `%` that come one after the other are a sign of Jinja
        self._parts.append((False, text))
        return self

    def hole(self, expression: str) -> _Template:
        self._parts.append((True, f"{{{{ {expression} }}}}"))
        return self

    def written(self) -> str:
        written = ""
        for index, (is_hole, part) in enumerate(self._parts):
            if not is_hole:
                signs = _SIGN if index + 1 == len(self._parts) else _SIGN_BEFORE_HOLE
                part = signs.sub(_quoted, part)
            written += part
        return written


_SIGN = pattern(r"\{{2,}|\{(?=[%#\r])|\r")
"""What begins an expression, a tag or a comment, and a line break that Jinja would change."""
_SIGN_BEFORE_HOLE = pattern(_SIGN.pattern + r"|\{\Z")


def _quoted(found: re.Match[str]) -> str:
    return '{{ "\\r" }}' if found[0] == "\r" else '{{ "' + found[0] + '" }}'


# ----------------------------------------------------------------------------------------------- as Python reads it


def _read_strictly(text: str, fills: Fills) -> Converted:
    template, names, told = _Template(), set[str](), list[tuple[int, str]]()
    for part in _parts(text):
        if isinstance(part, str):
            template.text(part)
            continue
        name, steps = _named(part)
        if not (isinstance(name, str) and _can_be_filled(name) and fills(name)):
            template.text(_left_as_is(text[part.at : part.end]))
            if isinstance(name, str) and name.isidentifier():
                told.append((part.at, _unfilled(name)))
            continue
        if any(not is_index for is_index, _ in steps):
            raise _FailsAsFormat(f"`{_short(text[part.at : part.end])}` asks for an attribute, which no value has")
        _fill(template, name + "".join(f"[{_index(key)}]" for _, key in steps), part, told)
        names.add(name)
    return Converted(template.written(), frozenset(names), _once(told))


def _parts(text: str) -> Iterator[str | _Field]:
    """The texts, with doubled braces undone, and the fields of a format string. Raises `_FailsAsFormat`."""
    at = 0
    parts = iter(string.Formatter().parse(text))
    while True:
        try:
            literal, name, spec, conversion = next(parts)
        except StopIteration:
            return
        except ValueError as error:
            raise _FailsAsFormat(_in_words(str(error))) from error
        if literal:
            yield literal
        at += len(literal)
        if name is None:
            at += literal[-1:] in ("{", "}") and text[at : at + 1] == literal[-1:]  # the brace was doubled
            continue
        end = at + 1 + len(name) + (2 if conversion else 0)
        end += 1 + len(spec or "") if text[end : end + 1] == ":" else 0
        yield _Field(at, end + 1, name, conversion, spec or "")
        at = end + 1


def _in_words(problem: str) -> str:
    known = {
        "Single '}' encountered in format string": "a `}` stands alone",
        "Single '{' encountered in format string": "a `{` stands alone",
        "expected '}' before end of string": "a `{` is never closed",
        "unexpected '{' in field name": "a `{` stands within another",
        "unmatched '{' in format spec": "a `{` stands within another",
    }
    return known.get(problem, problem[:1].lower() + problem[1:])


class _Steps:
    """Takes note of what is asked of a value, in its order: whether by index, and by what."""

    def __init__(self, taken: tuple[tuple[bool, Any], ...] = ()) -> None:
        self.taken = taken

    def __getattribute__(self, name: str) -> _Steps:  # of every attribute, `__class__` too
        return _Steps((*_taken(self), (False, name)))

    def __getitem__(self, key: Any) -> _Steps:
        return _Steps((*_taken(self), (True, key)))


def _taken(steps: _Steps) -> tuple[tuple[bool, Any], ...]:
    taken: tuple[tuple[bool, Any], ...] = object.__getattribute__(steps, "taken")
    return taken


class _Names(string.Formatter):
    """Takes a field apart into its name, and what is asked of that."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Any) -> Any:
        return _Steps()


def _named(part: _Field) -> tuple[int | str, tuple[tuple[bool, Any], ...]]:
    """The name of a field, and what is asked of its value. Raises `_FailsAsFormat`."""
    try:
        asked, name = _Names().get_field(part.name, (), {})
    except ValueError as error:
        raise _FailsAsFormat(_in_words(str(error))) from error
    if isinstance(name, int) or not name:
        raise _FailsAsFormat(f"`{{{_short(part.name)}}}` asks for a value by its place, and there are only names")
    return name, _taken(asked)


class _LeavesAsIs(string.Formatter):
    """Fills in nothing: a name without a value is its own text."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Any) -> Any:
        if isinstance(key, str):
            return f"{{{key}}}"
        return super().get_value(key, args, kwargs)


def _left_as_is(written: str) -> str:
    """What Python makes of a placeholder without a value. Raises `_FailsAsFormat`."""
    try:
        return _LeavesAsIs().vformat(written, (), {})
    except Exception as error:
        raise _FailsAsFormat(f"`{_short(written)}` cannot be filled in") from error


def _unfilled(name: str) -> str:
    return f"nothing fills in `{{{name}}}`, so it stays text; `--fill {name}` makes it a field"


def _short(text: str) -> str:
    """A piece of the original as it is told: in one line, and no longer than a line."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _can_be_filled(name: str) -> bool:
    return name.isidentifier() and name not in _NO_NAMES


_NO_NAMES = RESERVED_NAMES | {"self", "loop", "super", "caller", "varargs", "kwargs", "for"}
"""Words that a template does not read as the name of a field."""


def _index(key: Any) -> str:
    if isinstance(key, int):
        return str(key)
    return '"' + str(key).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'


# ------------------------------------------------------------------------------------------ conversions and formats

_PADDED = pattern(r"(?:(?P<fill>[^{}])?(?P<align>[<>^]))(?P<width>[1-9][0-9]{0,3})s?", re.DOTALL)


def _fill(template: _Template, expression: str, part: _Field, told: list[tuple[int, str]]) -> None:
    """Add a field to a template, with its conversion and format."""
    shown = "{" + part.name + (f"!{part.conversion}" if part.conversion else "") + f":{part.spec}" * bool(part.spec)
    shown += "}"
    if part.conversion not in (None, "s", "r", "a"):
        raise _FailsAsFormat(f"`{shown}` has a conversion that does not exist")
    padded = _PADDED.fullmatch(part.spec)
    if part.conversion in ("r", "a"):
        told.append((part.at, f"`{shown}` is the value as Python writes it; here it stands between quotes"))
        template.text("'").hole(expression).text("'")
    elif padded:
        _pad(template, expression, padded)
    else:
        if part.spec not in ("", "s"):
            told.append((part.at, f"the format of `{shown}` is left out; write what is meant with a filter"))
        template.hole(expression)


def _pad(template: _Template, expression: str, padded: re.Match[str]) -> None:
    """Fill up a value to a width, as `>10` does."""
    fill = _index(padded["fill"] or " ")
    lacking = f"({padded['width']} - ({expression} | string | length))"
    if padded["align"] == ">":
        template.hole(f"{fill} * {lacking}").hole(expression)
    elif padded["align"] == "<":
        template.hole(expression).hole(f"{fill} * {lacking}")
    else:
        template.hole(f"{fill} * ({lacking} // 2)").hole(expression)
        template.hole(f"{fill} * ({lacking} - {lacking} // 2)")


# -------------------------------------------------------------------------------------------------- as it was meant

_PLAIN = pattern(r"\{\{\w*\}\}|\{(?P<name>[^\W\d]\w*)\}")


def _read_as_meant(text: str, fills: Fills, failed: str) -> Converted:
    """A text that Python cannot fill in: plain placeholders are filled in, and every other brace is text."""
    template, names, told = _Template(), set[str](), list[tuple[int, str]]()
    at = 0
    for found in _PLAIN.finditer(text):
        name = found["name"]
        if name is None:
            continue
        if not (_can_be_filled(name) and fills(name)):
            told.append((found.start(), _unfilled(name)))
            continue
        template.text(text[at : found.start()]).hole(name)
        names.add(name)
        at = found.end()
    template.text(text[at:])
    return Converted(template.written(), frozenset(names), _once(told), failed)


def _once(told: list[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """What is to be told, each sentence where it is first true."""
    first = {sentence: at for at, sentence in reversed(told)}
    return tuple(sorted((at, sentence) for sentence, at in first.items()))

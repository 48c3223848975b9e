"""Writing LLGuidance grammars (its dialect of Lark), which hold a constrained decoder to readable replies.

Free text is one line of bounded length that begins with a letter, a digit, a quotation mark or a parenthesis: small
models otherwise run on, or fill a hole with marks. With `words_of` it is also an unbroken run of a text's words, with
`one_of` one of some texts, with `sentences` so many that come to an end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import field

from atk_interp.records import dataclass
from atk_interp.replies.base import FieldRule, Rules
from atk_interp.replies.cleaning import clean
from atk_interp.replies.numerals import Numbers
from atk_interp.values import Value, encode

__all__ = ["DEFAULT_MAX_CHARS", "MOST_IN_LIST", "GrammarWriter", "any_of", "bounded", "literal", "number", "repeated"]

DEFAULT_MAX_CHARS = 400
"""The longest free text of a field without a rule, in characters."""

_FIRST = ("\\p{L}", "\\p{N}", "(", '"', "'")
_LINE_ENDS = "\\p{Cc}\\p{Zl}\\p{Zp}"
"""Control characters too: some of them end lines, and none of them is text."""
_END = r"([.!?…。！？]|\.\.\.)"
_SAID = r'([^.!?…。！？"“”]|[0-9]\.[0-9])'
_QUOTED = f'["“]{_SAID}+({_END} {_SAID}+)?({_END})?["”]'
_FIRST_SAID = rf"([\p{{L}}\p{{N}}'‘«„(*「]|{_QUOTED}{_SAID})({_SAID}|{_QUOTED}{_SAID})*"
_SENTENCE = f'({_FIRST_SAID}{_END}|({_FIRST_SAID})?["“]({_SAID}+{_END} )?{_SAID}+{_END}["”])'
"""Up to its end, which the point in 4.2 is not, with every quotation closed: small models end with what closes one."""
_MOST_LISTED = 101
MOST_IN_LIST = 5
"""The most items of a list in JSON that has no bound of its own."""
_LARGEST = 999_999

Schema = dict[str, Value]
"""A JSON Schema."""


def literal(text: str) -> str:
    """Exactly this text."""
    return json.dumps(text, ensure_ascii=False)


def any_of(texts: Iterable[str]) -> str:
    """One of these texts."""
    return "(" + " | ".join(literal(text) for text in texts) + ")"


def repeated(item: str, between: str, least: int, most: int) -> str:
    """`least` to `most` items (from 1) with a text between."""
    if most == 1:
        return item  # the engine reads no `{0,0}`
    return f"{item} ({literal(between)} {item}){{{least - 1},{most - 1}}}"


def bounded(schema: Schema) -> Schema:
    """A JSON Schema whose texts, lists and numbers have an end, and whose texts are not empty."""
    limits: Schema = {}
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "string" in kinds and "enum" not in schema:
        limits = {"pattern": f'^[\\p{{L}}\\p{{N}}][^{_LINE_ENDS}"\\\\]{{0,{DEFAULT_MAX_CHARS - 1}}}$'}
    elif "integer" in kinds or "number" in kinds:
        limits = {"minimum": -_LARGEST, "maximum": _LARGEST}
        if "number" in kinds:
            limits["multipleOf"] = 0.01
    elif isinstance(items := schema.get("items"), dict):
        limits = {"maxItems": max(MOST_IN_LIST, int(str(schema.get("minItems", 0)))), "items": bounded(items)}
        schema = {name: value for name, value in schema.items() if name != "items"}
    elif isinstance(members := schema.get("properties"), dict):
        inner: Schema = {name: bounded(member) for name, member in members.items() if isinstance(member, dict)}
        schema = {**schema, "properties": inner}
    return {**limits, **schema}


def number(wanted: Numbers) -> str | None:
    """A number in bounds, as digits with at most two decimals; None when the bounds hold no whole number."""
    low = -_LARGEST if wanted.low is None else -int(-wanted.low // 1)
    high = _LARGEST if wanted.high is None else int(wanted.high // 1)
    if low > high:
        return None
    whole = _whole_number(low, high)
    if wanted.whole or low < 0 or high == low:
        return f"({whole})"
    return f"({whole} | ({_whole_number(low, high - 1)}) /\\.[0-9]{{1,2}}/)"


def _whole_number(low: int, high: int) -> str:
    if high - low < _MOST_LISTED:
        return " | ".join(literal(str(value)) for value in range(low, high + 1))
    return _json({"type": "integer", "minimum": low, "maximum": high})


def _json(schema: Schema) -> str:
    tight = {**schema, "x-guidance": {"whitespace_flexible": False}}
    return f"%json {encode(tight).decode()}"


@dataclass
class GrammarWriter:
    """Collects the terminals of one grammar. `rules` say what the text of a field is held to."""

    rules: Rules
    _lines: list[str] = field(default_factory=list)

    def hole(self, name: str, excluded: str = "", before: str = "") -> str:
        """A terminal for the text of a field, without the `excluded` characters.

        With `before` the text runs to the first place where that text stands, which the terminal includes: what
        stands on the same line cannot be told from free text otherwise.
        """
        terminal = f"FIELD{len(self._lines)}"
        text = _free_text(self.rules.get(name, FieldRule()), excluded)
        if not before:
            self._lines.append(f"{terminal}: {text}")
            return terminal
        self._lines.append(f"{terminal}: ({text}) {literal(before)}")
        self._lines.append(f"field{len(self._lines)}[lazy]: {terminal}")
        return f"field{len(self._lines) - 1}"

    def rule(self, name: str, body: str) -> str:
        """Another rule; returns its name."""
        self._lines.append(f"{name}: {body}")
        return name

    def value(self, schema: Schema) -> str:
        """A rule for JSON of a schema, without optional space."""
        return self.rule(f"value{len(self._lines)}", _json(schema))

    def text(self, start: str) -> str:
        """The whole grammar."""
        return "\n".join([f"start: {start}", *self._lines, ""])


def _free_text(rule: FieldRule, excluded: str) -> str:
    most = max(1, rule.max_chars or DEFAULT_MAX_CHARS)
    first = "".join(character for character in _FIRST if character not in excluded)
    pattern = f"/[{first}][^{_LINE_ENDS}{_in_class(excluded)}]{{0,{most - 1}}}/"
    whole = [text for text in map(clean, rule.one_of) if len(text) <= most and not set(excluded) & set(text)]
    if whole:
        return any_of(whole)
    if rule.sentences:
        further = f"( {_SENTENCE}){{0,{rule.sentences - 1}}}" if rule.sentences > 1 else ""
        pattern = f"{pattern} & /{_SENTENCE}{further}/"
    words = " ".join(clean(rule.words_of or "").split())
    if not any(character.isalnum() for character in words):
        return pattern
    return f"(%regex {json.dumps({'substring_words': words})}) & {pattern}"


def _in_class(characters: str) -> str:
    return re.sub(r"([\\\]\[^/&~-])", r"\\\1", characters)

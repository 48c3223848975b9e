"""`yaml`: a mapping with known fields, written as YAML."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from atk_interp.document import NotYaml, QuotedText, read_texts
from atk_interp.expressions.types import Type
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.replies.base import Cue, CueForm, Fields, Reader, ReplyExample, ReplyKind, ReplyUnreadable
from atk_interp.replies.cleaning import excerpt
from atk_interp.replies.shapes import Shape, read_record, shapes, unwrapped
from atk_interp.values import Value

__all__ = ["YAML"]

_FENCE = pattern(
    r"(?m)^[ \t]*```[ \t]*(?:ya?ml)?[ \t]*\n(?P<inside>(?:(?![ \t]*```)[^\n]*\n?)*)",
)
_MOST_TRIED = 16
_MOST_CHARACTERS = 200_000
_WHOLE = pattern(r"[+-]?\d{1,18}")
_DECIMAL = pattern(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_ZERO_BEFORE = pattern(r"[+-]?0\d.*")
"""A number that may as well be a name, such as that of a telephone."""
_UNTYPED = Shape("any")
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOTHINGS = ("", "~", "null", "none")


@dataclass(frozen=True)
class _YamlReader(Reader):
    members: Mapping[str, Shape]
    many: bool = False

    @property
    def fields(self) -> Mapping[str, Type]:
        return {name: shape.type for name, shape in self.members.items()}

    @property
    def cues(self) -> tuple[Cue, ...]:
        return tuple(Cue(name, name, CueForm.KEY, shape.optional) for name, shape in self.members.items())

    @cached_property
    def _key(self) -> re.Pattern[str]:
        """A line that begins with one of the fields, whatever its spelling in `read_record`."""
        names = "|".join(re.escape(name).replace("_", "[ _-]") for name in self.members)
        return re.compile(rf"^[ \t]*(?:-[ \t]+)?[\"']?(?:{names})[\"']?[ \t]*:", re.IGNORECASE | re.MULTILINE)

    def _read(self, text: str) -> list[Fields]:
        last: ReplyUnreadable | None = None
        for candidate in self._candidates(text):
            try:
                return self._of(candidate)
            except ReplyUnreadable as error:
                last = last or error
        raise last or ReplyUnreadable(f"expected YAML, found {excerpt(text)}")

    def _candidates(self, text: str) -> Iterator[str]:
        """The fenced blocks, the last first; then the text from the first line that begins as the YAML would."""
        fenced = [found["inside"] for found in _FENCE.finditer(text)]
        yield from fenced[: -_MOST_TRIED - 1 : -1]
        begin = self._key.search(text)
        if begin is not None:
            yield text[begin.start() :]

    def _of(self, text: str) -> list[Fields]:
        if len(text) > _MOST_CHARACTERS:
            raise ReplyUnreadable(f"expected YAML of at most {_MOST_CHARACTERS:,} characters, found {len(text):,}")
        try:
            found = read_texts(text)
        except NotYaml as error:
            raise ReplyUnreadable(f"expected YAML, found {error} in {excerpt(text)}") from None
        if not self.many:
            found = unwrapped(self.members, found)
            if not isinstance(found, dict):
                raise ReplyUnreadable(f"expected a mapping of fields, found {excerpt(text)}")
            return [self._record(found)]
        listed = next(iter(found.values())) if isinstance(found, dict) and len(found) == 1 else found
        if isinstance(found, dict) and not isinstance(listed, list):
            listed = [found]
        if not isinstance(listed, list) or not listed:
            raise ReplyUnreadable(f"expected a list of mappings, found {excerpt(text)}")
        return [self._record(item, f"[{at}]") for at, item in enumerate(listed)]

    def _record(self, value: Any, place: str = "") -> Fields:
        typed = _members(self.members, value) if isinstance(value, dict) else value
        return read_record(self.members, typed, place)


def _members(members: Mapping[str, Shape], value: dict[str, Any]) -> dict[str, Value]:
    """The values of a mapping, of which all are texts as written, as their shapes want them."""
    folded = {name.lower().replace(" ", "_").replace("-", "_"): shape for name, shape in members.items()}
    return {
        name: _typed(folded.get(name.lower().replace(" ", "_").replace("-", "_"), _UNTYPED), written)
        for name, written in value.items()
    }


def _typed(shape: Shape, written: Any) -> Value:
    if isinstance(written, list):
        return [_typed(shape.items or _UNTYPED, item) for item in written]
    if isinstance(written, dict):
        return _members(shape.members, written)
    if not isinstance(written, str):
        return None
    plain = written.strip()
    if shape.kind == "text":
        return None if shape.optional and plain.lower() in _NOTHINGS else str(written)
    if shape.kind == "any" and (isinstance(written, QuotedText) or _ZERO_BEFORE.fullmatch(plain)):
        return str(written)
    if plain.lower() in _NOTHINGS:
        return None
    if shape.kind == "bool":
        return _TRUTHS.get(plain.lower(), written)
    if shape.kind in ("int", "float", "any"):
        return _number(plain, written, shape.kind)
    return written


def _number(plain: str, written: str, kind: str) -> Value:
    if _WHOLE.fullmatch(plain):
        return int(plain)
    if _DECIMAL.fullmatch(plain) and math.isfinite(number := float(plain)):
        return written if kind == "any" and plain.lstrip("+-").isdigit() else number
    return _TRUTHS.get(plain.lower(), written) if kind == "any" and plain.lower() in ("true", "false") else written


class _YamlKind(ReplyKind):
    """A mapping with these fields, as YAML.

    ```yaml
    parse:
      yaml:
        title: text
        tags: {items: text, min: 1}
        score: {type: int, min: 1, max: 10}
    ```

    Types and rules are those of `json`. A field of type text is what is written, whatever YAML makes of it: `no`,
    `12:30` and `1.0` stay as they are. Where no type is given (`any`, a list without `items`, a record without
    `fields`), numbers, `true`, `false` and `null` are read as such, but not in quotation marks or with a zero before
    them (`007`); `yes` and `no` are truths only in a `bool`. Fields that are not listed are passed over; case, and
    space for `_` in names, do not matter; of a field that is given twice the last counts.

    The last fenced block that can be read counts, or else all from the first line with one of the fields on; the
    mapping may be the only item of a list or the only member of another. With
    `many: true` a list of mappings (also as the only member of a mapping), or one mapping, are one reading each.
    Anchors and tags, and text after the YAML without a fence, make a reply unreadable. So does what is no YAML: in
    `title: Tides: a study` the value needs quotes, for a colon and a space begin another key. Say so in the prompt, or
    take `headings` or `pattern` for free texts, which take a line as it is.
    """

    name = "yaml"
    value_schema: ClassVar[Mapping[str, Any]] = {"type": "dict", "minlength": 1}
    takes_many = True
    examples = (
        ReplyExample(
            {"yaml": {"title": "text", "tags": {"items": "text"}, "score": "int"}},
            "Sure:\n```yaml\ntitle: Tides\ntags: [sea, no]\nscore: 7\n```",
            [{"title": "Tides", "tags": ["sea", "no"], "score": 7}],
        ),
        ReplyExample({"yaml": {"fact": "text"}, "many": True}, "- fact: A\n- fact: B", [{"fact": "A"}, {"fact": "B"}]),
        ReplyExample(
            {"yaml": {"values": "list", "source": "record"}},
            'values: [1, no, null, "2"]\nsource: {page: 7, new: true}',
            [{"values": [1, "no", None, "2"], "source": {"page": 7, "new": True}}],
        ),
        ReplyExample({"yaml": {"title": "text"}}, "name: Tides", None),
        ReplyExample({"yaml": {"title": "text"}}, "title: Tides: a study", None),
        ReplyExample({"yaml": {"title": "text"}}, 'title: "Tides: a study"', [{"title": "Tides: a study"}]),
    )

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        return _YamlReader(shapes(value, (self.name,)), bool(options.get("many")))


YAML = _YamlKind()

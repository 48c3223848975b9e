"""From YAML text to a `Document`: syntax, duplicate keys, tags, bombs."""

from __future__ import annotations

import re
from typing import Any

import yaml

from atk_interp.diagnostics import Label, Sink
from atk_interp.document import model
from atk_interp.document.model import Document, Path, Place
from atk_interp.source import SourceFile, Span

__all__ = ["parse_document"]

_MAX_DEPTH = 60
_MAX_VALUES = 200_000
_MAX_CHARACTERS = 20_000_000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = "tag:yaml.org,2002:"
_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def parse_document(file: SourceFile, sink: Sink) -> Document | None:
    """The document in a file; None when it cannot be read at all (the sink says why)."""
    text = file.text
    if len(text) > _MAX_CHARACTERS or not _depth_is_bounded(text):
        sink.report(model.TOO_LARGE, Span(file, 0, 0), "the document is too large or nested too deeply to be a spec")
        return None
    try:
        node = _compose(file, sink)
    except yaml.YAMLError as error:
        _report_syntax(error, file, sink)
        return None
    if node is None:
        return None
    builder = _Builder(file, sink)
    data = builder.build(node, (), None)
    return None if builder.gave_up else Document(file, data, builder.places)


def _compose(file: SourceFile, sink: Sink) -> Any:
    loader = _Loader(file.text)
    try:
        if not loader.check_node():
            sink.report(model.EMPTY, Span(file, 0, 0), "the file is empty", help="write a mapping")
            return None
        node = loader.get_node()
        if loader.check_node():
            second = loader.get_node().start_mark.index
            sink.report(
                model.SEVERAL_DOCUMENTS,
                Span(file, second, second + 1),
                "a second document begins here, and only one is read",
                help="remove the `---` line or move the second document into a file of its own",
            )
        return node
    finally:
        loader.dispose()


def _depth_is_bounded(text: str) -> bool:
    """Whether the text is shallow enough to be composed, which is recursive inside the YAML library."""
    if text.count("[") + text.count("{") + text.count("- -") + text.count("? ") < 500:
        return True
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _MAX_DEPTH:
                    return False
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError:
        return True  # composing reports it
    return True


class _Builder:
    """Turns composed nodes into data and places."""

    def __init__(self, file: SourceFile, sink: Sink) -> None:
        self.file = file
        self.sink = sink
        self.places: dict[Path, Place] = {}
        self.gave_up = False

    def build(self, node: Any, path: Path, key: Any) -> Any:
        if self.gave_up:
            return None
        if len(self.places) >= _MAX_VALUES or len(path) > _MAX_DEPTH:
            self._give_up(node)
            return None
        self.places[path] = self._place(node, key)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self._check_tag(node, "seq")
            return [self.build(item, (*path, index), None) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _place(self, node: Any, key: Any) -> Place:
        style = (node.style or "") if isinstance(node, yaml.ScalarNode) else None
        start, end = node.start_mark.index, node.end_mark.index
        if style is None:
            end = start + len(self.file.text[start:end].rstrip())
        if key is None:
            return Place(start, end, style=style)
        return Place(start, end, key.start_mark.index, key.end_mark.index, style)

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        self._check_tag(node, "map")
        data: dict[str, Any] = {}
        seen: dict[str, Any] = {}
        merged: list[Any] = []
        for key, value in node.value:
            if key.tag == _PREFIX + "merge":
                merged.extend(value.value if isinstance(value, yaml.SequenceNode) else [value])
                continue
            name = self._key(key)
            if name is None:
                continue
            if name in seen:
                self._duplicate(name, key, seen[name])
                continue
            seen[name] = key
            data[name] = self.build(value, (*path, name), key)
        for source in merged:
            self._merge(source, path, data, seen)
        return data

    def _merge(self, source: Any, path: Path, data: dict[str, Any], seen: dict[str, Any]) -> None:
        """`<<: *anchor`: keys of the anchor that are not given here (YAML merge keys)."""
        if not isinstance(source, yaml.MappingNode):
            span = Span(self.file, source.start_mark.index, source.end_mark.index)
            self.sink.report(model.BAD_KEY, span, "only a mapping can be merged with `<<`")
            return
        for key, value in source.value:
            name = self._key(key)
            if name is not None and name not in seen:
                seen[name] = key
                data[name] = self.build(value, (*path, name), key)

    def _key(self, key: Any) -> str | None:
        if isinstance(key, yaml.ScalarNode):
            return str(key.value)
        span = Span(self.file, key.start_mark.index, key.end_mark.index)
        self.sink.report(
            model.BAD_KEY, span, "a key must be a word or a text", help="did you forget quotes around `{{`?"
        )
        return None

    def _duplicate(self, name: str, key: Any, first: Any) -> None:
        self.sink.report(
            model.DUPLICATE_KEY,
            Span(self.file, key.start_mark.index, key.end_mark.index),
            f"`{name}` is given twice",
            label="given again here",
            labels=[Label(Span(self.file, first.start_mark.index, first.end_mark.index), "first given here")],
            help="keep one of them",
        )

    def _scalar(self, node: Any) -> Any:
        tag, text = node.tag, node.value
        if tag == _PREFIX + "str" or tag == _PREFIX + "timestamp":
            return text
        if tag == _PREFIX + "null":
            return None
        if tag == _PREFIX + "bool":
            return _BOOLS.get(text.lower(), text)
        if tag == _PREFIX + "int":
            return _integer(text)
        if tag == _PREFIX + "float":
            return _float(text)
        self._check_tag(node, "str")
        return text

    def _check_tag(self, node: Any, expected: str) -> None:
        if node.tag == _PREFIX + expected:
            return
        tag = node.tag.replace(_PREFIX, "!!")
        written = self.file.text[node.start_mark.index :]
        width = len(re.match(r"\S*", written).group()) if written.startswith("!") else 1  # type: ignore[union-attr]
        placeholder = "PLACEHOLDER" in tag.upper() or "ATTENTION" in tag.upper()
        self.sink.report(
            model.UNKNOWN_TAG,
            Span(self.file, node.start_mark.index, node.start_mark.index + width),
            f"`{tag}` is a placeholder that was not filled in" if placeholder else f"tag `{tag}` is not allowed",
            help="write the value here" if placeholder else "write plain YAML without tags",
        )

    def _give_up(self, node: Any) -> None:
        self.gave_up = True
        self.sink.report(
            model.TOO_LARGE,
            Span(self.file, node.start_mark.index, node.start_mark.index + 1),
            "the document has too many values or is nested too deeply to be a spec",
            help="look for anchors and aliases that multiply each other",
        )


def _integer(text: str) -> int | str:
    """YAML 1.1 integers that everybody reads the same; others (octal, sexagesimal) stay text."""
    plain = text.replace("_", "")
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", plain):
        number = int(plain) if len(plain) < 20 else None
        if number is not None and -(2**63) <= number < 2**63:
            return number
    if re.fullmatch(r"0x[0-9a-fA-F]{1,15}", plain):
        return int(plain, 16)
    return text


def _float(text: str) -> float | str:
    try:
        number = float(text.replace("_", ""))
    except ValueError:
        return text
    return number if number - number == 0 else text


_HINTS = (
    ("mapping values are not allowed", "a colon inside a value needs quotes around the whole value"),
    ("found character '\\t'", "indent with spaces, not with tabs"),
    ("that cannot start any token", "put quotes around a value that begins with this character"),
    ("could not find expected ':'", "a key needs a colon after it, and a text of several lines needs `|`"),
    ("while scanning a quoted scalar", "close the quote"),
    ("expected <block end>", "check the indentation of this line, and that quotes are closed"),
    ("found undefined alias", "define the anchor first, or put quotes around a text that begins with `*`"),
    ("flow mapping", 'a template needs quotes: "{{ name }}"'),
)


def _report_syntax(error: yaml.YAMLError, file: SourceFile, sink: Sink) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = min(mark.index, max(0, len(file.text) - 1)) if mark is not None else getattr(error, "position", 0)
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "the text is not YAML")
    told = f"{getattr(error, 'context', '') or ''} {problem}"
    conflict = re.search(r"^(<{7}|={7}|>{7})", file.text, re.MULTILINE)
    if conflict:
        at, problem = conflict.start(), "a merge conflict was left in the file"
        help_: str | None = "resolve the conflict and remove the markers"
    else:
        help_ = next((hint for part, hint in _HINTS if part in told), None)
    context = getattr(error, "context_mark", None)
    labels = (
        [Label(Span(file, context.index, context.index + 1), "in what begins here")] if context and not conflict else []
    )
    sink.report(model.SYNTAX, Span(file, at, at + 1), f"this is not YAML: {problem}", labels=labels, help=help_)

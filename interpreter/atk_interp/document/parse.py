"""From YAML text to a `Document`: syntax, duplicate keys, tags, bombs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import yaml

from atk_interp.diagnostics import Diagnostic, Label, Sink
from atk_interp.document import codes
from atk_interp.document.model import Document, Path, Place
from atk_interp.document.syntax import is_invisible, report_syntax
from atk_interp.source import SourceFile, Span

__all__ = ["parse_as_others_do", "parse_document"]

_MAX_DEPTH = 60
_MAX_VALUES = 200_000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PREFIX = "tag:yaml.org,2002:"
_EXPRESSIONS = frozenset(("when", "keep", "pass", "until", "where", "accept", "by", "with_by"))
"""Keys whose values are expressions, where braces are not those of a template."""
_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def parse_document(file: SourceFile, sink: Sink) -> Document | None:
    """The document in a file; None when it cannot be read at all (the sink says why).

    The last ones read are kept, since an editor asks for the same files at every keystroke: whoever gets a document
    shares it with others, and changes nothing in it.
    """
    return _read(file, sink, last_counts=False)


def _read(file: SourceFile, sink: Sink, *, last_counts: bool) -> Document | None:
    document, found = _parsed(file, last_counts)
    for diagnostic in found:
        sink.add(diagnostic)
    return document


@lru_cache(maxsize=64)
def _parsed(file: SourceFile, last_counts: bool) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    sink = Sink()
    return _parse(file, sink, _LastKeyCounts if last_counts else _Builder), tuple(sink)


def parse_as_others_do(file: SourceFile, sink: Sink) -> Document | None:
    """A document that was written for another program: of a key that is given twice the last counts, as PyYAML has it.

    A value behind a tag is the text that is written there. Both are told as in a document of ours.
    """
    return _read(file, sink, last_counts=True)


def _parse(file: SourceFile, sink: Sink, builds: type[_Builder]) -> Document | None:
    try:
        excess = _excess(file.text)
        if excess is not None:
            _report_excess(Span(file, excess, excess + 1), sink)
            return None
        node = _compose(file, sink)
        if node is None:
            return None
        builder = builds(file, sink)
        data = builder.build(node, (), None)
    except yaml.YAMLError as error:
        report_syntax(error, file, sink)
        return None
    return None if builder.gave_up else Document(file, data, builder.places)


def _excess(text: str) -> int | None:
    """Where a text becomes too deep or too long to be composed (which is recursive, and keeps every node).

    Only texts that could be are looked at closely: the rest is told by counting.
    """
    nested = text.count("[") + text.count("{") + text.count("- -") + text.count("? ") > 500
    if not nested and text.count("\n") + text.count(",") < _MAX_VALUES // 2:
        return None
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH or number > _MAX_VALUES:
            return event.start_mark.index if event.start_mark is not None else 0
    return None


def _report_excess(span: Span, sink: Sink) -> None:
    sink.report(
        codes.TOO_LARGE,
        span,
        "the document has too many values, or is nested too deeply",
        help="look for aliases that multiply each other; keep data in files of its own, for `read`",
    )


def _compose(file: SourceFile, sink: Sink) -> Any:
    loader = _Loader(file.text)
    try:
        if not loader.check_node():
            help_ = "a spec begins with `spec: atk/v1`, a prompt with `- user: …`"
            sink.report(codes.EMPTY, Span(file, 0, 0), "there is nothing in this file", help=help_)
            return None
        node = loader.get_node()
        if loader.check_node():
            second = loader.get_node().start_mark.index
            sink.report(
                codes.SEVERAL_DOCUMENTS,
                Span(file, second, second + 1),
                "a second document begins here, and only one is read",
                help="remove the `---` line or move the second document into a file of its own",
            )
        return node
    finally:
        loader.dispose()


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
            self._give_up(path)
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
        for key, value in self._kept(node.value):
            if key.tag == _PREFIX + "merge":
                merged.extend(value.value if isinstance(value, yaml.SequenceNode) else [value])
                continue
            name = self._key(key, path)
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

    def _kept(self, pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        """The keys and values of a mapping that are looked at, in their order."""
        return pairs

    def _merge(self, source: Any, path: Path, data: dict[str, Any], seen: dict[str, Any]) -> None:
        """`<<: *anchor`: keys of the anchor that are not given here (YAML merge keys)."""
        if not isinstance(source, yaml.MappingNode):
            span = Span(self.file, source.start_mark.index, source.end_mark.index)
            self.sink.report(codes.BAD_KEY, span, "only a mapping can be merged with `<<`")
            return
        for key, value in source.value:
            name = self._key(key, path)
            if name is not None and name not in seen:
                seen[name] = key
                data[name] = self.build(value, (*path, name), key)

    def _key(self, key: Any, path: Path) -> str | None:
        if isinstance(key, yaml.ScalarNode):
            if is_invisible(key.value[:1]) and key.style not in ('"', "'"):
                raise yaml.MarkedYAMLError(problem="an invisible character", problem_mark=key.start_mark)
            return str(key.value)
        span = Span(self.file, key.start_mark.index, key.end_mark.index)
        if isinstance(key, yaml.MappingNode):
            told, help_ = "braces begin a mapping in YAML", 'put quotes around a template: "{{ name }}"'
            if _EXPRESSIONS.intersection(path[-2:]):
                help_ = "remove the braces: an expression is written without them"
        else:
            told, help_ = "a key is a word or a text", "put quotes around the key"
        self.sink.report(codes.BAD_KEY, span, told, help=help_)
        return None

    def _duplicate(self, name: str, key: Any, first: Any) -> None:
        self.sink.report(
            codes.DUPLICATE_KEY,
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
        written = re.compile(r"![^\s,\]}]*").match(self.file.text, node.start_mark.index)
        span = Span(self.file, node.start_mark.index, written.end() if written else node.start_mark.index + 1)
        if "PLACEHOLDER" in tag.upper() or "ATTENTION" in tag.upper():
            told, help_ = f"`{tag}` is a placeholder that was not filled in", "write the value here"
        else:
            told, help_ = f"tag `{tag}` is not allowed", "write plain YAML without tags"
            if tag[1:].isidentifier() and isinstance(node, yaml.ScalarNode):
                help_ = f"write `not {tag[1:]}` in a condition, and no tags elsewhere"
        self.sink.report(codes.UNKNOWN_TAG, span, told, help=help_)

    def _give_up(self, path: Path) -> None:
        """What stands at `path` may be the content of an alias, far from where it became too much."""
        self.gave_up = True
        top = self.places[path[:1]]
        _report_excess(Span(self.file, top.key_start, top.key_end), self.sink)


class _LastKeyCounts(_Builder):
    """Passes over what is overwritten by a key of the same name further down."""

    def _kept(self, pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        last: dict[str, Any] = {}
        kept: list[tuple[Any, Any]] = []
        for key, value in reversed(pairs):
            if isinstance(key, yaml.ScalarNode) and key.tag != _PREFIX + "merge":
                if key.value in last:
                    self._duplicate(key.value, last[key.value], key)
                    continue
                last[key.value] = key
            kept.append((key, value))
        return kept[::-1]


def _integer(text: str) -> int | str:
    """YAML 1.1 integers that everybody reads the same; others (octal, sexagesimal) stay text."""
    plain = text.replace("_", "")
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", plain):
        number = int(plain) if len(plain) <= 20 else None
        if number is not None and -(2**63) <= number < 2**63:
            return number
    if re.fullmatch(r"0x[0-9a-fA-F]{1,16}", plain) and int(plain, 16) < 2**63:
        return int(plain, 16)
    return text


def _float(text: str) -> float | str:
    try:
        number = float(text.replace("_", ""))
    except ValueError:
        return text
    return number if number - number == 0 else text

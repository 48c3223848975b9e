"""What can be seen of a template without filling it in: what it says whatever the row, what it binds and never uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from functools import cached_property

from jinja2 import nodes

from atk_interp.records import dataclass
from atk_interp.source import MappedText, Span
from atk_interp.templates.environment import Place
from atk_interp.templates.generator import NAMING

__all__ = ["Facts", "Lone", "Unused"]


@dataclass(frozen=True, slots=True)
class Lone:
    """The one thing that a template holds beside blanks, when it may come to nothing: a name, or an `if` (no name)."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Unused:
    """A name that a template gives to something and never uses. `what` says by which statement."""

    name: str
    what: str
    span: Span


@dataclass
class _Found:
    """What one walk through a tree collects."""

    written: list[str] = field(default_factory=list)
    loaded: set[str] = field(default_factory=set)
    bound: list[tuple[str, str, nodes.Node]] = field(default_factory=list)
    files: list[nodes.Node] = field(default_factory=list)


class Facts:
    """Facts about one parsed template. Everything is looked up on first use, in one walk over the tree."""

    def __init__(self, tree: nodes.Template, text: MappedText) -> None:
        self._tree = tree
        self._text = text

    @cached_property
    def _found(self) -> _Found:
        found = _Found()
        _walk(self._tree, found)
        return found

    @property
    def written(self) -> str:
        """All text that is written out in the template, also in branches and as constants of expressions."""
        return "\n".join(self._found.written)

    @property
    def naming(self) -> Sequence[nodes.Node]:
        """The statements that name other files."""
        return self._found.files

    @cached_property
    def always(self) -> str:
        """The text that is in every rendering: what stands in no branch, loop or macro."""
        outputs = (node for node in self._tree.body if isinstance(node, nodes.Output))
        return "".join(item.data for node in outputs for item in node.nodes if isinstance(item, nodes.TemplateData))

    def unused(self) -> Iterator[Unused]:
        """Names that are bound and used nowhere in this template. Included files may use them all the same."""
        for name, what, node in self._found.bound:
            if name not in self._found.loaded and not name.startswith("_"):
                at = node.lineno.offset if isinstance(node.lineno, Place) else 0
                place = re.compile(rf"\b{re.escape(name)}\b").search(self._text.value, at)
                if place is not None:
                    yield Unused(name, what, self._text.span(*place.span()))

    def lone(self) -> Lone | None:
        """The variable or the `if` without `else` that the whole template consists of."""
        parts = [part for node in self._tree.body for part in _parts(node)]
        if len(parts) != 1:
            return None
        part = parts[0]
        at = part.lineno.offset if isinstance(part.lineno, Place) else 0
        if isinstance(part, nodes.Name):
            return Lone(part.name, self._text.span(at, at + len(part.name)))
        if isinstance(part, nodes.If) and not part.else_:
            end = self._text.value.find("%}", at)
            return Lone("", self._text.span(at, end if end < 0 else len(self._text.value[:end].rstrip("-+ \n"))))
        return None


def _parts(node: nodes.Node) -> list[nodes.Node]:
    """What a statement at the top puts into the text, without blanks."""
    if not isinstance(node, nodes.Output):
        return [] if isinstance(node, nodes.Macro) else [node]
    return [item for item in node.nodes if not (isinstance(item, nodes.TemplateData) and not item.data.strip())]


def _walk(node: nodes.Node, found: _Found) -> None:
    for child in node.iter_child_nodes():
        match child:
            case nodes.TemplateData():
                found.written.append(child.data)
                continue
            case nodes.Const():
                if isinstance(child.value, str):
                    found.written.append(child.value)
                continue
            case nodes.Name():
                if child.ctx == "load":
                    found.loaded.add(child.name)
                continue
            case nodes.Assign() | nodes.AssignBlock():
                _bind(child.target, "`set`", found)
            case nodes.Macro():
                found.bound.append((child.name, "`macro`", child))
            case nodes.For():
                _bind_loop(child, found)
            case nodes.With():
                for target in child.targets:
                    _bind(target, "`with`", found)
            case nodes.Import():
                found.bound.append((child.target, "`import`", child))
            case nodes.FromImport():
                names = [name if isinstance(name, str) else name[1] for name in child.names]
                found.bound.extend((name, "`import`", child) for name in names)
        if isinstance(child, NAMING):
            found.files.append(child)
        _walk(child, found)


def _bind(target: nodes.Node, what: str, found: _Found) -> None:
    if isinstance(target, nodes.Name):
        found.bound.append((target.name, what, target))


def _bind_loop(loop: nodes.For, found: _Found) -> None:
    """A loop that counts, by `range` or `loop`, need not use its element."""
    names = {name.name for name in loop.find_all(nodes.Name)}
    if "loop" not in names and not (isinstance(loop.iter, nodes.Call) and "range" in names):
        _bind(loop.target, "`for`", found)

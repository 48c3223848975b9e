"""Which files lead to which: the rings among files that include, import or extend each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import jinja2
from jinja2 import nodes

from atk_interp.records import dataclass
from atk_interp.source import MappedText, Span
from atk_interp.templates.environment import Sandbox
from atk_interp.templates.generator import NAMING, template_names
from atk_interp.templates.render import Template, node_span

__all__ = ["Ring", "include_rings"]


@dataclass(frozen=True, slots=True)
class Ring:
    """Files that lead back to the first of them. `span` is where the last one names the first."""

    files: tuple[str, ...]
    span: Span


def include_rings(template: Template, looked: set[str]) -> Iterator[Ring]:
    """The rings that rendering a template is certain to enter: every step of them stands in no branch and no loop.

    `looked` holds the files that were looked at before, and is added to.
    """
    yield from _rings(template.tree, template.text, template.env, (), looked)


def _rings(
    tree: nodes.Template, text: MappedText, env: Sandbox, way: tuple[str, ...], looked: set[str]
) -> Iterator[Ring]:
    for naming in _always(tree):
        name = next((name for name in template_names(naming) or () if env.fragment(name)), None)
        if name is None:
            continue
        if name in way:
            named: nodes.Node = naming.template  # type: ignore[attr-defined]
            yield Ring((*way[way.index(name) :], name), node_span(text, named, name))
            continue
        file = env.fragment(name)
        if name in looked or file is None:
            continue
        looked.add(name)
        with suppress(jinja2.TemplateSyntaxError, RecursionError, ValueError):  # told by `check_template`
            yield from _rings(env.parse(file.text), MappedText.whole(file), env, (*way, name), looked)


def _always(node: nodes.Node) -> Iterator[nodes.Node]:
    """The statements that name a file and are carried out in every rendering."""
    for child in node.iter_child_nodes():
        if isinstance(child, NAMING):
            yield child
        elif isinstance(child, nodes.Stmt) and not isinstance(child, nodes.If | nodes.For | nodes.Macro):
            yield from _always(child)

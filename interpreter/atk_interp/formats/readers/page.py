"""The text that a reader of a web page sees, or of a chapter. The only door to selectolax (its lexbor parser).

Paragraphs are parted by blank lines, headings begin with `#`, list items with `- `, the cells of a table row are
parted by ` | `. Scripts, styles, navigation and forms' controls are left out, and what the page itself hides: by the
attribute `hidden` or in `style`. What is hidden from screen readers alone (`aria-hidden`) is seen, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from atk_interp.patterns import pattern

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

__all__ = ["readable"]

_LEFT_OUT = """
    head script style nav noscript template svg math iframe object embed canvas audio video map
    button select input textarea datalist dialog
"""
_STANDING_ALONE = """
    address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form
    header hgroup hr html legend main menu ol p pre section summary table tbody tfoot thead ul
"""
_DROPPED = frozenset(_LEFT_OUT.split())
_BLOCKS = frozenset(_STANDING_ALONE.split())
_LISTS = frozenset(("ul", "ol", "menu"))
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_CELLS = frozenset(("td", "th"))
_BREAKING = _BLOCKS | _CELLS | {"tr", "li"} | _HEADINGS.keys()
_SPACE = pattern(r"[ \t\n\r\f]+")
_SPACES = pattern(" {2,}")
_UNSEEN = pattern(r"(?:^|[;{\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))(?![\w-])", re.IGNORECASE)


def readable(markup: str) -> str:
    """The readable text of some HTML that is not too deep. Raises `ImportError` without selectolax."""
    from selectolax.lexbor import LexborHTMLParser  # imported late: an extra

    root = LexborHTMLParser(markup).root
    if root is None:
        return ""
    page = _Page()
    for node, entering in _walk(root):
        (page.enter if entering else page.leave)(node)
    return page.text()


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every node that is not dropped, on the way in and on the way out; no recursion, pages nest deeply."""
    stack = [(root, True)]
    while stack:
        node, entering = stack.pop()
        yield node, entering
        if not entering:
            continue
        stack.append((node, False))
        children = []
        child = node.first_child
        while child is not None:
            if child.tag not in _DROPPED and not child.is_comment_node and not _is_hidden(child):
                children.append((child, True))
            child = child.next
        stack.extend(reversed(children))


class _Page:
    """The blocks of a page, gathered from its nodes in their order."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.current: list[str] = []  # the text since the last block
        self.prefix = ""  # of the next block
        self.lists = 0  # how many lists are open
        self.preformatted = 0
        self.items: list[str] = []  # of the outermost list that is open
        self.cells: list[list[str]] | None = None  # of the row that is open, if it holds data
        self.rows: list[str] = []

    def text(self) -> str:
        self._flush()
        self._close_list()
        return "\n\n".join(self.blocks)

    def enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if node.is_text_node:
            text = node.text_content or ""
            self.current.append(text if self.preformatted else _SPACE.sub(" ", text))
        elif tag == "br":
            self.current.append("\n")
        elif tag in _BREAKING:
            self._flush()
            self._open(tag, node)

    def _open(self, tag: str, node: LexborNode) -> None:
        self.lists += tag in _LISTS
        self.preformatted += tag == "pre"
        if tag == "tr":
            self.cells = [] if _is_data(node) else None
        elif tag in _CELLS and self.cells is not None:
            self.cells.append([])
        elif tag in _HEADINGS and not self.lists:
            self.prefix = f"{_HEADINGS[tag]} "
        elif tag == "li":
            self.prefix = f"{'  ' * max(0, self.lists - 1)}- "

    def leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag not in _BREAKING:
            return
        self._flush()
        self.lists -= tag in _LISTS
        self.preformatted -= tag == "pre"
        if tag == "tr":
            self._close_row()
        elif tag == "table":
            self._close_table()
        elif tag == "li" or (tag in _HEADINGS and not self.lists):
            self.prefix = ""
        if not self.lists:
            self._close_list()

    def _flush(self) -> None:
        """What was gathered since the last block becomes a block, a list item or a part of a cell."""
        text = "".join(self.current)
        text = text.strip("\n").rstrip() if self.preformatted else _tidy(text)
        self.current = []
        if not text:
            return
        if self.cells:
            self.cells[-1].append(text)
        elif self.lists:
            indent = " " * len(self.prefix)
            self.items.append(self.prefix + text.replace("\n", f"\n{indent}"))
            self.prefix = indent
        else:
            self.blocks.append(self.prefix + (" ".join(text.split()) if self.prefix else text))
            self.prefix = ""

    def _close_row(self) -> None:
        cells = [" ".join(" ".join(cell).split()) for cell in self.cells or ()]
        if any(cells):
            self.rows.append(" | ".join(cells).rstrip())
        self.cells = None

    def _close_table(self) -> None:
        self._close_list()
        if self.rows:
            self.blocks.append("\n".join(self.rows))
        self.rows = []

    def _close_list(self) -> None:
        if self.items:
            self.blocks.append("\n".join(self.items))
        self.items = []


def _is_hidden(node: LexborNode) -> bool:
    """Whether the page keeps an element from its readers; `until-found` shows it to those who look for it."""
    if node.is_text_node:
        return False
    attributes = node.attributes
    if "hidden" in attributes:
        return (attributes["hidden"] or "").strip().lower() != "until-found"
    style = attributes.get("style")
    return style is not None and _UNSEEN.search(style) is not None


def _is_data(row: LexborNode) -> bool:
    """Whether the row of a table holds data, and not the parts of a page: no cell has a table or headings in it."""
    return row.css_first("table, h1, h2, h3, p + p, ul, ol") is None


def _tidy(text: str) -> str:
    """Lines without space round them, and no more than one space between words."""
    return "\n".join(line.strip() for line in _SPACES.sub(" ", text).split("\n")).strip()

"""What a list of messages is made of, and what comes of it."""

from __future__ import annotations

from atk_interp.document import Path
from atk_interp.expressions import Expression
from atk_interp.records import dataclass
from atk_interp.templates.render import Template

__all__ = ["ROLES", "Each", "Marked", "MessageTemplate", "Rendered"]

ROLES = ("system", "user", "assistant", "developer", "tool")
"""The roles of the chat API."""

Rendered = tuple[str, str]
"""A message ready to be sent or written: role and content."""

Marked = tuple[str, str, bool | None]
"""A message with whether a model is to learn to write it."""


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """One message to fill in. `train`: whether a model is to learn to write it, where an output says so."""

    role: Template
    content: Template
    when: Expression | None
    path: Path
    train: Expression | None = None


@dataclass(frozen=True, slots=True)
class Each:
    """Messages for every element of a list, under the name `item`."""

    values: Expression
    item: str
    body: tuple[MessageTemplate | Each, ...]
    when: Expression | None
    path: Path

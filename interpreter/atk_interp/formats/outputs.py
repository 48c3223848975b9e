"""The output formats of a spec: what each takes under `outputs:`, and the writer that it is written with."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from atk_interp.records import dataclass
from atk_interp.spec.options import Option, Takes

if TYPE_CHECKING:
    from atk_interp.formats.writers import Writer

__all__ = ["OUTPUTS", "OutputFormat"]


@dataclass(frozen=True)
class OutputFormat:
    """One format: its name, what it is, its options beside `from`, `where` and `format`, and its writer."""

    name: str
    help: str
    options: tuple[Option, ...]

    @property
    def writer(self) -> Writer:
        """What makes a line of the file. Loaded when it is asked for: a check of a spec writes nothing."""
        from atk_interp.formats.writers import WRITERS

        return WRITERS[self.name]


_MESSAGES = Option(
    "messages",
    Takes.STRUCTURE,
    "The messages of a conversation, as in a prompt file: templates, `when`, `each`.",
    required=True,
    schema={"type": "list", "minlength": 1},
)

_ALL = (
    OutputFormat(
        "jsonl",
        "One JSON object per row: the fields named, or all of them.",
        (Option("fields", Takes.FIELDS, "Fields of the record, with their values; the whole row when not given."),),
    ),
    OutputFormat(
        "sharegpt",
        'Conversations as `{"conversations": [{"from": "human", "value": …}]}`.',
        (_MESSAGES,),
    ),
    OutputFormat(
        "chat",
        'Conversations as OpenAI chat messages: `{"messages": [{"role": "user", "content": …}]}`.',
        (_MESSAGES,),
    ),
)

OUTPUTS: Mapping[str, OutputFormat] = MappingProxyType({output.name: output for output in _ALL})
"""Every format, in the order in which people are told of them."""

"""The output formats of a spec: what each takes under `outputs:`, and the writer that it is written with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from atk_interp.installed import Extended
from atk_interp.records import dataclass
from atk_interp.registry import Picked
from atk_interp.spec.options import Option, Takes

if TYPE_CHECKING:
    from atk_interp.formats.writers import Writer

__all__ = ["OUTPUTS", "OUTPUT_OPTIONS", "OutputFormat"]


@dataclass(frozen=True)
class OutputFormat:
    """One format: its name, what it is, its options beside `from`, `where` and `format`, and its writer.

    `form` is the form of its files, where it has one of its own: their names must have its suffix. Of the options in
    `one_of` exactly one is given. `trains`: whether its messages may say `train`. `of_calls`: whether its records are
    made of the calls of a step, not of the rows. `of_learning`: whether the file is what a step has learned.
    `written_by`: its writer, where it is none of ours.
    """

    name: str
    help: str
    options: tuple[Option, ...]
    form: str | None = None
    one_of: tuple[str, ...] = ()
    trains: bool = False
    of_calls: bool = False
    of_learning: bool = False
    written_by: Writer | None = None

    @property
    def writer(self) -> Writer:
        """What makes a line of the file. Loaded when it is asked for: a check of a spec writes nothing."""
        if self.written_by is not None:
            return self.written_by
        from atk_interp.formats.writers import WRITERS

        return WRITERS[self.name]


_MESSAGES = Option(
    "messages",
    Takes.STRUCTURE,
    "The messages of a conversation, as in a prompt file: templates, `when`, `each`.",
    required=True,
    schema={"type": "list", "minlength": 1},
)

_FIELDS = Option("fields", Takes.FIELDS, "Fields of the record, with their values; the whole row when not given.")
_MARKUP = Option(
    "markup",
    Takes.TEXT,
    "What stands around the messages: `chatml`, `llama3`, `lines` (a line break between them), or `none`.",
    default="chatml",
    choices=("chatml", "llama3", "lines", "none"),
)


def _text(name: str, help: str, *, required: bool = False) -> Option:
    return Option(name, Takes.TEMPLATE, help, required=required)


_ALL = (
    OutputFormat("jsonl", "One JSON object per row: the fields named, or all of them.", (_FIELDS,)),
    OutputFormat(
        "sharegpt",
        'Conversations as `{"conversations": [{"from": "human", "value": …}]}`.',
        (_MESSAGES,),
    ),
    OutputFormat(
        "chat",
        'Conversations as OpenAI chat messages: `{"messages": [{"role": "user", "content": …}]}`.',
        (_MESSAGES,),
        trains=True,
    ),
    OutputFormat(
        "alpaca",
        'Instructions as `{"instruction": …, "input": …, "output": …}`.',
        (
            _text("instruction", "What is asked.", required=True),
            _text("input", "What it is asked about; empty when not given."),
            _text("output", "The answer.", required=True),
        ),
    ),
    OutputFormat(
        "completion",
        'Running text as `{"text": …}`: a text, or conversations with their markup.',
        (_text("text", "The text."), replace(_MESSAGES, required=False), _MARKUP),
        one_of=("text", "messages"),
    ),
    OutputFormat(
        "segments",
        'Text of which a part is learned: `{"segments": [{"label": false, "text": …}]}`. A message may say `train`.',
        (_MESSAGES, _MARKUP),
        trains=True,
    ),
    OutputFormat(
        "preference",
        'A prompt with two answers: `{"prompt": …, "chosen": …, "rejected": …}`.',
        (
            _text("prompt", "What was asked, as text."),
            replace(_MESSAGES, required=False, help="What was asked, as messages; the last is the user's."),
            _text("chosen", "The better answer.", required=True),
            _text("rejected", "The worse answer.", required=True),
        ),
        one_of=("prompt", "messages"),
    ),
    OutputFormat(
        "calls",
        "The calls of steps whose replies were accepted: what was sent, and the reply.",
        (
            Option(
                "as",
                Takes.NAME,
                "What a call is written as: a record of `chat`, of `completion` or of `segments`.",
                default="chat",
                choices=("chat", "completion", "segments"),
            ),
            _MARKUP,
            Option(
                "steps",
                Takes.NAMES,
                "Steps before that of `from` whose calls are written in place of its own; those within another "
                "pipeline or a loop by both names, as `facts.questions`.",
            ),
            Option(
                "distinct",
                Takes.BOOL,
                "Leave out records that say the same as one before, such as equal votes.",
                default=False,
            ),
            Option("reached", Takes.STEP, "Only calls whose rows, or rows made of them, have left this later step."),
            replace(
                _MESSAGES,
                required=False,
                help="Messages in place of those that were sent. Templates know the fields of the row, "
                "`call.messages`, `call.reply`, `call.step` and `call.attempt`, as `where` does.",
            ),
        ),
        trains=True,
        of_calls=True,
    ),
    OutputFormat(
        "document",
        "One text about the rows, from a template: a dataset card, the config of a trainer.",
        (
            Option("template", Takes.NAME, "A prompt file `NAME.txt`, or `hf_dataset_card`, `axolotl` or `trl`."),
            _text("text", "The template itself."),
        ),
        form="document",
        one_of=("template", "text"),
    ),
    OutputFormat(
        "classifier",
        "What a `classifier` step has learned, to `load` it in another one.",
        (),
        form="document",
        of_learning=True,
    ),
    OutputFormat("csv", "A table of comma-separated values, with a line of names.", (_FIELDS,), form="csv"),
    OutputFormat("parquet", "A table of typed columns, as Parquet.", (_FIELDS,), form="parquet"),
)


def _wrong(name: str, format_: Any) -> str | None:
    if not isinstance(format_, OutputFormat):
        return "is no `OutputFormat`"
    if format_.name != name:
        return f"calls itself `{format_.name}`"
    return "has no writer: say `written_by=`" if format_.written_by is None else None


OUTPUTS: Mapping[str, OutputFormat] = Extended(
    MappingProxyType({output.name: output for output in _ALL}), "atk_interp.formats", _wrong
)
"""Every format, in the order in which people are told of them."""

OUTPUT_OPTIONS: Mapping[str, Sequence[Option]] = Picked(OUTPUTS, lambda output: output.options)
"""The options of each format."""

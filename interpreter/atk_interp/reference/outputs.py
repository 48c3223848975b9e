"""The page of output formats."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.formats.files import FORMS, SUFFIXES, Layout
from atk_interp.formats.outputs import OUTPUTS, OutputFormat
from atk_interp.formats.writers.base import Content, Message, Parts
from atk_interp.installed import given_by
from atk_interp.reference.markdown import code, described, fenced, origin, page, table
from atk_interp.reference.rules import option_table
from atk_interp.spec.schema import OUTPUT_SCHEMA

__all__ = ["outputs_page"]

_FIELDS = {"question": "What are tides?", "answer": "The rise and fall of the sea."}
_MESSAGES: list[Message] = [("user", _FIELDS["question"]), ("assistant", _FIELDS["answer"])]
_PARTS: Mapping[str, Parts] = {
    "alpaca": {"instruction": _FIELDS["question"], "output": _FIELDS["answer"]},
    "completion": {"text": _FIELDS["answer"]},
    "segments": {"messages": _MESSAGES, "markup": "chatml"},
    "calls": {"messages": [("user", _FIELDS["question"], False), ("assistant", _FIELDS["answer"], True)], "as": "chat"},
    "preference": {"prompt": _FIELDS["question"], "chosen": _FIELDS["answer"], "rejected": "They are waves."},
}
"""What the options of a format may hold."""


def outputs_page() -> str:
    """Every output format: its options, a line of it, and what it refuses."""
    return page(
        "Outputs",
        "Under `outputs:` each key is the name of a file in the output folder, and says from which step its rows come. "
        "Files appear whole or not at all, their records in canonical order. A row that the format cannot hold goes to "
        "`rejected.jsonl` with the reason.",
        "The common errors of a conversation are: no message, an unknown role, a message without text, none from the "
        "assistant, and a system message that is not the first.",
        table(
            ["key", "takes", "default", "is"],
            [
                ["`from`", "name", "**required**", _help("from")],
                ["`format`", " ".join(code(name) for name in OUTPUTS), "**required**", _help("format")],
                ["`where`", "expression", "", _help("where")],
            ],
        ),
        *(_section(output) for output in OUTPUTS.values()),
        _forms(),
    )


def _help(key: str) -> str:
    return str(OUTPUT_SCHEMA[key]["meta"]["help"])


def _section(output: OutputFormat) -> str:
    giver = given_by(OUTPUTS, output.name)
    content: Content = _MESSAGES if output.writer.takes == "messages" else _PARTS.get(output.name, _FIELDS)
    # What a format of a package takes is not known here.
    line = output.writer.record(content).decode() if giver is None and output.form != "document" else ""
    return "\n\n".join(
        [
            f"## {output.name}",
            output.help,
            *([origin(giver)] if giver else []),
            option_table(output.options),
            *(_shown(output, line) if line else []),
            described(output.writer),
        ]
    )


def _shown(output: OutputFormat, line: str) -> list[str]:
    """A record as it stands in the file, as far as one can read it there."""
    match output.form:
        case "csv":
            written: list[bytes] = []
            FORMS["csv"].write(lambda: iter([line.encode()]), Layout(open=True), written.append)
            return ["A file of one record:", fenced(b"".join(written).decode().replace("\r\n", "\n").rstrip(), "csv")]
        case "parquet":
            return ["A record of it, which is a row of columns in the file, written as JSON:", fenced(line, "json")]
    return ["A record of it:", fenced(line, "json")]


def _forms() -> str:
    """The forms that a file may have."""
    shown = {"lines": "any other", **{form: code(suffix) for suffix, form in SUFFIXES.items()}}
    rows = [[shown[name], described(form)] for name, form in FORMS.items() if name in shown]
    return "\n\n".join(
        [
            "## Forms of files",
            "The suffix of an output's name says what form the file has.",
            *(f"**{suffix}** {text}" for suffix, text in rows),
        ]
    )

"""The page of output formats."""

from __future__ import annotations

from atk_interp.formats.outputs import OUTPUTS, OutputFormat
from atk_interp.reference.markdown import code, described, fenced, page, table
from atk_interp.reference.rules import option_table
from atk_interp.spec.schema import OUTPUT_SCHEMA

__all__ = ["outputs_page"]

_FIELDS = {"question": "What are tides?", "answer": "The rise and fall of the sea."}
_MESSAGES = [("user", _FIELDS["question"]), ("assistant", _FIELDS["answer"])]


def outputs_page() -> str:
    """Every output format: its options, a line of it, and what it refuses."""
    return page(
        "Outputs",
        "Under `outputs:` each key is the name of a file in the output folder, and says from which step its rows come. "
        "Files appear whole or not at all, their lines in canonical order. A row that the format cannot hold goes to "
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
    )


def _help(key: str) -> str:
    return str(OUTPUT_SCHEMA[key]["meta"]["help"])


def _section(output: OutputFormat) -> str:
    content = _MESSAGES if output.writer.takes == "messages" else _FIELDS
    line = output.writer.record(content).decode()
    return "\n\n".join(
        [
            f"## {output.name}",
            output.help,
            option_table(output.options),
            "A line of it:",
            fenced(line, "json"),
            described(output.writer),
        ]
    )

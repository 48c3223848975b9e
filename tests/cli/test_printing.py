"""What is printed does nothing to a terminal beside its colours."""

from __future__ import annotations

import json

import pytest

from atk_interp.cli.output import notice, say


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain\ttext\r\nof – two lines", "plain\ttext\r\nof – two lines"),
        ("\x1b[31;1mred\x1b[0m", "\\u001b[31;1mred\\u001b[0m"),
        ("drawn \u202ebackwards\u202c, \u2066apart\u2069", "drawn \\u202ebackwards\\u202c, \\u2066apart\\u2069"),
        ("\x1b[2Ja\x1b]0;title\x07", "\\u001b[2Ja\\u001b]0;title\\u0007"),
        ("safe\rother\x08\x9b2J\x7f", "safe\\u000dother\\u0008\\u009b2J\\u007f"),
    ],
)
def test_control_characters_are_escaped(text: str, printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    notice(text)

    assert capsys.readouterr() == (f"{printed}\n", f"{printed}\n")


def test_colours_of_this_program_stay(capsys: pytest.CaptureFixture[str]) -> None:
    say("\x1b[31;1mred\x1b[0m\x1b[2J", painted=True)
    assert capsys.readouterr().out == "\x1b[31;1mred\x1b[0m\\u001b[2J\n"


def test_json_stays_what_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"name": "a\x1b\x7f\x9b\rb\u202e"}
    say(json.dumps(data, ensure_ascii=False))

    assert json.loads(capsys.readouterr().out) == data

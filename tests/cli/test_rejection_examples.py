"""The summary of a run shows what its counts of rejections speak of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atk_interp.cli.examples import examples
from atk_interp.cli.summary import funnel
from atk_interp.runtime.events import StepState
from atk_interp.values import encode


def line(step: str, outcome: str, label: str, *replies: str) -> bytes:
    attempts: list[Any] = [{"sample": 0, "attempt": n, "reason": "no", "reply": r} for n, r in enumerate(replies)]
    head = {"step": step, "outcome": outcome, "label": label, "row": "r", "source": ""}
    return encode({**head, "fields": {}, "attempts": attempts}) + b"\n"


def test_of_each_reason_the_last_reply_of_its_first_row_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    lines = [
        line("ask", "rejected", "too short", "what?", "I\n cannot."),
        line("ask", "rejected", "too short", "another"),
        line("ask", "filtered", "not good", "fine"),
        line("ask", "rejected", "too long", "x" * 500),
        line("sum", "rejected", "no number"),
    ]
    path.write_bytes(b"".join(lines))
    found = examples(path)
    assert found == {("ask", "too short"): "I cannot.", ("ask", "too long"): "x" * 100 + "…", ("sum", "no number"): ""}
    state = StepState("ask", "generate", 2000, rejected=2000, labels={"too short": 1999, "too long": 1})
    assert funnel([state], found).splitlines()[2:] == [
        "    ask: 1999 x too short",
        "        such as `I cannot.`",
        "    ask: 1 x too long",
        f"        such as `{'x' * 100}…`",
    ]


def test_without_the_file_there_are_none(tmp_path: Path) -> None:
    assert examples(tmp_path / "rejected.jsonl") == {}

"""What can be known without a call of steps that fold, talk and vary: plans, messages, the way of a row, proof."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Cli
from support.pipelines import replying, write_project

SPEC = """
    spec: atk/v1
    name: case
    params: {output_dir: {type: path}}
    models:
      small: {expects: any}
      large: {expects: any}
    steps:
      notes: {kind: rows, rows: [{text: one}, {text: two}, {text: three}]}
      bible: {kind: reduce, from: notes, batch: 2, model: large, prompt: fold, parse: {text: bible}}
      talk:
        kind: converse
        from: bible
        speakers: {pupil: {model: small, prompt: pupil}, tutor: {model: large, prompt: tutor}}
        turns: 3
      told:
        kind: generate
        from: talk
        models: [small, large]
        prompts: [retell, sum_up]
        variations: all
        parse: {text: story}
    outputs:
      out.jsonl: {from: told, format: jsonl}
    """
PROMPTS = {
    "fold": '- user: "{{ so_far.bible if so_far }}{% for item in items %} {{ item.text }}{% endfor %}"',
    "pupil": '- system: "You ask about {{ bible }}"\n- user: Begin.',
    "tutor": '- system: "You teach {{ bible }}"',
    "retell": """
        - user: "Tell this again."
        - each: conversation as turn
          role: "{{ turn.role }}"
          content: "{{ turn.content }}"
        - user: "Now."
        """,
    "sum_up": '- user: "Sum this up: {{ conversation | length }} turns about {{ bible }}"',
}


@pytest.fixture
def ran(tmp_path: Path, cli: Cli) -> Cli:
    """The command line beside a run of the pipeline."""
    models = dict.fromkeys(("small", "large"), replying(tmp_path, [{"reply": "well said"}]))
    config = write_project(tmp_path, SPEC, PROMPTS, {"output_dir": "out", "models": models})
    assert cli("run", str(config)).code == 0
    return cli


def test_a_plan_knows_every_call_of_them(ran: Cli) -> None:
    told = json.loads(ran("plan", "config.yaml", "--format", "json").out)
    calls = {step["name"]: (step["in_ledger"]["value"], step["to_send"]["value"]) for step in told["steps"]}
    assert calls["bible"] == (2, 0)
    assert calls["talk"] == (3, 0)
    assert calls["told"] == (4, 0)


def test_the_messages_of_each_call_are_shown_with_their_places(ran: Cli) -> None:
    assert "well said three" in ran("render", "config.yaml", "bible").out
    talk = ran("render", "config.yaml", "talk").out
    assert "prompts/tutor.yaml:1" in talk
    assert "--- user, 2 tokens, said before" in talk
    told = ran("render", "config.yaml", "told").out
    assert "prompts/retell.yaml:2" in told
    assert "prompts/sum_up.yaml:1" in told


def test_the_way_of_a_row_leads_through_groups_and_turns(ran: Cli) -> None:
    told = ran("trace", "out", "out.jsonl:1").out
    assert "made of 3 rows" in told
    assert "call 2 of 2 (sample 1" in told
    assert "call 3 of 3 (sample 2" in told


def test_a_run_of_them_is_proved_from_the_ledger(ran: Cli) -> None:
    assert "verified" in ran("verify", "out").out

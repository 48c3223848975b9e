"""Several prompts and slots in one step: which are asked with, and what stays when some are added."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.messages import Request
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.pipeline import InvalidSpec
from support.pipelines import IMPATIENT, compiled, said

SPEC = """
    spec: atk/v1
    name: case
    params:
      output_dir: {type: path}
    models:
      m: {expects: any}
      n: {expects: any}
    steps:
      given: {kind: rows, rows: [{text: a, hard: true}, {text: b, hard: false}, {text: c, hard: false}]}
      ask:
        kind: KIND
        from: given
        parse: {text: reply}
        MORE
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
PROMPTS = {
    "one": '- user: "1 {{ text }}"',
    "two": '- user: "2 {{ text }}"',
    "tones/calm": '- user: "calm {{ text }}"',
    "tones/loud": '- user: "loud {{ text }}"',
}


class Asked:
    """What came of a run, and what each slot was asked."""

    def __init__(self) -> None:
        self.clients = {
            "m": ScriptedClient(lambda request: f"m: {said(request)}"),
            "n": ScriptedClient(lambda request: f"n: {said(request)}"),
        }
        self.rows: list[dict[str, Any]] = []

    @property
    def requests(self) -> list[Request]:
        return [request for client in self.clients.values() for request in client.requests]


async def asked(folder: Path, *more: str, kind: str = "generate", ledger: str = "ledger.db") -> Asked:
    spec = SPEC.replace("MORE", "\n        ".join(more)).replace("KIND", kind)
    (folder / "prompts" / "tones").mkdir(parents=True, exist_ok=True)
    found = Asked()
    models: Mapping[str, Any] = {"m": {"model": "same"}, "n": {"model": "same"}}
    result = await compiled(folder, spec, PROMPTS).run(
        {"output_dir": folder / "out", "models": models},
        ledger=folder / ledger,
        policy=IMPATIENT,
        clients=dict(found.clients),
    )
    found.rows = list(result.rows())
    return found


async def test_each_sample_takes_a_prompt_and_takes_it_again(tmp_path: Path) -> None:
    options = ("model: m", "prompts: [one, two]", "samples: 8", "prompt_into: by")
    first = await asked(tmp_path, *options)
    assert len(first.rows) == 24
    assert {row["by"] for row in first.rows} == {"one", "two"}
    assert all(row["reply"][3] == {"one": "1", "two": "2"}[row["by"]] for row in first.rows)
    again = await asked(tmp_path, *options, ledger="other.db")
    assert again.rows == first.rows


async def test_a_prompt_that_is_added_changes_no_other_draw(tmp_path: Path) -> None:
    options = ("model: m", "samples: 8", "prompt_into: by")
    before = await asked(tmp_path, "prompts: [one, two]", *options)
    after = await asked(tmp_path, "prompts: [one, two, tones/calm]", *options)
    assert {row["by"] for row in after.rows} == {"one", "two", "calm"}
    moved = [(old["by"], new["by"]) for old, new in zip(before.rows, after.rows, strict=True) if old != new]
    assert {new for _, new in moved} == {"calm"}
    assert len(after.requests) == len(moved)


async def test_prompts_have_weights(tmp_path: Path) -> None:
    ran = await asked(
        tmp_path, "model: m", "prompts: {one: 9, two: 1, tones/loud: 0}", "samples: 30", "prompt_into: by"
    )
    drawn = [row["by"] for row in ran.rows]
    assert drawn.count("one") > 70
    assert drawn.count("two") > 0
    assert drawn.count("loud") == 0


async def test_there_may_be_a_row_of_every_prompt_of_a_folder(tmp_path: Path) -> None:
    ran = await asked(tmp_path, "model: m", "prompts: tones/", "variations: all", "prompt_into: tone")
    assert [(row["text"], row["tone"], row["reply"]) for row in ran.rows[:3]] == [
        ("a", "calm", "m: calm a"),
        ("a", "loud", "m: loud a"),
        ("b", "calm", "m: calm b"),
    ]


async def test_every_slot_is_asked_even_where_both_are_the_same_model(tmp_path: Path) -> None:
    ran = await asked(tmp_path, "models: [m, n]", "prompt: one", "model_into: by")
    assert [(row["by"], row["reply"]) for row in ran.rows[:2]] == [("m", "m: 1 a"), ("n", "n: 1 a")]


async def test_what_is_added_at_the_end_of_a_list_pays_for_itself_alone(tmp_path: Path) -> None:
    await asked(tmp_path, "models: [m]", "prompts: [one]", "variations: all")
    more = await asked(tmp_path, "models: [m, n]", "prompts: [one, two]", "variations: all", "samples: 2")
    assert len(more.rows) == 3 * 8
    assert len(more.requests) == 3 * 7


async def test_an_expression_chooses_the_slot_and_the_prompt(tmp_path: Path) -> None:
    choices = ("model: \"='n' if hard else 'm'\"", "prompt: \"='two' if text == 'c' else 'one'\"")
    ran = await asked(tmp_path, *choices)
    assert [row["reply"] for row in ran.rows] == ["n: 1 a", "m: 1 b", "m: 2 c"]


async def test_an_expression_may_choose_among_those_of_a_list(tmp_path: Path) -> None:
    ran = await asked(tmp_path, "model: m", "prompts: tones/", 'prompt: ="ca" ~ "lm"')
    assert [row["reply"] for row in ran.rows] == ["m: calm a", "m: calm b", "m: calm c"]


async def test_a_jury_votes_in_turn(tmp_path: Path) -> None:
    jury = ("models: [m, n]", "prompts: [one, two]", "votes: 3", "pass: reply | length == 3")
    ran = await asked(tmp_path, *jury, kind="vote")
    assert ran.rows[0]["reply"] == ["m: 1 a", "n: 2 a", "m: 1 a"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("prompt: one", "`model` is missing in a `generate` step"),
        ("model: m", "`prompt` is missing in a `generate` step"),
        ("{model: m, prompt: one, prompts: [two]}", "`prompt` names one and `prompts` some"),
        ("{model: m, prompts: nowhere/}", "there is no folder `nowhere/` with prompts in it"),
        ("{model: m, prompts: [one, one]}", "`one` stands here twice"),
        ("{model: m, prompts: [one, three]}", "there is no prompt `three`"),
        ("{model: m, prompts: {one: 0}}", "all weights are 0"),
        ("{models: [m, o], prompt: one}", "there is no model slot `o`"),
        ("{model: =text, prompt: one}", "which names this may give is not known"),
        ("{model: m, prompt: \"='four'\", prompts: [one]}", "`four` is not one of `prompts`"),
        ("{model: m, prompt: one, prompt_into: reply}", "`reply` is written twice"),
        ("{model: m, prompt: one, variations: all}", "`variations` is about `prompts`"),
    ],
)
def test_what_cannot_be_asked_is_told(tmp_path: Path, more: str, told: str) -> None:
    options = more[1:-1].replace(", p", "\n        p").replace(", v", "\n        v") if more[0] == "{" else more
    with pytest.raises(InvalidSpec) as error:
        compiled(
            tmp_path,
            SPEC.replace("MORE", options).replace("KIND", "generate"),
            {"one": PROMPTS["one"], "two": PROMPTS["two"]},
        )
    assert told in str(error.value)

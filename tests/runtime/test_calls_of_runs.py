"""An output of calls: which of the calls of a step it holds, and as what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.messages import Request
from support.pipelines import Ran, run, said

_ASK = {"ask": '- system: Be brief.\n- user: "{{ text }}"'}
_GIVEN = "given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}"
_ASKED = "asked: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}, attempts: 2}"


def upper(request: Request) -> str:
    return said(request).upper()


def spec(output: str, *steps: str, more: str = "") -> str:
    lines = "\n      ".join((_GIVEN, *steps))
    return f"""
    steps:
      {lines}
    outputs:
      calls.jsonl: {{format: calls, {output}}}
    {more}
    """


def pairs(ran: Ran) -> list[tuple[str, str]]:
    """What was asked last, and the reply, of every record."""
    return [(row["messages"][-2]["content"], row["messages"][-1]["content"]) for row in ran.rows]


async def test_a_call_is_what_was_sent_and_the_reply_which_alone_is_learned(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec("from: asked", _ASKED), upper, _ASK)
    assert ran.result.status == "done", ran.result.message
    assert ran.rows[0] == {
        "messages": [
            {"role": "system", "content": "Be brief.", "train": False},
            {"role": "user", "content": "a", "train": False},
            {"role": "assistant", "content": "A", "train": True},
        ]
    }
    assert pairs(ran) == [("a", "A"), ("b", "B"), ("c", "C")]


@pytest.mark.parametrize(
    ("options", "record"),
    [
        ("as: completion, markup: lines", {"text": "Be brief.\na\nA"}),
        (
            "as: segments, markup: none",
            {"segments": [{"label": False, "text": "Be brief.a"}, {"label": True, "text": "A"}]},
        ),
        (
            'messages: [{user: "{{ call.messages[1].content }}!"}, {assistant: "{{ call.reply }} {{ text }}"}]',
            {"messages": [{"role": "user", "content": "a!"}, {"role": "assistant", "content": "A a"}]},
        ),
        (
            (
                'messages: [{system: "{{ seed }}"}, {each: call.messages as sent, role: user, content: "{{ sent.role }}"}, '
                '{assistant: "{{ call.reply }}", train: text == "a"}]'
            ),
            {
                "messages": [
                    {"role": "system", "content": "0", "train": False},
                    {"role": "user", "content": "system", "train": False},
                    {"role": "user", "content": "user", "train": False},
                    {"role": "assistant", "content": "A", "train": True},
                ]
            },
        ),
    ],
)
async def test_calls_take_other_forms_and_other_messages(options: str, record: dict[str, Any], tmp_path: Path) -> None:
    ran = await run(tmp_path, spec(f"from: asked, {options}", _ASKED), upper, _ASK)
    assert ran.result.status == "done", ran.result.message
    assert ran.rows[0] == record


@pytest.mark.parametrize(
    ("form", "record"),
    [
        ("completion", {"text": "Q: a\nA: 1"}),
        ("segments", {"segments": [{"label": False, "text": "Q: a\nA:"}, {"label": True, "text": " 1"}]}),
    ],
)
async def test_a_completion_prompt_and_its_reply_are_one_text(
    form: str, record: dict[str, Any], tmp_path: Path
) -> None:
    written = spec(f"from: asked, as: {form}", _ASKED.replace("prompt: ask", "prompt: plain"))
    ran = await run(tmp_path, written, lambda request: " 1", {"plain.txt": "Q: {{ text }}\nA:"})
    assert ran.result.status == "done", ran.result.message
    assert ran.rows[0] == record


async def test_replies_that_failed_and_rows_that_were_lost_are_no_accepted_calls(tmp_path: Path) -> None:
    asked = _ASKED.replace("attempts: 2", 'attempts: 2, accept: {good: reply != "bad"}, keep: reply != "C"')

    def model(request: Request) -> str:
        if said(request) == "b":
            return "bad"
        return "bad" if said(request) == "a" and request.attempt == 0 else upper(request)

    ran = await run(tmp_path, spec("from: asked", asked), model, _ASK)
    assert pairs(ran) == [("a", "A")]


async def test_where_is_over_the_rows_and_a_reply_of_several_rows_is_written_once(tmp_path: Path) -> None:
    asked = "asked: {kind: generate, from: given, model: m, prompt: ask, parse: {tag: part, many: true}}"
    written = spec('from: asked, where: part != "a" and part != "b", messages: [{assistant: "{{ part }}"}]', asked)
    ran = await run(
        tmp_path, written, lambda request: f"<part>{said(request)}</part><part>y</part><part>z</part>", _ASK
    )
    assert ran.result.status == "done", ran.result.message
    assert [row["messages"][0]["content"] for row in ran.rows] == ["y", "y", "c"]


async def test_each_sample_is_a_call_in_its_place(tmp_path: Path) -> None:
    asked = _ASKED.replace("attempts: 2", "samples: 2")
    ran = await run(tmp_path, spec("from: asked", asked), lambda request: f"{said(request)}{request.sample}", _ASK)
    assert pairs(ran) == [(text, f"{text}{sample}") for text in "abc" for sample in (0, 1)]


_VOTE = (
    "judged: {kind: vote, from: given, model: m, prompt: ask, parse: {choice: {yes: true, no: false}, into: right}, "
)


@pytest.mark.parametrize(
    ("ballots", "rule", "agree"),
    [
        ("yny", "right | share >= 0.6", "yy"),
        ("nyyy", "right | select(right) | length >= 2", "yyy"),
        ("yyyy", "right | share >= 0.6", "yyyy"),
    ],
)
async def test_of_votes_those_count_that_agree_with_the_outcome(
    ballots: str, rule: str, agree: str, tmp_path: Path
) -> None:
    words = {"y": "yes", "n": "no"}
    rule = "right | share >= 0.5" if "select" in rule else rule
    vote = _VOTE + f"votes: {len(ballots)}, pass: right | length == {len(ballots)} and {rule}}}"

    def model(request: Request) -> str:
        return words[ballots[request.sample]] if said(request) == "a" else "no"

    ran = await run(tmp_path, spec("from: judged", vote), model, _ASK)
    assert ran.result.status == "done", ran.result.message
    assert [reply for _, reply in pairs(ran)] == [words[vote] for vote in agree]


async def test_the_call_of_a_value_is_written(tmp_path: Path) -> None:
    once = "value: {kind: once, model: m, prompt: constant, parse: {text: word}}"
    used = 'used: {kind: map, from: given, use: value, set: {word: "=value.word"}}'
    ran = await run(tmp_path, spec("from: value", once, used), upper, {"constant": "- user: which word"})
    assert pairs(ran) == [("which word", "WHICH WORD")]


_WAYS = {
    "a filter": ['last: {kind: filter, from: asked, keep: text != "b"}'],
    "parts and groups": [
        "both: {kind: map, from: asked, set: {parts: '=[text, reply]'}}",
        "parts: {kind: explode, from: both, field: parts, into: part}",
        'some: {kind: filter, from: parts, keep: text != "b"}',
        "last: {kind: group, from: some, by: text, collect: {parts: part}}",
    ],
    "two ways": [
        'here: {kind: filter, from: asked, keep: text == "a"}',
        'there: {kind: filter, from: asked, keep: text == "c"}',
        "mixed: {kind: map, from: [here, there], set: {n: 1}}",
        "last: {kind: sort, from: mixed, by: text, descending: true}",
    ],
    "a loop": [
        (
            "again: {kind: loop, from: asked, until: text != 'b', max_rounds: 2, on_exhausted: drop, "
            "steps: {more: {kind: map, set: {n: 1}}}}"
        ),
        "last: {kind: sample, from: again, count: 10}",
    ],
    "another question": [
        (
            "last: {kind: generate, from: asked, model: m, prompt: ask, parse: {text: part}, "
            'accept: {"not b": text != "b"}, attempts: 1}'
        ),
    ],
}


@pytest.mark.parametrize("way", _WAYS)
async def test_only_calls_whose_rows_have_reached_a_step(way: str, tmp_path: Path) -> None:
    ran = await run(tmp_path, spec("from: asked, reached: last", _ASKED, *_WAYS[way]), upper, _ASK)
    assert ran.result.status == "done", ran.result.message
    assert pairs(ran) == [("a", "A"), ("c", "C")]
    assert ran.result.outputs[0].rows == 2


async def test_a_check_counts_the_calls_that_are_written(tmp_path: Path) -> None:
    checks = 'checks: {two: rows("calls.jsonl") == 2, one: filtered("calls.jsonl") == 1}'
    written = spec("from: asked, reached: last", _ASKED, *_WAYS["a filter"], more=checks)
    ran = await run(tmp_path, written, upper, _ASK)
    assert ran.result.status == "done", ran.result.message


async def test_a_row_that_cannot_be_written_is_told_and_its_call_left_out(tmp_path: Path) -> None:
    written = spec("from: asked, messages: [{user: \"{{ text if text != 'b' else '' }}\"}, {assistant: x}]", _ASKED)
    ran = await run(tmp_path, written, upper, _ASK)
    assert ran.result.status == "done", ran.result.message
    assert [row["messages"][0]["content"] for row in ran.rows] == ["a", "c"]
    assert [lost["label"] for lost in ran.rejected] == ["message 1 (`user`) is empty"]


@pytest.mark.parametrize("reached", ["", ", reached: last"])
async def test_kept_steps_the_ledger_and_verify_give_the_same_calls(reached: str, tmp_path: Path) -> None:
    steps = (_ASKED, *_WAYS["another question"])
    first = await run(tmp_path, spec(f"from: asked{reached}", *steps), upper, _ASK)
    again = await run(tmp_path, spec(f"from: asked{reached}", *steps), upper, _ASK, output="again")
    assert again.bytes() == first.bytes()
    assert not again.requests
    added = spec(f"from: asked{reached}", *steps, more="  all.jsonl: {from: last, format: jsonl}")
    later = await run(tmp_path, added, upper, _ASK, output="later")
    assert later.bytes()["calls.jsonl"] == first.bytes()["calls.jsonl"]
    assert not later.requests


async def test_a_step_that_was_kept_by_a_run_without_calls_gives_them_later(tmp_path: Path) -> None:
    plain = spec("from: asked", _ASKED).replace("format: calls", "format: jsonl")
    await run(tmp_path, plain, upper, _ASK)
    ran = await run(tmp_path, spec("from: asked", _ASKED), upper, _ASK, output="later")
    assert pairs(ran) == [("a", "A"), ("b", "B"), ("c", "C")]
    assert not ran.requests

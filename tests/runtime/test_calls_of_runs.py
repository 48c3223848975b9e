"""An output of calls: which of the calls of a step it holds, and as what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.messages import Request
from support.command import Cli
from support.pipelines import Ran, replying, run, said, write_project

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
                'messages: [{system: "{{ seed }}"}, {each: call.messages as sent, user: "{{ sent.role }}"}, '
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


async def test_where_knows_the_call(tmp_path: Path) -> None:
    asked = _ASKED.replace("attempts: 2", 'attempts: 2, feedback: true, accept: {good: reply != "bad"}')

    def model(request: Request) -> str:
        return "bad" if said(request) == "b" else "B" if "bad" in str(request.messages) else upper(request)

    ran = await run(tmp_path, spec("from: asked, where: call.attempt == 0 and text != 'c'", asked), model, _ASK)
    assert pairs(ran) == [("a", "A")]
    ran = await run(tmp_path, spec("from: asked, where: call.messages | length > 2", asked), model, _ASK, output="more")
    assert [[message["content"] for message in row["messages"]][1:3] for row in ran.rows] == [["b", "bad"]]


_VOTE = (
    "judged: {kind: vote, from: given, model: m, prompt: ask, parse: {choice: {yes: true, no: false}, into: right}, "
)


@pytest.mark.parametrize(("ballots", "agree"), [("yny", ["yes"] * 2), ("nyyy", ["yes"] * 3), ("yyyy", ["yes"] * 4)])
async def test_of_votes_those_count_that_agree_with_the_outcome(ballots: str, agree: list[str], tmp_path: Path) -> None:
    """Rows that are voted down have no outcome that leaves the step."""
    count = len(ballots)
    vote = _VOTE + f"votes: {count}, pass: right | length == {count} and right | share >= 0.6}}"

    def model(request: Request) -> str:
        return {"y": "yes", "n": "no"}[ballots[request.sample]] if said(request) == "a" else "no"

    ran = await run(tmp_path, spec("from: judged", vote), model, _ASK)
    assert ran.result.status == "done", ran.result.message
    assert pairs(ran) == [("a", reply) for reply in agree]


async def test_equal_calls_are_written_once_where_that_is_wanted(tmp_path: Path) -> None:
    vote = _VOTE + "votes: 3, pass: right | length == 3}"
    ran = await run(tmp_path, spec("from: judged, distinct: true", vote), lambda request: "yes", _ASK)
    assert ran.result.status == "done", ran.result.message
    assert pairs(ran) == [("a", "yes"), ("b", "yes"), ("c", "yes")]
    told = [output.rows for output in ran.result.outputs]
    assert told == [3]


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


_INNER = """spec: atk/v1
name: inner
params: {output_dir: {type: path}, than: {type: text, default: z}}
steps:
  rows: {kind: input}
  parts: {kind: map, from: rows, set: {parts: "=[text, text]"}}
  each: {kind: explode, from: parts, field: parts, into: part}
  good: {kind: filter, from: each, keep: part != "b" and part < than}
outputs:
  out.jsonl: {from: good, format: jsonl}
"""


@pytest.mark.parametrize(
    ("more", "texts"), [("", "ac"), (", matrix: {than: [b, z]}", "ac"), (", with: {than: b}", "a")]
)
async def test_rows_are_followed_through_another_pipeline(more: str, texts: str, tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(_INNER)
    last = f"last: {{kind: pipeline, from: asked, pipeline: inner.yaml{more}}}"
    ran = await run(tmp_path, spec("from: asked, reached: last", _ASKED, last), upper, _ASK)
    assert ran.result.status == "done", ran.result.message
    assert [text for text, _ in pairs(ran)] == list(texts)


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


_LOOP = (
    "better: {kind: loop, from: given, until: verdict == 'ok', max_rounds: 2, on_exhausted: drop, steps: {"
    "drafted: {kind: generate, model: m, prompt: ask, parse: {text: draft}}, "
    "judged: {kind: generate, model: m, prompt: judge, parse: {text: verdict}}}}"
)
_JUDGE = {**_ASK, "judge": "- user: 'good? {{ draft }}'"}


def _drafting(request: Request) -> str:
    """Drafts as good as their round: `a` at once, `b` in the second one, `c` never."""
    if said(request).startswith("good?"):
        return "ok" if said(request).endswith(("a0", "b1")) else "no"
    return f"{said(request)}{request.sample}"


async def test_calls_of_a_loop_are_those_of_all_rounds_of_rows_that_left_it(tmp_path: Path) -> None:
    ran = await run(tmp_path, spec("from: better", _LOOP), _drafting, _JUDGE)
    assert ran.result.status == "done", ran.result.message
    drafted = [("a", "a0"), ("b", "b0"), ("b", "b1")]
    assert pairs(ran) == [*drafted, ("good? a0", "ok"), ("good? b0", "no"), ("good? b1", "ok")]
    ran = await run(tmp_path, spec("from: better, steps: [better.drafted]", _LOOP), _drafting, _JUDGE, output="some")
    assert pairs(ran) == drafted


_CHAIN = """spec: atk/v1
name: chain
params: {output_dir: {type: path, optional: true}, than: {type: text, default: z}}
models: {m: {expects: instruct}}
steps:
  rows: {kind: input, fields: {text: text}}
  rubric: {kind: once, model: m, prompt: rubric, parse: {text: rule}}
  asked: {kind: generate, from: rows, model: m, prompt: ask, parse: {text: reply}}
  good: {kind: filter, from: asked, keep: text < than}
  told: {kind: generate, from: good, use: rubric, model: m, prompt: tell, parse: {text: tale}}
  aside: {kind: generate, from: asked, model: m, prompt: ask, parse: {text: more}}
outputs:
  out.jsonl: {from: told, format: jsonl}
  aside.jsonl: {from: aside, format: jsonl}
"""
_TELL = {**_ASK, "rubric": "- user: a rule", "tell": "- user: 'tell {{ reply }}'"}
_ASKED_OF = {"a": ("a", "A"), "b": ("b", "B"), "c": ("c", "C")}
_TOLD_OF = {text: (f"tell {text.upper()}", f"TELL {text.upper()}") for text in "abc"}


def _chain(more: str = "") -> str:
    return f"chain: {{kind: pipeline, from: given, pipeline: chain.yaml, output: out.jsonl{more}}}"


@pytest.mark.parametrize(
    ("more", "options", "expected"),
    [
        (
            ", with: {than: c}",
            "from: chain",
            [("a rule", "A RULE"), *(_ASKED_OF[text] for text in "ab"), *(_TOLD_OF[text] for text in "ab")],
        ),
        (", with: {than: c}", "from: chain, steps: [chain.told]", [_TOLD_OF[text] for text in "ab"]),
        # The first combination keeps all, the second one row: a call counts for the combination that it was made in.
        (", matrix: {than: [z, b]}", "from: chain, steps: [chain.asked]", [_ASKED_OF[text] for text in "abca"]),
        (", matrix: {than: [b, z]}", "from: chain, steps: [chain.told]", [_TOLD_OF[text] for text in "aabc"]),
    ],
)
async def test_calls_of_another_pipeline_are_those_of_rows_that_came_out_of_it(
    more: str, options: str, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "chain.yaml").write_text(_CHAIN)
    ran = await run(tmp_path, spec(options, _chain(more)), upper, _TELL)
    assert ran.result.status == "done", ran.result.message
    assert pairs(ran) == expected


async def test_calls_of_steps_before_count_when_their_rows_came_and_know_their_step(tmp_path: Path) -> None:
    (tmp_path / "chain.yaml").write_text(_CHAIN)
    last = 'last: {kind: filter, from: chain, keep: text != "a"}'
    messages = 'messages: [{user: "{{ call.step }} {{ text }} {{ tale or 0 }}"}, {assistant: "{{ call.reply }}"}]'
    options = f"from: last, steps: [chain.told, chain], {messages}, where: text != 'c' or tale is none"
    ran = await run(tmp_path, spec(options, _chain(), last), upper, _TELL)
    assert ran.result.status == "done", ran.result.message
    assert [row["messages"][0]["content"] for row in ran.rows] == [
        "chain.told b TELL B",
        "chain.rubric None 0",
        "chain.asked b 0",
        "chain.asked c 0",
    ]


async def test_a_row_that_is_lost_on_one_way_is_not_counted_for_what_came_the_other(tmp_path: Path) -> None:
    ways = [
        _ASKED,
        "here: {kind: generate, from: asked, model: m, prompt: ask, parse: {text: one}}",
        "there: {kind: generate, from: asked, model: m, prompt: ask, parse: {text: two}}",
        'some: {kind: filter, from: there, keep: text == "a"}',
        "last: {kind: map, from: [here, some], set: {n: 1}}",
    ]
    ran = await run(tmp_path, spec("from: last, steps: [there, asked]", *ways), upper, _ASK)
    assert ran.result.status == "done", ran.result.message
    assert [text for text, _ in pairs(ran)] == ["a", "a", "b", "c"]


async def test_calls_with_which_one_row_is_made_are_written_in_their_order(tmp_path: Path) -> None:
    folded = (
        "folded: {kind: reduce, from: given, model: m, prompt: fold, batch: 2, item: {text: =text}, "
        'parse: {text: sum}, accept: {"no d": not ("D" in sum)}, attempts: 1}'
    )
    prompts = {"fold": "- user: '{{ so_far.sum if so_far else 0 }} {{ items | map(attribute=\"text\") | join }}'"}
    ran = await run(tmp_path, spec("from: folded", folded), upper, prompts)
    assert ran.result.status == "done", ran.result.message
    assert pairs(ran) == [("0 ab", "0 AB"), ("0 AB c", "0 AB C")]
    ran = await run(tmp_path, spec("from: folded", folded).replace("text: c", "text: d"), upper, prompts, output="no")
    assert pairs(ran) == []


async def test_each_turn_of_a_dialogue_is_a_call(tmp_path: Path) -> None:
    talk = (
        "talk: {kind: converse, from: given, model: m, prompt: ask, speakers: {one: {}, two: {}}, turns: 2, "
        "opening: [{two: hello}]}"
    )
    prompts = {"ask": "- system: 'You are {{ speaker }} {{ text }}'"}
    ran = await run(tmp_path, spec("from: talk, where: text != 'b'", talk), upper, prompts)
    assert ran.result.status == "done", ran.result.message
    assert [[message["content"] for message in row["messages"]] for row in ran.rows[:2]] == [
        ["You are one a", "hello", "HELLO"],
        ["You are two a", "hello", "HELLO", "HELLO"],
    ]
    assert len(ran.rows) == 4


_PROJECT = """
    spec: atk/v1
    name: calls
    params: {output_dir: {type: path}}
    models: {m: {}}
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      asked: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}}
      judged: {kind: vote, from: asked, model: m, prompt: judge,
        parse: {choice: {"yes": true, "no": false}, into: fits}, votes: 3, pass: fits | share > 0.5}
      last: {kind: sample, from: judged, count: 1}
    outputs:
      out.jsonl: {from: last, format: jsonl}
    """
_CALLS = """  all.jsonl: {from: asked, format: calls}
      some.jsonl: {from: asked, format: calls, reached: last}
      votes.jsonl: {from: judged, format: calls}
    """


@pytest.fixture
def ran(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, bytes]]:
    """Runs the project in a folder, with more outputs, and gives the files of calls."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".atk").mkdir()
    script = [{"when": {"contains": "fit"}, "reply": "yes"}, {"reply": "well"}]
    models = {"m": replying(tmp_path, script)}

    def run(folder: str, more: str = _CALLS, *options: str) -> dict[str, bytes]:
        prompts = {"ask": '- user: "{{ text }}"', "judge": '- user: "does {{ text }} fit"'}
        written = write_project(
            tmp_path, _PROJECT.rstrip(" ") + "    " + more, prompts, {"output_dir": folder, "models": models}
        )
        told = cli("run", str(written), "--quiet", *options)
        assert told.code == 0, told.everything
        return {
            name: (tmp_path / folder / name).read_bytes() for name in ("all.jsonl", "some.jsonl", "votes.jsonl") if more
        }

    return run


def test_calls_are_the_same_from_kept_steps_and_from_the_ledger(ran: Callable[..., dict[str, bytes]]) -> None:
    ran("plain", "")
    first = ran("first")
    assert [data.count(b"\n") for data in first.values()] == [3, 1, 6]
    assert ran("again") == ran("forced", _CALLS, "--force") == first


def test_calls_are_verified(ran: Callable[..., dict[str, bytes]], cli: Cli, tmp_path: Path) -> None:
    ran("out")
    told = cli("verify", "out")
    assert told.code == 0, told.everything
    assert "votes.jsonl: 6 lines, as they should be" in told.out
    (tmp_path / "out" / "some.jsonl").write_bytes(b"{}\n")
    assert "some.jsonl: differs, first in line 1" in cli("verify", "out").out


def test_a_line_of_calls_is_not_traced(ran: Callable[..., dict[str, bytes]], cli: Cli) -> None:
    ran("out")
    told = cli("trace", "out", "all.jsonl:1")
    assert told.code == 2
    assert "the lines of `all.jsonl` are calls" in told.everything

"""What `vote` asks for, when it stops asking, and what counts as a vote."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.llm.messages import Request
from atk_interp.pipeline import InvalidSpec
from support.pipelines import Ran, compiled, run, said

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a, least: 0.5}]}
      judge:
        kind: vote
        from: given
        model: m
        prompt: ask
        parse: {choice: {accurate: true, inaccurate: false}, into: right}
        attempts: 2
        votes: VOTES
        pass: PASS
    outputs:
      out.jsonl: {from: judge, format: jsonl}
    """
WORDS = {"y": "accurate", "n": "inaccurate", "v": "who knows"}


async def vote(folder: Path, ballots: str, votes: int = 3, rule: str = "right | share >= 0.6") -> Ran:
    """A vote of which the ballots are given: `y`, `n`, or `v` for one that cannot be read."""

    def model(request: Request) -> str:
        return WORDS[ballots[request.sample]]

    return await run(folder, SPEC.replace("VOTES", str(votes)).replace("PASS", rule), model)


def asked(ran: Ran) -> int:
    """How many votes were asked for."""
    return len({request.sample for request in ran.requests})


@pytest.mark.parametrize(
    ("ballots", "votes", "rule", "needed", "passed"),
    [
        ("yyy", 3, "right | share >= 0.6", 2, True),
        ("nnn", 3, "right | share >= 0.6", 2, False),
        ("yny", 3, "right | share >= 0.6", 3, True),
        ("nyn", 3, "right | share >= 0.6", 3, False),
        ("vyy", 3, "right | share >= 0.6", 3, True),
        ("yyyyy", 5, "right | share > 0.5", 3, True),
        ("nnnnn", 5, "right | share == 1", 1, False),
        ("yyyyy", 5, "right | share == 1", 5, True),
        ("yyy", 3, "right | length >= 2", 2, True),
        ("yyy", 3, "right[2]", 3, True),
        ("yyn", 3, "not right[0] and right[1]", 1, False),
        ("yyy", 3, "right | share >= least", 2, True),
    ],
)
async def test_asking_stops_as_soon_as_the_outcome_is_certain(
    tmp_path: Path, ballots: str, votes: int, rule: str, needed: int, passed: bool
) -> None:
    ran = await vote(tmp_path, ballots, votes, rule)
    assert asked(ran) == needed
    assert ran.count("judge")["passed" if passed else "filtered"] == 1


async def test_votes_are_taken_in_their_order(tmp_path: Path) -> None:
    ran = await vote(tmp_path, "yny", 3, "right | share >= 0.6")
    assert ran.rows == [{"text": "a", "least": 0.5, "right": [True, False, True]}]


async def test_a_vote_that_cannot_be_read_is_neither_for_nor_against(tmp_path: Path) -> None:
    ran = await vote(tmp_path, "vyv", 3, "right | share == 1")
    assert ran.rows[0]["right"] == [True]
    assert len([request for request in ran.requests if request.sample == 0]) == 2  # its attempts


async def test_without_one_readable_vote_the_row_is_rejected(tmp_path: Path) -> None:
    ran = await vote(tmp_path, "vvv")
    assert ran.result.message == (
        "no rows are left after step `judge`: of 1, 0 filtered, 1 rejected (1 x no vote could be read)"
    )
    (rejected,) = ran.rejected
    assert [attempt["reply"] for attempt in rejected["attempts"]] == ["who knows"] * 6


async def test_a_row_that_is_voted_down_is_filtered_with_the_votes(tmp_path: Path) -> None:
    ran = await vote(tmp_path, "nn")
    (filtered,) = ran.rejected
    assert (filtered["outcome"], filtered["label"]) == ("filtered", "voted down: right | share >= 0.6")
    assert filtered["fields"]["right"] == [False, False]
    assert [(attempt["reason"], attempt["reply"]) for attempt in filtered["attempts"]] == [("vote", "inaccurate")] * 2


async def test_many_votes_are_decided_early_too(tmp_path: Path) -> None:
    ran = await vote(tmp_path, "y" * 41, 41, "right | share > 0.5")
    assert asked(ran) == 21
    assert ran.count("judge")["passed"] == 1


async def test_free_text_is_voted_on_in_full(tmp_path: Path) -> None:
    spec = SPEC.replace("{choice: {accurate: true, inaccurate: false}, into: right}", "{text: right}")
    ran = await run(tmp_path, spec.replace("VOTES", "3").replace("PASS", "='a' in right"), said)
    assert asked(ran) == 3
    assert ran.rows[0]["right"] == ["a", "a", "a"]


async def test_a_rule_that_cannot_judge_the_votes_rejects_the_row_and_keeps_the_replies(tmp_path: Path) -> None:
    ran = await vote(tmp_path, "yvv", 3, "right[1]")
    (rejected,) = ran.rejected
    assert (rejected["outcome"], rejected["label"]) == (
        "rejected",
        "`pass`: there is no item 1: there is only 1",
    )
    assert len(rejected["attempts"]) == 5


async def test_a_vote_that_is_void_is_recorded_beside_a_row_that_passes(tmp_path: Path) -> None:
    ran = await vote(tmp_path, "vyy")
    (refused,) = ran.rejected
    assert [attempt["reply"] for attempt in refused["attempts"]] == ["who knows"] * 2
    assert ran.count("judge")["refused"] == 1


async def test_a_prompt_that_fails_is_told_in_place_of_unread_votes(tmp_path: Path) -> None:
    ran = await run(tmp_path, SPEC.replace("VOTES", "3").replace("PASS", "right | share > 0.5"), said, {
        "ask": '- user: "{{ 1 // (least - least) }}"'
    })  # fmt: skip
    (rejected,) = ran.rejected
    assert rejected["label"].startswith("`prompt ask`: ")
    assert ran.requests == []


def test_many_readings_in_one_vote_are_an_error(tmp_path: Path) -> None:
    spec = SPEC.replace("{choice: {accurate: true, inaccurate: false}, into: right}", "{tag: right, many: true}")
    with pytest.raises(InvalidSpec, match="a vote is one reading"):
        compiled(tmp_path, spec.replace("VOTES", "3").replace("PASS", "='a' in right"))

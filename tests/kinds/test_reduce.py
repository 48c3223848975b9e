"""What `reduce` asks about a group, how a long one is folded, and what becomes of it when a reply is bad."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atk_interp.llm.messages import ContextTooLong, EndpointDown, Reply, Request
from atk_interp.pipeline import InvalidSpec
from support.pipelines import Ran, compiled, run, said

SPEC = """
    steps:
      given:
        kind: rows
        rows:
          - {book: a, n: 1, name: Ann}
          - {book: b, n: 2, name: Bob}
          - {book: a, n: 3, name: Cid}
          - {book: a, n: 4, name: Dot}
          - {book: b, n: 5, name: Eve}
      bible:
        kind: reduce
        from: given
        model: m
        prompt: ask
        first: [book]
        parse: {text: cast}
        MORE
    outputs:
      out.jsonl: {from: bible, format: jsonl}
    """
PROMPT = "- user: \"{{ so_far.cast if so_far else '-' }}:{% for item in items %} {{ item.name }}{% endfor %}\""


def folding(request: Request) -> str:
    """Says what it has read, so that the last reply holds the whole group."""
    return said(request).replace(":", "").replace("- ", "")


async def reduced(folder: Path, *more: str, model: Callable[[Request], str | Reply] = folding) -> Ran:
    return await run(folder, SPEC.replace("MORE", "\n        ".join(more)), model, prompts={"ask": PROMPT})


async def test_a_group_becomes_one_row_in_the_place_of_its_first_row(tmp_path: Path) -> None:
    ran = await reduced(tmp_path, "by: book")
    assert ran.rows == [
        {"book": "a", "count": 3, "cast": "Ann Cid Dot"},
        {"book": "b", "count": 2, "cast": "Bob Eve"},
    ]
    assert ran.said == ["-: Ann Cid Dot", "-: Bob Eve"]


async def test_without_by_all_rows_are_one_group(tmp_path: Path) -> None:
    ran = await reduced(tmp_path, "order: name")
    assert ran.rows == [{"book": "a", "count": 5, "cast": "Ann Bob Cid Dot Eve"}]


async def test_items_stand_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    ran = await reduced(tmp_path, "by: book", "order: [0 - n]")
    assert [row["cast"] for row in ran.rows] == ["Dot Cid Ann", "Eve Bob"]


async def test_a_group_of_more_than_a_batch_is_folded(tmp_path: Path) -> None:
    ran = await reduced(tmp_path, "batch: 2")
    assert ran.said == ["-: Ann Bob", "Ann Bob Cid Dot: Eve", "Ann Bob: Cid Dot"]
    assert ran.rows[0]["cast"] == "Ann Bob Cid Dot Eve"
    assert ran.count("bible.groups") == {"rows_in": 5, "passed": 1, "merged": 4, "rows_out": 1}
    assert ran.count("bible") == {"rows_in": 1, "passed": 1, "rows_out": 1, "called": 3}


async def test_as_many_items_are_asked_about_as_tokens_allow(tmp_path: Path) -> None:
    ran = await reduced(tmp_path, "max_tokens: 9", "item: {name: =name}")
    assert len(ran.requests) > 1
    assert ran.rows[0]["cast"] == "Ann Bob Cid Dot Eve"


async def test_what_the_model_finds_too_long_is_asked_about_in_halves(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        if len(said(request).split(":")[1].split()) > 2:
            raise ContextTooLong("too many tokens", "m")
        return folding(request)

    ran = await reduced(tmp_path, model=model)
    assert ran.rows[0]["cast"] == "Ann Bob Cid Dot Eve"
    again = await reduced(tmp_path, model=model)
    assert again.requests == []


async def test_a_fold_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    def dying(request: Request) -> str:
        if "Eve" in said(request):
            raise EndpointDown("gone", "m")
        return folding(request)

    stopped = await reduced(tmp_path, "batch: 2", model=dying)
    assert stopped.result.exit_code == 4
    ran = await reduced(tmp_path, "batch: 2")
    assert ran.said == ["Ann Bob Cid Dot: Eve"]
    assert ran.rows[0]["cast"] == "Ann Bob Cid Dot Eve"


async def test_a_group_whose_reply_is_bad_is_rejected_with_what_there_was(tmp_path: Path) -> None:
    rules = ("batch: 2", "attempts: 2", 'accept: {"names nobody twice": "not (cast is matching(\'Dot\'))"}')
    ran = await reduced(tmp_path, *rules)
    assert ran.rows == []
    (rejected,) = ran.rejected
    assert rejected["label"] == "names nobody twice"
    assert rejected["fields"]["so_far"] == {"cast": "Ann Bob"}
    assert [item["name"] for item in rejected["fields"]["items"]] == ["Cid", "Dot"]


async def test_a_rejected_group_can_be_kept_with_null(tmp_path: Path) -> None:
    ran = await reduced(
        tmp_path, "by: book", "attempts: 1", "on_reject: keep", 'accept: {"no Bob": "\'Bob\' not in cast"}'
    )
    assert [row["cast"] for row in ran.rows] == ["Ann Cid Dot", None]


async def test_rows_may_pass_by(tmp_path: Path) -> None:
    ran = await reduced(tmp_path, "by: book", 'when: book == "a"')
    assert {"book": "b", "n": 2, "name": "Bob"} in ran.rows
    assert len(ran.requests) == 1
    assert len(ran.rows) == 3


def test_what_the_prompt_does_not_see_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec) as told:
        compiled(tmp_path, SPEC.replace("MORE", "by: book"), prompts={"ask": '- user: "{{ name }}"'})
    assert "write `item.name` within" in str(told.value)

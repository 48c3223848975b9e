"""Which rejected rows are asked again, and what a run does with the attempts that they are granted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from atk_interp.ledger.grants import add_grants, granted_in
from atk_interp.llm.messages import ContextTooLong, Request
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.rehearsal.rejected import Again, Rejected, find_rejected
from atk_interp.runtime import CannotRun
from support.pipelines import Ran, compiled, run, said

ASK = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {text: reply}
        accept: {is good: 'reply is matching("^good")'}
        attempts: 2
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
HEAD_OF_TWO = """
    spec: atk/v1
    name: case
    params: {output_dir: {type: path}}
    models: {m: {}, other: {}}
    """

Model = Callable[[Request], str]


ALL = Again()


async def rejected(folder: Path, spec: str, again: Again = ALL) -> Rejected:
    """What is asked again; it is granted."""
    pipeline = compiled(folder, spec)
    models = {slot: {"model": "test-model" if slot == "m" else f"model-{slot}"} for slot in pipeline.spec.models}
    plan = pipeline.plan({"output_dir": folder / "out", "models": models})
    found = await find_rejected(plan, folder / "ledger.db", again)
    add_grants(folder / "ledger.db", found.grants)
    return found


def good_at(attempts: Mapping[str, int]) -> Model:
    """A model whose reply is good from some attempt on, by what is asked; never where nothing is said."""
    return lambda request: "good" if request.attempt >= attempts.get(said(request), 99) else "bad"


def asked(ran: Ran) -> list[tuple[str, int]]:
    return sorted((said(request), request.attempt) for request in ran.requests)


async def test_only_rejected_rows_are_asked_again_and_only_until_they_pass(tmp_path: Path) -> None:
    model = good_at({"a": 1, "b": 2})
    first = await run(tmp_path, ASK, model)
    assert [row["text"] for row in first.rows] == ["a"]
    found = await rejected(tmp_path, ASK)
    assert [(each.step, each.sample, each.label) for each in found.chosen] == [("ask", 0, "is good")] * 2
    second = await run(tmp_path, ASK, model)
    assert asked(second) == [("b", 2), ("c", 2), ("c", 3)]
    assert [row["text"] for row in second.rows] == ["a", "b"]
    assert [len(record["attempts"]) for record in second.rejected] == [4]


async def test_what_is_granted_holds_for_another_folder_and_another_name_of_the_step(tmp_path: Path) -> None:
    await run(tmp_path, ASK, good_at({}))
    await rejected(tmp_path, ASK, Again(attempts=1))
    ran = await run(tmp_path, ASK, good_at({"a": 2, "b": 2, "c": 2}))
    renamed = ASK.replace("ask:\n", "put:\n").replace("from: ask", "from: put")
    again = await run(tmp_path, renamed, good_at({}), output="elsewhere")
    assert again.requests == []
    assert again.bytes()["out.jsonl"] == ran.bytes()["out.jsonl"]


async def test_attempts_that_the_step_is_allowed_later_are_not_granted_twice(tmp_path: Path) -> None:
    await run(tmp_path, ASK, good_at({}))
    await rejected(tmp_path, ASK, Again(attempts=2))
    await run(tmp_path, ASK, good_at({}))
    more = ASK.replace("attempts: 2", "attempts: 3")
    ran = await run(tmp_path, more, good_at({}))
    assert ran.requests == []
    assert [attempt["attempt"] for attempt in ran.rejected[0]["attempts"]] == [0, 1, 2, 3]


async def test_a_retry_that_was_stopped_goes_on_and_grants_nothing_twice(tmp_path: Path) -> None:
    await run(tmp_path, ASK, good_at({}))
    first = await rejected(tmp_path, ASK)
    # As if it had been killed when `a` had been asked to the end: only that row's calls are in the ledger.
    one_row = ASK.replace("[{text: a}, {text: b}, {text: c}]", "[{text: a}]")
    await run(tmp_path, one_row, good_at({}), output="half")
    second = await rejected(tmp_path, ASK)
    assert (second.grants, second.asked_already, len(second.still_open)) == ((), 1, 2)
    assert len(granted_in(tmp_path / "ledger.db").by_key) == len(first.chosen) == 3
    await run(tmp_path, ASK, good_at({}))
    assert len((await rejected(tmp_path, ASK)).chosen) == 3


async def test_rows_are_chosen_by_step_and_reason(tmp_path: Path) -> None:
    spec = ASK.replace("accept: {", "accept: {is not worse: 'reply != \"worse\"', ")
    await run(tmp_path, spec, lambda request: "worse" if said(request) == "a" else "bad")
    found = await rejected(tmp_path, spec, Again(step="ask", reason="NOT worse"))
    assert ([each.label for each in found.chosen], found.others) == (["is not worse"], 2)
    with pytest.raises(CannotRun, match="there is no step `aks`") as refusal:
        await rejected(tmp_path, spec, Again(step="aks"))
    assert "ask" in refusal.value.help
    with pytest.raises(CannotRun, match="step `given` asks no model"):
        await rejected(tmp_path, spec, Again(step="given"))


async def test_another_model_answers_where_one_is_named(tmp_path: Path) -> None:
    spec = HEAD_OF_TWO + ASK
    pipeline = compiled(tmp_path, spec)
    models = {"m": {"model": "test-model"}, "other": {"model": "large"}}
    small, large = ScriptedClient(lambda request: "bad"), ScriptedClient(lambda request: f"good, says {request.model}")
    given = {"output_dir": tmp_path / "out", "models": models}
    ledger, clients = tmp_path / "ledger.db", {"m": small, "other": large}
    await pipeline.run(given, ledger=ledger, clients=clients)
    plan = pipeline.plan(given)
    for name, told in (("other", "large"), ("large", "large"), ("unheard-of", "unheard-of")):
        assert [each.model for each in (await find_rejected(plan, ledger, Again(model=name))).asking] == [told]
    add_grants(ledger, (await find_rejected(plan, ledger, Again(model="other", attempts=1))).grants)
    result = await pipeline.run(given, ledger=ledger, clients=clients)
    assert [row["reply"] for row in result.rows()] == ["good, says large"] * 3
    assert Counter(request.model for request in large.requests) == {"large": 3}
    assert result.spending is not None
    assert result.spending.paid.calls == 3


async def test_of_several_samples_the_failed_ones_are_asked_again(tmp_path: Path) -> None:
    spec = ASK.replace("attempts: 2", "attempts: 1\n        samples: 3")

    def model(request: Request) -> str:
        return f"good {said(request)}{request.sample}" if request.sample != 1 or request.attempt else "bad"

    first = await run(tmp_path, spec, model)
    assert len(first.rows) == 6
    found = await rejected(tmp_path, spec)
    assert [each.sample for each in found.chosen] == [1, 1, 1]
    second = await run(tmp_path, spec, model)
    assert sorted(row["reply"] for row in second.rows) == sorted(f"good {text}{n}" for text in "abc" for n in range(3))
    assert len(second.requests) == 3


async def test_a_row_that_was_kept_without_a_reply_is_asked_again(tmp_path: Path) -> None:
    spec = ASK.replace("attempts: 2", "attempts: 1\n        on_reject: keep")
    model = good_at({"a": 0, "b": 1})
    assert [row["reply"] for row in (await run(tmp_path, spec, model)).rows] == ["good", None, None]
    assert len((await rejected(tmp_path, spec)).chosen) == 2
    assert [row["reply"] for row in (await run(tmp_path, spec, model)).rows] == ["good", "good", None]


VOTE = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}]}
      ask:
        kind: vote
        from: given
        model: m
        prompt: ask
        parse: {choice: {yes: true, no: false}, into: fine}
        votes: 3
        pass: fine | share >= 0.5
        attempts: 1
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """


async def test_votes_are_asked_again_for_rows_that_had_none_and_not_where_the_others_have_decided(
    tmp_path: Path,
) -> None:
    def model(request: Request) -> str:
        void = (said(request) == "a" or request.sample == 0) and not request.attempt
        return "who knows" if void else "yes"

    first = await run(tmp_path, VOTE, model)
    assert [row["text"] for row in first.rows] == ["b"]
    found = await rejected(tmp_path, VOTE)
    assert {each.source for each in found.chosen} == {"rows"}
    assert [each.sample for each in found.chosen] == [0, 1, 2]
    second = await run(tmp_path, VOTE, model)
    assert [row["text"] for row in second.rows] == ["a", "b"]
    assert {said(request) for request in second.requests} == {"a"}


LOOP = """
    steps:
      given: {kind: rows, rows: [{text: a}]}
      better:
        kind: loop
        from: given
        until: round >= 2
        max_rounds: 3
        steps:
          ask: {kind: generate, model: m, prompt: ask, parse: {text: reply}, accept: {good: 'reply == "good"'},
            attempts: 1}
    outputs:
      out.jsonl: {from: better, format: jsonl}
    """


async def test_a_round_of_a_loop_is_asked_again_by_itself(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        return "good" if request.sample == 0 or request.attempt else "bad"

    first = await run(tmp_path, LOOP, model)
    assert first.result.status == "stopped"
    found = await rejected(tmp_path, LOOP, Again(step="better"))
    assert [(each.step, each.sample) for each in found.chosen] == [("better.ask", 1)]
    second = await run(tmp_path, LOOP, model)
    assert [row["reply"] for row in second.rows] == ["good"]
    assert [(request.sample, request.attempt) for request in second.requests] == [(1, 1)]


async def test_rows_of_a_nested_pipeline_are_asked_again_under_its_name(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "prompts").mkdir()
    (inner / "prompts" / "ask.yaml").write_text('- user: "{{ text }}"')
    (inner / "pipeline.yaml").write_text(
        "spec: atk/v1\nname: inner\nmodels: {m: {}}\nsteps:\n"
        "  taken: {kind: input, fields: {text: text}}\n"
        "  ask: {kind: generate, from: taken, model: m, prompt: ask, parse: {text: reply},\n"
        "    accept: {good: 'reply == \"good\"'}, attempts: 1}\n"
        "outputs: {o.jsonl: {from: ask, format: jsonl}}\n"
    )
    spec = """
    steps:
      given: {kind: rows, rows: [{text: a}]}
      facts: {kind: pipeline, from: given, pipeline: inner/pipeline.yaml}
    outputs:
      out.jsonl: {from: facts, format: jsonl}
    """
    await run(tmp_path, spec, good_at({"a": 1}))
    found = await rejected(tmp_path, spec, Again(step="facts"))
    assert [each.step for each in found.chosen] == ["facts.ask"]
    assert [row["reply"] for row in (await run(tmp_path, spec, good_at({"a": 1}))).rows] == ["good"]


async def test_what_asking_again_cannot_mend_is_counted(tmp_path: Path) -> None:
    spec = ASK.replace("model: m", "keep: 1 / (reply | length - 4) > 0\n        model: m")
    await run(tmp_path, spec, lambda request: "bad" if said(request) == "a" else "good")
    found = await rejected(tmp_path, spec)
    assert len(found.chosen) == 1
    assert [(step, count) for (step, _), count in found.lasting.items()] == [("ask", 2)]


async def test_a_prompt_that_is_too_long_is_known_to_every_run_and_asked_again_by_another_model_alone(
    tmp_path: Path,
) -> None:
    def model(request: Request) -> str:
        if said(request) == "a":
            raise ContextTooLong("8192 tokens are too many")
        return "good"

    first = await run(tmp_path, ASK, model)
    assert [record["label"] for record in first.rejected] == ["the prompt is longer than the model can take"]
    second = await run(tmp_path, ASK, lambda request: "good")
    assert (second.requests, second.bytes()) == ([], first.bytes())
    found = await rejected(tmp_path, ASK)
    assert (found.chosen, found.too_long) == ((), 1)
    assert len((await rejected(tmp_path, ASK, Again(model="roomy"))).chosen) == 1

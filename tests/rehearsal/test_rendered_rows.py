"""The messages that a step would send are those that a run sends, and nothing is sent to find out."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.ledger.learned import Trait, learn_trait
from atk_interp.llm.messages import Request
from atk_interp.rehearsal.rendering import RenderedRow, render_row
from atk_interp.runtime import CannotRun
from support.pipelines import Ran, compiled, run, said

SPEC = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      sorted: {kind: sort, from: given, by: text, descending: true}
      first: {kind: generate, from: sorted, model: m, prompt: ask, parse: {text: question}}
      second:
        kind: generate
        from: first
        model: m
        prompt: second
        parse: {text: answer}
        samples: 2
        sampling: {temperature: 0.3}
    outputs:
      out.jsonl: {from: second, format: jsonl}
    """
PROMPTS = {
    "second": """\
        - system: Be brief.
        - each: '[1, 2] as number'
          messages:
            - user: "{{ number }}"
            - assistant: |
                number {{ number }}
        - user: "{{ question }}"
          when: question != ""
        """
}


def answers(request: Request) -> str:
    return f"{said(request)}?"


async def rendered(folder: Path, step: str, row: str = "1", spec: str = SPEC) -> RenderedRow:
    plan = compiled(folder, spec, PROMPTS).plan({"output_dir": "out", "models": {"m": {"model": "test-model"}}})
    return await render_row(plan, folder / "ledger.db", step, row)


async def ran(folder: Path, spec: str = SPEC) -> Ran:
    return await run(folder, spec, answers, PROMPTS)


async def test_a_rendered_call_is_the_one_that_a_run_makes(tmp_path: Path) -> None:
    made = await ran(tmp_path)
    keys = {request.key() for request in made.requests}
    for row in "123":
        for step in ("first", "second"):
            for call in (await rendered(tmp_path, step, row)).calls:
                assert call.recorded
                assert call.key in keys


async def test_rows_are_numbered_in_canonical_order(tmp_path: Path) -> None:
    told = [(await rendered(tmp_path, "first", row)).calls[0].messages[0].content for row in "123"]
    assert told == ["c", "b", "a"]


async def test_a_row_is_found_by_its_id(tmp_path: Path) -> None:
    third = await rendered(tmp_path, "first", "3")
    assert await rendered(tmp_path, "first", third.row) == third
    assert third.number == 3


async def test_every_message_knows_the_line_that_it_is_written_in(tmp_path: Path) -> None:
    await ran(tmp_path)
    first, second = (await rendered(tmp_path, "second")).calls
    assert [(message.role, message.line) for message in first.messages] == [
        ("system", 1),
        ("user", 4),
        ("assistant", 6),
        ("user", 4),
        ("assistant", 6),
        ("user", 7),
    ]
    assert {Path(str(message.file)).name for message in first.messages} == {"second.yaml"}
    assert (first.sample, second.sample) == (0, 1)
    assert first.sampling == {"temperature": 0.3}
    assert first.tokens == sum(message.tokens for message in first.messages) > 6


async def test_a_call_that_is_not_in_the_ledger_is_told_so_and_makes_no_ledger(tmp_path: Path) -> None:
    (call,) = (await rendered(tmp_path, "first")).calls
    assert not call.recorded
    assert not (tmp_path / "ledger.db").exists()


async def test_a_row_behind_a_reply_that_is_missing_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"no rows come to it without a call, and others wait .* 3 at step `first`"):
        await rendered(tmp_path, "second")


async def test_rows_are_rendered_as_far_as_the_ledger_reaches_and_the_others_counted(tmp_path: Path) -> None:
    await ran(tmp_path)
    more = SPEC.replace("{text: c}", "{text: c}, {text: d}, {text: e}")
    found = await rendered(tmp_path, "second", "3", more)
    assert found.calls[0].messages[-1].content == "a?"
    assert found.waiting == {"first": 2}
    with pytest.raises(CannotRun, match="row 4 of step `second` cannot be reached: 3 rows"):
        await rendered(tmp_path, "second", "4", more)


async def test_the_attempts_that_failed_are_shown_with_what_feedback_adds(tmp_path: Path) -> None:
    spec = """
        steps:
          given: {kind: rows, rows: [{text: a}]}
          ask:
            kind: generate
            from: given
            model: m
            prompt: ask
            parse: {text: answer}
            accept: {long enough: 'answer | length > 2'}
            feedback: true
        outputs:
          out.jsonl: {from: ask, format: jsonl}
        """
    await run(tmp_path, spec, lambda request: "no" if request.attempt == 0 else "long", PROMPTS)
    first, second = (await rendered(tmp_path, "ask", spec=spec)).calls
    assert [message.line for message in first.messages] == [1]
    assert [(message.role, message.line) for message in second.messages] == [
        ("user", 1),
        ("assistant", None),
        ("user", None),
    ]
    assert second.recorded


@pytest.mark.parametrize(
    ("step", "message"),
    [("given", "step `given` asks no model, so it sends nothing"), ("frist", "there is no step `frist`")],
)
async def test_a_step_that_sends_nothing_cannot_be_rendered(tmp_path: Path, step: str, message: str) -> None:
    with pytest.raises(CannotRun, match=message):
        await rendered(tmp_path, step)


async def test_what_would_stop_a_run_is_told(tmp_path: Path) -> None:
    spec = """
        steps:
          given: {kind: rows, rows: [{text: a}]}
          ask:
            kind: generate
            from: given
            model: m
            prompt: ask
            parse: {text: answer}
            accept: {never: answer == "else"}
            on_reject: stop
        outputs:
          out.jsonl: {from: ask, format: jsonl}
        """
    await ran(tmp_path, spec)
    found = await rendered(tmp_path, "ask", spec=spec)
    assert [call.attempt for call in found.calls] == [0, 1, 2]
    assert "rejected row" in str(found.lost)


LOOP = """
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}]}
      refine:
        kind: loop
        from: given
        max_rounds: 2
        until: false
        steps:
          better: {kind: generate, model: m, prompt: ask, parse: {text: text}}
          checked: {kind: generate, model: m, prompt: ask, parse: {text: verdict}}
    outputs:
      out.jsonl: {from: refine, format: jsonl}
    """


async def test_a_step_of_a_loop_is_rendered_in_the_rounds_that_the_ledger_reaches(tmp_path: Path) -> None:
    (first,) = (await rendered(tmp_path, "refine.better", spec=LOOP)).calls
    assert first.messages[0].content == "a"
    await ran(tmp_path, LOOP)
    found = await rendered(tmp_path, "refine.better", "2", LOOP)
    assert found.calls[0].messages[0].content == "a?"
    assert found.reached == 4


@pytest.mark.parametrize(("structured", "sent"), [("auto", True), ("always", True), ("never", False)])
async def test_a_schema_of_replies_is_shown_where_it_would_be_sent(tmp_path: Path, structured: str, sent: bool) -> None:
    call = (await formed(tmp_path, structured)).calls[0]
    assert ("response_format" in call.sampling) is sent


async def test_a_schema_that_the_endpoint_is_known_to_refuse_is_not_shown(tmp_path: Path) -> None:
    no = Trait("http://localhost:1/v1", "test-model", "response_format", "no")
    learn_trait(tmp_path / "ledger.db", no)
    assert (await formed(tmp_path, "auto")).calls[0].sampling == {}


async def formed(folder: Path, structured: str) -> RenderedRow:
    spec = SPEC.replace("{text: question}", "{json: {question: text}}")
    endpoint = {"model": "test-model", "base_url": "http://localhost:1/v1", "structured": structured}
    plan = compiled(folder, spec, PROMPTS).plan({"output_dir": "out", "models": {"m": endpoint}})
    return await render_row(plan, folder / "ledger.db", "first")

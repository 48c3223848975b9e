"""A pipeline as a callable: its signature, what it takes and tells, and how it fails."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from atk_interp import compile_pipeline, set_progress
from atk_interp.pipeline import InvalidSpec, MissingParameters, Pipeline, PipelineFailed, WrongModels
from atk_interp.runtime import CannotRun
from support.openai_server import Call, OpenAIServer, server_thread
from support.pipelines import asking_about, compiled, run, said, write_project

SPEC = """
    spec: atk/v1
    name: qa
    description: Questions about texts.
    params:
      input_dir: {type: path, help: Folder of documents}
      output_dir: {type: path}
      chunk_tokens: {type: int, default: 500, min: 50}
      subset_size: {type: int, optional: true}
      skip_filter: {type: bool, default: false}
    models: {small: {}, large: {}}
    steps:
      documents: {kind: read, path: =input_dir}
      useful:
        {kind: generate, from: documents, when: not skip_filter, model: small, prompt: ask, parse: {text: verdict}}
      asked: {kind: generate, from: useful, model: large, prompt: ask, parse: {text: reply}}
    outputs:
      qa.jsonl: {from: asked, format: jsonl}
    """
INPUT = """
    steps:
      given: {kind: input, fields: {text: text}}
      longer: {kind: map, from: given, set: {size: =text | length}}
      ask: {kind: generate, from: longer, model: m, prompt: ask, parse: {text: reply}}
      kept: {kind: filter, from: ask, keep: size > 1}
      some: {kind: sample, from: kept, count: 2}
    outputs:
      out.jsonl: {from: some, format: jsonl}
    """


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / "docs" / f"{name}.txt").write_text(name)
    return tmp_path / "docs"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with server_thread(lambda call: f"reply to {call.last}") as running:
        yield running


@pytest.fixture
def models(server: OpenAIServer) -> dict[str, Any]:
    return {slot: {"model": slot, "base_url": server.base_url} for slot in ("small", "large")}


@pytest.fixture
def progress() -> Iterator[list[tuple[str, float, str]]]:
    told: list[tuple[str, float, str]] = []
    unsubscribe = set_progress.subscribe(lambda *what: told.append(what))
    yield told
    unsubscribe()


def test_the_signature_is_that_of_the_params(tmp_path: Path) -> None:
    assert str(inspect.signature(compiled(tmp_path, SPEC))).partition(" -> ")[0] == (
        "(*, input_dir, output_dir, chunk_tokens=500, subset_size=None, skip_filter=False, "
        "models=None, task_id=None, **kwargs)"
    )


def test_a_call_runs_the_pipeline_and_gives_its_rows(
    tmp_path: Path, documents: Path, models: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = compiled(tmp_path, SPEC)
    with caplog.at_level(logging.WARNING, "atk_interp"):
        result = pipeline(
            input_dir=documents, output_dir="out", task_id="t1", models=models, pipeline="ignored", chunk_token=3
        )
    assert [row["reply"] for row in result.rows()] == ["reply to one", "reply to three", "reply to two"]
    assert result.exit_code == 0
    assert caplog.messages == ["`qa` has no parameter `chunk_token`, so it has no effect; did you mean `chunk_tokens`?"]


def test_all_missing_parameters_are_named_before_any_work(tmp_path: Path) -> None:
    pipeline = compiled(tmp_path, SPEC)
    with pytest.raises(
        MissingParameters, match=r"(?s)`input_dir` \(path\): Folder of documents.*`output_dir` \(path\)"
    ):
        pipeline(chunk_tokens=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipeline.yaml", "prompts"]


def test_a_value_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="`chunk_tokens` must be at least 50, not 3"):
        compiled(tmp_path, SPEC)(input_dir="docs", output_dir="out", chunk_tokens=3)


async def test_a_call_inside_a_running_loop_says_what_to_use(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"use `await pipeline\.acall"):
        compiled(tmp_path, SPEC)(input_dir="docs", output_dir="out")


async def test_acall_is_the_same_for_a_running_loop(tmp_path: Path, documents: Path, models: dict[str, Any]) -> None:
    result = await compiled(tmp_path, SPEC).acall(input_dir=documents, output_dir="out", models=models)
    assert len(list(result.rows("qa.jsonl"))) == 3
    with pytest.raises(KeyError, match=r"outputs are qa\.jsonl"):
        list(result.rows("qb.jsonl"))


def test_a_run_that_fails_raises_with_its_result(tmp_path: Path, documents: Path, models: dict[str, Any]) -> None:
    models["small"]["base_url"] = "http://127.0.0.1:9/v1"
    pipeline = compiled(tmp_path, SPEC)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PipelineFailed, match="step `documents` found nothing to work on") as failed:
        pipeline(input_dir=empty, output_dir="out", models=models)
    assert failed.value.result.status == "stopped"


def test_values_of_a_config_are_the_defaults_of_the_call(
    tmp_path: Path, documents: Path, models: dict[str, Any]
) -> None:
    config = {"paths": {"input_dir": "docs", "output_dir": "results"}, "models": models, "skip_filter": True}
    result = compile_pipeline(write_project(tmp_path, SPEC, config=config))()
    assert result.output_dir == tmp_path / "results"
    assert next(result.rows()) == {"text": "one", "reply": "reply to one"}


def test_an_invalid_spec_raises_with_all_findings(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec) as invalid:
        compiled(tmp_path, SPEC.replace("model: small", "model: smal").replace("kind: read", "kind: red"))
    assert len([found for found in invalid.value.diagnostics if found.is_error]) == 2


def test_rows_are_handed_over_and_come_back(tmp_path: Path, server: OpenAIServer) -> None:
    pipeline = compiled(tmp_path, INPUT)
    models = {"m": {"model": "m", "base_url": server.base_url}}
    given = [{"text": "a"}, {"text": "bb"}, {"text": "ccc"}]
    result = pipeline(output_dir="out", rows=given, models=models)
    assert [row["text"] for row in result.rows()] == ["bb", "ccc"]
    assert "rows=None" in str(inspect.signature(pipeline))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (None, "takes its rows from the caller, and none were given"),
        ([{"text": "a"}, {"text": {1, 2}}], "row 1 of `rows` cannot be used"),
        (["a"], "row 0 of `rows` cannot be used: it is no mapping"),
    ],
)
def test_rows_that_cannot_be_used_are_told(tmp_path: Path, rows: Any, told: str) -> None:
    endpoint = {"m": {"model": "m", "base_url": "http://127.0.0.1:9/v1"}}
    with pytest.raises((CannotRun, PipelineFailed), match=told):
        compiled(tmp_path, INPUT)(output_dir="out", rows=rows, models=endpoint)


def test_one_step_is_a_callable_of_its_own(tmp_path: Path, server: OpenAIServer) -> None:
    pipeline = compiled(tmp_path, INPUT)
    models = {"m": {"model": "m", "base_url": server.base_url}}
    assert pipeline.steps["longer"]({"text": "four"}) == [{"text": "four", "size": 4}]
    assert pipeline.steps["ask"]({"text": "hi", "size": 2}, models=models) == [
        {"text": "hi", "size": 2, "reply": "reply to hi"}
    ]
    assert pipeline.steps["kept"]({"text": "a", "size": 1, "reply": ""}) == []
    for step, told in (("some", "works on whole sets"), ("given", "makes its rows itself")):
        with pytest.raises(CannotRun, match=told):
            pipeline.steps[step]({"text": "a"})


def test_progress_rises_from_zero_to_one_and_tells_every_step(
    tmp_path: Path, documents: Path, models: dict[str, Any], progress: list[tuple[str, float, str]]
) -> None:
    calls: list[int] = []

    def reply(call: Call) -> str:
        calls.append(len(progress))
        return "yes"

    with server_thread(reply) as server:
        for endpoint in models.values():
            endpoint["base_url"] = server.base_url
        compiled(tmp_path, SPEC)(input_dir=documents, output_dir="out", models=models, task_id="t1")
    amounts = [amount for _, amount, _ in progress]
    assert {task for task, _, _ in progress} == {"t1"}
    assert amounts == sorted(amounts)
    assert amounts[0] == 0.0
    assert min(calls) > 0
    assert amounts.count(1.0) == 1
    assert amounts[-1] == 1.0
    for step in ("documents", "useful", "asked"):
        assert any(step in message for _, _, message in progress)


def test_a_run_that_fails_never_tells_the_whole(tmp_path: Path, progress: list[tuple[str, float, str]]) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PipelineFailed):
        compiled(tmp_path, SPEC)(input_dir="empty", output_dir="out", task_id="t1")
    assert progress[0][1] == 0.0
    assert all(amount < 1.0 for _, amount, _ in progress)


def test_without_a_task_nobody_is_told(
    tmp_path: Path, documents: Path, models: dict[str, Any], progress: list[tuple[str, float, str]]
) -> None:
    compiled(tmp_path, SPEC)(input_dir=documents, output_dir="out", models=models)
    assert progress == []


@pytest.mark.parametrize("missing", [("SMALL_KEY",), ("SMALL_KEY", "LARGE_KEY")])
def test_missing_keys_are_told_by_the_names_of_their_variables_before_any_work(
    tmp_path: Path, documents: Path, models: dict[str, Any], monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...]
) -> None:
    models["small"]["api_key_env"] = "SMALL_KEY"
    models["large"]["api_key_env"] = "LARGE_KEY"
    for name in {"SMALL_KEY", "LARGE_KEY"} - set(missing):
        monkeypatch.setenv(name, "sk-canary")
    with pytest.raises(CannotRun) as refused:
        compiled(tmp_path, SPEC)(input_dir=documents, output_dir="out", models=models)
    assert all(f"`{name}`" in str(refused.value) for name in missing)
    assert str(refused.value).count("_KEY") == len(missing)
    assert not (tmp_path / "out").exists()


def test_a_malformed_address_is_refused_before_any_work(
    tmp_path: Path, documents: Path, models: dict[str, Any]
) -> None:
    models["small"]["base_url"] = "localhost:8000"
    with pytest.raises(CannotRun, match="model `small` cannot be asked: the address of the endpoint is not one"):
        compiled(tmp_path, SPEC)(input_dir=documents, output_dir="out", models=models)


async def test_the_record_of_a_run_says_what_ran_and_no_login(tmp_path: Path, server: OpenAIServer) -> None:
    ran = await run(
        tmp_path,
        asking_about("a"),
        said,
        settings={"base_url": "http://user:canary@127.0.0.1:9/v1?key=canary"},
    )
    text = (ran.folder / "run.json").read_text()
    record = json.loads(text)
    assert "canary" not in text
    assert record["models"]["m"]["base_url"] == "http://127.0.0.1:9/v1"
    assert record["status"] == "done"
    assert record["outputs"] == [{"name": "out.jsonl", "file": "out.jsonl", "rows": 1, "complete": True}]
    assert [step["name"] for step in record["steps"]] == ["given", "ask"]
    assert len(next(iter(record["prompts"].values()))) == 64


def test_a_pipeline_shows_what_it_is(tmp_path: Path) -> None:
    pipeline: Pipeline = compiled(tmp_path, SPEC)
    description: Callable[..., Any] = pipeline
    assert repr(pipeline).startswith("<pipeline qa(*, input_dir, output_dir,")
    assert description.__doc__ == "Questions about texts."


SELF = """
    spec: atk/v1
    name: case
    params: {input_dir: {type: path}, output_dir: {type: path}}
    models: {m: {}}
    steps:
      documents: {kind: read, path: =input_dir}
      ask: {kind: generate, from: documents, model: m, prompt: ask, parse: {text: reply}}
    outputs:
      sets/out.jsonl: {from: ask, format: jsonl}
    """


async def test_a_run_does_not_read_its_own_output(tmp_path: Path, documents: Path) -> None:
    sent, written = [], []
    for _ in range(3):
        ran = await run(tmp_path, SELF, said, input_dir=str(documents), output="docs/out")
        sent.append(len(ran.requests))
        written.append([(ran.folder / name).read_bytes() for name in ("sets/out.jsonl", "rejected.jsonl")])
    assert sent == [3, 0, 0]
    assert written[0] == written[1] == written[2]


async def test_the_folder_that_is_read_cannot_be_the_output(tmp_path: Path, documents: Path) -> None:
    with pytest.raises(CannotRun, match="`input_dir` and the output folder are both"):
        await run(tmp_path, SELF, said, input_dir=str(documents), output="docs")
    assert not (documents / ".atk-lock").exists()


def test_a_step_that_has_steps_of_its_own_or_needs_another_is_no_callable(tmp_path: Path) -> None:
    pipeline = compiled(
        tmp_path,
        """
        steps:
          given: {kind: rows, rows: [{n: 1}]}
          goal: {kind: once, from: given}
          looped: {kind: loop, from: given, until: n > 3, steps: {more: {kind: map, set: {n: =n + 1}}}}
          kept: {kind: filter, from: looped, use: goal, keep: n > goal.n}
        outputs:
          out.jsonl: {from: kept, format: jsonl}
        """,
    )
    for name, told in (("looped", "has steps of its own"), ("kept", "uses the value of another step")):
        with pytest.raises(CannotRun, match=told):
            pipeline.steps[name]({"n": 1})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("embedded", "not `'embedded'`: write `models={'small': 'embedded', 'large': 'embedded'}`"),
        (["embedded"], "`models` takes a mapping from model slots to endpoints, not a list"),
        ("", "not `''`"),
        ({"small": "gpt-5"}, "slot `small` takes a mapping of settings, or `'embedded'`, not `'gpt-5'`: write"),
        ({"small": "http://there/v1"}, "'base_url': 'http://there/v1'"),
    ],
)
def test_models_that_are_no_mapping_are_told_with_what_to_write(
    tmp_path: Path, documents: Path, given: Any, told: str
) -> None:
    with pytest.raises(WrongModels) as refused:
        compiled(tmp_path, SPEC)(input_dir=documents, output_dir="out", models=given)
    assert told in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_settings_of_models_with_errors_are_told_as_those_of_models(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec, match=r"`models` has errors\n(.|\n)*unknown key `modle`"):
        compiled(tmp_path, SPEC).endpoints({"small": {"modle": "gpt-5"}})


def test_models_for_slots_that_there_are_not_are_told(
    tmp_path: Path, models: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    compiled(tmp_path, SPEC).endpoints({**models, "lrage": "embedded"})
    assert caplog.messages == ["`qa` has no model slot `lrage`, so it has no effect; did you mean `large`?"]


def test_a_step_that_there_is_not_is_told_with_what_is_near(tmp_path: Path) -> None:
    steps = compiled(tmp_path, INPUT).steps
    with pytest.raises(KeyError, match="there is no step `logner`; did you mean `longer`\\?"):
        steps["logner"]
    assert "logner" not in steps


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"chunk_tokens": 7}, "`chunk_tokens` must be at least 50, not 7"),
        ({"skip_filter": "no"}, "`skip_filter` takes true or false, not the text `no`"),
    ],
)
def test_a_step_is_called_with_values_that_its_parameters_may_have(
    tmp_path: Path, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(CannotRun, match=told):
        compiled(tmp_path, SPEC).steps["useful"]({"text": "a"}, **given)


def test_a_name_that_no_pipeline_bears_is_told_with_those_near_it() -> None:
    with pytest.raises(InvalidSpec) as refused:
        compile_pipeline("factul_qa")
    assert str(refused.value).startswith("`factul_qa` cannot be compiled\n")
    assert "there is no file and no pipeline `factul_qa`\n   = help: did you mean `factual_qa`?" in str(refused.value)


@pytest.mark.parametrize("name", ["nope", "specs/nope.yaml"])
def test_a_name_that_is_near_nothing_is_told_with_the_stock_pipelines(name: str) -> None:
    with pytest.raises(InvalidSpec, match=r"stock pipelines are (.*, )?`factual_qa`"):
        compile_pipeline(name)


def test_a_call_may_have_a_seed_of_its_own(tmp_path: Path) -> None:
    pipeline = compiled(tmp_path, INPUT)
    assert [pipeline.plan({"output_dir": "out", "rows": [], **seed}).seed for seed in ({"seed": 7}, {})] == [7, 0]
    with pytest.raises(CannotRun, match="`seed` takes a whole number, not `seven`"):
        pipeline.plan({"output_dir": "out", "rows": [], "seed": "seven"})

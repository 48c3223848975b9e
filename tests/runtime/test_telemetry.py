"""Spans and metrics of a run, as the real OpenTelemetry SDK gets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.openai_server import Answer, Call, failure, server_thread
from support.pipelines import write_project
from support.traced import traced

SPEC = """
    spec: atk/v1
    name: qa
    params: {output_dir: {type: path}}
    models: {m: {expects: any, sampling: {temperature: 0.5, max_tokens: 9, stop: ["\\n"]}}}
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: said}, keep: text != "c"}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 4,
    "prompt_tokens_details": {"cached_tokens": 16},
    "completion_tokens_details": {"reasoning_tokens": 1},
}


def said(call: Call) -> Answer:
    return Answer("an answer", whole={"model": "m-2026", "usage": USAGE})


def project(folder: Path, base_url: str, spec: str = SPEC) -> Path:
    models = {"m": {"model": "test-model", "base_url": base_url, "api_key_env": "TRACED_KEY"}}
    return write_project(folder, spec, config={"models": models, "output_dir": str(folder / "out")})


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "TRACED_KEY": "sk-canary-of-the-telemetry", **more}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("traced")
    with server_thread(said) as server:
        told = traced(project(folder, server.base_url), environment())
        told["port"] = int(server.base_url.rpartition(":")[2].partition("/")[0])
    return told


def spans(told: dict[str, Any], begin: str) -> list[dict[str, Any]]:
    return [span for span in told["spans"] if span["name"].startswith(begin)]


def points(told: dict[str, Any], name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The data points of a metric, each with its attributes."""
    found = [
        metric["data"]["data_points"]
        for resource in told["metrics"]["resource_metrics"]
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
        if metric["name"] == name
    ]
    return [(point["attributes"], point) for points in found for point in points]


def test_a_run_has_a_span_within_the_callers_and_a_span_for_each_step_within_it(told: dict[str, Any]) -> None:
    (run,) = spans(told, "invoke_workflow")
    (caller,) = spans(told, "caller")
    assert run["name"] == "invoke_workflow qa"
    assert run["parent_id"] == caller["context"]["span_id"]
    assert run["attributes"]["gen_ai.operation.name"] == "invoke_workflow"
    steps = spans(told, "step ")
    assert {span["name"]: span["parent_id"] for span in steps} == {
        "step given": run["context"]["span_id"],
        "step ask": run["context"]["span_id"],
    }
    (ask,) = [span for span in steps if span["name"] == "step ask"]
    assert {name: ask["attributes"][f"atk.{name}"] for name in ("rows_in", "passed", "filtered", "called")} == {
        "rows_in": 3,
        "passed": 2,
        "filtered": 1,
        "called": 3,
    }


def test_a_call_has_a_span_as_the_conventions_have_it(told: dict[str, Any]) -> None:
    calls = spans(told, "chat test-model")
    assert len(calls) == 3
    (ask,) = spans(told, "step ask")
    call = calls[0]
    assert call["parent_id"] == ask["context"]["span_id"]
    assert call["kind"] == "SpanKind.CLIENT"
    assert call["start_time"] < call["end_time"]
    own = {name: value for name, value in call["attributes"].items() if not name.startswith("atk.")}
    assert own == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "test-model",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 9,
        "gen_ai.request.stop_sequences": ["\n"],
        "gen_ai.response.model": "m-2026",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 20,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.cache_read.input_tokens": 16,
        "gen_ai.usage.reasoning.output_tokens": 1,
        "server.address": "127.0.0.1",
        "server.port": told["port"],
    }


def test_tokens_durations_rows_and_calls_are_measured(told: dict[str, Any]) -> None:
    tokens = {attributes["gen_ai.token.type"]: point for attributes, point in points(told, "gen_ai.client.token.usage")}
    assert {name: (point["count"], point["sum"]) for name, point in tokens.items()} == {
        "input": (3, 60),
        "output": (3, 12),
    }
    ((_, duration),) = points(told, "gen_ai.client.operation.duration")
    assert duration["count"] == 3
    assert len(duration["explicit_bounds"]) == 14
    rows = {(at["atk.step"], at["atk.outcome"]): point["value"] for at, point in points(told, "atk_interp.rows")}
    assert rows == {("ask", "passed"): 2, ("ask", "filtered"): 1}
    ((attributes, calls),) = points(told, "atk_interp.calls")
    assert (attributes, calls["value"]) == ({"atk.step": "ask", "atk.source": "endpoint"}, 3)


def test_neither_prompts_nor_replies_nor_keys_are_told(told: dict[str, Any]) -> None:
    everything = json.dumps(told)
    assert "an answer" not in everything
    assert "sk-canary" not in everything
    assert "gen_ai.input.messages" not in everything


def test_content_is_told_where_the_environment_asks_for_it(tmp_path: Path) -> None:
    capturing = environment(OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT="SPAN_ONLY")
    with server_thread(said) as server:
        told = traced(project(tmp_path, server.base_url), capturing)
    sent = [json.loads(call["attributes"]["gen_ai.input.messages"]) for call in spans(told, "chat")]
    assert [{"role": "user", "parts": [{"type": "text", "content": "a"}]}] in sent
    assert json.loads(spans(told, "chat")[0]["attributes"]["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "an answer"}], "finish_reason": "stop"}
    ]


def test_a_call_that_is_not_sent_is_counted_and_has_no_span(tmp_path: Path) -> None:
    with server_thread(said) as server:
        told = traced(project(tmp_path, server.base_url, SPEC.replace("{text: b}", "{text: a}")), environment())
    assert len(spans(told, "chat")) == 2
    calls = {attributes["atk.source"]: point["value"] for attributes, point in points(told, "atk_interp.calls")}
    assert calls == {"endpoint": 2, "ledger": 1}


def test_a_call_that_fails_and_the_run_that_it_stops_are_errors(tmp_path: Path) -> None:
    with server_thread(lambda call: failure(401, "no such key")) as server:
        told = traced(project(tmp_path, server.base_url), environment())
    (run,) = spans(told, "invoke_workflow")
    assert run["status"]["status_code"] == "ERROR"
    assert run["attributes"]["atk.status"] == "impossible"
    failed = spans(told, "chat test-model")[0]
    assert failed["attributes"]["error.type"] == "EndpointRefused"
    assert "401" in failed["status"]["description"]


def test_without_a_provider_nothing_of_it_is_imported(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom atk_interp import compile_pipeline\ncompile_pipeline(sys.argv[1])()\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]\n"
    )
    with server_thread(said) as server:
        path = project(tmp_path, server.base_url)
        subprocess.run([sys.executable, "-c", program, str(path)], cwd=tmp_path, env=environment(), check=True)


def test_the_api_alone_without_a_provider_is_no_telemetry(tmp_path: Path) -> None:
    program = (
        "import opentelemetry.trace, opentelemetry.metrics\nfrom atk_interp.runtime.telemetry import telemetry\n"
        "assert telemetry(None, '1') is None\n"
    )
    subprocess.run([sys.executable, "-c", program], env=environment(), check=True)

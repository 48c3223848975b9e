"""A key that is sent to an endpoint is found nowhere else, whatever the endpoint does with it."""

from __future__ import annotations

import base64
import html
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from atk_interp.cli.display import Plain
from atk_interp.cli.summary import causes, funnel, spending
from atk_interp.pipeline import compile_pipeline
from support.canary import KEY, found
from support.command import Cli
from support.openai_server import Answer, Call, server_thread
from support.pipelines import IMPATIENT, write_project
from support.traced import traced

SPEC = """
    spec: atk/v1
    name: canary
    params: {output_dir: {type: path}}
    models: {m: {expects: any}}
    steps:
      given: {kind: rows, rows: [{text: a}, {text: b}, {text: c}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: said}, attempts: 2,
            accept: {fine: text != "c"}}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    """
ESCAPED = "".join(f"\\u{ord(char):04x}" for char in KEY)
ECHOES: dict[str, Callable[[str], bytes]] = {
    "as JSON": lambda told: json.dumps({"error": {"message": told, "code": told, "param": told}}).encode(),
    "as escaped JSON": lambda told: b'{"error": {"message": "no: %b"}}' % ESCAPED.encode(),
    "as text": lambda told: told.encode(),
    "as a page": lambda told: f"<html><body>{html.escape(told)}</body></html>".encode(),
    "as a part of an address": lambda told: json.dumps({"detail": f"no /v1?key={quote(KEY, safe='')}"}).encode(),
    "in base64": lambda told: json.dumps({"detail": base64.b64encode(KEY.encode()).decode()}).encode(),
}
STATUSES = (200, 400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429, 500, 502, 503)


@pytest.fixture(autouse=True)
def key_and_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("CANARY_KEY", KEY)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)  # where reports of our own mistakes go
    monkeypatch.chdir(tmp_path)


def models(base_url: str, **endpoint: Any) -> dict[str, Any]:
    return {"m": {"model": "test-model", "base_url": base_url, "api_key_env": "CANARY_KEY", **endpoint}}


def project(folder: Path, base_url: str) -> Path:
    return write_project(folder, SPEC, config={"models": models(base_url), "output_dir": str(folder / "out")})


async def left(folder: Path, base_url: str, caplog: pytest.LogCaptureFixture, **endpoint: Any) -> list[str]:
    """Where the key is after a run: in its files, what it printed, or what was logged with all details."""
    told: list[str] = []
    pipeline = compile_pipeline(write_project(folder, SPEC))
    given = {"models": models(base_url, **endpoint), "output_dir": folder / "out"}
    with caplog.at_level(logging.DEBUG):
        shown = Plain(told.append)
        result = await pipeline.run(given, listeners=[shown.event], ledger=folder / "ledger.db", policy=IMPATIENT)
    assert result.spending is not None
    told += [result.message, result.help, repr(result), funnel(result.steps), spending(result.spending)]
    told += [
        *causes(result.causes),
        repr(result.causes),
        repr(result.error),
        repr(result.error.__context__ if result.error else None),
    ]
    return found(KEY, folder, {"told": "\n".join(told), "logged": caplog.text})


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", STATUSES)
async def test_an_answer_that_repeats_the_key(
    status: int, echo: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(call: Call) -> Answer:
        assert call.headers["authorization"] == f"Bearer {KEY}"
        headers = {"retry-after": KEY, "www-authenticate": f"Bearer {KEY}", "x-request-id": KEY}
        return Answer(raw=ECHOES[echo](f"wrong key {KEY} given"), status=status, headers=headers)

    with server_thread(answer, models=("one", KEY)) as server:
        assert await left(tmp_path, server.base_url, caplog) == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(f"your key is {KEY}", message={"reasoning_content": KEY}, finish=KEY, whole={"model": KEY}),
        Answer(json.dumps(KEY), whole={"usage": {"prompt_tokens": KEY}}),
        Answer(html.escape(KEY) + quote(KEY, safe="") + json.dumps(KEY)),
        Answer("late", fault="hang"),
        Answer(fault="reset"),
        Answer(wire=lambda body: [f"HTTP/1.1 401 {KEY}\r\ncontent-length: 2\r\n\r\n{{}}".encode()]),
        Answer(wire=lambda body: [f"{KEY}\r\n\r\n".encode()]),
        Answer(wire=lambda body: [f"HTTP/1.1 200 OK\r\ncontent-length: {KEY}\r\n\r\n{{}}".encode()]),
        Answer(
            wire=lambda body: [f"HTTP/1.1 200 OK\r\ncontent-encoding: {KEY}\r\ncontent-length: 2\r\n\r\n{{}}".encode()]
        ),
        Answer(wire=lambda body: [f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{KEY}\r\n".encode()]),
        Answer(status=307, headers={"location": f"/v1/elsewhere/{quote(KEY, safe='')}?key={quote(KEY, safe='')}"}),
        Answer(status=302, headers={"location": f"http://127.0.0.1:9/{quote(KEY, safe='')}"}),
        Answer(status=301, headers={"location": f"http://{quote(KEY, safe='')}.invalid/"}),
    ],
    ids=[
        "reply",
        "json",
        "encoded",
        "hang",
        "reset",
        "reason",
        "garbage",
        "length",
        "encoding",
        "chunk",
        "moved",
        "away",
        "nowhere",
    ],
)
async def test_whatever_else_an_endpoint_does(answer: Answer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with server_thread(lambda call: answer) as server:
        assert await left(tmp_path, server.base_url, caplog, timeout=0.2) == []


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize(
    "place", ["http://me:{key}@{server}/v1", "http://{server}/v1?api-key={key}", "http://{key}@{server}/v1"]
)
async def test_a_key_in_the_address(place: str, echo: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An address that holds a key is no good idea, and some servers know no other way."""
    with server_thread(lambda call: Answer(raw=ECHOES[echo](f"no {KEY}"), status=401)) as server:
        host = server.base_url.removeprefix("http://").removesuffix("/v1")
        base_url = place.format(key=quote(KEY, safe=""), server=host)
        assert await left(tmp_path, base_url, caplog) == []


@pytest.mark.parametrize("path", ["/v1", ""])
@pytest.mark.parametrize(
    "command",
    [
        "run {}",
        "plan {}",
        "plan {} --why ask",
        "plan {} --format json",
        "render {} ask",
        "lint {}",
        "lint {} --format json",
        "lint {} --format sarif",
        "show {}",
        "test {}",
        "run {} --set nothing=1",
        "ledger stats",
    ],
)
def test_commands_on_a_config_whose_address_holds_the_key(command: str, path: str, tmp_path: Path, cli: Cli) -> None:
    with server_thread() as server:
        host = server.base_url.removeprefix("http://").removesuffix("/v1")
        config = project(tmp_path, f"http://me:{quote(KEY, safe='')}@{host}{path}?key={quote(KEY, safe='')}")
        told = cli(
            *command.format(config).split(),
            *(
                ["--ledger", "l.db"]
                if "show" not in command and "lint" not in command and "test" not in command
                else []
            ),
        )
    assert found(KEY, tmp_path, {"out": told.out, "err": told.err}, but=["config.yaml"]) == []


def test_commands_after_a_run(tmp_path: Path, cli: Cli) -> None:
    with server_thread(lambda call: Answer(f"the key is {KEY}")) as server:
        config, out = str(project(tmp_path, server.base_url)), str(tmp_path / "out")
        ledger = ("--ledger", "l.db")
        told = {
            " ".join(command): cli(*command)
            for command in (
                ("run", config, *ledger),
                ("plan", config, *ledger),
                ("plan", config, "--why", "ask", *ledger),
                ("render", config, "ask", *ledger),
                ("ledger", "stats", *ledger),
                ("ledger", "export", "--output", str(tmp_path / "calls.jsonl"), *ledger),
                ("runs", *ledger),
                ("runs", "--format", "json", *ledger),
                ("rejects", out),
                ("trace", out, "out.jsonl:1", *ledger),
                ("verify", out, *ledger),
                ("retry", out, *ledger),
            )
        }
    wrong = {name: each.err for name, each in told.items() if each.code == 2 and not name.startswith("retry")}
    assert wrong == {}
    assert (tmp_path / "calls.jsonl").exists(), told
    assert (tmp_path / "out" / "report.html").exists()
    assert found(KEY, tmp_path, {name: each.everything for name, each in told.items()}) == []


def test_a_report_of_our_own_mistake(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes, endpoint: str, seconds: float) -> None:
        raise ZeroDivisionError(f"with {body.decode()}")

    monkeypatch.setattr("atk_interp.llm.openai.reply_of", broken)
    with server_thread(lambda call: Answer(f"the key is {KEY}")) as server:
        told = cli("run", str(project(tmp_path, server.base_url)), "--set", "output_dir=elsewhere", "--ledger", "l.db")
    assert told.code == 3
    assert list((tmp_path / "tmp").glob("atk-interp-*.log"))
    assert found(KEY, tmp_path, {"told": told.everything}) == []


def test_telemetry(tmp_path: Path) -> None:
    environment = {**os.environ, "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}
    with server_thread(lambda call: Answer(f"the key is {KEY}", whole={"model": KEY})) as server:
        told = traced(project(tmp_path, server.base_url), environment)
    assert [span for span in told["spans"] if "gen_ai.output.messages" in span["attributes"]]
    assert found(KEY, tmp_path, {"told": json.dumps(told)}) == []


def test_the_log_of_the_openai_package(tmp_path: Path) -> None:
    """`OPENAI_LOG=debug` prints requests and answers, and sends all calls through the package."""
    environment = {**os.environ, "OPENAI_LOG": "debug", "PYTHONPATH": os.pathsep.join(sys.path)}
    with server_thread(lambda call: Answer(f"the key is {KEY}")) as server:
        command = [sys.executable, "-m", "atk_interp", "run", str(project(tmp_path, server.base_url))]
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert found(KEY, tmp_path, {"out": ran.stdout, "err": ran.stderr}) == []

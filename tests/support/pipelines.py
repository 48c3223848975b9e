"""Running a small pipeline in a test: given a spec, prompts and a model, the outputs and the calls.

    ran = await run(tmp_path, '''
    steps:
      given: {kind: rows, rows: [{text: a}]}
      ask: {kind: generate, from: given, model: m, prompt: ask, parse: {text: reply}}
    outputs:
      out.jsonl: {from: ask, format: jsonl}
    ''', lambda request: "yes")
    assert ran.rows == [{"text": "a", "reply": "yes"}]

A spec without a head gets one with the parameter `output_dir` and the model slot `m`. The prompt `ask` says
`{{ text }}`, unless the case writes its own.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atk_interp.llm.messages import Client, Reply, Request
from atk_interp.llm.retry import RetryPolicy
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.pipeline import Pipeline, compile_pipeline
from atk_interp.runtime import RunResult
from atk_interp.runtime.events import Event, Listener

__all__ = ["IMPATIENT", "Ran", "asking_about", "compiled", "replying", "run", "said", "write_project"]

HEAD = "spec: atk/v1\nname: case\nparams:\n  output_dir: {type: path}\nmodels:\n  m: {expects: any}\n"
PROMPTS = {"ask": '- user: "{{ text }}"'}
IMPATIENT = RetryPolicy(tries=2, first_wait_s=0.001, unreached_after_s=0.0, gone_after_s=0.0)
"""Gives up on an endpoint at once."""

Model = Callable[[Request], "str | Reply"]


@dataclass
class Ran:
    """What a run was and did. `rows` are the records of the first output."""

    result: RunResult
    folder: Path
    requests: list[Request] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return list(self.result.rows())

    @property
    def said(self) -> list[str]:
        """The last message of every call, in the order of the alphabet."""
        return sorted(map(said, self.requests))

    @property
    def rejected(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "rejected.jsonl").read_text().splitlines()]

    def bytes(self) -> dict[str, bytes]:
        """Every file that must be the same each time."""
        own = ("run.json", "report.html", "events.jsonl", ".atk-lock")
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.name not in own}

    def count(self, step: str) -> dict[str, int]:
        """The books of one step, without the zeros."""
        state = next(state for state in self.result.steps if state.name == step)
        names = ("rows_in", "passed", "filtered", "rejected", "merged", "rows_out", "refused", "called", "from_ledger")
        return {name: getattr(state, name) for name in names if getattr(state, name)}


def said(request: Request) -> str:
    """What a call ends with."""
    return request.messages[-1].content if request.messages else request.prompt or ""


def asking_about(*texts: str) -> str:
    """A pipeline of one step, which asks about each of these texts."""
    rows = ", ".join(f"{{text: {text}}}" for text in texts)
    return f"""
    steps:
      given: {{kind: rows, rows: [{rows}]}}
      ask: {{kind: generate, from: given, model: m, prompt: ask, parse: {{text: reply}}}}
    outputs:
      out.jsonl: {{from: ask, format: jsonl}}
    """


def replying(folder: Path, rules: Sequence[object], name: str = "script.json", **settings: Any) -> dict[str, Any]:
    """The settings of a model that replies by these rules, for a config in this folder, where they are written."""
    (folder / name).write_text(json.dumps(rules))
    return {"provider": "scripted", "script": name, **settings}


def write_project(
    folder: Path, spec: str, prompts: Mapping[str, str] | None = None, config: Mapping[str, Any] | None = None
) -> Path:
    """The files of a pipeline; the path to give to a command: the config if there is one, else the spec."""
    text = textwrap.dedent(spec)
    path = folder / "pipeline.yaml"
    (folder / "prompts").mkdir(parents=True, exist_ok=True)
    path.write_text(text if text.lstrip().startswith("spec:") else HEAD + text)
    for name, content in {**PROMPTS, **(prompts or {})}.items():
        (folder / "prompts" / (name if "." in name else f"{name}.yaml")).write_text(textwrap.dedent(content))
    if config is None:
        return path
    (folder / "config.yaml").write_text(json.dumps({"pipeline": "pipeline.yaml", **config}))
    return folder / "config.yaml"


def compiled(folder: Path, spec: str, prompts: Mapping[str, str] | None = None) -> Pipeline:
    return compile_pipeline(write_project(folder, spec, prompts))


async def run(
    folder: Path,
    spec: str,
    model: Model | Client | None = None,
    prompts: Mapping[str, str] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    ledger: str = "ledger.db",
    output: str = "out",
    listeners: Sequence[Listener] = (),
    policy: RetryPolicy = IMPATIENT,
    **given: Any,
) -> Ran:
    """Run a spec in a folder. `model` answers for the slot `m`; `settings` are those of its endpoint.

    Of what is `given`, options of `Pipeline.run` go there, and all else are parameters.
    """
    how = {name: given.pop(name) for name in ("limit", "until", "strict", "budget") if name in given}
    pipeline = compiled(folder, spec, prompts)
    client = ScriptedClient(model) if callable(model) else model
    endpoint: dict[str, Any] = {"model": "test-model", **(settings or {})}
    events: list[Event] = []
    result = await pipeline.run(
        {"output_dir": folder / output, "models": {"m": endpoint} if pipeline.spec.models else None, **given},
        listeners=[events.append, *listeners],
        ledger=folder / ledger,
        policy=policy,
        clients={} if client is None else {"m": client},
        **how,
    )
    requests = client.requests if isinstance(client, ScriptedClient) else []
    return Ran(result, folder / output, requests, events)

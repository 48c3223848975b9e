"""OpenTelemetry: spans and metrics of a run, for a program that has set up a provider for them. The only door to it.

Names and attributes of calls are those of the semantic conventions for generative AI, as of version 1.41.0
(https://github.com/open-telemetry/semantic-conventions/tree/v1.41.0/docs/gen-ai). Prompts and replies are left out,
unless `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` asks for them; keys are never seen here.

Everything is made out of the events of the run, so that a run without telemetry pays nothing for it: nothing is even
imported when no provider is there.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from atk_interp.llm.messages import Reply, Request
from atk_interp.plan import Plan
from atk_interp.runtime.events import (
    CallFailed,
    CallFinished,
    Event,
    Listener,
    Progressed,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    StepState,
)

__all__ = ["telemetry"]

_SCHEMA = "https://opentelemetry.io/schemas/1.41.0"
_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_CAPTURING = ("true", "1", "span_only", "span_and_event")
_PROVIDERS = ("OTEL_PYTHON_TRACER_PROVIDER", "OTEL_PYTHON_METER_PROVIDER")
"""Name a provider that the API makes when it is asked for one."""

_TOKEN_BOUNDS = [4.0**power for power in range(14)]
_SECOND_BOUNDS = [0.01 * 2**power for power in range(14)]
"""Where the conventions want the borders of the histograms."""

_SAMPLING = {
    "temperature": float,
    "top_p": float,
    "frequency_penalty": float,
    "presence_penalty": float,
    "max_tokens": int,
    "seed": int,
}
"""What the conventions have a name for, `gen_ai.request.NAME`, with its type."""

_OUTCOMES = ("passed", "filtered", "rejected", "merged")


def telemetry(plan: Plan, version: str) -> Listener | None:
    """A listener that makes spans and metrics of a run. None when no provider is set up in this process."""
    asked = any(os.environ.get(name) for name in _PROVIDERS)
    if "opentelemetry" not in sys.modules and not asked:
        return None  # a provider is set up with the API, which is not even loaded
    try:
        from opentelemetry import metrics, trace
    except ImportError:
        return None
    spans, numbers = trace.get_tracer_provider(), metrics.get_meter_provider()
    if isinstance(spans, trace.ProxyTracerProvider | trace.NoOpTracerProvider) and not _counts(numbers):
        return None
    return _Telemetry(plan, spans, numbers, version).event


def _counts(provider: Any) -> bool:
    """Whether a meter provider is one: the API's own stand-ins count nothing."""
    return not type(provider).__module__.startswith("opentelemetry.metrics")


class _Telemetry:
    def __init__(self, plan: Plan, spans: Any, numbers: Any, version: str) -> None:
        from opentelemetry import trace

        self._trace = trace
        self._plan = plan
        self._tracer = spans.get_tracer("atk_interp", version, schema_url=_SCHEMA)
        meter = numbers.get_meter("atk_interp", version, schema_url=_SCHEMA)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKEN_BOUNDS,
        )
        self._seconds = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_SECOND_BOUNDS,
        )
        self._rows = meter.create_counter("atk_interp.rows", unit="{row}", description="Rows by what became of them.")
        self._calls = meter.create_counter(
            "atk_interp.calls", unit="{call}", description="Calls by where the reply came from."
        )
        self._told: dict[tuple[str, str], int] = {}
        self._run: Any = None
        self._steps: dict[str, Any] = {}
        self._known: dict[str, dict[str, Any]] = {}
        self._content = os.environ.get(_CAPTURE, "").lower() in _CAPTURING

    def event(self, event: Event) -> None:
        match event:
            case CallFinished():
                self._call(event)
            case Progressed():
                for state in event.steps:
                    self._count(state)
            case CallFailed():
                self._failed(event)
            case RunStarted():
                self._start(event)
            case StepStarted():
                self._step(event.step)
            case StepFinished():
                self._end_step(event.state)
            case RunFinished():
                self._end(event)

    # -- the run and its steps ------------------------------------------------------------------------------------

    def _in(self, span: Any) -> Any:
        return None if span is None else self._trace.set_span_in_context(span)

    def _start(self, event: RunStarted) -> None:
        attributes = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": event.pipeline}
        self._run = self._tracer.start_span(f"invoke_workflow {event.pipeline}", attributes=attributes)

    def _step(self, name: str, began: int | None = None) -> Any:
        """The span of a step. Progress is told now and then: the first call may come before it."""
        span = self._steps.get(name)
        if span is None:
            attributes = {"atk.step": name, "atk.kind": self._plan.steps[name].kind}
            span = self._tracer.start_span(f"step {name}", self._in(self._run), attributes=attributes, start_time=began)
            self._steps[name] = span
        return span

    def _end_step(self, state: StepState) -> None:
        span = self._steps.pop(state.name, None)
        if span is None:
            return
        for name in ("rows_in", "rows_out", *_OUTCOMES, "called", "from_ledger"):
            span.set_attribute(f"atk.{name}", getattr(state, name))
        span.end()

    def _end(self, event: RunFinished) -> None:
        for span in self._steps.values():  # of a run that was stopped
            span.end()
        self._steps.clear()
        if self._run is None:
            return
        self._run.set_attribute("atk.status", event.status)
        if event.status != "done":
            self._run.set_attribute("error.type", event.status)
            self._run.set_status(self._trace.Status(self._trace.StatusCode.ERROR, event.message))
        self._run.end()

    def _count(self, state: StepState) -> None:
        """The rows that are new since the last time."""
        for outcome in _OUTCOMES:
            rows = getattr(state, outcome)
            new = rows - self._told.get((state.name, outcome), 0)
            if new > 0:
                self._told[state.name, outcome] = rows
                self._rows.add(new, {"atk.step": state.name, "atk.outcome": outcome})

    # -- calls ----------------------------------------------------------------------------------------------------

    def _call(self, event: CallFinished) -> None:
        self._calls.add(1, {"atk.step": event.step, "atk.source": "ledger" if event.from_ledger else "endpoint"})
        request, reply = event.request, event.reply
        if event.from_ledger or request is None or reply is None:
            return  # nothing was sent
        common = self._common(event.slot, request)
        self._seconds.record(event.seconds, common)
        if reply.usage.counted:
            self._tokens.record(event.input_tokens, {**common, "gen_ai.token.type": "input"})
            self._tokens.record(event.output_tokens, {**common, "gen_ai.token.type": "output"})
        now = time.time_ns()
        began = now - int(event.seconds * 1e9)
        span = self._tracer.start_span(
            f"{common['gen_ai.operation.name']} {request.model}",
            self._in(self._step(event.step, began)),
            self._kind(event.slot),
            {**common, **_asked(event, request), **_replied(reply)},
            start_time=began,
        )
        if self._content and span.is_recording():
            span.set_attributes(_content(request, reply))
        span.end(now)

    def _failed(self, event: CallFailed) -> None:
        """A span of no length: how long it was hoped for is not known."""
        common = {**self._of_slot(event.slot), "gen_ai.operation.name": "chat", "error.type": event.error}
        span = self._tracer.start_span(
            f"chat {common['gen_ai.request.model']}",
            self._in(self._step(event.step)),
            self._kind(event.slot),
            {**common, "atk.step": event.step, "atk.row": event.row},
        )
        span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, event.message))
        span.end()

    def _common(self, slot: str, request: Request) -> dict[str, Any]:
        operation = "chat" if request.prompt is None else "text_completion"
        return {**self._of_slot(slot), "gen_ai.operation.name": operation, "gen_ai.request.model": request.model}

    def _of_slot(self, slot: str) -> dict[str, Any]:
        known = self._known.get(slot)
        if known is None:
            config = self._plan.endpoints.get(slot)
            provider = config.provider if config is not None else "openai"
            known = {
                "gen_ai.provider.name": provider if provider == "openai" else f"atk.{provider}",
                "gen_ai.request.model": config.model if config is not None else "",
                **_server(config.base_url if config is not None else None),
            }
            self._known[slot] = known
        return known

    def _kind(self, slot: str) -> Any:
        remote = self._of_slot(slot)["gen_ai.provider.name"] == "openai"
        return self._trace.SpanKind.CLIENT if remote else self._trace.SpanKind.INTERNAL


def _server(base_url: Any) -> dict[str, Any]:
    """The server of an address, without what some hide in it; of several addresses none: it is not known which."""
    parts = urlsplit(base_url) if isinstance(base_url, str) else None
    if parts is None or not parts.hostname:
        return {}
    return {"server.address": parts.hostname, "server.port": parts.port or (443 if parts.scheme == "https" else 80)}


def _asked(event: CallFinished, request: Request) -> dict[str, Any]:
    told: dict[str, Any] = {
        f"gen_ai.request.{name}": kind(request.sampling[name])
        for name, kind in _SAMPLING.items()
        if isinstance(request.sampling.get(name), int | float)
    }
    stop = request.sampling.get("stop")
    if stop:
        told["gen_ai.request.stop_sequences"] = [str(word) for word in stop] if isinstance(stop, list) else [str(stop)]
    if "response_format" in request.sampling:
        told["gen_ai.output.type"] = "json"
    own = {"step": event.step, "row": event.row, "sample": event.sample, "attempt": event.attempt, "key": event.key}
    return told | {f"atk.{name}": value for name, value in own.items()}


def _replied(reply: Reply) -> dict[str, Any]:
    told: dict[str, Any] = {"gen_ai.response.finish_reasons": [reply.finish]}
    if reply.model:
        told["gen_ai.response.model"] = reply.model
    if reply.usage.counted:
        told["gen_ai.usage.input_tokens"] = reply.usage.input
        told["gen_ai.usage.output_tokens"] = reply.usage.output
    if reply.usage.cached:
        told["gen_ai.usage.cache_read.input_tokens"] = reply.usage.cached
    if reply.usage.reasoning:
        told["gen_ai.usage.reasoning.output_tokens"] = reply.usage.reasoning
    return told


def _content(request: Request, reply: Reply) -> Mapping[str, str]:
    sent = [(message.role, message.content) for message in request.messages] or [("user", request.prompt or "")]
    asked = [{"role": role, "parts": [_text(content)]} for role, content in sent]
    thought = [{"type": "reasoning", "content": reply.reasoning}] if reply.reasoning else []
    said = [{"role": "assistant", "parts": [*thought, _text(reply.text)], "finish_reason": reply.finish}]
    return {
        "gen_ai.input.messages": json.dumps(asked, ensure_ascii=False),
        "gen_ai.output.messages": json.dumps(said, ensure_ascii=False),
    }


def _text(content: str) -> dict[str, str]:
    return {"type": "text", "content": content}

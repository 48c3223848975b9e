"""A program that has set up OpenTelemetry and calls a pipeline: `python -m support.traced CONFIG`.

Prints one JSON object: the spans and the metrics that came of it, as the exporters of the real SDK got them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["traced"]


def traced(config: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """What a run of a config told OpenTelemetry, in a process of its own: a provider is set up once in each."""
    command = [sys.executable, "-m", "support.traced", str(config)]
    ran = subprocess.run(
        command,
        cwd=config.parent,
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def main() -> None:
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from atk_interp import compile_pipeline
    from atk_interp.pipeline import PipelineFailed

    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    with trace.get_tracer("caller").start_as_current_span("caller"):
        try:
            compile_pipeline(sys.argv[1])()
        except PipelineFailed as failed:
            sys.stderr.write(f"{failed}\n")
    data = reader.get_metrics_data()
    told = {
        "spans": [json.loads(span.to_json()) for span in exporter.get_finished_spans()],
        "metrics": json.loads(data.to_json()) if data is not None else None,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

"""A pipeline as a Python callable: a spec, checked and compiled, that takes its parameters as keywords."""

from atk_interp.pipeline.arguments import EMBEDDED
from atk_interp.pipeline.calling import Pipeline, StepCallable, compile_pipeline, lint, load_spec
from atk_interp.pipeline.errors import InvalidSpec, MissingParameters, PipelineFailed

__all__ = [
    "EMBEDDED",
    "InvalidSpec",
    "MissingParameters",
    "Pipeline",
    "PipelineFailed",
    "StepCallable",
    "compile_pipeline",
    "lint",
    "load_spec",
]

"""A pipeline as a Python callable: a spec, checked and compiled, that takes its parameters as keywords."""

from atk_interp.pipeline.arguments import EMBEDDED
from atk_interp.pipeline.calling import Pipeline, compile_pipeline, lint, load_spec
from atk_interp.pipeline.errors import InvalidSpec, MissingParameters, PipelineFailed, WrongModels
from atk_interp.pipeline.steps import StepCallable

__all__ = [
    "EMBEDDED",
    "InvalidSpec",
    "MissingParameters",
    "Pipeline",
    "PipelineFailed",
    "StepCallable",
    "WrongModels",
    "compile_pipeline",
    "lint",
    "load_spec",
]

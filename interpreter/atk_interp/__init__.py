"""Synthetic training data from a YAML file: a spec language, a linter and a runtime.

from atk_interp import compile_pipeline

factual_qa = compile_pipeline("pipeline_specs/factual_qa/pipeline.yaml")
result = factual_qa(input_dir="documents", output_dir="output")
"""

from __future__ import annotations

import sys
import types
import typing

if typing.TYPE_CHECKING:
    from atk_interp.diagnostics import Diagnostic
    from atk_interp.pipeline import Pipeline, compile_pipeline, lint, load_spec
    from atk_interp.runtime.progress import set_progress

__all__ = ["Diagnostic", "Pipeline", "compile_pipeline", "lint", "load_spec", "set_progress"]

_WHERE = {
    "Diagnostic": "atk_interp.diagnostics",
    "Pipeline": "atk_interp.pipeline",
    "compile_pipeline": "atk_interp.pipeline",
    "lint": "atk_interp.pipeline",
    "load_spec": "atk_interp.pipeline",
    "set_progress": "atk_interp.runtime.progress",
}


def __getattr__(name: str) -> typing.Any:
    """Load what is asked for: importing the package must stay cheap, for the command line and pre-commit."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)


class _PublicFace(types.ModuleType):
    """`lint` is a function here and a folder inside: importing the folder must not put it in the function's place."""

    def __setattr__(self, name: str, value: typing.Any) -> None:
        if not (name in _WHERE and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _PublicFace

"""Why a pipeline cannot be called, or did not come to a good end."""

from __future__ import annotations

from collections.abc import Sequence

from atk_interp.diagnostics import Diagnostic
from atk_interp.diagnostics.render import render_text
from atk_interp.runtime import RunResult
from atk_interp.spec import Param, describe_param

__all__ = ["InvalidSpec", "MissingParameters", "PipelineFailed", "WrongModels"]


class InvalidSpec(ValueError):
    """A spec with errors. `diagnostics` are all findings, and the message shows them."""

    def __init__(self, diagnostics: Sequence[Diagnostic], told: str = "the spec has errors") -> None:
        super().__init__(f"{told}\n" + render_text(found for found in diagnostics if found.is_error))
        self.diagnostics = list(diagnostics)


class WrongModels(TypeError):
    """What was given as `models` names no endpoints for slots. The message says what to write."""


class MissingParameters(TypeError):
    """Required parameters without a value: all of them, before any work."""

    def __init__(self, pipeline: str, params: Sequence[Param]) -> None:
        told = "".join(f"\n  {describe_param(param)}" for param in params)
        count = "a required parameter is" if len(params) == 1 else "required parameters are"
        super().__init__(f"{count} missing for `{pipeline}`:{told}")
        self.params = list(params)


class PipelineFailed(RuntimeError):
    """A run that did not come to a good end. `result` says how it ended and what it left."""

    def __init__(self, result: RunResult) -> None:
        super().__init__(result.message + (f" ({result.help})" if result.help else ""))
        self.result = result

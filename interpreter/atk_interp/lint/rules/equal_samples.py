"""Several samples that will all be the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.document import Document, Path
from atk_interp.kinds.base import StepView, is_formula
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["EqualSamples"]


class EqualSamples(Rule):
    code = Code(
        "ATK604",
        "equal-samples",
        Severity.WARNING,
        finds="Several samples or votes at temperature 0.",
        why="The model says the same every time: each is paid for, and none adds anything.",
        bad="samples: 3\nsampling: {temperature: 0}",
        good="samples: 3\nsampling: {temperature: 0.7}",
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            option = next((name for name in ("samples", "votes") if view.given(name)), None)
            if option is None or not view.given("model") or view.given("prompts") or not _several(view, option):
                continue
            where = _where_zero(context, view)
            if where is not None:
                document, path = where
                context.report(
                    self.code,
                    view.path(option),
                    f"`{option}` asks several times, and at temperature 0 every reply is the same",
                    "raise the temperature, or ask once",
                    labels=[Label(document.span(path), "set here")],
                )


def _several(view: StepView, option: str) -> bool:
    value = view.option(option)
    if is_formula(value):
        param = view.spec.params.get(value[1:].strip())
        value = param.default if param is not None else None
    return isinstance(value, int) and value > 1


def _where_zero(context: LintContext, view: StepView) -> tuple[Document, Path] | None:
    """Where the temperature of a step is set to 0: the step, else the config, else the slot says it."""
    document, slot, config = view.document, view.option("model"), context.config
    places: list[tuple[Document, Path, Mapping[str, Any]]] = [
        (document, view.path("sampling"), view.option("sampling") or {})
    ]
    if config is not None and slot in config.models:
        places.append((config.document, ("models", slot, "sampling"), config.models[slot].sampling))
    if slot in view.spec.models:
        places.append((document, ("models", slot, "sampling"), view.spec.models[slot].sampling))
    for found, path, sampling in places:
        if "temperature" in sampling:
            return (found, (*path, "temperature")) if sampling["temperature"] == 0 else None
    return None

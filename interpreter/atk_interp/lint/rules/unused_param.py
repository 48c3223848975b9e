"""A parameter that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.diagnostics import Code, Severity
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.forgotten import forgotten
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern

__all__ = ["UnusedParam"]

_TAKEN_BY_THE_RUNTIME = ("output_dir",)
_OF_DOCUMENT = pattern(r"\bparams\.(\w+)")


class UnusedParam(Rule):
    code = Code(
        "ATK522",
        "unused-param",
        Severity.WARNING,
        finds="A parameter that no expression, template or prompt uses.",
        why="Whoever sets it in a config believes that it has an effect.",
        bad="params: {topic: {type: text}}\nsteps: …   # nothing says `topic`",
        good="params: {}",
    )

    def check(self, context: LintContext) -> None:
        if context.config is not None and context.config.prompts:
            return  # overriding prompts may use less than those that the spec was written for
        used = context.used_names() | {text for view in context.views() for _, text in forgotten(view)}
        used |= {name for view in context.views() if view.step.kind == "document" for name in _in_document(view)}
        for name, param in context.analysis.spec.params.items():
            if name not in used and name not in _TAKEN_BY_THE_RUNTIME and not context.maybe_used(name):
                context.report(self.code, param.path, f"nothing uses parameter `{name}`", "use it or remove it")


def _in_document(view: StepView) -> Iterator[str]:
    """The parameters that the template of a document names, as `params.base_model`."""
    texts = [template.text.value for template in view.templates.values()]
    texts += [prompt.completion.text.value for prompt in view.loaded.values() if prompt.completion is not None]
    for text in texts:
        yield from (found[1] for found in _OF_DOCUMENT.finditer(text))

"""A `read` step that is given the folder into which the run writes."""

from __future__ import annotations

from collections.abc import Iterator

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.spec import Config

__all__ = ["ReadsOwnOutput"]

_NAME = pattern(r"=\s*([A-Za-z_]\w*)\s*\Z")


class ReadsOwnOutput(Rule):
    code = Code(
        "ATK530",
        "reads-own-output",
        Severity.ERROR,
        finds="A `read` step whose folder is the output folder.",
        why="A run would read what the last one wrote, so it stops before it begins.",
        bad="documents: {kind: read, path: =output_dir}",
        good="documents: {kind: read, path: =input_dir}",
    )

    def check(self, context: LintContext) -> None:
        help_ = "read from another folder than the one that is written to"
        for view, name in _reading(context):
            if name == "output_dir":
                span = view.document.span(view.path("path"))
                told = f"step `{view.step.name}` reads the folder into which this run writes"
                context.sink.report(self.code, span, told, help=help_)
            elif context.config is not None and _is_same(context.config, name):
                given = context.config.values
                document = context.config.document
                context.sink.report(
                    self.code,
                    document.span(given["output_dir"].path),
                    f"`output_dir` and `{name}` are one folder, and step `{view.step.name}` reads it",
                    labels=[Label(document.span(given[name].path), "read from here")],
                    help="write to another folder",
                )


def _reading(context: LintContext) -> Iterator[tuple[StepView, str]]:
    """The steps that read a folder which a parameter names."""
    for view in context.analysis.views.values():
        path = view.step.options.get("path")
        found = _NAME.match(path) if view.step.kind == "read" and isinstance(path, str) else None
        if found is not None and found[1] in view.spec.params:
            yield view, found[1]


def _is_same(config: Config, name: str) -> bool:
    paths = [config.values[each].value for each in (name, "output_dir") if each in config.values]
    if len(paths) < 2 or not all(isinstance(path, str) and path for path in paths):
        return False
    one, other = ((config.folder / path).resolve() for path in paths)
    return bool(one == other)

"""A step that changes nothing, or lets no row through, whatever the rows are."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.document import Path
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["IdleStep"]


class IdleStep(Rule):
    code = Code(
        "ATK540",
        "idle-step",
        Severity.WARNING,
        finds="A `map` that sets, renames and drops nothing, a field renamed to itself, a `sample` that takes all rows "
        "or none.",
        why="The step does nothing, or loses every row, so something was probably left out.",
        bad="few: {kind: sample, from: passages}",
        good="few: {kind: sample, from: passages, count: 100}",
    )

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            told = _idle(view)
            if told is not None:
                path, message, help_ = told
                context.report(self.code, path, message, help_)


def _idle(view: StepView) -> tuple[Path, str, str] | None:
    """Where a step is idle, how, and what to do."""
    name, options = view.step.name, view.step.options
    if view.step.kind == "map":
        if not any(options.get(key) for key in ("set", "rename", "drop")):
            return view.step.path, f"step `{name}` changes nothing", "write what to `set`, `rename` or `drop`"
        for old, new in (options.get("rename") or {}).items():
            if old == new:
                return (*view.path("rename"), old), f"`{old}` is renamed to itself", "write the new name, or remove it"
    if view.step.kind == "sample" and not {"count", "share", "tokens"} & options.keys():
        return view.step.path, f"step `{name}` takes all rows: it has no `count`", "write how many: `count: 100`"
    for key in ("count", "share", "tokens") if view.step.kind == "sample" else ():
        if options.get(key) == 0 and options[key] is not False:
            return view.path(key), f"step `{name}` takes no rows at all", "write how many, or null for all"
    return None

"""An input folder that is not there."""

from __future__ import annotations

from pathlib import Path

from atk_interp.diagnostics import Code, Severity
from atk_interp.document import shown
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["MissingInput"]

_WRITTEN = "output_dir"


class MissingInput(Rule):
    """Warns only: the documents may lie on another machine than the one that checks the config."""

    code = Code(
        "ATK712",
        "missing-input",
        Severity.WARNING,
        finds="A config whose input folder or file does not exist.",
        why="The run would stop before its first step.",
        bad="input_dir: documnets",
        good="input_dir: documents",
    )

    def check(self, context: LintContext) -> None:
        config = context.config
        if config is None:
            return
        folders = {name for name, param in context.analysis.spec.params.items() if param.type == "path"} - {_WRITTEN}
        read = {view.option("path") for view in context.analysis.views.values() if view.step.kind == "read"}
        for name, given in config.values.items():
            value = given.value
            if name not in folders and f"={name}" not in read:
                continue
            if not isinstance(value, str) or "://" in value or set(value) & set("*?["):
                continue
            found = (config.folder / Path(value).expanduser()).resolve()
            if not found.exists():
                context.sink.report(
                    self.code,
                    config.document.span(given.path),
                    f"there is no folder or file `{value}` to read",
                    notes=[f"looked for `{shown(found)}`"],
                    help="paths in a config are relative to the config",
                )

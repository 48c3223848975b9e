"""A spec without a config template beside it, or with one that has fallen behind."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.document import shown
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["MissingConfig"]


class MissingConfig(Rule):
    code = Code(
        "ATK709",
        "missing-config",
        Severity.ADVICE,
        finds="A spec without a `config.yaml` beside it.",
        why="A template with every parameter is where whoever uses a pipeline begins.",
        bad="my_pipeline/pipeline.yaml",
        good="my_pipeline/pipeline.yaml\nmy_pipeline/config.yaml",
    )
    stale_code = Code(
        "ATK710",
        "stale-config",
        Severity.ADVICE,
        finds="A config beside its spec that does not mention one of the parameters, not even in a comment.",
        why="Whoever copies the template does not learn of it.",
        bad="chunk_tokens: 500            # the spec has `subset_size` too",
        good="chunk_tokens: 500\n# subset_size: 60",
    )
    more_codes = (stale_code,)

    def check(self, context: LintContext) -> None:
        if not context.path.name.startswith("pipeline."):
            return
        spec = context.analysis.spec
        template = context.path.with_name("config.yaml")
        if context.config is not None and context.config.document.file.path != shown(template):
            return  # a config of somebody's own need not mention what it leaves at its default
        head = ("name",) if spec.document.has(("name",)) else ()
        if not template.is_file():
            help_ = f"write one with `atk-interp config {shown(context.path)}`"
            context.report(self.code, head, "there is no `config.yaml` beside this spec", help_)
            return
        text = template.read_text(encoding="utf-8", errors="replace")
        for name, param in spec.params.items():
            if name not in text:
                told = f"`{shown(template)}` does not mention parameter `{name}`"
                context.report(self.stale_code, param.path, told, "add it, or a comment that shows it")

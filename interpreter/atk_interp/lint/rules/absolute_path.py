"""A path that holds on one machine only."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.spec import Takes

__all__ = ["AbsolutePath"]

_ABSOLUTE = pattern(r"(/|~|[A-Za-z]:[\\/])")


class AbsolutePath(Rule):
    code = Code(
        "ATK803",
        "absolute-path",
        Severity.WARNING,
        finds="A path in a spec that begins at the root of a disk or in a home folder.",
        why="The spec works on one machine only, and tells its folders to whoever reads it.",
        bad="path: ~/documents",
        good="path: =input_dir",
    )
    config_code = Code(
        "ATK805",
        "absolute-path-in-config",
        Severity.ADVICE,
        finds="A path in a config that begins at the root of a disk or in a home folder.",
        why="The config works on one machine only; relative paths are relative to the config.",
        bad="input_dir: ~/documents",
        good="input_dir: ../documents",
    )
    more_codes = (config_code,)

    def check(self, context: LintContext) -> None:
        spec, config = context.analysis.spec, context.config
        for name, param in spec.params.items():
            if param.type == "path" and isinstance(param.default, str) and _ABSOLUTE.match(param.default):
                self._report(context, ("params", name, "default"), param.default)
        for view in context.views():
            for option in view.options:
                value = view.step.options.get(option.name)
                if option.takes is Takes.PATH and isinstance(value, str) and _ABSOLUTE.match(value):
                    self._report(context, view.path(option.name), value)
        for name, given in config.values.items() if config is not None else ():
            if spec.params[name].type == "path" and isinstance(given.value, str) and _ABSOLUTE.match(given.value):
                assert config is not None
                told = f"`{given.value}` exists on this machine only"
                context.sink.report(self.config_code, config.document.span(given.path), told)

    def _report(self, context: LintContext, path: tuple[str | int, ...], value: str) -> None:
        context.sink.report(
            self.code,
            context.analysis.spec.document.span(path),
            f"`{value}` exists on one machine only",
            help="make it a parameter of type `path`, or write a path relative to the spec",
        )

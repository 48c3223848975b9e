"""What a command line says about a pipeline: which one, its parameters, and what is told when that cannot be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from atk_interp.cli.exits import FINDINGS, IMPOSSIBLE
from atk_interp.cli.output import coloured, complain, notice

if TYPE_CHECKING:
    from atk_interp.pipeline import Pipeline
    from atk_interp.pipeline.past import PastRun
    from atk_interp.spec.model import Param

__all__ = ["compiled", "no_python", "past", "reported", "settings_for", "without_output"]


def _refuse(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    from atk_interp.foreign import refuse_python

    if wanted:
        refuse_python()


no_python = click.option(
    "--no-python",
    is_flag=True,
    expose_value=False,
    callback=_refuse,
    help="Run no Python of the user's; a spec with a step that needs it is refused.",
)
"""The option of the commands that may run users' Python. It holds for the whole process."""


def reported(act: Callable[[], int]) -> int:
    """The exit code of what a command does; when its pipeline cannot be used, the reason is printed."""
    from atk_interp.ledger import LedgerError
    from atk_interp.pipeline import InvalidSpec, MissingParameters
    from atk_interp.runtime import CannotRun

    try:
        return act()
    except _Findings:
        return FINDINGS
    except (CannotRun, LedgerError, _BadSetting) as error:
        complain(str(error), error.help)
        return IMPOSSIBLE
    except MissingParameters as error:
        complain(str(error), "give them in the config, or with `--set key=value`")
        return IMPOSSIBLE
    except InvalidSpec as error:
        complain(str(error))
        return FINDINGS


class _Findings(Exception):
    """The spec has errors, which have been printed."""


class _BadSetting(ValueError):
    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


def compiled(path: str, quiet: bool, *, undone: str) -> Pipeline:
    """The pipeline of a config, spec or name.

    Raises `_Findings` when it has errors; they are printed, and `undone` says what was not done therefore.
    """
    from atk_interp.diagnostics.render import render_text, summary
    from atk_interp.lint.check import check_file
    from atk_interp.pipeline import Pipeline
    from atk_interp.runtime import CannotRun
    from atk_interp.stock import find_pipeline, stock_names

    file = Path(path)
    if file.is_dir() and find_pipeline(path, Path.cwd(), configs=True) is None:
        raise CannotRun(f"`{path}` is a folder", "name configs or specs, which are files, or the name of a pipeline")
    if not file.is_file():
        found = find_pipeline(path, Path.cwd(), configs=True)
        if found is None:
            raise CannotRun(
                f"there is no file and no pipeline `{path}`",
                "stock pipelines are " + ", ".join(f"`{name}`" for name in stock_names()),
            )
        file = found
    checked = check_file(file, complete=False)  # the rest may come with `--set`
    linted, findings = checked.linted[0], checked.report.everything
    shown = [found for found in findings if found.is_error or not quiet]
    if shown:
        colour = coloured(sys.stderr.isatty())
        notice(render_text(shown, colour=colour), painted=colour)
    if linted.analysis is None or checked.report.stopping:
        notice(f"{summary(findings)}; {undone}")
        raise _Findings
    return Pipeline(linted.analysis, linted.config)


def settings_for(settings: tuple[str, ...], pipeline: Pipeline) -> dict[str, Any]:
    """`--set key=value`: values are read as YAML, and as text where the parameter is text; `key=` is an empty value."""
    from atk_interp.diagnostics import Sink, did_you_mean
    from atk_interp.document import parse_document
    from atk_interp.source import SourceFile
    from atk_interp.spec import of_another_program

    given: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals:
            raise _BadSetting(f"`--set {setting}` has no value", "write `--set key=value`")
        param = pipeline.spec.params.get(key)
        if param is None and key == "output_dir":
            given[key] = text
            continue
        if param is None and key == "seed":
            try:
                given[key] = int(text)
            except ValueError:
                raise _BadSetting(f"`seed` takes a whole number, not `{text}`", "write `--set seed=7`") from None
            continue
        if param is None:
            near = of_another_program(pipeline.spec, (key,)) or did_you_mean(key, pipeline.spec.params)
            raise _BadSetting(
                f"`{pipeline.spec.name}` has no parameter `{key}`",
                near or "parameters are " + ", ".join(f"`{name}`" for name in pipeline.spec.params),
            )
        if param.type == "path" and not text.strip():
            raise _BadSetting(f"`--set {setting}` names no path", f"write `--set {key}=PATH`")
        if param.type in ("text", "path"):
            given[key] = text
            continue
        if not text.strip():
            given[key] = _empty(param)
            continue
        sink = Sink()
        document = parse_document(SourceFile("--set", f"value: {text}"), sink)
        if document is None or sink.has_errors:
            raise _BadSetting(f"the value of `--set {setting}` is not YAML", "put quotes around it")
        value = document.data.get("value")
        if value is None and param.required:
            raise _BadSetting(f"`--set {setting}` has no value", f"`{key}` must have one")
        # As in a config: null stands for the default, where there is one.
        given[key] = param.default if value is None and param.has_default else value
    return given


def _empty(param: Param) -> Any:
    """What `--set key=` gives a parameter: an empty list or map, or nothing where there may be nothing."""
    if param.type in ("list", "map"):
        return [] if param.type == "list" else {}
    if param.optional and not param.has_default:
        return None
    help_ = f"write `--set {param.name}=null` for its default, or leave it out"
    needs = f"`{param.name}` must have one"
    raise _BadSetting(f"`--set {param.name}=` has no value", help_ if param.has_default else needs)


def without_output(pipeline: Pipeline, given: dict[str, Any]) -> dict[str, Any]:
    """The settings for a command that writes nothing: the output folder need not be named."""
    from atk_interp.spec import missing

    lacking = [param.name for param in missing(pipeline.spec.params, {**pipeline.defaults(), **given})]
    return {**given, "output_dir": "output"} if "output_dir" in lacking else given


def past(run: str | None, settings: tuple[str, ...], ledger: Path | None, *, now: bool = False) -> PastRun:
    """The run that is meant by RUN, with `--set`: see `past_run`. Raises what `reported` tells."""
    from dataclasses import replace

    from atk_interp.pipeline.past import past_run, run_folder

    found = past_run(run_folder(run, ledger), ledger=ledger, now=now)
    return replace(found, arguments={**found.arguments, **settings_for(settings, found.pipeline)})

"""Linting files: a spec with its prompts, or a config with its spec."""

from __future__ import annotations

from pathlib import Path

from atk_interp.diagnostics import Sink, did_you_mean, near
from atk_interp.document import DISK, Document, Files, load_document
from atk_interp.flow import Analysis, analyse
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules import RULES
from atk_interp.records import dataclass
from atk_interp.spec import Config, PipelineSpec, describe_param, is_config, load_config, missing
from atk_interp.spec.codes import MISSING_KEY, MISSING_PARAMETER, UNKNOWN_PIPELINE
from atk_interp.spec.schema import CONFIG_SCHEMA
from atk_interp.stock import find_pipeline, stock_names

__all__ = ["Linted", "lint_path"]


@dataclass(frozen=True)
class Linted:
    """What a file holds, and what is wrong with it. `analysis` is None when it is no spec or leads to none."""

    analysis: Analysis | None
    config: Config | None
    sink: Sink


def lint_path(path: Path, *, complete: bool = True, files: Files = DISK) -> Linted:
    """Lint a spec, or a config together with its spec. All findings in one pass: rules look at what could be read.

    `complete` says that a config must give every required parameter; a run may be given the rest elsewhere.
    `files` may hold texts that are not saved.
    """
    sink = Sink()
    document = load_document(path, sink, files)
    if document is None:
        return Linted(None, None, sink)
    folder = path.resolve().parent
    if is_config(document.data):
        return _lint_config(document, folder, sink, complete, files)
    analysis = analyse(document, folder, sink, files=files)
    _apply_rules(analysis, path, None, sink)
    return Linted(analysis, None, sink)


def _lint_config(document: Document, folder: Path, sink: Sink, complete: bool, files: Files) -> Linted:
    name = document.get(("pipeline",))
    if name is None:
        slips = near("pipeline", [key for key in document.data if key not in CONFIG_SCHEMA])
        sink.report(
            MISSING_KEY,
            document.head_span(()),
            "`pipeline` is missing, so it is not clear what this file configures",
            help=f"write `pipeline` instead of `{slips[0]}`"
            if slips
            else "write `pipeline:` with a name or the path of a spec; a spec itself begins with `spec:`",
        )
        return Linted(None, None, sink)
    spec_path = find_pipeline(str(name), folder)
    if spec_path is None:
        close = did_you_mean(str(name), stock_names())
        sink.report(
            UNKNOWN_PIPELINE,
            document.span(("pipeline",)),
            f"there is no pipeline `{name}`",
            notes=["stock pipelines are " + ", ".join(f"`{known}`" for known in stock_names())] if not close else (),
            help=close or "write the name of a stock pipeline, or the path of a spec relative to this config",
        )
        return Linted(None, None, sink)
    spec_document = load_document(spec_path, sink, files)
    if spec_document is None:
        return Linted(None, None, sink)
    # The config's prompt folders decide which prompts are checked, and the config needs the spec's parameters.
    unbound = analyse(spec_document, spec_path.resolve().parent, Sink(), files=files)
    if unbound is None:
        analyse(spec_document, spec_path.resolve().parent, sink, files=files)
        return Linted(None, None, sink)
    config = load_config(document, folder, unbound.spec, sink)
    if complete:
        _report_missing(config, unbound.spec, sink)
    analysis = analyse(spec_document, spec_path.resolve().parent, sink, config.prompts, files)
    _apply_rules(analysis, spec_path, config, sink)
    return Linted(analysis, config, sink)


def _report_missing(config: Config, spec: PipelineSpec, sink: Sink) -> None:
    """Required parameters that the config gives no value."""
    given = {name: found.value for name, found in config.values.items()}
    document = config.document
    for param in missing(spec.params, given):
        empty = config.values.get(param.name)
        span = document.key_span(empty.path) if empty is not None else document.span(("pipeline",))
        sink.report(
            MISSING_PARAMETER,
            span,
            f"`{param.name}` is required and has no value",
            notes=[describe_param(param)],
            help=f"write a value after `{param.name}:`" if empty is not None else f"add `{param.name}:`",
        )


def _apply_rules(analysis: Analysis | None, path: Path, config: Config | None, sink: Sink) -> None:
    if analysis is None:
        return
    context = LintContext(analysis, path, config, sink, tuple(sink))
    for rule in RULES:
        rule.check(context)

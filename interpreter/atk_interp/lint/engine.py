"""Linting files: a spec with its prompts, or a config with its spec."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from atk_interp.diagnostics import Diagnostic, Sink, did_you_mean, near
from atk_interp.document import DISK, Document, Files, load_document
from atk_interp.flow import Analysis, analyse
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules import RULES
from atk_interp.records import dataclass
from atk_interp.source import SourceFile
from atk_interp.spec import Config, PipelineSpec, check_value, describe_param, is_config, load_config, missing, unmet
from atk_interp.spec.codes import MISSING_KEY, MISSING_PARAMETER, UNKNOWN_PIPELINE, UNMET_REQUIREMENT
from atk_interp.spec.schema import CONFIG_SCHEMA
from atk_interp.stock import find_pipeline, stock_names
from atk_interp.templates import Prompt

__all__ = ["Linted", "lint_path"]


@dataclass(frozen=True)
class Linted:
    """What the file at `path` holds, and what was found: everything, whatever comments and settings say of it.

    `analysis` is None when it is no spec or leads to none. `certain` is what was found before the first rule.
    """

    analysis: Analysis | None
    config: Config | None
    sink: Sink
    path: Path
    certain: tuple[Diagnostic, ...] = ()

    def files(self) -> Iterator[tuple[SourceFile, bool]]:
        """Every file that was looked at, each once, and whether it is a template from its first character."""
        found = dict(self._read())
        for finding in self.sink:
            if finding.span is not None:
                found.setdefault(finding.span.file.path, _by_suffix(finding.span.file))
        yield from found.values()

    def reads(self, path: str) -> bool:
        """Whether a file, as it is shown, is the spec, its config, or a prompt that a step asks with."""
        told = (finding.span.file.path for finding in self.certain if finding.span is not None)
        return path in dict(self._read()) or path in told

    def _read(self) -> Iterator[tuple[str, tuple[SourceFile, bool]]]:
        for document in self._documents():
            yield document.file.path, (document.file, False)
        for prompt in self._prompts():
            for path, text in prompt.files.items():
                yield path, (SourceFile(path, text), True)
            yield prompt.file.path, (prompt.file, prompt.completion is not None)

    def _documents(self) -> Iterator[Document]:
        if self.config is not None:
            yield self.config.document
        if self.analysis is not None:
            yield self.analysis.spec.document

    def _prompts(self) -> Iterator[Prompt]:
        for view in self.analysis.views.values() if self.analysis is not None else ():
            yield from view.loaded.values()


def _by_suffix(file: SourceFile) -> tuple[SourceFile, bool]:
    return file, not file.path.endswith((".yaml", ".yml"))


def lint_path(path: Path, *, complete: bool = True, files: Files = DISK) -> Linted:
    """Lint a spec, or a config together with its spec. All findings in one pass: rules look at what could be read.

    `complete` says that a config must give every required parameter; a run may be given the rest elsewhere.
    `files` may hold texts that are not saved.
    """
    sink = Sink()
    analysis, config, spec_path = _analysed(path, sink, complete, files)
    certain = tuple(sink)
    if analysis is not None:
        context = LintContext(analysis, spec_path, config, sink, certain)
        for rule in RULES:
            rule.check(context)
    return Linted(analysis, config, sink, path, certain)


_Analysed = tuple[Analysis | None, Config | None, Path]
"""A spec, the config that led to it, and where the spec stands."""


def _analysed(path: Path, sink: Sink, complete: bool, files: Files) -> _Analysed:
    document = load_document(path, sink, files)
    if document is None:
        return None, None, path
    if is_config(document.data):
        return _analysed_config(document, path, sink, complete, files)
    return analyse(document, path.resolve().parent, sink, files=files), None, path


def _analysed_config(document: Document, path: Path, sink: Sink, complete: bool, files: Files) -> _Analysed:
    folder = path.resolve().parent
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
        return None, None, path
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
        return None, None, path
    spec_document = load_document(spec_path, sink, files)
    if spec_document is None:
        return None, None, path
    # The config's prompt folders decide which prompts are checked, and the config needs the spec's parameters.
    unbound = analyse(spec_document, spec_path.resolve().parent, Sink(), files=files)
    if unbound is None:
        analyse(spec_document, spec_path.resolve().parent, sink, files=files)
        return None, None, path
    config = load_config(document, folder, unbound.spec, sink)
    if complete:
        _report_missing(config, unbound.spec, sink)
        _report_unmet(config, unbound.spec, sink)
    analysis = analyse(spec_document, spec_path.resolve().parent, sink, config.prompts, files)
    return analysis, config, spec_path


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


def _report_unmet(config: Config, spec: PipelineSpec, sink: Sink) -> None:
    """What the spec requires of its parameters and the config does not heed, where it gives one of those."""
    given = {name: found.value for name, found in config.values.items() if found.value is not None}
    values = {name: given.get(name, param.default) for name, param in spec.params.items()}
    known = {name: value for name, value in values.items() if check_value(spec.params[name], value) is None}
    for found in unmet(spec, known):
        places = [(*config.values[name].path, *item) for name, *item in found.places if name in given]
        named = places[0] if places else ("pipeline",)
        sink.report(UNMET_REQUIREMENT, config.document.key_span(named), found.label, notes=found.notes())

"""What a lint rule sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from atk_interp.diagnostics import Code, Diagnostic, Fix, Label, Sink, near
from atk_interp.document import Path as DataPath
from atk_interp.expressions.domains import Bounds
from atk_interp.flow import Analysis
from atk_interp.kinds.base import StepView
from atk_interp.lint.conditions import param_bounds
from atk_interp.lint.guarantees import Guarantee, guarantees
from atk_interp.lint.overwrites import Overwrite, overwrites
from atk_interp.lint.prompts import Asked, Examples, Told
from atk_interp.lint.reads import Reads, reads_of
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.source import SourceFile, Span
from atk_interp.spec import Config
from atk_interp.templates import Prompt, used_names

__all__ = ["LintContext"]

_WORD = pattern(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class LintContext:
    """An analysed spec, the file it stands in, and the config that was linted with it, if any.

    The spec may have errors: a step that could not be read has no view, what it would have written is unknown, and
    `maybe_used` says of which names an error may hide a use.
    """

    analysis: Analysis
    path: Path
    config: Config | None
    sink: Sink
    before: tuple[Diagnostic, ...] = ()
    """What was found before the first rule."""

    def views(self) -> Iterable[StepView]:
        """Every step and output that could be read."""
        yield from self.analysis.views.values()
        yield from self.analysis.outputs.values()

    @cached_property
    def files(self) -> Sequence[SourceFile]:
        """Every file that the findings may be about, each once: spec, config, prompts, and what the prompts include."""
        files = {self.analysis.spec.document.file.path: self.analysis.spec.document.file}
        if self.config is not None:
            files[self.config.document.file.path] = self.config.document.file
        for view in self.analysis.views.values():
            for prompt in view.loaded.values():
                for path, text in prompt.files.items():
                    files.setdefault(path, prompt.file if path == prompt.file.path else SourceFile(path, text))
        return list(files.values())

    @cached_property
    def asked(self) -> tuple[Asked, ...]:
        """Every prompt of every step, as the step asks with it."""
        views, read = self.analysis.views.values(), dict[tuple[str, str], Examples]()
        return tuple(Asked(view, option, prompt, read) for view in views for option, prompt in view.loaded.items())

    @cached_property
    def asked_soundly(self) -> tuple[Asked, ...]:
        """Those of `asked` in whose files no error was found: only they say all that they are meant to say."""
        broken = {span.file.path for span in self._errors}
        return tuple(asked for asked in self.asked if broken.isdisjoint(asked.prompt.files)) if broken else self.asked

    def told(self, prompt: Prompt) -> Told:
        """What a prompt tells a model whatever the row."""
        if prompt.name not in self._told:
            self._told[prompt.name] = Told(prompt.written)
        return self._told[prompt.name]

    @cached_property
    def _told(self) -> dict[str, Told]:
        return {}

    def overrides(self, prompt: Prompt) -> bool:
        """Whether a prompt stands in a folder of the config: it may ask for less than the spec was written for."""
        folders = self.config.prompts if self.config is not None else ()
        file = self.analysis.library.find(prompt.name) if folders else None
        return file is not None and any(file.is_relative_to(folder) for folder in folders)

    def names_in(self, view: StepView) -> set[str]:
        """Every name that the expressions, templates and prompts of one step or output use."""
        used: set[str] = set()
        for expression in view.expressions.values():
            used.update(expression.names)
        for template in view.templates.values():
            used |= used_names(template)
        for messages in view.message_lists.values():
            used |= messages.names()
        for prompt in view.loaded.values():
            used |= prompt.names()
        return used

    def used_names(self) -> set[str]:
        """Every name that some expression, template or prompt of the spec uses."""
        checked = {name for check in self.analysis.checks for name in check.expression.names}
        return checked | {name for view in self.views() for name in self.names_in(view)}

    def maybe_used(self, name: str) -> bool:
        """Whether an error may hide a use of a name, so that nothing is to be said of its not being used."""
        if self._blind or name in self._words_near_errors:
            return True
        return any(name in near(word, (name,)) for word in self._words_in_errors)

    def has(self, *names: str) -> bool:
        """Whether something was found before the first rule under one of these names of codes."""
        return any(found.code.name in names for found in self.before)

    def has_error_in(self, span: Span) -> bool:
        """Whether an error was found inside of a stretch of a file, before the first rule."""
        return any(
            found.start < span.end and span.start < found.end and found.file.path == span.file.path
            for found in self._errors
        )

    @cached_property
    def guarantees(self) -> Mapping[DataPath, Sequence[Guarantee]]:
        """What earlier conditions make sure of, on the rows that reach each step and output."""
        return guarantees(self.analysis)

    @cached_property
    def reads(self) -> Reads:
        """Which fields are read after each step."""
        return reads_of(self.analysis)

    @cached_property
    def overwrites(self) -> tuple[Overwrite, ...]:
        """The fields that are overwritten before anything has read them."""
        return tuple(overwrites(self.analysis, self.reads))

    def is_overwritten(self, step: str, field: str) -> bool:
        """Whether a later step overwrites what a step has written, before anything has read it."""
        return any(each.field == field and each.earlier.step.name == step for each in self.overwrites)

    @cached_property
    def param_bounds(self) -> Mapping[str, Bounds]:
        """The least and greatest values of the parameters that are numbers within bounds."""
        return param_bounds(self.analysis.spec)

    @cached_property
    def _errors(self) -> tuple[Span, ...]:
        return tuple(found.span for found in self.before if found.is_error and found.span is not None)

    @cached_property
    def _blind(self) -> bool:
        """Whether a prompt is missing, a file unreadable, or there are no steps: what they would use is not known."""
        return not self.analysis.spec.steps or self.has("prompt-not-found", "unreadable-file", "not-utf8")

    @cached_property
    def _words_in_errors(self) -> frozenset[str]:
        return frozenset(word for span in self._errors for word in _WORD.findall(span.text[:200]))

    @cached_property
    def _words_near_errors(self) -> frozenset[str]:
        """The words of every step, parameter and output with an error in it, and of every other file with one.

        So are those of the prompts that such a step names, and of a section of the spec that is wrong as a whole.
        """
        return frozenset(word for text in self._texts_with_errors() for word in _WORD.findall(text))

    def _texts_with_errors(self) -> Iterator[str]:
        document = self.analysis.spec.document
        files = {span.file.path: span.file for span in self._errors}
        yield from (file.text for path, file in files.items() if path != document.file.path)
        starts = [span.start for span in self._errors if span.file.path == document.file.path]
        for path, place in document.places.items():
            begin = min(place.start, place.key_start) if place.key_start >= 0 else place.start
            is_section = len(path) == 1 and begin in starts
            if is_section or (len(path) == 2 and any(begin <= start <= place.end for start in starts)):
                yield document.file.text[begin : place.end]
                yield from self._prompts_below(path)

    def _prompts_below(self, path: DataPath) -> Iterator[str]:
        """The names in the prompts that are named below a path: a broken step has not loaded its own."""
        document = self.analysis.spec.document
        for place in document.places:
            is_named = place[: len(path)] == path and (place[-1] == "prompt" or "prompts" in place[-2:-1])
            named = document.get(place) if is_named else None
            if isinstance(named, str):
                prompt = self.analysis.library.load(named, document.span(place), Sink())
                yield " ".join(prompt.names()) if prompt is not None else ""

    def report(
        self,
        code: Code,
        path: DataPath,
        message: str,
        help: str | None = None,
        *,
        notes: Iterable[str] = (),
        labels: Iterable[Label] = (),
        fix: Fix | None = None,
    ) -> None:
        """A finding about the key at a path of the spec."""
        span = self.analysis.spec.document.key_span(path)
        self.sink.report(code, span, message, help=help, notes=tuple(notes), labels=tuple(labels), fix=fix)

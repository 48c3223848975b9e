"""Where a thing is defined: the file of a prompt, the key of a step, a slot or a parameter, what writes a field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from lsprotocol import types as lsp

from atk_interp.flow import Analysis
from atk_interp.kinds.base import StepView
from atk_interp.lsp.asked import Part, asked_at, word_at
from atk_interp.lsp.names import view_at
from atk_interp.lsp.place import Place
from atk_interp.lsp.positions import range_of
from atk_interp.lsp.project import Project, Sort
from atk_interp.source import Span
from atk_interp.spec import Takes
from atk_interp.stock import find_pipeline

__all__ = ["definitions"]

_FIRST = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))


def definitions(project: Project, file: FilePath, offset: int, encoding: str) -> list[lsp.Location]:
    """The places that define what stands at a place; several where a prompt file has several users."""
    text = project.text(file)
    start, end = word_at(text, offset)
    place = Place(project, file, end)
    found = _Defined(place, text[start:end], encoding)
    locations = list(found.in_expression() if place.inner is not None else found.of_value())
    return list({(one.uri, one.range.start.line, one.range.start.character): one for one in locations}.values())


class _Defined:
    def __init__(self, place: Place, word: str, encoding: str) -> None:
        self.place = place
        self.word = word
        self.encoding = encoding

    def _at(self, span: Span) -> lsp.Location:
        return lsp.Location(FilePath(span.file.path).resolve().as_uri(), range_of(span, self.encoding))

    def _value(self) -> str:
        document = self.place.document
        value = document.get(self.place.path) if document is not None else None
        return value if isinstance(value, str) else self.word

    def of_value(self) -> Iterator[lsp.Location]:
        place, value = self.place, self._value()
        key = next((part for part in reversed(place.path) if isinstance(part, str)), "")
        if place.sort is Sort.CONFIG:
            yield from self._from_config(key, value)
        takes = place.option.takes if place.option is not None else None
        for linted in place.readings if place.sort is Sort.SPEC else ():
            analysis = linted.analysis
            if analysis is None:
                continue
            document = analysis.spec.document
            steps = (*place.path[: place.inside], "steps", value)
            if (key in ("from", "use") or takes is Takes.STEP) and document.has(steps):
                yield self._at(document.key_span(steps))
            elif key == "model" and value in analysis.spec.models:
                yield self._at(document.key_span(analysis.spec.models[value].path))
            elif key in ("prompt", "prompts"):
                yield from self._prompt(analysis, value)
            elif takes is Takes.NAMES:
                yield from self._field(analysis, view_at(analysis, place.path), value)
            return

    def _from_config(self, key: str, value: str) -> Iterator[lsp.Location]:
        if key == "pipeline" and self.place.path == ("pipeline",):
            spec = find_pipeline(value, self.place.file.parent)
            if spec is not None:
                yield lsp.Location(spec.resolve().as_uri(), _FIRST)
        linted = self.place.linted
        if linted is not None and linted.analysis is not None and self.word in linted.analysis.spec.params:
            param = linted.analysis.spec.params[self.word]
            yield self._at(linted.analysis.spec.document.key_span(param.path))

    def _prompt(self, analysis: Analysis, name: str) -> Iterator[lsp.Location]:
        found = analysis.library.find(name)
        if found is not None:
            yield lsp.Location(found.resolve().as_uri(), _FIRST)

    def in_expression(self) -> Iterator[lsp.Location]:
        place = self.place
        assert place.inner is not None
        asked = asked_at(place.inner.text, is_tag=place.inner.is_tag)
        views = [(one.analysis, view_at(one.analysis, place.path)) for one in place.readings[:1] if one.analysis]
        views += [(use.analysis, use.view) for use in place.uses]
        for analysis, view in views:
            if asked.part is Part.FILE:
                yield from self._file(analysis)
            elif asked.part is Part.NAME and self.word in analysis.spec.params:
                yield self._at(analysis.spec.document.key_span(analysis.spec.params[self.word].path))
            elif asked.part is Part.NAME:
                yield from self._field(analysis, view, self.word)

    def _file(self, analysis: Analysis) -> Iterator[lsp.Location]:
        """The file that an `include` names; the pointer may be anywhere in its name."""
        line = self.place.text[: self.place.offset].rpartition("\n")[2]
        quoted = max(line.rfind('"'), line.rfind("'")) + 1
        start = self.place.offset - (len(line) - quoted)
        stop = start
        while stop < len(self.place.text) and self.place.text[stop] not in "\"'\n":
            stop += 1
        for folder in analysis.library.folders:
            path = folder / self.place.text[start:stop]
            if self.place.project.files.is_file(path):
                yield lsp.Location(path.resolve().as_uri(), _FIRST)
                return

    def _field(self, analysis: Analysis, view: StepView | None, name: str) -> Iterator[lsp.Location]:
        """The nearest step upwards that writes a field; the step itself where it reads what it writes."""
        if view is None:
            return
        if name in view.written and name not in view.input.fields:
            yield self._at(view.place_of(name, view.written[name]))
            return
        waiting, seen = list(view.step.inputs), set(view.step.inputs)
        while waiting:
            step = waiting.pop(0)
            writer = analysis.views.get(step)
            if writer is not None and name in writer.written:
                yield self._at(writer.place_of(name, writer.written[name]))
                return
            before = [one for one in analysis.graph.inputs.get(step, ()) if one not in seen]
            waiting += before
            seen.update(before)

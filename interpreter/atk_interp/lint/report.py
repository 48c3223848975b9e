"""What is told of what was found: comments that ignore findings, codes that are wanted, reading order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atk_interp.diagnostics import Diagnostic, Fix
from atk_interp.document import shown
from atk_interp.lint import codes
from atk_interp.lint.engine import Linted
from atk_interp.lint.search import specs_using
from atk_interp.lint.settings import NO_SETTINGS, Settings
from atk_interp.records import dataclass

if TYPE_CHECKING:
    from atk_interp.lint.comments import Comments, Ignore, Item

__all__ = ["Report", "report"]


@dataclass(frozen=True)
class Report:
    """`findings` are to be told, in reading order, each once; `stopping` are the errors that keep from compiling.

    A comment may silence an error and not make the spec one that can be compiled: what `analyse` says stops a run
    whatever is told of it. An error that a rule found stops it only when it is told.
    """

    findings: tuple[Diagnostic, ...]
    stopping: tuple[Diagnostic, ...]

    @property
    def everything(self) -> list[Diagnostic]:
        """What is told, and the errors that are not told and yet keep from compiling."""
        return list(_in_order(dict.fromkeys((*self.findings, *self.stopping))))


def report(linted: Iterable[Linted], settings: Mapping[Path, Settings] | None = None) -> Report:
    """What to tell of files that were linted together. `settings` are by the paths that were linted."""
    units = [_Unit(one, (settings or {}).get(one.path, NO_SETTINGS)) for one in linted]
    comments = _CommentsOfAll(units)
    told: dict[tuple[object, ...], Diagnostic] = {}
    stopping: dict[tuple[object, ...], Diagnostic] = {}
    for unit in units:
        certain = set(unit.linted.certain)
        for finding in unit.linted.sink.sorted():
            key = (finding.code.id, finding.span, finding.message)  # notes may differ: they name the step that asks
            is_told = unit.wants(finding) and not comments.ignore(finding, finding in certain)
            if is_told:
                told.setdefault(key, finding)
            if finding.is_error and (is_told or finding in certain):
                stopping.setdefault(key, finding)
    own = [*told.values(), *comments.findings()]
    return Report(_in_order(own), _in_order(stopping.values()))


def _in_order(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(findings, key=Diagnostic.sort_key))


@dataclass(frozen=True)
class _Unit:
    linted: Linted
    settings: Settings

    def wants(self, finding: Diagnostic) -> bool:
        path = finding.span.file.path if finding.span is not None else shown(self.linted.path)
        return self.settings.wants(finding.code, path)

    @property
    def has_certain_errors(self) -> bool:
        return any(finding.is_error for finding in self.linted.certain)

    def answers_for(self, path: str) -> bool:
        """Whether this unit shows all that can be found in a file: the one that was linted, and a spec's prompts.

        With a config a spec may have other prompts than by itself, and a rule that looks at them holds back.
        """
        return path == shown(self.linted.path) or self.linted.config is None


class _CommentsOfAll:
    """The comments of all files, and which of their items ignored something."""

    def __init__(self, units: Sequence[_Unit]) -> None:
        self._by_file: dict[str, Comments] = {}
        self._units: dict[str, list[_Unit]] = {}
        for unit in units:
            for file, is_template in unit.linted.files():
                self._units.setdefault(file.path, []).append(unit)
                if "atk:" in file.text.lower() and file.path not in self._by_file:
                    from atk_interp.lint.comments import comments_in  # most files have none, and start without it

                    self._by_file[file.path] = comments_in(file, is_template)
        self._used: set[Item] = set()
        self._vain: set[Item] = set()

    def ignore(self, finding: Diagnostic, certain: bool) -> bool:
        """Whether a comment ignores a finding; the comment is used by that."""
        if finding.span is None or finding.span.file.path not in self._by_file:
            return False
        line = finding.span.begin.line
        items = [
            item
            for ignore in self._by_file[finding.span.file.path].ignores
            if ignore.covers(line)
            for item in ignore.items
            if item.code == finding.code
        ]
        self._used.update(items)
        if certain and finding.is_error:
            self._vain.update(items)
        return bool(items)

    def findings(self) -> Iterator[Diagnostic]:
        """What is to be said of the comments themselves, as far as it is wanted."""
        for path, comments in self._by_file.items():
            units = self._units[path]
            for found in self._about(path, comments, units):
                if any(unit.wants(found) for unit in units):
                    yield found

    def _about(self, path: str, comments: Comments, units: Sequence[_Unit]) -> Iterator[Diagnostic]:
        yield from comments.problems
        knows = not any(unit.has_certain_errors for unit in units) and any(unit.answers_for(path) for unit in units)
        for ignore in comments.ignores:
            for item in ignore.items:
                if item in self._vain:
                    yield _ignored_error(item)
            unused = [
                item
                for item in ignore.items
                if item not in self._used and any(unit.settings.wants(item.code, path) for unit in units)
            ]
            if unused and knows and _are_all_here(path, units):
                yield _unused(ignore, unused)
            elif not ignore.reason:
                help_ = "say it behind the bracket"
                yield Diagnostic(codes.NO_REASON, "this comment does not say why", ignore.span, help=help_)


def _are_all_here(path: str, units: Sequence[_Unit]) -> bool:
    """Whether every spec that uses a prompt was linted: a comment in it may serve one that was not."""
    linted = {unit.linted.path.resolve() for unit in units}
    return Path(path).resolve() in linted or specs_using(Path(path)) <= linted


def _ignored_error(item: Item) -> Diagnostic:
    told = f"`{item.span.text}` is an error that `run` stops at, whatever a comment says"
    return Diagnostic(codes.IGNORED_ERROR, told, item.span, help="mend the error, and remove this comment")


def _unused(ignore: Ignore, unused: Sequence[Item]) -> Diagnostic:
    names = " and ".join(f"`{item.span.text}`" for item in unused)
    told = f"{names} {'is' if len(unused) == 1 else 'are'} not found here, so there is nothing to ignore"
    edits = ignore.without(unused)
    title = "remove the comment" if len(unused) == len(ignore.items) else f"remove {names} from the comment"
    span = unused[0].span if len(unused) == 1 else ignore.span
    return Diagnostic(codes.UNUSED_IGNORE, told, span, help=title, fix=Fix(title, edits) if edits else None)

"""What installed packages add to the tables of the language: kinds, parsers, formats, readers, filters and tests.

A package names them as entry points. Which there are is looked up when a name is asked for that is none of ours, or
when all names are: to find the entry points of an environment takes longer than to check a spec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from atk_interp.registry import Picked

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "GROUPS",
    "Addition",
    "Extended",
    "additions",
    "failure",
    "given_by",
    "giver_at_fault",
    "in_words",
    "said",
    "why_refused",
]

T = TypeVar("T")

_MOST_TOLD = 300

GROUPS: Mapping[str, str] = {
    "atk_interp.kinds": "step kind",
    "atk_interp.replies": "parser",
    "atk_interp.formats": "output format",
    "atk_interp.readers": "reader",
    "atk_interp.filters": "filter",
    "atk_interp.tests": "test",
}
"""The groups of entry points, and what an entry of each is called."""


class Addition(NamedTuple):
    """One entry of a package: in which group, under which name, and where it is (`module:attribute`)."""

    group: str
    name: str
    place: str
    package: str
    version: str

    @property
    def giver(self) -> str:
        """The package with its version, as people read it."""
        return f"{self.package} {self.version}"

    def load(self) -> Any:
        """What stands at the place; of a class an instance. Raises whatever the package does."""
        module, _, attribute = self.place.partition(":")
        found: Any = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
        return found() if isinstance(found, type) else found

    def folder(self) -> Path | None:
        """The folder of the code, or its one file; None where it is no plain file. Loads nothing."""
        from importlib.util import find_spec

        spec = find_spec(self.place.partition(":")[0].partition(".")[0])
        if spec is None or spec.origin is None:
            return None
        origin = Path(spec.origin)
        return origin.parent if spec.submodule_search_locations else origin


class _Refused(Exception):
    """Why an entry of a package cannot be used, in words."""


class Extended(Mapping[str, T], Generic[T]):
    """A table of ours, followed by what packages add to it under a group of entry points.

    Our names are looked up first and cannot be taken. An entry that cannot be used is as if it were not there, and
    `why_refused` tells why. `check` looks at what was loaded, and gives what is wrong with it, or None; `guard` makes
    of what passed it what is used, where its failures must be told by itself.
    """

    def __init__(
        self,
        own: Mapping[str, T],
        group: str,
        check: Callable[[str, Any], str | None],
        guard: Callable[[T, str], T] = lambda made, _: made,
    ) -> None:
        self.own = own
        self.group = group
        self._check = check
        self._guard = guard
        self._loaded: dict[str, T | _Refused] = {}

    def __getitem__(self, name: str) -> T:
        if name in self.own:
            return self.own[name]
        found = self._found(name)
        if found is None or isinstance(found, _Refused):
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        if name in self.own:
            return True
        found = self._found(name) if isinstance(name, str) else None
        return found is not None and not isinstance(found, _Refused)

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from (name for name in sorted(_by_name(self.group)) if name not in self.own and name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def refusal(self, name: str) -> str | None:
        """Why what packages give under a name cannot be used; None where nobody gives it, or it can."""
        given = _by_name(self.group).get(name)
        if given and name in self.own:
            return f"atk-interp has a {GROUPS[self.group]} of this name itself"
        found = self._found(name)
        return str(found) if isinstance(found, _Refused) else None

    def _found(self, name: str) -> T | _Refused | None:
        given = _by_name(self.group).get(name)
        if not given:
            return None
        if name not in self._loaded:
            try:
                self._loaded[name] = self._load(given)
            except _Refused as refused:
                self._loaded[name] = refused
        return self._loaded[name]

    def _load(self, given: tuple[Addition, ...]) -> T:
        first, *others = given
        if others:
            also = " and ".join(f"`{other.giver}`" for other in others)
            raise _Refused(f"{also} {'has' if len(others) == 1 else 'have'} one of this name too")
        try:
            found = first.load()
        except Exception as error:  # the code of others may raise anything, and it is told
            raise _Refused(f"`{first.place}` cannot be loaded: {type(error).__name__}: {error}") from error
        wrong = self._check(first.name, found)
        if wrong is not None:
            raise _Refused(f"`{first.place}` {wrong}")
        return self._guard(found, f"the {GROUPS[self.group]} `{first.name}` of `{first.giver}`")


def why_refused(table: Mapping[str, Any], name: str) -> str | None:
    """In a sentence, why what a package gives under a name cannot be used; None where there is nothing to say."""
    while isinstance(table, Picked):
        table = table.table
    refusal = table.refusal(name) if isinstance(table, Extended) else None
    if refusal is None or not isinstance(table, Extended):
        return None
    givers = " and ".join(f"`{each.giver}`" for each in _by_name(table.group)[name][:1])
    return f"the {GROUPS[table.group]} `{name}` of {givers} cannot be used: {refusal}"


def given_by(table: Mapping[str, Any], name: str) -> str | None:
    """The package, with its version, that gives a name of a table; None for a name of ours."""
    while isinstance(table, Picked):
        table = table.table
    if not isinstance(table, Extended) or name in table.own or name not in table:
        return None
    return _by_name(table.group)[name][0].giver


def failure(table: Mapping[str, Any], name: str, error: BaseException) -> str | None:
    """In a sentence, how what a package gives under a name failed; None for a name of ours, and for our own errors."""
    giver = given_by(table, name)
    if giver is None or type(error).__module__.partition(".")[0] == "atk_interp":
        return None
    while isinstance(table, Picked):
        table = table.table
    assert isinstance(table, Extended)
    return f"the {GROUPS[table.group]} `{name}` of `{giver}` failed: {said(error)}"


def said(error: BaseException) -> str:
    """What the code of others raised, in a line."""
    words = " ".join(str(error).split())[:_MOST_TOLD]
    return f"{type(error).__name__}{': ' if words else ''}{words}"


def giver_at_fault(error: BaseException) -> str | None:
    """The package, with its version, in whose code an error came up, or that called what raised it; None for ours."""
    if type(error).__module__.partition(".")[0] == "atk_interp":
        return None
    roots = {each.place.partition(":")[0].partition(".")[0]: each.giver for each in additions()}
    giver, trace = None, error.__traceback__
    while trace is not None:
        giver = roots.get(str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0], giver)
        trace = trace.tb_next
    return giver


def in_words(names: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in names)


@cache
def additions() -> tuple[Addition, ...]:
    """What all installed packages give, in the order of the groups and of their names."""
    from importlib.metadata import entry_points

    points = entry_points()
    return tuple(
        _addition(group, point)
        for group in GROUPS
        for point in sorted(points.select(group=group), key=lambda point: (point.name, _giver(point)))
    )


@cache
def _by_name(group: str) -> Mapping[str, tuple[Addition, ...]]:
    named: dict[str, tuple[Addition, ...]] = {}
    for each in additions():
        if each.group == group:
            named[each.name] = (*named.get(each.name, ()), each)
    return named


def _giver(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist is not None else ("", "")


def _addition(group: str, point: EntryPoint) -> Addition:
    return Addition(group, point.name, point.value.partition(" ")[0], *_giver(point))

"""Tables of named things that are imported when they are asked for: a spec pays for what it names, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar

__all__ = ["Picked", "Registry"]

T = TypeVar("T")
U = TypeVar("U")


class Registry(Mapping[str, T], Generic[T]):
    """What stands under each name, imported on first use. The names and their order are known without any import.

    A place is `module:attribute`, the module within `package`. A class stands for one instance of it.
    """

    def __init__(self, package: str, places: Mapping[str, str]) -> None:
        self._package = package
        self._places = places
        self._loaded: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._loaded:
            module, _, attribute = self._places[name].partition(":")
            found: Any = getattr(import_module(f"{self._package}.{module}"), attribute)
            self._loaded[name] = found() if isinstance(found, type) else found
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Picked(Mapping[str, U], Generic[T, U]):
    """One thing of every entry of a table, worked out when it is asked for."""

    def __init__(self, table: Mapping[str, T], pick: Callable[[T], U]) -> None:
        self.table = table
        self._pick = pick

    def __getitem__(self, name: str) -> U:
        return self._pick(self.table[name])

    def __contains__(self, name: object) -> bool:
        return name in self.table

    def __iter__(self) -> Iterator[str]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)

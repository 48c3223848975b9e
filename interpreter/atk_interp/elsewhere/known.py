"""What becomes of a pipeline of Augmentoolkit and of the keys of its configs: the form of the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any

from atk_interp.records import dataclass

__all__ = ["Composed", "Goal", "Key", "Known", "Values"]


@dataclass(frozen=True, slots=True)
class Key:
    """The parameter that a key leads to.

    `values` turns values, and those in lists, into ours: one that leads to None says nothing. `replaced` are parts of
    texts, old and new. `make` gives the value where more is to be done, from it and a function that gives the values
    of other keys. `told` is what a person must know of the difference. A key that `wins` holds against another one
    that leads to the same parameter.
    """

    to: str
    values: Mapping[Any, Any] | None = None
    replaced: tuple[str, str] | None = None
    make: Callable[[Any, Callable[[str], Any]], Any] | None = None
    told: str = ""
    wins: bool = False


Goal = Key | str | tuple[Key, ...]
"""Where a key leads to: a parameter, several of them, or a sentence that says why there is none."""

Values = Callable[[str], Any]
"""Gives the value of a key; None where there is none, and where it was never filled in."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A parameter whose value comes from several keys, and what a person must know of it."""

    to: str
    value: Any
    told: str


@dataclass(frozen=True)
class Known:
    """A pipeline of the original: ours, its names there, its keys.

    `slots` leads from the prefixes of the keys of endpoints to slots, or to nothing where we ask no such model.
    `whole` are keys whose mappings are values. `styles` leads from names of prompt overrides to those of our styles.
    `subset` is the parameter that `use_subset` switches. `firsts` leads from keys with a list of endpoints to what
    stands before the settings of the first of them. `composed` makes parameters of several keys at once.
    """

    ours: str
    names: tuple[str, ...]
    keys: Mapping[str, Goal]
    slots: Mapping[str, str] = field(default_factory=lambda: {"small": "small", "large": "large"})
    whole: frozenset[str] = frozenset()
    styles: Mapping[str, str] = field(default_factory=dict)
    subset: str = "subset_size"
    firsts: Mapping[str, str] = field(default_factory=dict)
    composed: Callable[[Values], Iterable[Composed]] | None = None

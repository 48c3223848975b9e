"""The fields that a step names: those that it writes, and those that it wants of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from atk_interp.diagnostics import did_you_mean
from atk_interp.document import Path
from atk_interp.expressions.types import Type
from atk_interp.kinds.base.codes import SHADOWED_PARAMETER, UNKNOWN_FIELD
from atk_interp.kinds.base.seen import Seen
from atk_interp.kinds.base.unknown import explained
from atk_interp.kinds.base.written import place_named
from atk_interp.records import dataclass
from atk_interp.source import Span
from atk_interp.spec import BUILT_IN_NAMES

__all__ = ["Naming"]


@dataclass(init=False, repr=False, eq=False)  # those of `StepView` serve
class Naming(Seen):
    """A step with the names of fields that its keys have."""

    written: dict[str, Path] = field(default_factory=dict)
    """The fields that the step writes, each with the path of what names it."""
    named: set[str] = field(default_factory=set)
    """The fields that some key names, other than in an expression or a template."""

    def writes(self, fields: Mapping[str, Type], path: Path) -> None:
        """Report fields whose names are already taken by a parameter, the language, or a step under `use`."""
        self.written.update(dict.fromkeys(fields, path))
        for name in fields:
            if name in self.spec.params or name in self.constants or name in (*BUILT_IN_NAMES, *self.locals):
                taken = "a parameter" if name in self.spec.params else "a built-in name"
                taken = "a step under `use`" if name in self.constants else taken
                told = f"field `{name}` bears the name of {taken}"
                help_ = "choose another name for the field"
                self.sink.report(SHADOWED_PARAMETER, self.place_of(name, path), told, help=help_)

    def place_of(self, name: str, path: Path) -> Span:
        """Where a field is named inside the value at a path: as a key, or as a text; else the first line of it."""
        return place_named(self.document, name, path) or self.document.head_span(path)

    def names_field(self, name: str) -> bool:
        """Whether the step names a field in its keys, rather than writing it unasked."""
        return place_named(self.document, name, self.step.path) is not None

    def has_field(self, name: str, path: Path, *, is_key: bool = False) -> bool:
        """Whether the rows have a field, named by the value (or the key) at a path; reports when they do not."""
        self.named.add(name)
        if name in self.input.fields or self.input.open:
            return True
        notes, help_ = explained(self, name)
        self.sink.report(
            UNKNOWN_FIELD,
            self.document.key_span(path) if is_key else self.document.span(path),
            f"there is no field `{name}` here",
            notes=notes,
            help=help_ or did_you_mean(name, self.input.fields),
        )
        return False

"""One place in one file: where it is, what is written there, and what may be asked of it."""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path as FilePath
from typing import Any

from atk_interp.document import Document, Path
from atk_interp.expressions.types import Type
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds import KINDS
from atk_interp.lint.engine import Linted
from atk_interp.lsp.cursor import Cursor, cursor_at
from atk_interp.lsp.names import Names, in_prompt, in_spec, template_locals
from atk_interp.lsp.project import Project, Sort, Use, sort_of
from atk_interp.lsp.shapes import schemas_at
from atk_interp.records import dataclass
from atk_interp.reference.json_schema import Schema, config_schema, prompt_schema, spec_schema
from atk_interp.spec import Option, Takes

__all__ = ["Inner", "Place"]

_EXPRESSIONS = {Takes.EXPRESSION, Takes.EXPRESSIONS, Takes.LABELLED}
_ALWAYS = ("when", "where", "words_of", "sentence_of", "each")
"""Keys that take an expression wherever they stand."""


@dataclass(frozen=True)
class Inner:
    """The text of an expression up to a place, from its beginning; of a template from its last opening braces.

    `whole` is all of the value up to the place. `is_tag` is said of `{% … %}`.
    """

    text: str
    whole: str
    is_template: bool = False
    is_tag: bool = False


class Place:
    """Where a person is, or points at."""

    def __init__(self, project: Project, path: FilePath, offset: int) -> None:
        self.project = project
        self.file = path
        self.offset = offset
        self.text = project.text(path)
        self.sort = sort_of(path, self.text)

    @cached_property
    def cursor(self) -> Cursor:
        return cursor_at(self.text, self.offset)

    @property
    def path(self) -> Path:
        return self.cursor.path

    @cached_property
    def readings(self) -> list[Linted]:
        """What is known of the spec: of the file itself, or of that which a config leads to."""
        return self.project.readings(self.file, self.offset) if self.sort in (Sort.SPEC, Sort.CONFIG) else []

    @cached_property
    def linted(self) -> Linted | None:
        """The best of the readings."""
        return self.readings[0] if self.readings else None

    @cached_property
    def document(self) -> Document | None:
        return self.project.document(self.file, self.offset)

    @cached_property
    def data(self) -> Any:
        return self.document.data if self.document is not None else None

    @cached_property
    def uses(self) -> list[Use]:
        """The steps that read this prompt file."""
        return self.project.uses(self.file) if self.sort in (Sort.PROMPT, Sort.TEMPLATE) else []

    @cached_property
    def schema(self) -> Schema:
        match self.sort:
            case Sort.SPEC:
                return _of_specs()
            case Sort.PROMPT:
                return prompt_schema()
            case Sort.CONFIG:
                return config_schema(self.linted.analysis.spec if self.linted and self.linted.analysis else None)
        return {"definitions": {}}

    @cached_property
    def inside(self) -> int:
        """How many parts of the path lead to the innermost mapping that holds `steps`."""
        last = max((at for at, part in enumerate(self.path) if part == "steps"), default=0)
        return last if self.sort is Sort.SPEC and all(isinstance(part, str) for part in self.path[:last]) else 0

    @property
    def local_path(self) -> Path:
        """The path from the innermost mapping that holds `steps`: steps within a step are steps like others."""
        return self.path[self.inside :]

    @cached_property
    def local_data(self) -> Any:
        """What stands in that mapping."""
        data = self.data
        for part in self.path[: self.inside]:
            data = data.get(part) if isinstance(data, dict) else None
        return data

    def schemas(self) -> list[Schema]:
        """What the schema says of the value at this place."""
        return schemas_at(self.schema, self.data, self.path)

    @cached_property
    def steps(self) -> dict[str, Any]:
        """The steps beside the one at this place, with their data."""
        found = self.local_data.get("steps") if isinstance(self.local_data, dict) else None
        return found if isinstance(found, dict) else {}

    @cached_property
    def option(self) -> Option | None:
        """The option of the step or output whose value is at this place, or around it."""
        path = self.local_path
        if self.sort is not Sort.SPEC or len(path) < 3 or path[0] not in ("steps", "outputs"):
            return None
        owner = self.local_data
        for part in path[:2]:
            owner = owner.get(part) if isinstance(owner, dict) else None
        named = owner.get("kind" if path[0] == "steps" else "format") if isinstance(owner, dict) else None
        options: tuple[Option, ...] = ()
        if isinstance(named, str) and path[0] == "steps" and named in KINDS:
            options = KINDS[named].options
        elif isinstance(named, str) and named in OUTPUTS:
            options = OUTPUTS[named].options
        return next((option for option in options if option.name == path[2]), None)

    @cached_property
    def inner(self) -> Inner | None:
        """The expression or template at this place; None where there is none."""
        if self.sort is Sort.TEMPLATE:
            return _in_template(self.text[: self.offset])
        if not self.cursor.is_value and not self.cursor.text.startswith("="):
            return None
        text = self.cursor.text
        if self.sort is Sort.CONFIG or self.sort is Sort.OTHER:
            return None
        found = _in_template(text)
        if found is not None:
            return found
        if text.startswith("="):
            return Inner(text[1:], text)
        if "{{" in text or "{%" in text:
            return None
        key = next((part for part in reversed(self.path) if isinstance(part, str)), "")
        takes = self.option.takes if self.option is not None else None
        is_required = self.sort is Sort.SPEC and self.path[:1] == ("requires",) and key != "each"
        if (key in _ALWAYS and not self.cursor.is_key) or takes in _EXPRESSIONS or is_required:
            return Inner(text, text)
        return None

    @cached_property
    def names(self) -> Names:
        """The names that the expression or template at this place may use."""
        if self.sort is Sort.SPEC:
            known = in_spec(self.readings, self.path)
            loops = list(self._loops())
            known = in_prompt((), loops, known) if loops else known
        else:
            known = in_prompt(self.uses, self._loops())
        if self.inner is not None and self.inner.is_template:
            return Names(template_locals(self.inner.whole, known.types), known.origins)
        return known

    def type_of(self, name: str) -> Type | None:
        return self.names.types.get(name)

    def _loops(self) -> list[str]:
        """The `each` of the messages around this place, outermost first."""
        if self.document is None:
            return []
        found = [self.document.get((*self.path[:length], "each")) for length in range(1, len(self.path))]
        return [each for each in found if isinstance(each, str)]


@cache
def _of_specs() -> Schema:
    return spec_schema()


def _in_template(text: str) -> Inner | None:
    """The template at the end of a text, if braces are open there."""
    opened = max(text.rfind("{{"), text.rfind("{%"))
    if opened < 0 or re.search(r"\}\}|%\}", text[opened:]):
        return None
    return Inner(text[opened + 2 :].lstrip("-+"), text, is_template=True, is_tag=text[opened + 1] == "%")

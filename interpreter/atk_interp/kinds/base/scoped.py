"""What a step says in expressions, templates and messages, checked with the names that are known where it says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from atk_interp.diagnostics import Sink
from atk_interp.document import Path
from atk_interp.expressions import Expression, check_expression, parse_expression
from atk_interp.expressions.narrow import facts_if
from atk_interp.expressions.types import ANY, INT, TEXT, ListType, RecordType, Type, join_types, type_of
from atk_interp.kinds.base.causes import CausesTold
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.seen import Seen
from atk_interp.kinds.base.unknown import explained
from atk_interp.kinds.base.written import is_formula, misfit
from atk_interp.records import dataclass
from atk_interp.spec import Takes, param_type
from atk_interp.templates import MessageList, Template, check_template, compile_template, parse_messages, used_names

__all__ = ["ROW_TYPE", "Scoped"]

ROW_TYPE = RecordType({"id": TEXT, "source": TEXT})
"""What the built-in name `row` holds."""


@dataclass(init=False, repr=False, eq=False)  # those of `StepView` serve
class Scoped(Seen):
    """A step with its expressions and texts, which are kept as they were parsed."""

    lacking: Mapping[str, str] = field(default_factory=dict)
    """Why fields of the rows that reach it may be null, each in a sentence."""
    parse_is_broken: bool = False
    expressions: dict[Path, Expression] = field(default_factory=dict)
    scopes: dict[Path, Mapping[str, Type]] = field(default_factory=dict)
    """The types of the names that each expression was checked with."""
    templates: dict[Path, Template] = field(default_factory=dict)
    message_lists: dict[Path, MessageList] = field(default_factory=dict)

    def params_scope(self) -> dict[str, Type]:
        """Names that do not depend on a row."""
        return {**{name: param_type(param) for name, param in self.spec.params.items()}, "seed": INT}

    def row_scope(self, *more: Mapping[str, Type]) -> dict[str, Type]:
        """Names of an expression over a row: fields, parameters, built-in names, and what a step adds."""
        scope = {**self.params_scope(), **self.constants, **self.locals, **self.input.fields, "row": ROW_TYPE}
        scope.update(sample=INT, attempt=INT)
        for extra in more:
            scope.update(extra)
        return scope

    def _known(self, scope: Mapping[str, Type], names: Iterable[str]) -> Mapping[str, Type]:
        """The scope, and every other name as `any` where not all fields are known.

        Rows of a source may have fields of their own; and what follows from a broken step or `parse` is told there.
        """
        unsure = self.input.open or self.parse_is_broken
        if not unsure or "row" not in scope:
            return scope
        return {**dict.fromkeys(names, ANY), **scope}

    def explain(self, name: str) -> tuple[tuple[str, ...], str | None]:
        """Notes and help for a name that is not known at this step."""
        return explained(self, name)

    def _telling_causes(self) -> Sink:
        return CausesTold(self.sink, self.lacking) if self.lacking else self.sink

    def expression(self, path: Path, scope: Mapping[str, Type]) -> Type:
        """Parse and check the expression at a path (with or without `=`); its type, `any` when it is broken."""
        if not isinstance(self.document.get(path), str | bool | int | float):
            return ANY
        if self.document.span(path).text.startswith("!"):
            return ANY  # a tag, which is told
        text = self.document.text(path)
        expression = parse_expression(text.slice(1) if text.value.startswith("=") else text, self.sink)
        if expression is None:
            return ANY
        self.expressions[path] = expression
        self.scopes[path] = known = self._known(scope, expression.names)
        return check_expression(expression, known, self._telling_causes(), explain_unknown=self.explain)

    def narrowed(self, fields: RecordType, path: Path, *, holds: bool = True) -> RecordType:
        """The fields of the rows on which the expression at a path holds (or does not)."""
        if path not in self.expressions:
            return fields
        facts = facts_if(self.expressions[path].root, holds, fields.fields)
        return RecordType({**fields.fields, **facts}, fields.open) if facts else fields

    def value(self, name: str) -> Type:
        """Check an option that is a literal or a formula over the parameters; its type."""
        if not self.given(name):
            return type_of(self.option(name))
        option = next(option for option in self.options if option.name == name)
        return self.check_value(self.path(name), option.takes, self.params_scope())

    def check_value(self, path: Path, takes: Takes, scope: Mapping[str, Type]) -> Type:
        """Check a literal or formula at a path against what its key takes."""
        value = self.document.get(path)
        if not is_formula(value):
            return type_of(value)
        found = self.expression(path, scope)
        told = misfit(found, takes)
        if told is not None:
            self.sink.report(WRONG_VALUE_TYPE, self.document.span(path), f"`{path[-1]}` {told}")
        return found

    def template(self, path: Path, scope: Mapping[str, Type]) -> None:
        """Parse and check the Jinja template at a path."""
        template = compile_template(self.document.text(path), self.sink)
        if template is not None:
            self.templates[path] = template
            known = self._known(scope, used_names(template))
            check_template(template, known, self._telling_causes(), self.explain)

    def content(self, path: Path, scope: Mapping[str, Type]) -> Type:
        """Check a value of a field: a formula, a template, a literal, or a list or mapping of these."""
        value = self.document.get(path)
        match value:
            case str() if value.startswith("="):
                return self.expression(path, scope)
            case str() if "{{" in value or "{%" in value:
                self.template(path, scope)
                return TEXT
            case dict():
                return RecordType({key: self.content((*path, key), scope) for key in value})
            case list():
                return ListType(join_types(self.content((*path, index), scope) for index in range(len(value))))
        return type_of(value)

    def messages(self, path: Path, scope: Mapping[str, Type], *, trains: bool = False) -> None:
        """Check a list of messages with holes. With `trains` they may say `train`."""
        found = parse_messages(self.document, path, self.sink, trains=trains)
        if found is not None:
            self.message_lists[path] = found
            found.check(self._known(scope, found.names()), self._telling_causes(), self.explain)

"""What a template needs: its variables and attributes, checked against the fields that reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import jinja2
import jinja2.meta
from jinja2 import nodes

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.expressions.types import (
    ANY,
    AnyType,
    IntType,
    ListType,
    MaybeType,
    NullType,
    RecordType,
    TextType,
    Type,
    type_of,
    without_null,
)
from atk_interp.source import Span
from atk_interp.templates import codes
from atk_interp.templates.render import Template

__all__ = ["check_template", "used_names"]

_GLOBALS = {"range", "loop", "self", "caller", "varargs", "kwargs", "true", "false", "none", "True", "False", "None"}
_LEXER = jinja2.Environment()  # without trimming, so that the tokens add up to the text


def used_names(template: Template) -> set[str]:
    """The names that a template takes from outside (assigned ones and loop variables are not)."""
    return jinja2.meta.find_undeclared_variables(template.tree) - _GLOBALS


def check_template(
    template: Template,
    scope: Mapping[str, Type],
    sink: Sink,
    explain: Callable[[str], tuple[tuple[str, ...], str | None]] = lambda name: ((), None),
) -> None:
    """Report every variable that is not in scope, attributes that cannot exist and loops over no list.

    `explain` gives notes and a help for an unknown name (what the step receives, where the name would be).
    """
    _Walk(template, sink, explain).block(template.tree.body, dict(scope))


class _Walk:
    def __init__(
        self, template: Template, sink: Sink, explain: Callable[[str], tuple[tuple[str, ...], str | None]]
    ) -> None:
        self.template = template
        self.sink = sink
        self.explain = explain
        self.places = _name_places(template.text.value)
        self.told: set[str] = set()

    def block(self, body: Iterable[nodes.Node], scope: dict[str, Type]) -> None:
        for node in body:
            self.statement(node, scope)

    def statement(self, node: nodes.Node, scope: dict[str, Type]) -> None:
        match node:
            case nodes.For():
                inner = dict(scope)
                self._bind(node.target, self._item_type(node, self.type(node.iter, scope)), inner)
                inner["loop"] = ANY
                if node.test is not None:
                    self.type(node.test, inner)
                self.block(node.body, inner)
                self.block(node.else_, dict(scope))
            case nodes.Assign():
                self._bind(node.target, self.type(node.node, scope), scope)
            case nodes.AssignBlock():
                self.block(node.body, dict(scope))
                self._bind(node.target, TextType(), scope)
            case nodes.Macro():
                scope[node.name] = ANY
                self.block(node.body, {**scope, **{argument.name: ANY for argument in node.args}, "caller": ANY})
            case nodes.With():
                inner = dict(scope)
                for target, value in zip(node.targets, node.values, strict=True):
                    self._bind(target, self.type(value, scope), inner)
                self.block(node.body, inner)
            case nodes.If():
                self.type(node.test, scope)
                known = dict(scope)
                self.block(node.body, known)
                for branch in (*node.elif_, *([nodes.If(nodes.Const(True), node.else_, [], [])] if node.else_ else [])):
                    self.statement(branch, scope)
                for name in known.keys() - scope.keys():
                    scope[name] = known[name]
            case nodes.Expr():
                self.type(node, scope)
            case _:
                for child in node.iter_child_nodes():
                    self.statement(child, scope)

    def type(self, node: nodes.Node, scope: Mapping[str, Type]) -> Type:
        match node:
            case nodes.Name():
                return self._name(node, scope)
            case nodes.Const():
                return type_of(node.value)
            case nodes.Getattr():
                return self._attribute(node, self.type(node.node, scope), node.attr)
            case nodes.Getitem():
                held = self.type(node.node, scope)
                self.type(node.arg, scope)
                if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                    return self._attribute(node, held, node.arg.value)
                return held.item if isinstance(held, ListType) and not isinstance(node.arg, nodes.Slice) else ANY
            case nodes.Test() if node.name in ("defined", "undefined") and isinstance(node.node, nodes.Name):
                return ANY
            case nodes.Filter() if node.name in ("default", "d") and isinstance(node.node, nodes.Name):
                for argument in node.args:
                    self.type(argument, scope)
                return ANY
            case _:
                for child in node.iter_child_nodes():
                    self.type(child, scope)
                return ANY

    def _name(self, node: nodes.Name, scope: Mapping[str, Type]) -> Type:
        if node.name in scope:
            return scope[node.name]
        if node.name not in _GLOBALS and node.name not in self.told:
            self.told.add(node.name)
            notes, help_ = self.explain(node.name)
            help_ = help_ or did_you_mean(node.name, scope)
            span = self._span(node)
            self.sink.report(
                codes.UNDEFINED_VARIABLE, span, f"undefined variable `{node.name}`", notes=notes, help=help_
            )
        return ANY

    def _attribute(self, node: nodes.Getattr | nodes.Getitem, held: Type, name: str) -> Type:
        held = without_null(held)
        if isinstance(held, RecordType):
            if name in held.fields:
                return held.fields[name]
            if not held.open:
                told = ", ".join(f"`{known}`" for known in held.fields) or "nothing"
                self._no_attribute(node, name, f"a record with {told}", did_you_mean(name, held.fields))
        elif isinstance(held, TextType | IntType) and not hasattr(str if isinstance(held, TextType) else int, name):
            kind = "text" if isinstance(held, TextType) else "a number"
            self._no_attribute(node, name, kind, None)
        return ANY

    def _no_attribute(self, node: nodes.Node, name: str, kind: str, help_: str | None) -> None:
        span = self._span(node, name)
        self.sink.report(codes.UNKNOWN_ATTRIBUTE, span, f"there is no `{name}` in {kind}", help=help_)

    def _item_type(self, node: nodes.For, held: Type) -> Type:
        held = without_null(held)
        if isinstance(held, ListType):
            return held.item
        if isinstance(held, AnyType | MaybeType | NullType | RecordType):
            return ANY
        span = self._span(node.iter)
        self.sink.report(codes.NOT_ITERABLE, span, f"this loop goes over {_described(held)}, which is no list")
        return ANY

    def _bind(self, target: nodes.Node, type_: Type, scope: dict[str, Type]) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = type_
        for name in target.find_all(nodes.Name):
            scope.setdefault(name.name, ANY)

    def _span(self, node: nodes.Node, name: str | None = None) -> Span:
        """Where a name stands: the first place of it on its line that is not yet used, else the line."""
        wanted = name or getattr(node, "name", None)
        places = [start for line, found, start in self.places if found == wanted and line == node.lineno]
        if not places and wanted:
            places = [start for _, found, start in self.places if found == wanted]
        if wanted and places:
            return self.template.text.span(places[0], places[0] + len(wanted))
        return self.template.text.span()


def _described(type_: Type) -> str:
    return "text" if isinstance(type_, TextType) else f"{type_}"


def _name_places(text: str) -> list[tuple[int, str, int]]:
    """Line, name and offset of every name token of a template, in order."""
    found: list[tuple[int, str, int]] = []
    at = 0
    for line, kind, value in _LEXER.lex(text):
        start = text.find(value, at)
        at = (start if start >= 0 else at) + len(value)
        if kind == "name" and start >= 0:
            found.append((line, value, start))
        elif kind == "string" and start >= 0:
            found.append((line, value[1:-1], start + 1))
    return found

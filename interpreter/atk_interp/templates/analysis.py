"""What a template needs: its variables and attributes, checked against the fields that reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from jinja2 import nodes

from atk_interp.diagnostics import Code, Sink, did_you_mean
from atk_interp.expressions.codes import BACKSPACE_IN_REGEX, INVALID_REGEX
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.memory import KeyedMemory
from atk_interp.expressions.regex import RegexError, compile_regex
from atk_interp.expressions.types import (
    ANY,
    TEXT,
    AnyType,
    BoolType,
    FloatType,
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
from atk_interp.source import MappedText, Span
from atk_interp.templates import codes
from atk_interp.templates.environment import Place
from atk_interp.templates.filters import METHODS
from atk_interp.templates.generator import NAMING, template_names
from atk_interp.templates.render import Template, compile_template, node_span

__all__ = ["Explain", "check_template", "used_names"]

Explain: TypeAlias = Callable[[str], tuple[tuple[str, ...], str | None]]
"""Notes and a help for an unknown name: what the step receives, where the name would be."""

_GLOBALS = {"range", "self", "caller", "varargs", "kwargs", "true", "false", "none", "True", "False", "None"}
_LOOP = "`loop` is there between `{% for … %}` and its `{% endfor %}` alone; `each` has none"
_OF_NONE_TOO = ("capitalize", "lower", "string", "title", "trim", "upper", "urlencode")
"""Filters that make text of none as of anything. The others fail, or leave none as it is."""
_MAX_LOOKED = 1_000
"""Included files that are looked at for one template: files that all include each other would keep `lint` for ever."""
_PYTHON: Mapping[type[Type], type] = {TextType: str, IntType: int, FloatType: float, BoolType: int, ListType: list}


_NAMES: KeyedMemory[frozenset[str]] = KeyedMemory(1_000)
_SOUND: KeyedMemory[bool] = KeyedMemory(1_000)
"""Of templates that name no other files: with these, what holds of a text holds wherever it stands."""


def used_names(template: Template) -> set[str]:
    """The names that a template and what it includes take from outside (not assigned ones, nor loop variables)."""
    if template.constant is not None:
        return set()
    known = _NAMES.recall_key(template.text.value, {})
    if known is not None:
        return set(known)
    walk = _Walk(template, Sink(), _unexplained)
    walk.block(template.tree.body, {})
    if not template.facts.naming:
        _NAMES.keep_key(frozenset(walk.told), template.text.value, (), {})
    return walk.told


def check_template(template: Template, scope: Mapping[str, Type], sink: Sink, explain: Explain | None = None) -> None:
    """Report variables that are not in scope, attributes that cannot exist, and loops over what is no list."""
    if template.constant is not None or _SOUND.recall_key(template.text.value, scope):
        return
    heard = Sink()
    _Walk(template, heard, explain or _unexplained).block(template.tree.body, dict(scope))
    for finding in heard:
        sink.add(finding)
    if not len(heard) and not template.facts.naming:
        names = {node.name for node in template.tree.find_all(nodes.Name)}
        _SOUND.keep_key(True, template.text.value, names, scope)


def _unexplained(name: str) -> tuple[tuple[str, ...], str | None]:
    return (), None


def _patterns(node: nodes.Node) -> list[nodes.Const]:
    """The regular expressions that a test, or a filter, is given as they stand."""
    match node:
        case nodes.Test(name="matching", args=args, kwargs=named):
            given = args[:1]
        case nodes.Filter(name="replaced", args=args, kwargs=named):
            given = args[:1]
            named = [keyword for keyword in named if keyword.key == "regex"]
        case nodes.Filter(name="select" | "reject", args=[nodes.Const(value="matching"), *args], kwargs=named):
            given = args[:1]
        case nodes.Filter(
            name="selectattr" | "rejectattr", args=[_, nodes.Const(value="matching"), *args], kwargs=named
        ):
            given = args[:1]
        case _:
            return []
    given = [*given, *(keyword.value for keyword in named)]
    return [value for value in given if isinstance(value, nodes.Const) and isinstance(value.value, str)]


def _literal_span(text: MappedText, node: nodes.Node) -> Span:
    """Where a text in quotes stands, quotes and all."""
    at = node.lineno.offset if isinstance(node.lineno, Place) else 0
    end, quote = at + 1, text.value[at]
    while end < len(text.value) and text.value[end] != quote:
        end += 2 if text.value[end] == "\\" else 1
    return text.span(at, end + 1) if quote in "'\"" and end < len(text.value) else node_span(text, node)


class _Walk:
    """One walk through a template, in reading order. `told` holds the unknown names; each is told once."""

    def __init__(self, template: Template, sink: Sink, explain: Explain) -> None:
        self.template = template
        self.sink = sink
        self.explain = explain
        self.told: set[str] = set()
        self.inside: tuple[str, ...] = ()
        """The included files that lead to this template."""
        self.looked: set[tuple[str, frozenset[str]]] = set()
        """The included files that were looked at, each with the names in scope there: once is enough."""

    def block(self, body: Iterable[nodes.Node], scope: dict[str, Type]) -> None:
        for node in body:
            self._statement(node, scope)

    def _statement(self, node: nodes.Node, scope: dict[str, Type]) -> None:
        match node:
            case nodes.For():
                self._for(node, scope)
            case nodes.If():
                self._if(node, scope)
            case nodes.Assign():
                self._bind(node.target, self._type(node.node, scope), scope)
            case nodes.AssignBlock():
                self.block(node.body, dict(scope))
                self._bind(node.target, TEXT, scope)
            case nodes.Macro():
                scope[node.name] = ANY
                self.block(node.body, {**scope, **{argument.name: ANY for argument in node.args}, "caller": ANY})
            case nodes.With():
                inner = dict(scope)
                for target, value in zip(node.targets, node.values, strict=True):
                    self._bind(target, self._type(value, scope), inner)
                self.block(node.body, inner)
            case nodes.Include():
                self._include(node, scope)
            case nodes.Extends():
                self._import(node)
            case nodes.Import():
                self._import(node)
                scope[node.target] = ANY
            case nodes.FromImport():
                self._import(node)
                scope.update({name if isinstance(name, str) else name[1]: ANY for name in node.names})
            case nodes.Output():
                self._output(node, scope)
            case nodes.Expr():
                self._type(node, scope)
            case _:
                self.block(node.iter_child_nodes(), scope)

    def _output(self, node: nodes.Output, scope: dict[str, Type]) -> None:
        """Check what is printed. Plain values are judged, and none that a filter makes text of."""
        for printed in node.nodes:
            held = self._type(printed, scope)
            if isinstance(without_null(held), ListType | RecordType):
                self._printed(printed, codes.PRINTED_STRUCTURE, f"this prints {type_in_words(without_null(held))}")
            elif isinstance(held, MaybeType | NullType):
                self._printed(printed, codes.PRINTED_NONE, "this may be none, and would be printed as `None`")

    def _filtered(self, node: nodes.Filter, scope: Mapping[str, Type]) -> Type:
        """What a filter gives that makes text of none as of anything: where none may come in, its name comes out."""
        held = self._type(node.node, scope) if node.node is not None else ANY
        for given in (*node.args, *node.kwargs):
            self._type(given, scope)
        return MaybeType(ANY) if isinstance(held, MaybeType | NullType) else ANY

    def _printed(self, node: nodes.Node, code: Code, told: str) -> None:
        while isinstance(node, nodes.Filter) and node.node is not None:
            word = {"upper": "NONE", "lower": "none"}.get(node.name, "None")
            told, node = f"this may be none, of which `{node.name}` makes the word `{word}`", node.node
        match node:
            case nodes.Name():
                written = node.name
            case nodes.Getattr(node=nodes.Name() as of):
                written = f"{of.name}.{node.attr}"
            case _:
                written = "…"
        help_ = f"write `{{{{ {written} | tojson }}}}`, or name the parts that are meant"
        if code is codes.PRINTED_NONE:
            help_ = f'write `{{{{ {written} or "…" }}}}`, or ask with `{{% if {written} %}}`'
        self.sink.report(code, node_span(self.template.text, node), told, help=help_)

    def _for(self, node: nodes.For, scope: dict[str, Type]) -> None:
        inner: dict[str, Type] = {**scope, "loop": ANY}
        self._bind(node.target, self._item_type(node, self._type(node.iter, scope)), inner)
        if node.test is not None:
            self._type(node.test, inner)
        self.block(node.body, inner)
        self.block(node.else_, dict(scope))

    def _if(self, node: nodes.If, scope: dict[str, Type]) -> None:
        """What a branch assigns is known after it: which branch was taken nobody knows before a row is there."""
        self._type(node.test, scope)
        branches = [dict(scope) for _ in range(2 + len(node.elif_))]
        for asked in (node.test, *node.test.find_all(nodes.Name)):
            if isinstance(asked, nodes.Name) and asked.name in scope:
                branches[0][asked.name] = without_null(scope[asked.name])
        self.block(node.body, branches[0])
        for branch, inner in zip(node.elif_, branches[1:], strict=False):
            self._if(branch, inner)
        self.block(node.else_, branches[-1])
        for branch_scope in branches:
            for name in branch_scope.keys() - scope.keys():
                scope[name] = branch_scope[name]

    def _include(self, node: nodes.Include, scope: dict[str, Type]) -> None:
        """Check the included files under the names of this place; a file that includes itself is looked at once."""
        for name in template_names(node) or ():
            fragment = self._fragment(name, scope)
            if fragment is not None:
                walk = self._into(name, fragment)
                walk.told = self.told
                walk.block(fragment.tree.body, dict(scope))

    def _import(self, node: nodes.Node) -> None:
        """Look at the syntax of a file of macros or a layout, and of those that it names. Its names are its own."""
        for name in template_names(node) or ():
            fragment = self._fragment(name, ())
            if fragment is not None:
                walk = self._into(name, fragment)
                for naming in fragment.tree.find_all(NAMING):
                    walk._import(naming)

    def _into(self, name: str, fragment: Template) -> _Walk:
        walk = _Walk(fragment, self.sink, self.explain)
        walk.inside, walk.looked = (*self.inside, name), self.looked
        return walk

    def _fragment(self, name: str, scope: Iterable[str]) -> Template | None:
        key = (name, frozenset(scope))
        if name in self.inside or key in self.looked or len(self.looked) >= _MAX_LOOKED:
            return None
        self.looked.add(key)
        file = self.template.env.fragment(name)
        return compile_template(MappedText.whole(file), self.sink, self.template.env) if file is not None else None

    def _type(self, node: nodes.Node, scope: Mapping[str, Type]) -> Type:
        match node:
            case nodes.Name():
                return self._name(node, scope)
            case nodes.Const():
                return type_of(node.value)
            case nodes.Getattr():
                return self._attribute(node, node.node, self._type(node.node, scope), node.attr)
            case nodes.Getitem():
                return self._item(node, scope)
            case nodes.Test() if node.name in ("defined", "undefined") and isinstance(node.node, nodes.Name):
                return ANY
            case nodes.Filter() if node.name in ("default", "d") and isinstance(node.node, nodes.Name):
                for argument in node.args:
                    self._type(argument, scope)
                return ANY
            case nodes.Filter() if node.name in _OF_NONE_TOO:
                return self._filtered(node, scope)
        for written in _patterns(node):
            self._regex(written)
        for child in node.iter_child_nodes():
            self._type(child, scope)
        return ANY

    def _regex(self, written: nodes.Const) -> None:
        span = _literal_span(self.template.text, written)
        if "\b" in written.value:
            told = "`\\b` is a backspace character in a text"
            self.sink.report(BACKSPACE_IN_REGEX, span, told, help="write `\\\\b` for a word boundary")
        try:
            compile_regex(written.value)
        except RegexError as error:
            self.sink.report(INVALID_REGEX, span, f"not a regular expression: {error.message}")

    def _name(self, node: nodes.Name, scope: Mapping[str, Type]) -> Type:
        if node.name in scope:
            return scope[node.name]
        if node.name not in _GLOBALS and node.name not in self.told:
            self.told.add(node.name)
            notes, help_ = self.explain(node.name)
            self.sink.report(
                codes.UNDEFINED_VARIABLE,
                node_span(self.template.text, node),
                f"undefined variable `{node.name}`",
                notes=notes,
                help=_LOOP if node.name == "loop" else help_ or did_you_mean(node.name, scope),
            )
        return ANY

    def _item(self, node: nodes.Getitem, scope: Mapping[str, Type]) -> Type:
        held = self._type(node.node, scope)
        self._type(node.arg, scope)
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._attribute(node, node.node, held, node.arg.value)
        held = without_null(held)
        return held.item if isinstance(held, ListType) and not isinstance(node.arg, nodes.Slice) else ANY

    def _attribute(self, node: nodes.Node, of: nodes.Node, held: Type, name: str) -> Type:
        held = without_null(held)
        subject = f"`{of.name}`" if isinstance(of, nodes.Name) else "this"
        if isinstance(held, RecordType):
            if name in held.fields:
                return held.fields[name]
            if not held.open and name not in METHODS[dict]:
                told = ", ".join(f"`{known}`" for known in held.fields) or "nothing"
                self._no_attribute(node, name, subject, f"a record with {told}", did_you_mean(name, held.fields))
        elif type(held) in _PYTHON and name not in METHODS[_PYTHON[type(held)]]:
            help_ = f"write `{{{{ {of.name} }}}}`" if isinstance(of, nodes.Name) else None
            self._no_attribute(node, name, subject, type_in_words(held), help_)
        return ANY

    def _no_attribute(self, node: nodes.Node, name: str, subject: str, kind: str, help_: str | None) -> None:
        span = node_span(self.template.text, node, name)
        self.sink.report(codes.UNKNOWN_ATTRIBUTE, span, f"{subject} is {kind}, and has no `{name}`", help=help_)

    def _item_type(self, node: nodes.For, held: Type) -> Type:
        held = without_null(held)
        if isinstance(held, ListType):
            return held.item
        if isinstance(held, AnyType | NullType | RecordType):
            return ANY
        span = node_span(self.template.text, node.iter)
        self.sink.report(codes.NOT_ITERABLE, span, f"this loop goes over {type_in_words(held)}, which is no list")
        return ANY

    def _bind(self, target: nodes.Node, type_: Type, scope: dict[str, Type]) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = type_
        for name in target.find_all(nodes.Name):
            scope[name.name] = ANY

"""Expressions and scopes made up by hypothesis, and Jinja to compare them with."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import jinja2
from hypothesis import strategies as st
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from atk_interp.diagnostics import Sink
from atk_interp.expressions import EvaluationError, ast, compile_expression, parse_expression, unparse
from atk_interp.expressions.kinds import Kind
from atk_interp.expressions.parser import scan
from atk_interp.source import MappedText

__all__ = [
    "JINJA",
    "REFUSED",
    "Trees",
    "ask_jinja",
    "ask_us",
    "from_jinja",
    "parts",
    "same",
    "scopes",
    "slips",
    "trees",
]

Node = ast.Node
Trees = st.SearchStrategy[Node]

JINJA = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
REFUSED = object()
"""What an evaluation gives that did not give a value."""

# Names by the kind of their values, so that many of the expressions have a value at all.
_TEXTS, _NUMBERS, _LISTS, _RECORDS, _ITEMS = ("t", "u"), ("n", "f"), ("xs", "ys"), ("r",), ("items",)

_words = st.sampled_from(
    ["", "a", "B", "ab", "the end", " x ", "Ünï", "1", "2.5", "<a>", "it's", "a\nb", "%s", "x" * 12]
)
_ints = st.integers(-4, 9)
_floats = st.sampled_from([0.0, 0.5, -1.5, 2.0, 3.75, 1e16])
_numbers = _ints | _floats
_scalars = _words | _numbers | st.booleans() | st.none()
_inner = st.fixed_dictionaries({"t": _words, "n": _ints}, optional={"xs": st.lists(_ints, max_size=3), "z": st.none()})
_records = st.fixed_dictionaries(
    {}, optional={"a": _scalars, "b": st.lists(_scalars, max_size=2), "items": _ints, "in": _inner}
)


@st.composite
def scopes(draw: st.DrawFn) -> dict[str, Any]:
    """Values for the names that `trees` uses; now and then one is missing or of another kind."""
    scope: dict[str, Any] = {
        "t": draw(_words),
        "u": draw(_words),
        "n": draw(_ints),
        "f": draw(_floats),
        "b": draw(st.booleans()),
        "z": draw(_scalars),
        "xs": draw(st.lists(_numbers, max_size=4)),
        "ys": draw(st.lists(_words, max_size=4)),
        "r": draw(_records),
        "items": draw(st.lists(_records, max_size=3)),
        "deep": draw(_inner),
        "grid": draw(st.lists(st.lists(_ints, max_size=3), max_size=3)),
        "rows": draw(st.lists(_inner, max_size=3)),
    }
    if draw(st.integers(0, 9)) == 0:
        scope.pop(draw(st.sampled_from(sorted(scope))))
    return scope


def _fields(*paths: str) -> Trees:
    """Fields that are there: `deep.t`, written with a point or in brackets."""
    made = [path.split(".") for path in paths]
    pointed: list[Node] = [ast.Attribute(ast.Name(name), field) for name, field in made]
    bracketed: list[Node] = [ast.Index(ast.Name(name), ast.Literal(field)) for name, field in made]
    return st.sampled_from([*pointed, *bracketed])


def _item(items: Trees) -> Trees:
    return st.builds(ast.Index, items, st.integers(-1, 1).map(_signed))


def _signed(number: int) -> Node:
    return ast.Literal(number) if number >= 0 else ast.Unary("-", ast.Literal(-number))


def _literals() -> Trees:
    return (_words | st.integers(0, 12) | st.sampled_from([0.5, 2.0, 1e3]) | st.booleans() | st.none()).map(ast.Literal)


def _names(*names: str) -> Trees:
    return st.sampled_from(names).map(ast.Name)


def _filter(target: Trees, *named: str) -> Trees:
    return st.builds(ast.Filter, target, st.sampled_from(named))


def _filter_with(target: Trees, name: str, *args: Trees, keywords: Mapping[str, Trees] | None = None) -> Trees:
    """A filter with a first few of these arguments, and some of the keywords."""
    some = st.integers(0, len(args)).flatmap(lambda count: st.tuples(*args[:count]))
    given = [st.builds(ast.Keyword, st.just(word), value) for word, value in (keywords or {}).items()]
    named = st.integers(0, len(given)).flatmap(lambda count: st.tuples(*given[:count])) if given else st.just(())
    return st.builds(ast.Filter, target, st.just(name), some, named)


def _test(target: Trees, *named: str) -> Trees:
    return st.builds(ast.Test, target, st.sampled_from(named), negated=st.booleans())


def _test_with(target: Trees, argument: Trees, *named: str) -> Trees:
    return st.builds(
        ast.Test, target, st.sampled_from(named), argument.map(lambda node: (node,)), negated=st.booleans()
    )


def _compared(left: Trees, right: Trees, *operators: str) -> Trees:
    link = st.tuples(st.sampled_from(operators), right)
    return st.builds(ast.Comparison, left, st.lists(link, min_size=1, max_size=2).map(tuple))


def _arithmetic(left: Trees, right: Trees, *operators: str) -> Trees:
    return st.builds(ast.Arithmetic, st.sampled_from(operators), left, right)


_text_of = st.sampled_from(["a", "b", "a.b", "b.0", "items", "0"]).map(ast.Literal)
_in_rows = st.sampled_from(["t", "n"]).map(ast.Literal)
_of_text = st.sampled_from(["upper", "length", "trim", "first", "capitalize", "wordcount", "reverse"]).map(ast.Literal)
_booleans = st.booleans().map(ast.Literal)
_small = st.integers(0, 4).map(ast.Literal)


@cache
def trees(depth: int = 3) -> Trees:
    """Trees of every construct, that name what `scopes` has."""
    return _texts(depth) | _sums(depth) | _conditions(depth) | _sequences(depth) | _wild(depth)


@cache
def _wild(depth: int) -> Trees:
    """Whatever may be written, whether it makes sense or not."""
    leaf = _literals() | _names(*_TEXTS, *_NUMBERS, *_LISTS, *_RECORDS, *_ITEMS, "b", "z", "gone")
    if depth <= 0:
        return leaf
    below = trees(depth - 1)
    optional = below | st.none()
    return st.one_of(
        leaf,
        st.builds(ast.Attribute, below, st.sampled_from(["a", "b", "gone"])),
        st.builds(ast.Index, below, below),
        st.builds(ast.Slice, below, optional, optional, optional),
        st.builds(ast.Unary, st.sampled_from(["-", "+", "not"]), below),
        _arithmetic(below, below, "+", "-", "*", "/", "//", "%", "**"),
        st.lists(below, min_size=2, max_size=3).map(tuple).map(ast.Concat),
        _compared(below, below, "==", "!=", "<", "<=", ">", ">=", "in", "not in"),
        st.builds(ast.And, below, below),
        st.builds(ast.Or, below, below),
        st.builds(ast.Conditional, below, below, optional),
        st.lists(below, max_size=3).map(tuple).map(ast.ListDisplay),
        st.lists(st.tuples(_words.map(ast.Literal), below), max_size=2).map(tuple).map(ast.RecordDisplay),
        _filter(below, "first", "last", "length", "list", "string", "int", "float", "tojson", "abs", "default"),
        _filter_with(below, "default", below, _booleans),
        _filter_with(below, "int", below, _small),
        _test(below, "defined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence"),
        _test(below, "true", "false", "iterable", "odd", "even", "lower", "upper", "undefined"),
        _test_with(below, below, "eq", "ne", "lt", "ge", "in", "divisibleby", "equalto", "greaterthan"),
    )


@cache
def _texts(depth: int) -> Trees:
    leaf = _words.map(ast.Literal) | _names(*_TEXTS) | _fields("deep.t")
    if depth <= 0:
        return leaf
    below, number, items = _texts(depth - 1), _sums(depth - 1), _sequences(depth - 1)
    return st.one_of(
        leaf,
        _filter(below, "upper", "lower", "capitalize", "title", "trim", "reverse", "string", "tojson", "first", "last"),
        _filter_with(below, "replace", below, below, _small),
        _filter_with(below, "trim", below),
        _filter_with(below, "truncate", number, _booleans, below, _small, keywords={"end": below}),
        _filter_with(below, "center", number),
        _filter_with(below, "indent", number | below, _booleans, _booleans, keywords={"blank": _booleans}),
        _filter_with(items, "join", below, _text_of, keywords={"attribute": _text_of}),
        _filter_with(items, "tojson", _small),
        _arithmetic(below, below, "+"),
        _arithmetic(below, _small, "*"),
        st.lists(below | number, min_size=2, max_size=3).map(tuple).map(ast.Concat),
        st.builds(ast.Slice, below, number | st.none(), number | st.none(), st.none() | number),
        st.builds(ast.Conditional, below, _conditions(depth - 1), below | st.none()),
        st.builds(ast.Or, below, below),
        st.builds(ast.Filter, _missing(), st.sampled_from(["default", "d"]), st.tuples(below)),
        st.builds(ast.Filter, _maybe(), st.sampled_from(["default", "d"]), st.tuples(below, _booleans)),
        _item(below),
        _filter_with(_names("rows"), "join", below, st.just(ast.Literal("t"))),
    )


def _missing() -> Trees:
    """What may be there or not."""
    return _fields("r.a", "r.gone", "deep.z") | _names("gone", "z") | _item(_names("xs", "ys"))


def _maybe() -> Trees:
    """What is there, and may be none."""
    return _names("z") | _fields("deep.z")


@cache
def _sums(depth: int) -> Trees:
    leaf = st.integers(0, 12).map(ast.Literal) | _names(*_NUMBERS) | _fields("deep.n")
    if depth <= 0:
        return leaf
    below, text, items = _sums(depth - 1), _texts(depth - 1), _sequences(depth - 1)
    return st.one_of(
        leaf,
        _arithmetic(below, below, "+", "-", "*", "/", "//", "%", "**"),
        st.builds(ast.Unary, st.sampled_from(["-", "+"]), below),
        _filter(below, "abs", "int", "float"),
        _filter_with(below, "round", _small, st.sampled_from(["common", "ceil", "floor"]).map(ast.Literal)),
        _filter(text, "length", "wordcount", "int", "float", "count"),
        _filter_with(text, "int", below, st.integers(2, 36).map(ast.Literal)),
        _filter(items, "length", "sum", "min", "max", "first", "last"),
        _filter_with(items, "sum", _text_of, below, keywords={"start": below}),
        _filter_with(items, "max", _booleans, _text_of),
        _filter_with(items, "min", _booleans, _text_of),
        _filter_with(_names("rows"), "sum", st.just(ast.Literal("n"))),
        _item(_names("xs")),
    )


@cache
def _conditions(depth: int) -> Trees:
    leaf = _booleans | _names("b")
    if depth <= 0:
        return leaf
    below, text, number, items = _conditions(depth - 1), _texts(depth - 1), _sums(depth - 1), _sequences(depth - 1)
    return st.one_of(
        leaf,
        _compared(text, text, "==", "!=", "<", ">=", "in", "not in"),
        _compared(number, number, "==", "!=", "<", "<=", ">", ">="),
        _compared(text | number, items, "in", "not in"),
        _compared(items, items, "==", "!=", "<"),
        st.builds(ast.And, below, below),
        st.builds(ast.Or, below, below),
        st.builds(ast.Unary, st.just("not"), below),
        _test(number, "odd", "even", "integer", "float", "number"),
        _test_with(number, number, "divisibleby", "eq", "ne", "lt", "lessthan", "le", "gt", "greaterthan", "ge"),
        _test_with(text, text, "equalto", "ne", "lt", "ge"),
        _test(text, "lower", "upper", "string", "none", "defined"),
        _test_with(text, items, "in"),
        _test(_missing(), "defined", "undefined"),
        _test(_maybe(), "none", "string", "number", "boolean", "true", "false"),
        _test(_names("r", "z", "xs", "t", "grid"), "mapping", "sequence", "iterable", "boolean"),
        _compared(text, _names("deep", "r"), "in", "not in"),
    )


@cache
def _sequences(depth: int) -> Trees:
    leaf = _names(*_LISTS, *_ITEMS, "grid", "rows")
    if depth <= 0:
        return leaf
    below, text, number = _sequences(depth - 1), _texts(depth - 1), _sums(depth - 1)
    passing = st.sampled_from(["string", "number", "odd", "defined", "none", "upper"]).map(ast.Literal)
    comparing = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "==", "!=", "<", "<=", ">", ">="]).map(ast.Literal)
    mapped = st.sampled_from(["upper", "length", "string", "int", "abs", "list", "default", "first"]).map(ast.Literal)
    chosen = st.sampled_from(["select", "reject"])
    by_field = st.sampled_from(["selectattr", "rejectattr"])
    return st.one_of(
        leaf,
        st.lists(text | number, max_size=4).map(tuple).map(ast.ListDisplay),
        _arithmetic(below, below, "+"),
        _arithmetic(below, _small, "*"),
        _filter(below, "list", "unique", "reverse", "sort"),
        _filter_with(below, "sort", _booleans, _booleans, _text_of | st.just(ast.Literal("a,b"))),
        _filter_with(below, "unique", _booleans, _text_of),
        _filter_with(below, "batch", number, text),
        _filter_with(below, "slice", number, text),
        _filter_with(below, "map", mapped),
        st.builds(ast.Filter, below, st.just("map"), st.just(()), st.builds(_mapping, _text_of, text | st.none())),
        st.builds(ast.Filter, below, chosen, passing.map(lambda node: (node,)) | st.just(())),
        st.builds(ast.Filter, below, chosen, st.tuples(comparing, number)),
        st.builds(ast.Filter, below, by_field, st.tuples(_text_of) | st.tuples(_text_of, passing)),
        st.builds(ast.Filter, below, by_field, st.tuples(_text_of, comparing, number)),
        st.builds(ast.Filter, _names("rows"), by_field, st.tuples(st.just(ast.Literal("n")), comparing, number)),
        st.builds(ast.Filter, _names("xs"), chosen, st.tuples(comparing, number)),
        st.builds(ast.Filter, _names("ys"), st.just("map"), st.tuples(_of_text)),
        st.builds(ast.Filter, _names("rows"), st.just("map"), st.just(()), st.builds(_mapping, _in_rows, st.none())),
        _item(_names("grid")),
        st.builds(ast.Slice, below, number | st.none(), number | st.none(), st.none() | number),
        st.builds(ast.Call, st.just("range"), st.lists(number, min_size=1, max_size=3).map(tuple)),
        _filter(text, "list"),
    )


def parts(kind: Kind) -> Trees:
    """Small trees whose value is mostly of this kind."""
    return {
        Kind.TEXT: _texts(0) | _texts(1),
        Kind.INT: st.integers(0, 9).map(ast.Literal) | _names("n") | _fields("deep.n") | _filter(_names("t"), "length"),
        Kind.FLOAT: st.sampled_from([0.5, 2.0, 1e3]).map(ast.Literal) | _names("f"),
        Kind.BOOL: _booleans | _names("b") | _conditions(1),
        Kind.NULL: st.just(ast.Literal(None)) | _maybe(),
        Kind.LIST: _names("xs", "ys", "grid", "rows", "items") | _sequences(1),
        Kind.RECORD: _names("r", "deep") | _item(_names("rows")),
    }[kind]


def _mapping(attribute: Node, default: Node | None) -> tuple[ast.Keyword, ...]:
    given = (ast.Keyword("attribute", attribute),)
    return given if default is None else (*given, ast.Keyword("default", default))


_TOKENS = ("a", "1", "'x'", "(", ")", "[", "]", ",", "|", "is", "not", "if", "else", "-", "**", "==", "in", ".", "none")


@st.composite
def slips(draw: st.DrawFn) -> str:
    """The text of a tree with a token left out, doubled, moved or exchanged: some of it is still an expression."""
    tokens = [token.text for token in scan(unparse(draw(trees(2))))][:-1]
    for _ in range(draw(st.integers(1, 2))):
        at, other = draw(st.integers(0, len(tokens) - 1)), draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "replace"])):
            case "drop" if len(tokens) > 1:
                del tokens[at]
            case "double":
                tokens.insert(at, tokens[at])
            case "swap":
                tokens[at], tokens[min(other, len(tokens) - 1)] = tokens[min(other, len(tokens) - 1)], tokens[at]
            case _:
                tokens[at] = draw(st.sampled_from(_TOKENS))
    return " ".join(tokens)


# Evaluating


def ask_us(text: str, scope: Mapping[str, Any]) -> Any:
    """Our value, or `REFUSED`."""
    expression = parse_expression(MappedText.detached(text), Sink())
    if expression is None:
        return REFUSED
    try:
        return compile_expression(expression)(scope)
    except EvaluationError:
        return REFUSED


def ask_jinja(text: str, scope: Mapping[str, Any]) -> Any:
    """Jinja's value, or `REFUSED`; what it hands out as a generator or a range is the list of it."""
    try:
        with warnings.catch_warnings():
            # Python warns of escapes that it does not know, which Jinja lets it decode.
            warnings.simplefilter("ignore")
            value = JINJA.compile_expression(text, undefined_to_none=False)(**scope)
        if isinstance(value, Iterator | range):
            value = [*value]
    except Exception:  # noqa: BLE001 - whatever goes wrong in Jinja, it gives no value
        return REFUSED
    return None if isinstance(value, jinja2.Undefined) else value


def same(ours: Any, theirs: Any) -> bool:
    """Equal, and of the same types all through; Jinja's marked text counts as text."""
    if isinstance(theirs, str):
        return type(ours) is str and ours == str(theirs)
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in ours)
    return bool(ours == theirs)


# Jinja's tree as ours

_BINARY: Mapping[type[nodes.Expr], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
    nodes.Pow: "**",
}
_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}


def from_jinja(node: Any) -> Node:
    """Jinja's tree as one of ours; `x is not t` is `not (x is t)`, which Jinja does not tell apart."""
    convert: Callable[[Any], Node] = from_jinja
    match node:
        case nodes.Const(value=value):
            return ast.Literal(value)
        case nodes.Name(name=name):
            return ast.Name(name)
        case nodes.Getattr(node=target, attr=name):
            return ast.Attribute(convert(target), name)
        case nodes.Getitem(node=target, arg=nodes.Slice(start=lower, stop=upper, step=step)):
            return ast.Slice(
                convert(target), *(None if part is None else convert(part) for part in (lower, upper, step))
            )
        case nodes.Getitem(node=target, arg=index):
            return ast.Index(convert(target), convert(index))
        case nodes.Neg(node=operand):
            return ast.Unary("-", convert(operand))
        case nodes.Pos(node=operand):
            return ast.Unary("+", convert(operand))
        case nodes.Not(node=operand):
            return ast.Unary("not", convert(operand))
        case nodes.And(left=left, right=right):
            return ast.And(convert(left), convert(right))
        case nodes.Or(left=left, right=right):
            return ast.Or(convert(left), convert(right))
        case nodes.Concat(nodes=parts):
            return ast.Concat(tuple(map(convert, parts)))
        case nodes.Compare(expr=first, ops=links):
            return ast.Comparison(convert(first), tuple((_COMPARE[link.op], convert(link.expr)) for link in links))
        case nodes.CondExpr(test=condition, expr1=value, expr2=otherwise):
            return ast.Conditional(
                convert(value), convert(condition), None if otherwise is None else convert(otherwise)
            )
        case nodes.List(items=items):
            return ast.ListDisplay(tuple(map(convert, items)))
        case nodes.Dict(items=pairs):
            return ast.RecordDisplay(tuple((convert(pair.key), convert(pair.value)) for pair in pairs))
        case nodes.Call(node=nodes.Name(name=name)):
            return ast.Call(name, *_given(node))
        case nodes.Filter(node=target, name=name):
            return ast.Filter(convert(target), name, *_given(node))
        case nodes.Test(node=target, name=name):
            return ast.Test(convert(target), name, *_given(node))
        case nodes.BinExpr(left=left, right=right):
            return ast.Arithmetic(_BINARY[type(node)], convert(left), convert(right))
    raise TypeError(f"no such construct here: {node!r}")


def _given(node: Any) -> tuple[tuple[Node, ...], tuple[ast.Keyword, ...]]:
    assert node.dyn_args is None
    assert node.dyn_kwargs is None
    named = tuple(ast.Keyword(keyword.key, from_jinja(keyword.value)) for keyword in node.kwargs)
    return tuple(map(from_jinja, node.args)), named

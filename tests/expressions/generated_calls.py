"""Expressions around one operator, filter or test each, made from the tables: what is added there is tried too."""

from __future__ import annotations

from hypothesis import strategies as st

from atk_interp.expressions import CALLS, FILTERS, TESTS, ast
from atk_interp.expressions.functions import Form, Function, Parameter, Role
from atk_interp.expressions.kinds import Kind
from expressions.generated import Trees, parts

__all__ = ["CONSTRUCTS", "around"]

_SIGNS = {name for name in TESTS if not name.isidentifier()}
"""Tests that can only be named in `select` and its kin."""

CONSTRUCTS = [
    *(f"| {name}" for name, function in FILTERS.items() if function.in_jinja),
    *(f"is {name}" for name, function in TESTS.items() if function.in_jinja and name not in _SIGNS),
    *(f"is not {name}" for name, function in TESTS.items() if function.in_jinja and name not in _SIGNS),
    *(f'select("{name}")' for name, function in TESTS.items() if function.in_jinja),
    *(f"{name}()" for name, function in CALLS.items() if function.in_jinja),
    *(f"a {sign} b" for sign in ("+", "-", "*", "/", "//", "%", "**", "~", "and", "or")),
    *(f"a {sign} b" for sign in ("==", "!=", "<", "<=", ">", ">=", "in", "not in")),
    *("not a", "-a", "+a", "a < b < c", "a if b else c", "a if b", "a.b", "a[b]", "a[b:c]", "[a]", "{a: b}"),
]
"""Every operator, and every function that Jinja has too."""

_COMPARED = ("==", "!=", "<", "<=", ">", ">=")


def around(construct: str) -> Trees:
    """Trees with this construct at the root, mostly on operands that it works on."""
    match construct.split():
        case ["|", name]:
            return _filters(FILTERS[name], name)
        case ["is", name]:
            return _tests(name, is_negated=False)
        case ["is", "not", name]:
            return _tests(name, is_negated=True)
        case ["a", "~", "b"]:
            return st.lists(_of(Kind.TEXT) | _of(Kind.INT), min_size=2, max_size=4).map(tuple).map(ast.Concat)
        case ["a", ("and" | "or") as word, "b"]:
            return st.builds(ast.And if word == "and" else ast.Or, _any(), _any())
        case ["a", *sign, "b"] if sign[-1] == "in" or sign[0] in _COMPARED:
            return _compared(" ".join(sign))
        case ["a", sign, "b"] if sign != "if":
            return _arithmetic(sign)
    if construct.startswith("select"):
        return _selections(construct.split('"')[1])
    if construct.endswith("()"):
        return st.builds(ast.Call, st.just(construct[:-2]), st.lists(_of(Kind.INT), min_size=1, max_size=3).map(tuple))
    return _others()[construct]


def _others() -> dict[str, Trees]:
    index = st.integers(-2, 2).map(lambda at: ast.Literal(at) if at >= 0 else ast.Unary("-", ast.Literal(-at)))
    bound = index | _of(Kind.INT) | st.none()
    key = _literals("t", "n", "gone")
    link = st.tuples(st.sampled_from(_COMPARED), _of(Kind.INT))
    pair = st.tuples(_of(Kind.TEXT), _any())
    return {
        "not a": st.builds(ast.Unary, st.just("not"), _any()),
        "-a": st.builds(ast.Unary, st.just("-"), _of(Kind.INT) | _of(Kind.FLOAT)),
        "+a": st.builds(ast.Unary, st.just("+"), _of(Kind.INT) | _of(Kind.FLOAT)),
        "a < b < c": st.builds(ast.Comparison, _of(Kind.INT), st.lists(link, min_size=2, max_size=3).map(tuple)),
        "a if b else c": st.builds(ast.Conditional, _any(), _any(), _any()),
        "a if b": st.builds(ast.Conditional, _any(), _any(), st.none()),
        "a.b": st.builds(ast.Attribute, _of(Kind.RECORD), st.sampled_from(["t", "n", "a", "gone", "items"])),
        "a[b]": st.builds(ast.Index, _of(Kind.LIST) | _of(Kind.TEXT), index) | st.builds(ast.Index, _record(), key),
        "a[b:c]": st.builds(ast.Slice, _of(Kind.LIST) | _of(Kind.TEXT), bound, bound, bound),
        "[a]": st.lists(_any(), max_size=3).map(tuple).map(ast.ListDisplay),
        "{a: b}": st.lists(pair, max_size=3).map(tuple).map(ast.RecordDisplay),
    }


def _literals(*values: str | int) -> Trees:
    return st.sampled_from([ast.Literal(value) for value in values])


def _of(kind: Kind) -> Trees:
    """Trees whose value is mostly of this kind."""
    return parts(kind)


def _any() -> Trees:
    return st.one_of(*(_of(kind) for kind in Kind))


def _record() -> Trees:
    return _of(Kind.RECORD)


def _operand(function: Function) -> Trees:
    fit = st.one_of(*(_of(kind) for kind in Kind if kind in function.kinds))
    return st.integers(0, 5).flatmap(lambda number: _any() if number == 5 else fit)


def _argument(parameter: Parameter) -> Trees:
    if parameter.role is Role.ATTRIBUTE:
        return _literals("t", "n", "a", "n,t", "xs.0", 0, 1)
    return st.one_of(*(_of(kind) for kind in Kind if kind in parameter.kinds))


@st.composite
def _arguments(draw: st.DrawFn, function: Function) -> tuple[tuple[ast.Node, ...], tuple[ast.Keyword, ...]]:
    """Arguments by place, then by name; those with a default are left out now and then."""
    needed = sum(parameter.is_required for parameter in function.parameters)
    placed = draw(st.integers(needed, len(function.parameters)))
    args = tuple(draw(_argument(parameter)) for parameter in function.parameters[:placed])
    named = [parameter for parameter in function.parameters[placed:] if draw(st.booleans())]
    return args, tuple(ast.Keyword(parameter.name, draw(_argument(parameter))) for parameter in named)


def _filters(function: Function, name: str) -> Trees:
    if function.form is Form.EACH:
        inner = [other for other in FILTERS.values() if other.in_jinja and other.form is Form.PLAIN and not other.lazy]
        field = _literals("t", "n", "z", "a", 0)
        return st.one_of(
            st.sampled_from(inner).flatmap(_mapped),
            st.builds(ast.Filter, _of(Kind.LIST), st.just("map"), st.just(()), st.builds(_by_attribute, field, _any())),
        )
    if function.form is Form.CHOSEN:
        tests = [other for other in TESTS.values() if other.in_jinja]
        return st.sampled_from(tests).flatmap(lambda test: _chosen(name, test, test.name))
    return st.builds(lambda target, given: ast.Filter(target, name, *given), _operand(function), _arguments(function))


def _mapped(function: Function) -> Trees:
    named = ast.Literal(function.name)
    return st.builds(
        lambda target, given: ast.Filter(target, "map", (named, *given[0]), given[1]),
        _of(Kind.LIST),
        _arguments(function),
    )


def _by_attribute(field: ast.Node, default: ast.Node) -> tuple[ast.Keyword, ...]:
    return (ast.Keyword("attribute", field), ast.Keyword("default", default))


def _chosen(name: str, test: Function, spelt: str) -> Trees:
    field = _literals("t", "n", "z")
    return st.builds(
        lambda target, field, given: ast.Filter(
            target, name, (*((field,) if name.endswith("attr") else ()), ast.Literal(spelt), *given[0]), given[1]
        ),
        _of(Kind.LIST),
        field,
        _arguments(test),
    )


def _selections(test: str) -> Trees:
    names = st.sampled_from(["select", "reject", "selectattr", "rejectattr"])
    return names.flatmap(lambda name: _chosen(name, TESTS[test], test))


def _tests(name: str, *, is_negated: bool) -> Trees:
    function = TESTS[name]
    return st.builds(
        lambda target, given: ast.Test(target, name, given[0], given[1], is_negated),
        _operand(function),
        _arguments(function),
    )


def _compared(sign: str) -> Trees:
    holders = _of(Kind.LIST) | _of(Kind.TEXT) | _of(Kind.RECORD)
    if sign.endswith("in"):
        return _link(_of(Kind.TEXT) | _of(Kind.INT), sign, holders)
    alike = [_link(_of(kind), sign, _of(kind)) for kind in (Kind.TEXT, Kind.INT, Kind.FLOAT, Kind.LIST)]
    return st.one_of(*alike, _link(_any(), sign, _any()))


def _link(left: Trees, sign: str, right: Trees) -> Trees:
    return st.builds(lambda a, b: ast.Comparison(a, ((sign, b),)), left, right)


def _arithmetic(sign: str) -> Trees:
    number = _of(Kind.INT) | _of(Kind.FLOAT)
    pairs = [(number, number), (number, number)]
    if sign == "+":
        pairs += [(_of(Kind.TEXT), _of(Kind.TEXT)), (_of(Kind.LIST), _of(Kind.LIST))]
    if sign == "*":
        pairs += [(_of(Kind.TEXT), _of(Kind.INT)), (_of(Kind.INT), _of(Kind.LIST))]
    return st.one_of(*(st.builds(ast.Arithmetic, st.just(sign), left, right) for left, right in pairs))

"""The conditions of a spec, and what they can come out as."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from atk_interp.document import Path
from atk_interp.expressions import Expression, ast
from atk_interp.expressions.domains import Bounds
from atk_interp.expressions.memory import Memory
from atk_interp.expressions.outcomes import Outcomes, is_plainly_open, outcomes, terms_of
from atk_interp.expressions.types import TextType, without_null
from atk_interp.kinds.base import StepView
from atk_interp.records import dataclass
from atk_interp.spec import PipelineSpec

__all__ = [
    "Condition",
    "conditions",
    "is_plainly_open_in",
    "key_of",
    "outcome_of",
    "param_bounds",
    "parts",
    "reasons",
    "terms_in",
]

_KEYS = frozenset(["when", "keep", "where", "until"])
_MANY = 6

_OUTCOMES: Memory[Outcomes] = Memory()
_OPEN: Memory[bool] = Memory()
_TERMS: Memory[frozenset[str]] = Memory()


@dataclass(frozen=True)
class Condition:
    """An expression of a step or output, or a part of one, that is asked whether it holds."""

    expression: Expression
    node: ast.Node
    path: Path
    key: str
    """The key of the step under which it stands."""

    @property
    def is_whole(self) -> bool:
        """Whether all of the expression is asked for its truth, and nothing else."""
        return self.node is self.expression.root and (self.key in _KEYS or self.key == "accept")


def conditions(view: StepView, path: Path) -> Iterator[Condition]:
    """The outermost conditions of the expression at a path: itself, or what is asked inside of it."""
    expression, key = view.expressions[path], key_of(view, path)
    whole = Condition(expression, expression.root, path, key)
    nodes = [whole.node] if whole.is_whole else _asked_in(expression.root)
    yield from (Condition(expression, node, path, key) for node in nodes)


def key_of(view: StepView, path: Path) -> str:
    """The key of the step or output under which a path leads."""
    return str(path[len(view.step.path)])


def parts(condition: Condition) -> Iterator[Condition]:
    """The conditions that a condition is made of, and those asked inside of them."""
    match condition.node:
        case ast.And(left=left, right=right) | ast.Or(left=left, right=right):
            nodes: Sequence[ast.Node] = (left, right)
        case ast.Unary(operator="not", operand=operand):
            nodes = (operand,)
        case _:
            nodes = [inner for child in ast.children(condition.node) for inner in _asked_in(child)]
            if isinstance(condition.node, ast.Conditional):
                nodes = [condition.node.condition, *nodes]
    yield from (Condition(condition.expression, node, condition.path, condition.key) for node in nodes)


def _asked_in(node: ast.Node) -> Iterator[ast.Node]:
    """The conditions in an expression that is there for its value."""
    if _is_truth(node):
        yield node
        return
    if isinstance(node, ast.Conditional):
        yield node.condition
    for child in ast.children(node):
        if not (isinstance(node, ast.Conditional) and child is node.condition):
            yield from _asked_in(child)


def _is_truth(node: ast.Node) -> bool:
    """Whether the value is true or false by the form of it."""
    match node:
        case ast.Comparison() | ast.Test() | ast.Unary(operator="not"):
            return True
        case ast.And(left=left, right=right) | ast.Or(left=left, right=right):
            return _is_truth(left) and _is_truth(right)
    return False


def outcome_of(
    condition: Condition, view: StepView, bounds: Mapping[str, Bounds], given: Sequence[ast.Node] = ()
) -> Outcomes:
    """What a condition of a step or output can come out as, on the rows where the given ones hold."""
    scope, nodes = view.scopes[condition.path], (condition.node, *given)
    found = _OUTCOMES.recall(nodes, scope, bounds)
    if found is None:
        found = outcomes(condition.expression, scope, part=condition.node, given=given, bounds=bounds)
        _OUTCOMES.keep(found, nodes, scope, bounds)
    return found


def is_plainly_open_in(condition: Condition, view: StepView, bounds: Mapping[str, Bounds]) -> bool:
    """Whether it is seen at a glance that a condition and its parts decide something."""
    scope, nodes = view.scopes[condition.path], (condition.node,)
    found = _OPEN.recall(nodes, scope, bounds)
    if found is None:
        found = is_plainly_open(condition.expression, scope, condition.node, bounds)
        _OPEN.keep(found, nodes, scope, bounds)
    return found


def terms_in(node: ast.Node) -> frozenset[str]:
    """What a condition asks about (`terms_of`)."""
    found = _TERMS.recall((node,), {})
    return _TERMS.keep(terms_of(node), (node,), {}) if found is None else found


def param_bounds(spec: PipelineSpec) -> dict[str, Bounds]:
    """The least and greatest value of each parameter that is a number within bounds."""
    return {
        name: (-math.inf if param.min is None else param.min, math.inf if param.max is None else param.max)
        for name, param in spec.params.items()
        if param.type in ("int", "float") and (param.min, param.max) != (None, None)
    }


def reasons(condition: Condition, view: StepView, bounds: Mapping[str, Bounds]) -> list[str]:
    """What is known of the names in a condition, in sentences."""
    scope, told = view.scopes[condition.path], dict[str, None]()
    for node in ast.walk(condition.node):
        if not isinstance(node, ast.Name):
            continue
        type_ = without_null(scope[node.name]) if node.name in scope else None
        if isinstance(type_, TextType) and type_.choices is not None and len(type_.choices) <= _MANY:
            told[f"`{node.name}` is {' or '.join(f'`{choice}`' for choice in type_.choices)}"] = None
        elif node.name in bounds:
            told[f"`{node.name}` is {_within(bounds[node.name])}"] = None
    return [*told][:2]


def _within(bounds: Bounds) -> str:
    low, high = bounds
    if math.isinf(high):
        return f"{low:g} or more"
    return f"{high:g} or less" if math.isinf(low) else f"from {low:g} to {high:g}"

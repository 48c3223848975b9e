"""A rule over votes that comes out the same however the votes fall."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations_with_replacement, product
from typing import Any

from atk_interp.diagnostics import Code, Severity
from atk_interp.expressions import EvaluationError, Expression, ast, compile_expression
from atk_interp.expressions.outcomes import is_drawn
from atk_interp.expressions.types import BoolType, TextType, Type
from atk_interp.kinds.base import StepView, is_formula
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.records import dataclass

__all__ = ["VoteRule"]

_MOST = 3_000
"""Ballots that are tried; a rule over more is taken to decide something."""

_OF_NO_ORDER = frozenset(["share", "select", "reject", "list", "length", "count", "sum", "min", "max", "unique"])
"""Filters to which the order of the votes does not matter."""

Ballot = Sequence[object]


class VoteRule(Rule):
    code = Code(
        "ATK541",
        "unwinnable-vote",
        Severity.ERROR,
        finds="A `pass` that no votes can fulfil, however they fall.",
        why="Every row would be voted down, after all its votes were paid for.",
        bad="votes: 3\npass: is_fair | select | list | length > 3",
        good="votes: 3\npass: is_fair | select | list | length >= 2",
    )
    pointless = Code(
        "ATK542",
        "pointless-vote",
        Severity.WARNING,
        finds="A `pass` that holds however the votes fall.",
        why="The votes are paid for and decide nothing.",
        bad="pass: is_fair | share >= 0",
        good="pass: is_fair | share >= 0.5",
    )
    even = Code(
        "ATK543",
        "even-votes",
        Severity.ADVICE,
        finds="An even number of votes where half of them is what decides.",
        why="A tie is settled by whether the rule says `>` or `>=`, which is easily overlooked.",
        bad="votes: 4\npass: is_fair | share >= 0.5",
        good="votes: 3\npass: is_fair | share >= 0.5",
    )
    more_codes = (pointless, even)

    def check(self, context: LintContext) -> None:
        for view in context.analysis.views.values():
            path = view.path("pass")
            if view.step.kind == "vote" and path in view.expressions:
                vote = _Vote.of(view)
                if vote is not None and not context.has_error_in(view.expressions[path].text.span()):
                    self._check(context, view, vote)

    def _check(self, context: LintContext, view: StepView, vote: _Vote) -> None:
        span = view.expressions[view.path("pass")].text.span()
        found = vote.outcomes()
        if found == {False}:
            context.sink.report(
                self.code,
                span,
                "no votes can fulfil this, however they fall",
                notes=[f"there {'is 1 vote' if vote.most == 1 else f'are {vote.most} votes'} at most"],
                help="write a rule that so many votes can fulfil",
            )
        elif found == {True}:
            help_ = "write a rule that some votes do not fulfil, or ask once in a `generate` step"
            context.sink.report(self.pointless, span, "this holds however the votes fall", help=help_)
        elif view.step.options.get("votes") == vote.most and vote.is_settled_by_a_tie():
            context.sink.report(
                self.even,
                view.document.span(view.path("votes")),
                f"{vote.most} votes may fall half and half, and half is just enough",
                help=f"write {vote.most - 1} or {vote.most + 1}",
            )


@dataclass(frozen=True)
class _Vote:
    """A rule over votes of one field with few values, and nothing else."""

    rule: Callable[[Ballot], bool]
    values: tuple[object, ...]
    most: int
    """How many votes there are at most. There may be fewer, where a reply cannot be read."""
    is_ordered: bool

    @classmethod
    def of(cls, view: StepView) -> _Vote | None:
        """The vote of a step; None when too little is known of it."""
        expression = view.expressions[view.path("pass")]
        fields = view.reader.fields if view.reader is not None and not view.reader.many else {}
        most = _most(view)
        if len(fields) != 1 or most is None or not fields.keys() >= expression.names.keys():
            return None
        ((field, type_),) = fields.items()
        values = _values(type_)
        if values is None or is_drawn(expression.root, expression.text.value):
            return None
        return cls(_rule(expression, field), values, most, _is_ordered(expression))

    def outcomes(self) -> set[bool]:
        """What the rule can come out as; both when there are too many ballots to try."""
        found: set[bool] = set()
        for tried, ballot in enumerate(self._ballots()):
            found.add(self.rule(ballot))
            if len(found) == 2 or tried >= _MOST:
                return {True, False}
        return found

    def _ballots(self) -> Iterator[Ballot]:
        counts = range(1, self.most + 1)
        if self.is_ordered:
            return chain.from_iterable(product(self.values, repeat=count) for count in counts)
        return chain.from_iterable(combinations_with_replacement(self.values, count) for count in counts)

    def is_settled_by_a_tie(self) -> bool:
        """Whether half of the votes is just enough to pass."""
        if self.most % 2 or self.is_ordered or len(self.values) != 2:
            return False
        less, half, more = (self.rule(self._split(self.most // 2 + step)) for step in (-1, 0, 1))
        return half and less is not more

    def _split(self, count: int) -> Ballot:
        return [self.values[0]] * count + [self.values[1]] * (self.most - count)


def _most(view: StepView) -> int | None:
    votes: Any = view.step.options.get("votes")
    if not is_formula(votes):
        return votes if isinstance(votes, int) else None
    param = view.spec.params.get(votes[1:].strip())
    return int(param.max) if param is not None and param.max is not None else None


def _values(type_: Type) -> tuple[object, ...] | None:
    match type_:
        case BoolType():
            return (True, False)
        case TextType(choices):
            return choices
    return None


def _rule(expression: Expression, field: str) -> Callable[[Ballot], bool]:
    evaluate = compile_expression(expression)

    def passes(ballot: Ballot) -> bool:
        try:
            return bool(evaluate({field: [*ballot]}))
        except EvaluationError:
            return False  # such a row is rejected

    return passes


def _is_ordered(expression: Expression) -> bool:
    """Whether the order of the votes may matter to a rule."""
    for node in ast.walk(expression.root):
        match node:
            case ast.Index() | ast.Slice() | ast.ListDisplay():
                return True
            case ast.Filter(name=name) if name not in _OF_NO_ORDER:
                return True
    return False

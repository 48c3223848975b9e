"""The `draw` kind."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from atk_interp.document import Path
from atk_interp.expressions.types import (
    ANY,
    FLOAT,
    INT,
    TEXT,
    ListType,
    RecordType,
    Type,
    join_types,
    type_of,
    without_null,
)
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Closure,
    Dropped,
    Example,
    PureStep,
    RowFailed,
    SourceStep,
    StepKind,
    StepStopped,
    StepView,
    is_formula,
)
from atk_interp.kinds.base.goals import UNTIL, check_until, wanted
from atk_interp.kinds.base.written import settled_number
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, MISSING_KEY
from atk_interp.values import Row, canonical, content_hash, root_id

__all__ = ["Draw"]

_TRIES = 1000
"""How often a combination is drawn anew before it is given up."""

_MOST_TIMES = 100
"""How many rows are made at most for each one that is wanted."""

_BOUNDS: dict[str, Any] = {"type": "list", "minlength": 2, "maxlength": 2}
_WAYS: dict[str, Any] = {
    "choice": {"type": ["list", "formula"], "minlength": 1},
    "weighted": {"type": "dict", "minlength": 1, "valuesrules": {"type": "number", "min": 0}},
    "int": {**_BOUNDS, "schema": {"type": ["integer", "formula"]}},
    "float": {**_BOUNDS, "schema": {"type": ["number", "formula"]}},
    "date": {**_BOUNDS, "schema": {"type": "string"}},
}


class Draw(StepKind):
    """Draw fields by chance: for every row, or to make so many rows.

    Each field is drawn in one way: `choice` of a list (each as likely), `weighted` (texts with their weights), `int` or
    `float` (from the first number to the second), `date` (from one day to another, as text like `2024-05-01`). With
    `where` a row is drawn anew until the expression holds, at most 1000 times; with `distinct` no combination comes
    twice. What is drawn follows from the `seed` of the config and the content of the row, and is the same every time.

    Without `from` it is a source of `count` rows. With `until: 1000 accepted` it makes rows until so many have come
    through to the output, with `until: 1000 of checked` to step `checked`: some at first, then as many as are likely to
    be needed. At most `count` are made, or 100 times as many as are wanted; when these are not enough, the run stops.
    """

    name = "draw"
    cardinality = Cardinality.SOURCE_OR_ONE
    options = (
        Option(
            "fields",
            Takes.STRUCTURE,
            "The fields to draw, each with its way: `choice`, `weighted`, `int`, `float` or `date`.",
            required=True,
            schema={
                "type": "dict",
                "minlength": 1,
                "valuesrules": {"type": "dict", "minlength": 1, "maxlength": 1, "schema": _WAYS},
            },
        ),
        Option("count", Takes.INT, "How many rows to make, as a source; with `until` at most.", min=0),
        UNTIL,
        Option("where", Takes.EXPRESSION, "What must be true of a combination."),
        Option("distinct", Takes.BOOL, "Whether no combination may come twice, in a source.", default=False),
    )
    examples = (
        Example(
            {"fields": {"level": {"choice": ["easy", "hard"]}, "age": {"int": [6, 9]}}, "where": "age > 7"},
            [{"topic": "tides"}, {"topic": "salt"}],
            [{"topic": "tides", "level": "easy", "age": 8}, {"topic": "salt", "level": "hard", "age": 8}],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        fields = {name: _checked(view, (*view.path("fields"), name)) for name in view.option("fields")}
        view.value("count")
        view.value("distinct")
        view.writes(fields, view.path("fields"))
        if view.given("where"):
            view.expression(view.path("where"), view.row_scope(fields))
        check_until(view)
        if not view.step.inputs and not view.given("count") and not view.given("until"):
            told = "`count` is missing in a `draw` step that makes rows of its own"
            view.sink.report(MISSING_KEY, view.document.key_span(view.step.path), told, help="add `count:`, or `from:`")
        for key in ("count", "distinct") if view.step.inputs else ():
            if view.given(key):
                told = f"`{key}` is for a source, and this step draws for each row of another one"
                view.sink.report(BAD_VALUE, view.document.key_span(view.path(key)), told, help="remove it")
        self._check_count(view)
        return RecordType({**view.input.fields, **fields}, view.input.open)

    def _check_count(self, view: StepView) -> None:
        """Report a `count` of distinct rows that is more than there can be, where that can be reckoned."""
        count = settled_number(view.spec, view.option("count"))
        if view.step.inputs or view.given("until") or view.option("distinct") is not True or count is None:
            return
        numbers = [_values(view, *given) for field in view.option("fields").values() for given in field.items()]
        most = math.prod(numbers)
        if 0 < most < count:
            told = f"the fields have {most:,} different combinations, and `count` is {count:,}"
            help_ = "ask for fewer rows, add values, or leave `distinct` out"
            view.sink.report(BAD_VALUE, view.document.span(view.path("count")), told, help=help_)

    def bind(self, step: BoundStep) -> SourceStep | PureStep:
        drawing = _Drawing(step)
        if step.view.step.inputs:
            return PureStep(drawing.drawn)
        goal = wanted(step)
        count = step.whole("count")
        if count is None:
            count = _MOST_TIMES * goal.rows if goal is not None else 0
        return SourceStep(lambda context: drawing.rows(count), reads=tuple)


def _checked(view: StepView, path: Path) -> Type:
    """Check how a field is drawn; its type."""
    ((way, given),) = view.document.get(path).items()
    place = (*path, way)
    problem: str | None = None
    type_: Type = ANY
    if way == "choice" and is_formula(given):
        listed = without_null(view.check_value(place, Takes.STRUCTURE, view.params_scope()))
        type_ = listed.item if isinstance(listed, ListType) else ANY
    elif way == "choice":
        type_ = join_types(type_of(item) for item in given)
    elif way == "weighted":
        type_ = join_types(type_of(item) for item in given)
        problem = None if sum(given.values()) > 0 else "no weight is more than 0"
    elif way == "date":
        type_ = TEXT
        problem = next((f"`{day}` is no date; write it as `2024-05-01`" for day in given if _day(day) is None), None)
    else:
        type_ = INT if way == "int" else FLOAT
        for index in range(2):
            view.check_value((*place, index), Takes.INT if way == "int" else Takes.NUMBER, view.params_scope())
    if problem is None and way in ("int", "float", "date") and not any(map(is_formula, given)) and given[0] > given[1]:
        problem = f"`{given[0]}` is more than `{given[1]}`, so there is nothing between them"
    if problem is not None:
        view.sink.report(BAD_VALUE, view.document.span(place), problem)
    return type_


def _values(view: StepView, way: str, given: Any) -> float:
    """How many values a field can have; infinity where that is not known."""
    if way == "weighted":
        return sum(1 for weight in given.values() if weight > 0)
    if way == "choice":
        return math.inf if is_formula(given) else len({canonical(item) for item in given})
    if way == "date":
        first, last = map(_day, given)
        return math.inf if first is None or last is None else max(0, last - first + 1)
    low, high = (settled_number(view.spec, bound) for bound in given)
    if way == "float" or low is None or high is None:
        return 1 if low == high and low is not None else math.inf
    return max(0, high - low + 1)


def _day(text: str) -> int | None:
    try:
        return datetime.date.fromisoformat(text).toordinal()
    except ValueError:
        return None


Way = Callable[[float], Any]
"""The value for a number from 0 to below 1."""


class _Drawing:
    def __init__(self, step: BoundStep) -> None:
        self.step = step
        path = step.view.path("fields")
        self.ways = {name: _way(step, (*path, name)) for name in step.view.option("fields")}
        where = step.view.path("where")
        self.where: Closure | None = step.rule(where) if where in step.view.expressions else None
        self.distinct = bool(step.value("distinct"))

    def drawn(self, row: Row) -> Iterable[Row] | Dropped:
        """A row with what is drawn for it."""
        for attempt in range(_TRIES):
            made = row.replaced({**row.fields, **self._combination(row.id, attempt)})
            if self.where is None or self.where(self.step.names(made)):
                return (made,)
        return Dropped(row, "rejected", f"none of {_TRIES} combinations fulfils `where`")

    def rows(self, count: int) -> Iterator[Row]:
        """So many rows. Raises `StepStopped` when no further combination is found."""
        seen: set[bytes] = set()
        equal: dict[bytes, int] = {}
        for number in range(count):
            for attempt in range(_TRIES):
                fields = self._combination(str(number), attempt)
                content = canonical(fields)
                made = Row(root_id(fields, equal.get(content, 0)), "draw", (number,), fields)
                if self._fulfils(made) and not (self.distinct and content in seen):
                    break
            else:
                raise self._exhausted(number, count)
            equal[content] = equal.get(content, 0) + 1
            if self.distinct:
                seen.add(content)
            yield made

    def _exhausted(self, found: int, count: int) -> StepStopped:
        kinds = "different combinations" if self.distinct else "combinations"
        where = "" if self.where is None else " for which `where` holds"
        more = "let `fields` have more values" if self.where is None else "let `where` hold for more"
        given_up = ", or leave `distinct` out" if self.distinct else ""
        return StepStopped(
            f"step `{self.step.name}` has found {found:,} {kinds}{where}, not {count:,}",
            help=f"ask for fewer rows, {more}{given_up}",
        )

    def _fulfils(self, made: Row) -> bool:
        try:
            return self.where is None or bool(self.where(self.step.names(made)))
        except RowFailed as error:
            raise StepStopped(f"step `{self.step.name}`: {error}") from error

    def _combination(self, row: str, attempt: int) -> dict[str, Any]:
        return {name: way(_fraction([self.step.seed, row, name, attempt])) for name, way in self.ways.items()}


def _fraction(drawn_for: list[Any]) -> float:
    return int(content_hash("atk-drawn-v1", drawn_for)[:13], 16) / 16**13


def _way(step: BoundStep, path: Path) -> Way:
    """How a field is drawn. Raises `StepStopped` for values of parameters that leave nothing to draw."""
    ((way, given),) = step.view.document.get(path).items()
    place = (*path, way)
    if way == "weighted":
        return _weighted(given)
    if way == "choice":
        items = step.evaluated(place) if is_formula(given) else given
        if not isinstance(items, list) or not items:
            raise StepStopped(f"`{step.shown(place)}` of step `{step.name}` is no list with something in it")
        return lambda fraction: items[int(fraction * len(items))]
    low, high = (step.evaluated((*place, index)) for index in range(2))
    if way == "date":
        first, last = _day(low) or 0, _day(high) or 0
        return lambda fraction: datetime.date.fromordinal(first + int(fraction * (last - first + 1))).isoformat()
    if not isinstance(low, int | float) or not isinstance(high, int | float) or low > high:
        raise StepStopped(f"`{step.shown(place)}` of step `{step.name}` goes from `{low}` to `{high}`")
    if way == "int":
        return lambda fraction: int(low) + int(fraction * (int(high) - int(low) + 1))
    return lambda fraction: low + fraction * (high - low)


def _weighted(weights: Mapping[str, float]) -> Way:
    whole = sum(weights.values())
    limits = [limit / whole for limit in accumulate(weights.values())]
    names = list(weights)

    def chosen(fraction: float) -> str:
        found = (name for name, limit in zip(names, limits, strict=True) if fraction < limit)
        return next(found, next(name for name in reversed(names) if weights[name]))

    return chosen

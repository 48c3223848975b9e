"""The `pack` kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Dropped,
    Example,
    RowFailed,
    SetContext,
    SetStep,
    StepKind,
    StepStopped,
    StepView,
    check_one_at_most,
    expression_paths,
    in_place,
    key_of,
)
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.collecting import COLLECT, FIRST, Collection, collected
from atk_interp.kinds.base.written import misfit, settled_number
from atk_interp.records import dataclass
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, MISSING_KEY
from atk_interp.values import Row, Value, content_hash

__all__ = ["Pack"]


class Pack(StepKind):
    """Put runs of rows into one row each.

    A run has `count` rows; or a number from `count` to `up_to`, drawn from the hash of its first row; or as many as
    have at most `most` in the sum of `size` (`size: text | tokens`); a row that is larger than that is rejected. With
    `by` a run has rows of one key only. The row of a run has the lists of `collect`, the `first` row's values of the
    fields named there, and `count`. What is left over at the end makes a shorter run, or is filtered when `rest` is
    `drop`. Runs stand in the order of their first rows. Memory: one run for each key; the rows wait on disk.
    """

    name = "pack"
    cardinality = Cardinality.MERGED
    options = (
        Option("count", Takes.INT, "How many rows a run has.", min=1),
        Option("up_to", Takes.INT, "With `count`: a run has at least that many rows, and at most this many.", min=1),
        Option("size", Takes.EXPRESSION, "The size of a row, as a number."),
        Option("most", Takes.NUMBER, "The largest sum of sizes in a run.", min=0),
        Option("by", Takes.EXPRESSIONS, "What the rows of a run have in common."),
        COLLECT,
        FIRST,
        Option(
            "rest",
            Takes.NAME,
            "What becomes of the rows at the end that are too few: a shorter run (`keep`), or filtered (`drop`).",
            default="keep",
            choices=("keep", "drop"),
        ),
    )
    examples = (
        Example(
            {"count": 2, "collect": {"questions": "=q"}, "first": ["system"]},
            [{"q": "Why?", "system": "a"}, {"q": "How?", "system": "b"}, {"q": "Who?", "system": "c"}],
            [
                {"questions": ["Why?", "How?"], "system": "a", "count": 2},
                {"questions": ["Who?"], "system": "c", "count": 1},
            ],
        ),
        Example(
            {"size": "n", "most": 5, "collect": {"numbers": "=n"}},
            [{"n": 2}, {"n": 3}, {"n": 4}],
            [{"numbers": [2, 3], "count": 2}, {"numbers": [4], "count": 1}],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        for name in ("count", "up_to", "most"):
            view.value(name)
        self._check_length(view)
        for path in expression_paths(view, "by"):
            view.expression(path, view.row_scope())
        return collected(view)

    def _check_length(self, view: StepView) -> None:
        span = view.document.head_span(view.step.path)
        check_one_at_most(view, ("count", "size"))
        if not view.given("count") and not view.given("size"):
            told = f"step `{view.step.name}` needs `count`, or `size` with `most`"
            view.sink.report(MISSING_KEY, span, told, help="say how long a run is")
        if view.given("size") != view.given("most"):
            told = "`size` and `most` go together"
            view.sink.report(MISSING_KEY, span, told, help=f"add `{'most' if view.given('size') else 'size'}:`")
        least, most = (settled_number(view.spec, view.option(key)) for key in ("count", "up_to"))
        if least is not None and most is not None and most < least:
            told = f"`up_to` is {most}, and `count` is {least}"
            view.sink.report(BAD_VALUE, view.document.span(view.path("up_to")), told, help="write the larger number")
        if view.given("size"):
            told_ = misfit(view.expression(view.path("size"), view.row_scope()), Takes.NUMBER)
            if told_ is not None:
                view.sink.report(WRONG_VALUE_TYPE, view.document.span(view.path("size")), f"`size` {told_}")

    def bind(self, step: BoundStep) -> SetStep:
        return SetStep(_Packing(step, _full(step), key_of(step, "by")).apply, loses="merged")


_Full = Callable[["_Run", float], bool]
"""Whether a run has no room for another row of a size."""


@dataclass
class _Run:
    """The rows of a run so far, each with its values."""

    rows: list[Row]
    values: list[list[Value]]
    size: float = 0.0
    wanted: int = 0


def _full(step: BoundStep) -> _Full:
    count, up_to, most = step.whole("count"), step.whole("up_to"), step.number("most")
    if step.view.given("size"):
        return lambda run, size: most is not None and run.size + size > most
    least = count or 1
    if up_to is not None and up_to < least:
        raise StepStopped(f"`up_to` of step `{step.name}` is {up_to}, and `count` is {least}")

    def full(run: _Run, size: float) -> bool:
        if not run.wanted:
            drawn = int(content_hash("atk-pack-v1", [step.seed, run.rows[0].id])[:13], 16) / 16**13
            run.wanted = least + int(drawn * ((up_to or least) - least + 1))
        return len(run.rows) >= run.wanted

    return full


class _Packing:
    def __init__(self, step: BoundStep, full: _Full, key: Callable[[Row], bytes] | None) -> None:
        self.step = step
        self.full = full
        self.key = key
        view = step.view
        self.collection = Collection(step)
        self.size = step.rule(view.path("size")) if view.given("size") else None
        self.most = step.number("most") if self.size is not None else None
        self.keeps_rest = view.option("rest") == "keep"

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
        lost: list[Dropped] = []
        yield from in_place(context, self._runs(rows, lost, context))
        yield from lost

    def _runs(self, rows: Iterator[Row], lost: list[Dropped], context: SetContext) -> Iterator[Row]:
        open_: dict[bytes, _Run] = {}
        for row in rows:
            try:
                key, size, values = self._measured(row)
            except RowFailed as error:
                lost.append(Dropped(row, "rejected", str(error)))
                continue
            run = open_.get(key)
            if run is not None and self.full(run, size):
                yield self._packed(run, context)
                run = None
            if run is None:
                run = open_[key] = _Run([], [])
            run.rows.append(row)
            run.values.append(values)
            run.size += size
        for run in open_.values():
            if self.keeps_rest or self._is_whole(run):
                yield self._packed(run, context)
            else:
                lost += [Dropped(row, "filtered", "too few rows are left for a run") for row in run.rows]

    def _is_whole(self, run: _Run) -> bool:
        """A run of a number of rows may be whole at the end; one of a size never is."""
        return self.size is None and self.full(run, 0)

    def _measured(self, row: Row) -> tuple[bytes, float, list[Value]]:
        names = self.step.names(row)
        size: Any = self.size(names) if self.size is not None else 0
        if not isinstance(size, int | float) or isinstance(size, bool):
            raise RowFailed(f"`size`: a number is needed, not {size!r}")
        if self.most is not None and size > self.most:
            raise RowFailed("`size`: larger than `most`")
        key = self.key(row) if self.key is not None else b""
        return key, size, self.collection.values(names)

    def _packed(self, run: _Run, context: SetContext) -> Row:
        made = self.collection.row("atk-pack-row-v1", run.rows, run.values, self.collection.kept(run.rows[0]))
        context.merged(made, [row.id for row in run.rows])
        return made

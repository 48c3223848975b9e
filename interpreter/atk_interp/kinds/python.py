"""The `python` kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from atk_interp.expressions.types import RecordType
from atk_interp.foreign import CannotLoad, Failed
from atk_interp.kinds.base import (
    BoundStep,
    CallStep,
    Cardinality,
    Closure,
    Dropped,
    RowFailed,
    SetContext,
    SetStep,
    StepContext,
    StepKind,
    StepStopped,
    StepView,
)
from atk_interp.kinds.base.typed import TYPED_FIELDS, TypedFields
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE
from atk_interp.values import Row, Value, canonical, row_id

if TYPE_CHECKING:
    from atk_interp.foreign.workers import Workers

__all__ = ["Python"]


class Python(StepKind):
    """Call a Python function for each row, or for batches of rows.

    ```yaml
    scored:
      kind: python
      from: answers
      function: scoring.py:score      # a file beside the spec, and a function in it
      takes: [question, answer]       # def score(question, answer, scale): ...
      with: {scale: =top_score}
      fields: {score: float, label: {type: text, optional: true}}
    ```

    The function is called with the fields under `takes` and the values under `with` as named arguments, and gives a
    mapping with the `fields`; `gives: maybe` lets it give None for a row that is to be filtered, `gives: many` a list
    of mappings, one for each row that it makes. A result that is not of the declared types is a rejected row, and so is
    one for which it raises, with the file and line as the reason.

    With `batch: 100` it is called with lists of so many rows, in canonical order: its first argument is a list of
    mappings of the fields under `takes`, and it gives a list with one result for each. A batch that fails is lost as a
    whole.

    A plain function runs in a few worker processes and may block; an `async` one in the event loop of one of them, for
    many rows at a time. A call that takes longer than `timeout` seconds is a rejected row; one during which the
    process ends is made once more. The files that it stands in, and those beside it that it imports, are part of what
    the step is known by: another version runs again, and asks no model again. For equal arguments it should give equal
    results. `lint` reads the file and runs nothing; `--no-python` refuses it.
    """

    name = "python"
    cardinality = Cardinality.MANY
    options = (
        Option("function", Takes.NAME, "The function: `file.py:function`, beside the spec.", required=True),
        Option("takes", Takes.NAMES, "The fields that it is given, as arguments of their names.", required=True),
        Option("with", Takes.FIELDS, "Further arguments, with their values."),
        TYPED_FIELDS,
        Option(
            "gives",
            Takes.NAME,
            "What it gives for a row: a mapping (`one`), that or None (`maybe`), or a list of them (`many`).",
            default="one",
            choices=("one", "maybe", "many"),
        ),
        Option(
            "batch", Takes.INT, "How many rows it is given at a time; one by one when not given.", min=1, max=10_000
        ),
        Option("timeout", Takes.NUMBER, "The most seconds that a call may take.", default=60, min=0.01, max=86_400),
    )

    def flow(self, view: StepView) -> RecordType:
        view.value("timeout")
        view.value("batch")
        taken: list[str] = view.option("takes")
        for index, name in enumerate(taken):
            view.has_field(name, (*view.path("takes"), index))
        extra = list(view.option("with") or {})
        for name in extra:
            scope = view.params_scope() if view.given("batch") else view.row_scope()
            view.content((*view.path("with"), name), scope)
            if name in taken and not view.given("batch"):
                told = f"`{name}` is an argument already, under `takes`"
                view.sink.report(BAD_VALUE, view.document.key_span((*view.path("with"), name)), told)
        if view.given("batch"):
            view.function(view.path("function"), extra, positional=1)
        else:
            view.function(view.path("function"), list(dict.fromkeys([*taken, *extra])))
        fields = TypedFields.of(view.option("fields")).types
        view.writes(fields, view.path("fields"))
        return RecordType({**view.input.fields, **fields}, view.input.open)

    def makes(self, view: StepView) -> Cardinality:
        if view.given("batch"):
            return Cardinality.SET
        one = {"one": Cardinality.ONE, "maybe": Cardinality.AT_MOST_ONE}
        return one.get(view.option("gives"), Cardinality.MANY)

    def remarks(self, view: StepView) -> Mapping[str, str]:
        return {"function": f"calls {view.option('function')}"}

    def bind(self, step: BoundStep) -> CallStep | SetStep:
        calling = _Calling(step)
        return SetStep(calling.batches) if calling.batch else CallStep(calling.row)


class _Calling:
    def __init__(self, step: BoundStep) -> None:
        from atk_interp.foreign.workers import Workers  # imported late: a check runs nothing

        self.step = step
        timeout = step.value("timeout")
        if not isinstance(timeout, int | float) or isinstance(timeout, bool) or timeout <= 0:
            raise StepStopped(f"`timeout` of step `{step.name}` is {timeout}, and not a number above 0")
        self.function = step.view.functions[step.view.path("function")]
        self.workers: Workers = Workers(self.function, float(timeout))
        self.takes: list[str] = step.view.option("takes")
        path = step.view.path("with")
        self.extra: dict[str, Closure] = {name: step.content((*path, name)) for name in step.view.option("with") or {}}
        self.fields = TypedFields.of(step.view.option("fields"))
        self.batch = step.whole("batch")
        self.gives: str = step.view.option("gives")

    async def row(self, row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        """What the function makes of one row."""
        names = self.step.names(row)
        arguments = {**self._taken(row), **{name: value(names) for name, value in self.extra.items()}}
        with self._told():
            value = await self.workers.acall(**arguments)
        return self._made(row, value)

    def batches(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
        """What the function makes of the rows, batch by batch."""
        extra = {name: value(self.step.base) for name, value in self.extra.items()}
        while batch := list(islice(rows, self.batch)):
            try:
                results = self._results(batch, extra)
            except RowFailed as error:
                yield from (Dropped(row, "rejected", str(error)) for row in batch)
                continue
            for row, result in zip(batch, results, strict=True):
                try:
                    made = self._made(row, result)
                except RowFailed as error:
                    made = Dropped(row, "rejected", str(error))
                yield from [made] if isinstance(made, Dropped) else made

    def _results(self, batch: list[Row], extra: Mapping[str, Value]) -> list[Value]:
        with self._told():
            results = self.workers.call([self._taken(row) for row in batch], **extra)
        if not isinstance(results, list) or len(results) != len(batch):
            found = f"{len(results)}" if isinstance(results, list) else "no list"
            raise RowFailed(f"`{self.function.reference}` gave {found} of {len(batch)} results for a batch")
        return results

    def _taken(self, row: Row) -> dict[str, Value]:
        return {name: row.fields.get(name) for name in self.takes}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Failures of the function as those of a row, or of the step."""
        try:
            yield
        except Failed as error:
            raise RowFailed(f"`{self.function.reference}`: {error}") from None
        except CannotLoad as error:
            raise StepStopped(f"step `{self.step.name}`: {error}", error.help) from None

    def _made(self, row: Row, value: Value) -> list[Row] | Dropped:
        """The rows of a result. Raises `RowFailed` when it is not what was declared."""
        where = f"`{self.function.reference}`"
        if self.gives == "many":
            if not isinstance(value, list):
                raise RowFailed(f"{where} gave no list")
            if not value:
                return Dropped(row, "filtered", f"{where} gave nothing")
            return list(self._children(row, [self._read(item, where) for item in value]))
        if value is None and self.gives == "maybe":
            return Dropped(row, "filtered", f"{where} gave nothing")
        return [row.replaced({**row.fields, **self._read(value, where)})]

    def _children(self, row: Row, made: list[dict[str, Value]]) -> Iterator[Row]:
        seen: dict[bytes, int] = {}
        for index, fields in enumerate(made):
            content = canonical(fields)
            ordinal = seen.get(content, 0)
            seen[content] = ordinal + 1
            id_ = row_id(row.id, ["python", fields, ordinal])
            yield Row(id_, row.source, (*row.order, index), {**row.fields, **fields}, row.id)

    def _read(self, value: Value, where: str) -> dict[str, Value]:
        try:
            return self.fields.read(value)
        except ValueError as error:
            raise RowFailed(f"{where} gave {error}") from None

"""The `reduce` kind."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from atk_interp.expressions.types import ANY, INT, ListType, RecordType, Type, maybe
from atk_interp.kinds.base import (
    ASKING_OPTIONS,
    EXAMPLES,
    REJECTING_OPTIONS,
    Answer,
    Asker,
    BoundStep,
    CallStep,
    Cardinality,
    Dropped,
    RowFailed,
    SetContext,
    SetStep,
    StepContext,
    StepKind,
    StepView,
    check_asking,
    check_examples,
    check_stopping,
    expression_paths,
    key_of,
    keyed,
    place,
)
from atk_interp.kinds.base.asking import Failure, computed, tell_answers, weight_of
from atk_interp.kinds.base.codes import BAD_PARSE, SHADOWED_PARAMETER
from atk_interp.kinds.base.nested import Collected
from atk_interp.kinds.base.sorting import sort_place
from atk_interp.records import dataclass
from atk_interp.spec import Option, Takes
from atk_interp.tokens import count_tokens
from atk_interp.values import Row, Value, content_hash

__all__ = ["Reduce"]

_MARK = "(items)"
"""The field with the items of a group; no field of a spec can have this name."""

_GIVEN = ("items", "so_far", "count")
"""What the prompt sees of a group beside the fields under `first`."""

_ROOM = 0.9
"""The part of a context that is filled: models do not count tokens as we do."""

_MESSAGE_TOKENS = 4
"""What a message takes beside its content, roughly."""


class Reduce(StepKind):
    """Ask a model about a group of rows, and make one row of what it answers.

    `by` is an expression or a list of them; without it all rows are one group. The prompt sees `items`, a list with a
    record for each row of the group, in the order of the rows or by `order`; the values of the fields under `first`,
    which are those of the first row; and `count`, the size of the group. A group that is too long is folded: the prompt
    gets as many items as `batch` and `max_tokens` allow, then the next ones together with `so_far`, the fields of the
    reply before (null at first), and so on. The last reply makes the row. Which items go together follows from the
    rows and the replies alone, and every reply is in the ledger, so a run that was interrupted in the middle of a
    group goes on there. A group for which one of the replies is not acceptable in all its attempts is rejected. The
    row has the fields of `parse`, those of `first`, and `count`; rows stand in the order of the first rows of their
    groups. Memory: the groups that are asked about; all others wait on disk.
    """

    name = "reduce"
    cardinality = Cardinality.MERGED
    asks_model = True
    tells_calls = True
    options = (
        *ASKING_OPTIONS,
        Option("by", Takes.EXPRESSIONS, "What the rows of a group have in common; without it all are one group."),
        Option("order", Takes.EXPRESSIONS, "What the items of a group are sorted by, in place of the order of rows."),
        Option("item", Takes.FIELDS, "What an item of `items` has, each from a value per row; else all its fields."),
        Option("first", Takes.NAMES, "Fields to take from the first row of the group."),
        Option("batch", Takes.INT, "How many items a prompt has at most.", min=1),
        Option(
            "max_tokens",
            Takes.INT,
            "The most tokens of a prompt with its items; if not given, what fits into the `context_tokens` of the "
            "model beside its longest reply. One item goes in any case.",
            min=1,
        ),
        *REJECTING_OPTIONS,
        EXAMPLES,
    )

    def flow(self, view: StepView) -> RecordType:
        for option in ("by", "order"):
            for path in expression_paths(view, option):
                view.expression(path, view.row_scope())
        item = _item(view)
        first = _first(view)
        for option in ("batch", "max_tokens"):
            view.value(option)
        fields = view.parse()
        if view.reader is not None and view.reader.many:
            view.sink.report(
                BAD_PARSE,
                view.document.key_span((*view.path("parse"), "many")),
                "a group becomes one row, and with `many` a reply holds several",
                help="remove `many: true`, and read a list: `parse: {json: …}` or `parse: {list: …}`",
            )
        view.writes({"count": INT}, view.step.path)
        so_far = maybe(RecordType(fields, open=view.parse_is_broken))
        seen = {**first, "count": INT, "items": ListType(item), "so_far": so_far}
        hints = {name: f"write `item.{name}` within `{{% for item in items %}}`" for name in item.fields}
        asking = view.about(RecordType(seen), hints)
        check_asking(asking, fields)
        check_stopping(view)
        check_examples(asking, fields, asks=None, filters=False)
        if view.option("on_reject") == "keep":
            why = f"is null where step `{view.step.name}` got no reply that it could accept"
            view.causes.update({name: f"`{name}` {why}" for name in fields})
            return RecordType({**first, "count": INT, **{name: maybe(type_) for name, type_ in fields.items()}})
        made = RecordType({**first, "count": INT, **fields}, view.parse_is_broken)
        for label in view.option("accept") or ():
            made = view.narrowed(made, (*view.path("accept"), label))
        return made

    def remarks(self, view: StepView) -> Mapping[str, str]:
        size = [f"at most {view.option('batch')} items"] if view.given("batch") else []
        size += [f"at most {view.option('max_tokens')} tokens"] if view.given("max_tokens") else []
        return {"folded": f"{' and '.join(size)} in a prompt"} if size else {}

    def bind(self, step: BoundStep) -> Collected:
        gather = SetStep(_Gathering(step).apply, loses="merged")
        return Collected(gather, CallStep(_Fold(step).apply), _MARK, ("by", "order", "item", "first"))


def _item(view: StepView) -> RecordType:
    """What the prompt sees of a row."""
    if not view.given("item"):
        return view.input
    path = view.path("item")
    return RecordType({name: view.content((*path, name), view.row_scope()) for name in view.option("item")})


def _first(view: StepView) -> dict[str, Type]:
    """The fields of the first row, checked; none of them may hide what a prompt sees of the group."""
    found: dict[str, Type] = {}
    for index, name in enumerate(view.option("first") or ()):
        path = (*view.path("first"), index)
        if name in _GIVEN:
            told = f"`{name}` is what the prompt sees of the group, so a field of this name has no place beside it"
            view.sink.report(SHADOWED_PARAMETER, view.document.span(path), told, help="rename the field before")
        elif view.has_field(name, path):
            found[name] = view.input.fields.get(name, ANY)
    return found


class _Gathering:
    """Makes a row of each group, with its items under `_MARK`."""

    def __init__(self, step: BoundStep) -> None:
        self.step = step
        view = step.view
        self.key = key_of(step, "by") or (lambda row: b"")
        self.order = [step.rule(path) for path in expression_paths(view, "order")]
        self.item = step.content(view.path("item")) if view.given("item") else None
        self.first: list[str] = view.option("first") or []

    def apply(self, rows: Iterator[Row], context: SetContext) -> Iterator[Row | Dropped]:
        sorted_, groups = context.scratch(), context.scratch()
        lost: list[Dropped] = []
        for key, row in keyed(rows, self.key, lost):
            try:
                member = self._member(row, key)
            except RowFailed as error:
                lost.append(Dropped(row, "rejected", str(error)))
            else:
                sorted_.put(key, member)
        yield from lost
        for _, members in itertools.groupby(sorted_.rows(), lambda row: row.fields["key"]):
            group = list(members)
            made = self._made(group)
            context.merged(made, [member.id for member in group])
            groups.put(place(made), made)
        yield from groups.rows()

    def _member(self, row: Row, key: bytes) -> Row:
        names = self.step.names(row)
        order = b"".join(sort_place("order", rule(names)) for rule in self.order)
        item = dict(row.fields) if self.item is None else self.item(names)
        kept: dict[str, Value] = {name: row.fields.get(name) for name in self.first}
        return row.replaced({"key": key.hex(), "order": order.hex(), "item": item, "kept": kept})

    def _made(self, members: list[Row]) -> Row:
        head, kept = members[0], members[0].fields["kept"]
        assert isinstance(kept, dict)
        ordered = sorted(members, key=lambda member: str(member.fields["order"]))
        items: list[Value] = [member.fields["item"] for member in ordered]
        id_ = content_hash("atk-reduce-v1", [member.id for member in ordered])[:20]
        return Row(id_, head.source, head.order, {**kept, "count": len(members), _MARK: items})


@dataclass(frozen=True)
class _Group:
    """A group while it is folded: its row, with the fields that all its prompts see."""

    row: Row
    shared: Mapping[str, Value]
    items: list[Value]

    @staticmethod
    def of(row: Row) -> _Group:
        items = row.fields[_MARK]
        assert isinstance(items, list)
        return _Group(row, {name: value for name, value in row.fields.items() if name != _MARK}, items)

    def asked(self, begin: int, count: int, so_far: Value) -> Row:
        """The row that a prompt with so many of the items is about."""
        return self.row.replaced({**self.shared, "items": self.items[begin : begin + count], "so_far": so_far})

    def made(self, fields: Mapping[str, Value]) -> Row:
        return self.row.replaced({**self.shared, **fields})


class _Fold:
    def __init__(self, step: BoundStep) -> None:
        self.step = step
        self.asker = Asker(step)
        self.batch = step.whole("batch")
        self.room = step.whole("max_tokens") or self._context_room()
        self.keeps = step.view.option("on_reject") == "keep"

    def _context_room(self) -> int | None:
        """Tokens that a prompt may have beside the longest reply; None when nothing is known of the model."""
        context = self.asker.endpoint.context_tokens
        reply = self.asker.sampling.get("max_tokens")
        return None if context is None else max(1, int(_ROOM * context) - (reply if isinstance(reply, int) else 0))

    async def apply(self, row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        group = row if _MARK in row.fields else row.replaced(_as_example(row))
        return await self._folded(_Group.of(group), context)

    async def _folded(self, group: _Group, context: StepContext) -> Iterable[Row] | Dropped:
        number, done, so_far = 0, 0, group.row.fields.get("so_far")
        answers: list[Answer] = []
        most = min(len(group.items), self.batch or len(group.items))
        weight = weight_of(group.items)
        while True:
            most = min(most, len(group.items) - done)
            try:
                count = await computed(weight, self._fitting, group, done, most, so_far)
            except RowFailed as error:
                return Dropped(group.asked(done, 1, so_far), "rejected", str(error))
            asked = group.asked(done, count, so_far)
            answer = await self.asker.ask(asked, context, number)
            if isinstance(answer, Failure):
                if answer.is_too_long and count > 1:
                    most = count // 2
                    continue
                return self._rejected(group, asked, answer, context)
            answers.append(answer)
            number, done, so_far = number + 1, done + count, dict(answer.readings[0])
            if done >= len(group.items):
                made = group.made(answer.readings[0])
                tell_answers(made, answers, context)
                return (made,)

    def _fitting(self, group: _Group, begin: int, most: int, so_far: Value) -> int:
        """How many items go into the next prompt: as many as there is room for, and at least one."""
        if self.room is None or most <= 1:
            return most
        room = self.room

        def is_too_long(count: int) -> bool:
            names = {**self.step.names(group.asked(begin, count, so_far)), "sample": 0, "attempt": 0}
            sent = self.asker.render(names)
            return sum(count_tokens(content) + _MESSAGE_TOKENS for _, content in sent) > room

        known = 1  # a single item goes, however long it is
        while known < most and not is_too_long(min(2 * known, most)):
            known = min(2 * known, most)
        if known == most:
            return most
        counts = range(known + 1, min(2 * known, most))
        return known + bisect_left(counts, True, key=is_too_long)

    def _rejected(self, group: _Group, asked: Row, failure: Failure, context: StepContext) -> Iterable[Row] | Dropped:
        if not self.keeps:
            return Dropped(asked, "rejected", failure.label, failure.attempts)
        context.refused(Dropped(asked, "rejected", failure.label, failure.attempts, kept=True))
        return (group.made(dict.fromkeys(self.asker.reader.fields)),)


def _as_example(row: Row) -> dict[str, Value]:
    """The fields of a group of which an example gives some, or none."""
    items = row.fields.get("items")
    given: list[Value] = items if isinstance(items, list) and items else [None]
    return {"count": len(given), **{name: value for name, value in row.fields.items() if name != "items"}, _MARK: given}

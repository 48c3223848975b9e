"""The `vote` kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations_with_replacement, product
from typing import Any

from atk_interp.expressions.types import BoolType, ListType, RecordType, TextType, maybe
from atk_interp.kinds.base import (
    EXAMPLES,
    REJECTING_OPTIONS,
    Answer,
    Asker,
    Attempt,
    BoundStep,
    CallStep,
    Cardinality,
    Dropped,
    RowFailed,
    StepContext,
    StepKind,
    StepView,
    check_examples,
    check_stopping,
)
from atk_interp.kinds.base.asking import Failure
from atk_interp.kinds.base.codes import BAD_PARSE
from atk_interp.kinds.base.questions import JURY_OPTIONS, ONE_OR_SEVERAL, Questions, check_questions
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, Value

__all__ = ["Vote"]

_MAX_COMPLETIONS = 2_000
"""How many ways in which the open votes may fall are tried before one more vote is rather asked for."""

_NO_VOTE = "no vote could be read"


class Vote(StepKind):
    """Ask several times, and let the row pass when a rule over the votes holds.

    The fields of `parse` become lists with one element per vote; `pass` is a rule over them. A vote without an
    acceptable reply in all its attempts is no vote: it is neither for nor against. Asking stops as soon as no
    vote still open could change the outcome; votes are taken in their order, so the outcome does not depend on
    which reply came first. With several `models` or `prompts` the votes are asked of them in turn, as of a jury. A row
    that is voted down is filtered, with the raw replies kept; one
    of which no vote can be read is rejected.
    """

    name = "vote"
    cardinality = Cardinality.AT_MOST_ONE
    asks_model = True
    tells_calls = True
    needs = ONE_OR_SEVERAL
    options = (
        *JURY_OPTIONS,
        Option("votes", Takes.INT, "How many votes to take at most.", required=True, min=1, max=101),
        Option("pass", Takes.EXPRESSION, "The rule over the votes.", required=True),
        *REJECTING_OPTIONS,
        EXAMPLES,
    )

    def flow(self, view: StepView) -> RecordType:
        fields = {name: ListType(type_) for name, type_ in check_questions(view).items()}
        if view.reader is not None and view.reader.many:
            view.sink.report(
                BAD_PARSE,
                view.document.key_span((*view.path("parse"), "many")),
                "a vote is one reading, and with `many` a reply holds several",
                help="remove `many: true`",
            )
        check_stopping(view)
        view.value("votes")
        view.expression(view.path("pass"), view.row_scope(fields))
        check_examples(view, fields, asks="votes", labels=(_NO_VOTE,))
        if view.option("on_reject") == "keep":
            why = f"is null where no vote of step `{view.step.name}` could be read"
            view.causes.update({name: f"`{name}` {why}" for name in fields})
            written = {name: maybe(type_) for name, type_ in fields.items()}
            return RecordType({**view.input.fields, **written}, view.input.open)
        return RecordType({**view.input.fields, **fields}, view.input.open)

    def bind(self, step: BoundStep) -> CallStep:
        ballot = _Ballot(step)
        return CallStep(ballot.apply, ballot.questions.prompt, ballot.votes)


class _Ballot:
    def __init__(self, step: BoundStep) -> None:
        self.step = step
        self.votes = step.whole("votes") or 1
        self.questions = Questions(step, self.votes, in_turn=True)
        self.asker = self.questions.first
        path = step.view.path("pass")
        self.rule = step.rule(path)
        self.keeps = step.view.option("on_reject") == "keep"
        self.label = f"voted down: {step.view.expressions[path].text.value.strip()}"
        self.fields = list(self.asker.reader.fields)
        self.choices = _choices(self.asker)
        of_votes_alone = {*self.fields, *step.params, "seed"}
        self.needs_row = not of_votes_alone.issuperset(step.view.expressions[path].names)
        self.first = self._fewest_that_decide()

    async def apply(self, row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        names = self.step.names(row)
        questions = self.questions.of(row, context.first_sample(row))
        cast: list[dict[str, Value]] = []
        record: list[Attempt] = []
        void: list[Failure] = []
        answers: list[tuple[int, Answer]] = []
        asked = 0
        while asked < self.votes:
            wanted = self.first if asked == 0 else 1
            from asyncio import TaskGroup  # imported late: linting starts no event loop

            async with TaskGroup() as group:
                numbers = range(asked, min(asked + wanted, self.votes))
                tasks = [group.create_task(questions[sample].answer(context)) for sample in numbers]
            for sample, task in zip(numbers, tasks, strict=True):
                answer = task.result()
                record.extend(answer.attempts)
                if isinstance(answer, Failure):
                    void.append(answer)
                else:
                    cast.append(answer.readings[0])
                    answers.append((sample, answer))
                    record.append(Attempt(sample, len(answer.attempts), "vote", answer.reply.text, answer.reply.finish))
            asked += len(numbers)
            if cast and self._decided(names, cast, self.votes - asked):
                break
        if not cast:
            label = _NO_VOTE if record else void[-1].label  # nothing was asked: the prompt failed
            if self.keeps:
                context.refused(Dropped(row, "rejected", label, tuple(record), kept=True))
                return (row.replaced({**row.fields, **dict.fromkeys(self.fields)}),)
            return Dropped(row, "rejected", label, tuple(record))
        lists: dict[str, Value] = {**_columns(self.fields, cast)}
        voted = row.replaced({**row.fields, **lists})
        try:
            if not self.rule({**names, **lists}):
                return Dropped(voted, "filtered", self.label, tuple(record))
        except RowFailed as error:
            return Dropped(voted, "rejected", str(error), tuple(record))
        for failure in void:
            context.refused(Dropped(row, "rejected", failure.label, failure.attempts))
        if context.wants_calls:
            for sample, answer in answers:
                if self._agrees(names, answer.readings[0], len(cast)):
                    context.accepted(answer.accepted((voted,), sample))
        return (voted,)

    def _agrees(self, names: dict[str, Any], vote: dict[str, Value], votes: int) -> bool:
        """Whether the row would pass as well had all votes been this one."""
        try:
            return bool(self.rule({**names, **_columns(self.fields, [vote] * votes)}))
        except RowFailed:
            return False

    def _decided(self, names: dict[str, Any], cast: list[dict[str, Value]], open_votes: int) -> bool:
        """Whether the rule gives one outcome however the open votes fall, including that they are void."""
        if open_votes == 0:
            return True
        if self.choices is None:
            return False
        outcomes: set[bool] = set()
        for tried, completion in enumerate(_completions(self.choices, open_votes)):
            if tried == _MAX_COMPLETIONS:
                return False
            lists = _columns(self.fields, [*cast, *completion])
            try:
                outcomes.add(bool(self.rule({**names, **lists})))
            except RowFailed:  # the rule wants more votes than these
                return False
            if len(outcomes) > 1:
                return False
        return True

    def _fewest_that_decide(self) -> int:
        """The smallest number of equal votes after which nothing can change: these are asked for at once."""
        if self.choices is None:
            return self.votes
        if self.needs_row:
            return 1
        for count in range(1, self.votes):
            if any(self._decided(self.step.base, [choice] * count, self.votes - count) for choice in self.choices):
                return count
        return self.votes


def _choices(asker: Asker) -> list[dict[str, Value]] | None:
    """What one vote can be, when that is a short list."""
    if len(asker.reader.fields) != 1:
        return None
    name, type_ = next(iter(asker.reader.fields.items()))
    if isinstance(type_, BoolType):
        return [{name: True}, {name: False}]
    if isinstance(type_, TextType) and type_.choices is not None:
        return [{name: choice} for choice in type_.choices]
    return None


def _completions(choices: list[dict[str, Value]], open_votes: int) -> Iterator[tuple[dict[str, Value], ...]]:
    """The ways in which open votes may fall; fewer votes than are open, where some turn out void.

    Every order of them while that is a short list, otherwise one order of each: a rule over many votes counts them.
    """
    lengths = range(open_votes + 1)
    if sum(len(choices) ** count for count in lengths) <= _MAX_COMPLETIONS:
        return chain.from_iterable(product(choices, repeat=count) for count in lengths)
    return chain.from_iterable(combinations_with_replacement(choices, count) for count in lengths)


def _columns(fields: list[str], cast: list[dict[str, Value]]) -> dict[str, list[Value]]:
    return {name: [vote[name] for vote in cast] for name in fields}

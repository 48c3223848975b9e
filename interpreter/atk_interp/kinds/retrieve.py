"""The `retrieve` kind."""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import BOOL, FLOAT, AnyType, ListType, RecordType, TextType, Type, without_null
from atk_interp.kinds.base import (
    BoundStep,
    Cardinality,
    Example,
    SetStep,
    StepKind,
    StepView,
    check_one_at_most,
    expression_paths,
)
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.retrieving import Retrieving
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, MISSING_KEY

__all__ = ["Retrieve"]


class Retrieve(StepKind):
    """Give each row those rows of another step that are nearest to it.

    ```yaml
    context:
      kind: retrieve
      from: questions
      with: passages
      query: question          # what is looked for, an expression over the row
      text: text               # in what, an expression over the rows of `with`
      k: 3
      take: [text]
      into: passages           # a list of records: `text`, and `score`
    ```

    `how: bm25` goes by common words (Okapi BM25; in Chinese, Japanese or Thai by characters and pairs of them), `how:
    embeddings` by the cosine between the vectors that the slot `model` makes, and `how: random` by neither: any rows
    may come, drawn by hash, and then there are no `query`, `text` and scores. The nearest come first, and of equally
    near ones the first. Every row comes out, with a shorter list, or an empty one, where too little is near it:
    only what scores at least `min_score` is, and `exclude` is an expression over the row, with the other row as
    `other`, that says what must not come.

    **Its own.** The row of `with` that a row is, or was made from, is its own; with `own_by` the rows for which that
    expression gives the same on both sides. `exclude_self: true` leaves its own out. `include_self: true` makes sure
    of it: one of its own is among those given, and a row that has none is rejected. `wrong: 0.1` gives that share of
    the rows, drawn by hash, none of their own, and `tell: misled` says of each row in the field `misled` whether it is
    one of them. For training on what a search has found, right or wrong:

    ```yaml
    found: {kind: retrieve, from: questions, with: passages, how: random, k: 3, k_min: 1, shuffle: true,
            include_self: true, own_by: passage, wrong: 0.4, tell: misled, take: [text], into: found}
    ```

    With `how: random` and `include_self` its own, unless it happens to be drawn, takes the last place of the list, so
    the order gives it away to whoever is trained on it: write `shuffle: true`, as here.

    `k_min` draws for each row how many it is given, from `k_min` to `k`, and `shuffle` puts them in a drawn order. What
    is drawn follows from the seed and the contents of the rows.

    Memory: for `bm25` 12 bytes for each different word of each row of `with`, for `embeddings` 4 for each number of its
    vector; the rows wait on disk. Rows of `with` that no row is given are counted as filtered, the others as merged.
    With numpy, which the extra `embeddings` brings, comparing vectors is much faster, and gives the same.
    """

    name = "retrieve"
    cardinality = Cardinality.JOINED
    asks_model = True
    options = (
        Option("with", Takes.STEP, "The step whose rows are looked through.", required=True),
        Option("into", Takes.NAME, "The field for the list of what was found.", required=True),
        Option("take", Takes.NAMES, "The fields that are taken of each row found; all when not given."),
        Option("k", Takes.INT, "How many rows are given, at most.", default=3, min=1, max=1000),
        Option("k_min", Takes.INT, "Draw how many are given, from so many to `k`.", min=1, max=1000),
        Option(
            "how",
            Takes.NAME,
            "By common words (`bm25`), by meaning (`embeddings`), or by chance (`random`).",
            default="bm25",
            choices=("bm25", "embeddings", "random"),
        ),
        Option("query", Takes.EXPRESSION, "A text over the row: what is looked for."),
        Option("text", Takes.EXPRESSION, "A text over the rows of `with`: where it is looked for."),
        Option("model", Takes.NAME, "With `embeddings`: the model slot that makes the vectors."),
        Option("min_score", Takes.NUMBER, "The least score with which a row is near."),
        Option(
            "exclude", Takes.EXPRESSION, "What must not come: an expression over the row, and the other as `other`."
        ),
        Option("own_by", Takes.EXPRESSIONS, "What a row and its own have in common, as both sides have it."),
        Option("exclude_self", Takes.BOOL, "Leave a row's own out.", default=False),
        Option("include_self", Takes.BOOL, "See to it that one of a row's own is given.", default=False),
        Option("wrong", Takes.NUMBER, "The share of the rows that are given none of their own.", min=0, max=1),
        Option("tell", Takes.NAME, "The field that says whether a row was given none of its own by `wrong`."),
        Option("shuffle", Takes.BOOL, "Give them in a drawn order.", default=False),
    )
    examples = (
        Example(
            {"with": "notes", "query": "q", "text": "note", "k": 1, "take": ["n"], "into": "found"},
            [{"q": "mill by the river"}, {"q": "stars"}],
            [
                {"q": "mill by the river", "found": [{"score": 1.509826, "n": 2}]},
                {"q": "stars", "found": []},
            ],
            others={"with": [{"note": "the new bridge", "n": 1}, {"note": "river mill", "n": 2}]},
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        other = view.beside("with")
        for name in ("k", "k_min", "min_score", "exclude_self", "include_self", "wrong", "shuffle"):
            view.value(name)
        check_one_at_most(view, ["exclude_self", "include_self"])
        least, most = view.option("k_min"), view.option("k")
        if isinstance(least, int) and isinstance(most, int) and least > most:
            told = f"`k_min` is {least}, and `k` is {most}"
            view.sink.report(BAD_VALUE, view.document.span(view.path("k_min")), told, help="write the smaller number")
        self._check_way(view, other)
        for path in expression_paths(view, "own_by"):
            view.expression(path, view.row_scope())
            other.expression(path, other.row_scope())
        if view.given("exclude"):
            view.expression(view.path("exclude"), view.row_scope({"other": other.input}))
        if view.given("tell") and not view.given("wrong"):
            told = "`tell` has nothing to tell without `wrong`"
            view.sink.report(BAD_VALUE, view.document.key_span(view.path("tell")), told, help="add `wrong: 0.1`")
        for index, name in enumerate(view.option("take") or ()):
            other.has_field(name, (*view.path("take"), index))
        return self._made(view, other)

    def _made(self, view: StepView, other: StepView) -> RecordType:
        names = view.option("take") or list(other.input.fields)
        fields = {name: type_ for name, type_ in other.input.fields.items() if name in names}
        is_open = other.input.open and not view.given("take")
        if view.option("how") != "random":
            if "score" in fields:
                place = view.path("take" if view.given("take") else "with")
                told = "a row found has its score under `score`, and rows of `with` have a field of this name"
                view.sink.report(BAD_VALUE, view.document.span(place), told, help="choose other fields with `take`")
            fields = {"score": FLOAT, **fields}
        added: dict[str, Type] = {view.option("into"): ListType(RecordType(fields, open=is_open))}
        if view.given("tell"):
            added[view.option("tell")] = BOOL
        view.writes(added, view.path("into"))
        return RecordType({**view.input.fields, **added}, view.input.open)

    def _check_way(self, view: StepView, other: StepView) -> None:
        """Report keys that the way of finding needs, or has no use for."""
        how = view.option("how")
        needed = {"bm25": ["query", "text"], "embeddings": ["query", "text", "model"], "random": []}[how]
        for name in needed:
            if not view.given(name):
                told = f"`how: {how}` needs `{name}`"
                view.sink.report(MISSING_KEY, view.document.key_span(view.step.path), told, help=f"add `{name}:`")
        for name in ("query", "text", "model", "min_score"):
            if view.given(name) and name not in needed and not (name == "min_score" and needed):
                told = f"`{name}` has no effect with `how: {how}`"
                ways = "`how: embeddings`" if name == "model" else "`how: bm25`"
                view.sink.report(BAD_VALUE, view.document.key_span(view.path(name)), told, help=f"write {ways}")
        if view.given("model"):
            view.slot(embeds=True)
        for side, name in ((view, "query"), (other, "text")):
            if not view.given(name):
                continue
            found = side.expression(view.path(name), side.row_scope())
            if not isinstance(without_null(found), TextType | AnyType):
                told = f"`{name}` takes text, and this is {type_in_words(found)}"
                view.sink.report(WRONG_VALUE_TYPE, view.document.span(view.path(name)), told)

    def remarks(self, view: StepView) -> Mapping[str, str]:
        return {"from": "each row, with what is found for it", "with": "looked through"}

    def bind(self, step: BoundStep) -> SetStep:
        return SetStep(Retrieving(step).apply)

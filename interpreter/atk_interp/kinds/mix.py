"""The `mix` kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions.types import RecordType
from atk_interp.kinds.base import BoundStep, Cardinality, Example, SetStep, StepKind, StepView
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.mixing import Mixing
from atk_interp.kinds.base.proportions import NUMBERS, Part, Unmixable, asked_range
from atk_interp.kinds.base.written import is_formula, misfit, settled_number
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, KEYS_AT_ODDS

__all__ = ["Mix"]

_NUMBER: dict[str, Any] = {"type": ["number", "formula"], "min": 0}
_PART = {
    **dict.fromkeys(NUMBERS, _NUMBER),
    "of": {"type": "string"},
    "by": {"type": "string"},
    "repeat": {"type": ["boolean", "formula"]},
}


class Mix(StepKind):
    """Bring the rows of several steps together in given proportions.

    `parts` says for each of the steps under `from` how much of it goes in: a `share` of the whole, a `ratio` to another
    part (`{ratio: 0.3, of: domain}`), an `amount`, or all of it (`{}`); never less than `min` nor more than `max`.
    These are rows, or whatever `size` measures (`size: text | tokens`). The whole is `total`, or what follows from the
    parts that are not shares, or as much as the scarcest part allows. A part that is too short goes in whole, which is
    a serious warning, or more than once with `repeat: true`.

    A part with `by` is several: one of the rows of each value of that expression, such as the name of a dataset. Its
    numbers may then name fields of the rows, which are the same in all of one value: `{by: dataset.name, ratio:
    =dataset.share, of: domain}`.

    Which rows are taken follows from the hashes of their contents, so adding rows does not reshuffle the others; the
    rows of all parts come out shuffled in the same way, or one part after the other (`order: parts`). What was taken of
    each part is told in a notice. Memory: none to speak of; the rows wait on disk.
    """

    name = "mix"
    cardinality = Cardinality.SET
    options = (
        Option(
            "parts",
            Takes.STRUCTURE,
            "How much goes in of each step: `share`, `ratio` and `of`, `amount`, `min`, `max`, `repeat`, `by`.",
            required=True,
            schema={"type": "dict", "minlength": 1, "valuesrules": {"type": "dict", "schema": _PART}},
        ),
        Option("size", Takes.EXPRESSION, "What a row counts for, as a number; 1 when not given."),
        Option("total", Takes.NUMBER, "How much the whole has.", min=0),
        Option(
            "order",
            Takes.NAME,
            "Rows of all parts among one another (`shuffled`), or one part after the other (`parts`).",
            default="shuffled",
            choices=("shuffled", "parts"),
        ),
    )
    examples = (
        Example(
            {"parts": {"given": {"share": 1}}, "total": 2, "order": "parts"},
            [{"n": 1}, {"n": 2}, {"n": 3}],
            [{"n": 2}, {"n": 3}],
        ),
    )

    def flow(self, view: StepView) -> RecordType:
        view.value("total")
        if view.given("size"):
            told = misfit(view.expression(view.path("size"), view.row_scope()), Takes.NUMBER)
            if told is not None:
                view.sink.report(WRONG_VALUE_TYPE, view.document.span(view.path("size")), f"`size` {told}")
        for name in view.option("parts"):
            self._check_part(view, name)
        self._check_all_named(view)
        return view.input

    def _check_part(self, view: StepView, name: str) -> None:
        part, path = view.option("parts")[name], (*view.path("parts"), name)
        if name not in view.step.inputs:
            help_ = did_you_mean(name, view.step.inputs) or "add it to `from`"
            view.sink.report(BAD_VALUE, view.document.key_span(path), f"`{name}` is not under `from`", help=help_)
        if "by" in part:
            view.expression((*path, "by"), view.row_scope())
        scope = view.row_scope() if "by" in part else view.params_scope()
        for key in part:
            if key not in ("of", "by"):
                takes = Takes.BOOL if key == "repeat" else Takes.NUMBER
                view.check_value((*path, key), takes, scope)
        if "by" in part and "share" in part:
            told = "a share is of one part, and with `by` there are several"
            help_ = "write a `ratio` with `of`, or an `amount`"
            view.sink.report(KEYS_AT_ODDS, view.document.key_span((*path, "share")), told, help=help_)
        given = [key for key in ("share", "ratio", "amount") if key in part]
        for key in given[1:]:
            told = f"`{key}` and `{given[0]}` do not go together"
            view.sink.report(KEYS_AT_ODDS, view.document.key_span((*path, key)), told, help="keep one of them")
        others = {other for other, asked in view.option("parts").items() if "by" not in asked}
        if ("ratio" in part) != (part.get("of") in others):
            known = [other for other in others if other != name]
            help_ = did_you_mean(str(part.get("of", "")), known) or f"add `of: {known[0] if known else name}`"
            span = view.document.span((*path, "of")) if "of" in part else view.document.head_span(path)
            view.sink.report(BAD_VALUE, span, "`ratio` goes with `of`, which names another part", help=help_)

    def _check_all_named(self, view: StepView) -> None:
        lacking = [name for name in view.step.inputs if name not in view.option("parts")]
        for name in lacking:
            told = f"`parts` says nothing of `{name}`, which is under `from`"
            help_ = f"write `{name}: {{}}` for all of it"
            view.sink.report(BAD_VALUE, view.document.key_span(view.path("parts")), told, help=help_)
        shares = [part.get("share") for part in view.option("parts").values() if "share" in part]
        if any(map(is_formula, shares)):
            return
        span, whole = view.document.head_span(view.path("parts")), round(sum(shares), 6)
        if whole > 1:
            view.sink.report(BAD_VALUE, span, f"the shares add up to {whole:g}, which is more than 1")
        elif len(shares) == len(view.option("parts")) and whole < 1:
            told = f"the shares add up to {whole:g}, and there is no other part to fill up the whole"
            view.sink.report(BAD_VALUE, span, told, help="make them add up to 1; a third is `=1/3`")
        else:
            self._check_total(view)

    def _check_total(self, view: StepView) -> None:
        """Report a `total` that the parts cannot make, whatever there is of them, where all numbers are known."""
        total, parts = settled_number(view.spec, view.option("total")), view.option("parts")
        asked = {name: _settled(view, part) for name, part in parts.items()}
        if total is None or None in asked.values():
            return
        try:
            least, most = asked_range({name: part for name, part in asked.items() if part is not None}, total)
        except Unmixable:
            return  # told when the step runs
        spare = 1e-3 * total
        if least - spare <= total <= most + spare:
            return
        made = "make" if least == most else "make at least" if least > total else "make at most"
        told = f"the parts {made} {least if least > total else most:,g}, and `total` is {total:,g}"
        help_ = "change the amounts, shares or bounds, or leave `total` out"
        view.sink.report(BAD_VALUE, view.document.span(view.path("total")), told, help=help_)

    def bind(self, step: BoundStep) -> SetStep:
        return SetStep(Mixing(step).apply, reorders=True)


def _settled(view: StepView, part: Mapping[str, Any]) -> Part | None:
    """What is asked of a part; None where a number is not known before a run."""
    numbers = {key: settled_number(view.spec, part[key]) for key in NUMBERS if key in part}
    return None if None in numbers.values() or "by" in part else Part.of_numbers(numbers, part.get("of", ""))

"""The examples of a step that asks a model: replies with what the step must make of them.

They are checked here and tried by `atk-interp test`. A run knows nothing of them: they are part of no call and of no
row. `with` gives parameters their values for one example; a text as `reply` is what every sample and attempt gets,
a list has one reply per sample (per vote).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atk_interp.diagnostics import Code, Severity, did_you_mean
from atk_interp.document import Path
from atk_interp.expressions.kinds import Kind, kind_of, kinds_of, type_in_words, value_in_words
from atk_interp.expressions.types import ListType, MaybeType, RecordType, TextType, Type
from atk_interp.kinds.base.view import StepView
from atk_interp.records import dataclass
from atk_interp.replies import why_unusable
from atk_interp.spec.options import Option, Takes
from atk_interp.spec.params import check_value
from atk_interp.values import Value

__all__ = ["CODES", "EMPTY", "EXAMPLES", "REPEATED", "UNREADABLE", "StepExample", "check_examples", "examples_of"]

UNREADABLE = "the reply could not be read"
REPEATED = "the same was said before in the reply"
EMPTY = why_unusable("", "stop") or ""
"""Labels of what is refused before any rule of `accept` sees it, or beside them."""

BAD_EXAMPLE = Code(
    "ATK431",
    "bad-example",
    Severity.ERROR,
    finds="An example that does not say what becomes of its reply, or says what can never come of it.",
    why="It would prove nothing, or fail whatever the step does.",
    bad='examples:\n  - reply: "Verdict: suitable"',
    good='examples:\n  - reply: "Verdict: suitable"\n    expect: {verdict: suitable}',
)
UNKNOWN_EXAMPLE_FIELD = Code(
    "ATK432",
    "unknown-example-field",
    Severity.ERROR,
    finds="An example with a field that the rows do not have, that the reply does not give, or a parameter unknown.",
    why="Nothing would read it, or nothing could ever match it.",
    bad="expect: {verdit: suitable}",
    good="expect: {verdict: suitable}",
)
UNKNOWN_EXAMPLE_LABEL = Code(
    "ATK433",
    "unknown-example-label",
    Severity.ERROR,
    finds="An example that is rejected under a label which the step does not have.",
    why="No reply is ever refused under it.",
    bad="accept: {it is a question: …}\nexamples: [{reply: …, rejected: it is the question}]",
    good="accept: {it is a question: …}\nexamples: [{reply: …, rejected: it is a question}]",
)
WRONG_EXAMPLE_VALUE = Code(
    "ATK434",
    "wrong-example-value",
    Severity.ERROR,
    finds="A value in an example that its field or parameter cannot have.",
    why="The example would not be about rows and replies as they are.",
    bad="parse: {choice: [good, bad], into: verdict}\nexamples: [{reply: …, expect: {verdict: fine}}]",
    good="parse: {choice: [good, bad], into: verdict}\nexamples: [{reply: …, expect: {verdict: good}}]",
)

CODES = (BAD_EXAMPLE, UNKNOWN_EXAMPLE_FIELD, UNKNOWN_EXAMPLE_LABEL, WRONG_EXAMPLE_VALUE)

_OUTCOMES = ("passes", "filtered", "rejected")

EXAMPLES = Option(
    "examples",
    Takes.STRUCTURE,
    "Replies with what the step must make of them: `given` fields of a row, `with` parameters, the `reply`, and "
    "`expect` (fields), `passes`, `filtered` or `rejected` (a label, or true). `atk-interp test` tries them.",
    schema={
        "type": "list",
        "minlength": 1,
        "schema": {
            "type": "dict",
            "schema": {
                "description": {"type": "string", "meta": {"help": "For the reader."}},
                "given": {"type": "dict", "meta": {"help": "Fields of the row that is asked about."}},
                "with": {"type": "dict", "meta": {"help": "Values of parameters, over those of config and spec."}},
                "reply": {
                    "type": ["string", "list"],
                    "schema": {"type": "string"},
                    "required": True,
                    "meta": {"help": "What the model says; a list for several samples or votes."},
                },
                "expect": {"type": ["dict", "list"], "meta": {"help": "Fields of the row, or of each row, it makes."}},
                "passes": {"type": "boolean", "meta": {"help": "The row goes on."}},
                "filtered": {"type": "boolean", "meta": {"help": "The row is left out by `keep` or `pass`."}},
                "rejected": {
                    "type": ["string", "boolean"],
                    "meta": {"help": "The label under which the reply is refused; true for any."},
                },
            },
        },
    },
)


@dataclass(frozen=True)
class StepExample:
    """One example, as written. `expect` has an entry per row; None when the example says nothing of fields.

    `label` is the one that refuses the reply, or a part of it where `outcome` is `passes`; an empty one is any.
    """

    path: Path
    given: Mapping[str, Value]
    params: Mapping[str, Value]
    replies: tuple[str, ...]
    same_for_all: bool
    """Whether the one reply is for every sample."""
    expect: tuple[Mapping[str, Value], ...] | None
    outcome: str
    label: str | None


def examples_of(view: StepView) -> list[StepExample]:
    """The examples of a step that is free of findings."""
    found = view.option("examples") if view.given("examples") else ()
    return [_example(data, (*view.path("examples"), index)) for index, data in enumerate(found)]


def _example(data: Mapping[str, Any], path: Path) -> StepExample:
    reply, expect, rejected = data["reply"], data.get("expect"), data.get("rejected")
    outcome = "filtered" if data.get("filtered") else "rejected" if rejected and expect is None else "passes"
    return StepExample(
        path=path,
        given=data.get("given", {}),
        params=data.get("with", {}),
        replies=(reply,) if isinstance(reply, str) else tuple(reply),
        same_for_all=isinstance(reply, str),
        expect=None if expect is None else (expect,) if isinstance(expect, dict) else tuple(expect),
        outcome=outcome,
        label=rejected if isinstance(rejected, str) else "" if rejected else None,
    )


def check_examples(
    view: StepView,
    fields: Mapping[str, Type],
    *,
    asks: str | None = "",
    filters: bool = True,
    labels: tuple[str, ...] = (),
    several: bool = False,
) -> None:
    """Check the examples of a step. `fields` are those that it reads from a reply.

    `asks` is the option that says for how many replies, where it is not one (None for any number); `filters` whether
    the step can filter, `labels` are those of the step beside the ones that every asking step has; `several` tells that
    a row becomes more than one in any case.
    """
    if not view.given("examples"):
        return
    known = (*(view.option("accept") or {}), UNREADABLE, EMPTY, *labels)
    number = None if asks is None else view.option(asks) if asks else 1
    most = number if isinstance(number, int) and not several else None
    several = several or (view.reader is not None and (view.reader.many or (asks == "samples" and most != 1)))
    if view.reader is not None and view.reader.many:
        known = (*known, REPEATED)
    checked = _Checked(view, fields, known, most, several, filters)
    for index, data in enumerate(view.option("examples")):
        checked.example(data, (*view.path("examples"), index))


@dataclass(frozen=True)
class _Checked:
    """A step with what its examples may say. `several` is whether a row can become more than one."""

    view: StepView
    fields: Mapping[str, Type]
    labels: tuple[str, ...]
    most_replies: int | None
    several: bool
    filters: bool

    def example(self, data: Mapping[str, Any], path: Path) -> None:
        self._outcome(data, path)
        self._replies(data["reply"], (*path, "reply"))
        self._given(data.get("given", {}), (*path, "given"))
        self._params(data.get("with", {}), (*path, "with"))
        if not self.view.parse_is_broken:
            self._expect(data.get("expect"), (*path, "expect"))
        self._label(data.get("rejected"), (*path, "rejected"))

    def _bad(self, path: Path, told: str, help: str | None = None, *, key: bool = True) -> None:
        document = self.view.document
        self.view.sink.report(
            BAD_EXAMPLE, document.key_span(path) if key else document.head_span(path), told, help=help
        )

    def _outcome(self, data: Mapping[str, Any], path: Path) -> None:
        said = [key for key in _OUTCOMES if data.get(key)]
        unsaid = next((key for key in _OUTCOMES if data.get(key) in (False, "")), None)
        if unsaid is not None:
            self._bad((*path, unsaid), "this says nothing: write what becomes of the reply, not what does not")
        elif len(said) > 1:
            told = f"an example has one outcome, and this one has `{said[0]}` and `{said[1]}`"
            self._bad((*path, said[1]), told, "keep one of them")
        elif not said and "expect" not in data:
            help_ = "write `expect:` with fields, `passes: true`, " + ("`filtered: true` " if self.filters else "")
            told = "the example does not say what becomes of the reply"
            self._bad((*path, "reply"), told, help_ + "or `rejected:` with a label")
        elif "filtered" in said and not self.filters:
            help_ = "add `keep:`, or write `rejected:` with the label of an `accept` rule"
            self._bad((*path, "filtered"), "nothing is filtered here: the step has no `keep`", help_)
        elif "rejected" in said and "expect" in data and not self.several:
            help_ = "remove `expect`, or `rejected`"
            self._bad((*path, "expect"), "a reply that is rejected leaves no fields to expect", help_)

    def _replies(self, reply: Any, path: Path) -> None:
        if not isinstance(reply, list):
            return
        if not reply:
            self._bad(path, "there is no reply in the list")
        elif self.most_replies is not None and len(reply) > self.most_replies:
            wanted = "one reply" if self.most_replies == 1 else f"{self.most_replies} replies"
            told = f"the step asks for {wanted}, and the example has {len(reply)}"
            self._bad(path, told, "make an example of each" if self.most_replies == 1 else None)

    def _given(self, given: Mapping[str, Any], path: Path) -> None:
        view = self.view
        known: dict[str, Type] = {**view.constants, **view.input.fields}
        for name, value in given.items():
            if name in known:
                self._fits(value, known[name], (*path, name))
            elif name in view.spec.params:
                help_ = f"`{name}` is a parameter: give it under `with:`"
                self._unknown((*path, name), f"there is no field `{name}` here", (), help_)
            elif not view.input.open:
                notes, help_told = view.explain(name)
                near = help_told or did_you_mean(name, known)
                self._unknown((*path, name), f"there is no field `{name}` here", notes, near)

    def _params(self, params: Mapping[str, Any], path: Path) -> None:
        view = self.view
        for name, value in params.items():
            if name in view.spec.params:
                problem = check_value(view.spec.params[name], value)
                if problem:
                    view.sink.report(WRONG_EXAMPLE_VALUE, view.document.head_span((*path, name)), problem)
                continue
            help_ = f"`{name}` is a field: give it under `given:`" if name in view.input.fields else None
            near = help_ or did_you_mean(name, view.spec.params)
            self._unknown((*path, name), f"there is no parameter `{name}`", (), near)

    def _expect(self, expect: Any, path: Path) -> None:
        if isinstance(expect, list) and not self.several:
            told = "one row comes of a reply here, and `expect` is a list"
            self._bad(path, told, "write the fields of the row as a mapping")
            return
        rows = (
            [(expect, path)] if isinstance(expect, dict) else [(row, (*path, i)) for i, row in enumerate(expect or ())]
        )
        for row, place in rows:
            if not isinstance(row, dict):
                self._bad(place, "a row is a mapping of fields to values", key=False)
                continue
            for name, value in row.items():
                if name in self.fields:
                    self._fits(value, self.fields[name], (*place, name))
                    continue
                notes = ("the reply gives " + (", ".join(f"`{known}`" for known in self.fields) or "no fields"),)
                near = did_you_mean(name, self.fields)
                self._unknown((*place, name), f"no field `{name}` is read from the reply", notes, near)

    def _unknown(self, path: Path, told: str, notes: tuple[str, ...], help: str | None) -> None:
        span = self.view.document.key_span(path)
        self.view.sink.report(UNKNOWN_EXAMPLE_FIELD, span, told, notes=notes, help=help)

    def _label(self, label: Any, path: Path) -> None:
        if not isinstance(label, str) or not label or label in self.labels:
            return
        near = did_you_mean(label, self.labels)
        self.view.sink.report(
            UNKNOWN_EXAMPLE_LABEL,
            self.view.document.span(path),
            f"nothing is refused under the label `{label}`",
            notes=() if near else ["labels are " + ", ".join(f"`{known}`" for known in self.labels)],
            help=near,
        )

    def _fits(self, value: Any, type_: Type, path: Path) -> None:
        for place, wanted, found in _misfits(value, type_, path):
            name = next(part for part in reversed(place) if isinstance(part, str))
            said = f"an item of `{name}`" if isinstance(place[-1], int) else f"`{name}`"
            if isinstance(wanted, TextType) and isinstance(found, str):
                told = f"{said} cannot be `{found}`"
                choices = wanted.choices or ()
                help_: str | None = did_you_mean(found, choices) or "it can be " + " or ".join(
                    f"`{choice}`" for choice in choices
                )
            else:
                told = f"{said} is {type_in_words(wanted)}, and this is {value_in_words(found)}"
                quotable = Kind.TEXT in kinds_of(wanted) and isinstance(found, bool | int | float)
                help_ = f'put quotes around it: "{self.view.document.written(place)}"' if quotable else None
            self.view.sink.report(WRONG_EXAMPLE_VALUE, self.view.document.head_span(place), told, help=help_)


def _misfits(value: Any, type_: Type, path: Path) -> Iterator[tuple[Path, Type, Any]]:
    """The parts of a value that are not of the type, each with what it should be."""
    match type_, value:
        case MaybeType(of=inner), _ if value is not None:
            yield from _misfits(value, inner, path)
        case ListType(item=item), list():
            for index, inside in enumerate(value):
                yield from _misfits(inside, item, (*path, index))
        case RecordType(fields=fields), dict():
            for name, inside in value.items():
                if name in fields:
                    yield from _misfits(inside, fields[name], (*path, name))
        case TextType(choices=choices), str():
            if choices is not None and value not in choices:
                yield path, type_, value
        case _ if kind_of(value) not in kinds_of(type_):
            yield path, type_, value

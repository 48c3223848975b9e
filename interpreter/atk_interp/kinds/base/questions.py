"""What a step asks of one row: which prompts, which slots, how many samples.

A step has one prompt or several, one slot or several; what there is one of may be chosen by an expression. Every
question of a row has a number of its own, which is part of its call key: the numbers stay what they are when samples,
prompts or slots are added at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import inf, log

from atk_interp.document import Path
from atk_interp.expressions.types import AnyType, RecordType, TextType, Type, without_null
from atk_interp.kinds.base.asking import ASKING_OPTIONS, Answer, Asker, Failure, check_reading
from atk_interp.kinds.base.bound import BoundStep, Names
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.context import StepContext
from atk_interp.kinds.base.matrix import paired
from atk_interp.kinds.base.results import RowFailed
from atk_interp.kinds.base.view import StepView
from atk_interp.kinds.base.written import is_formula
from atk_interp.records import dataclass
from atk_interp.spec.codes import BAD_VALUE, KEYS_AT_ODDS, MISSING_KEY
from atk_interp.spec.options import Option, Takes
from atk_interp.templates import Prompt
from atk_interp.values import Row, Value, content_hash

__all__ = [
    "JURY_OPTIONS",
    "MOST_SAMPLES",
    "ONE_OR_SEVERAL",
    "VARIED_OPTIONS",
    "Question",
    "Questions",
    "check_questions",
]

MOST_SAMPLES = 1_000
"""Of one prompt and slot; the numbers of the next ones begin there."""

_PROMPT = "(prompt)"
"""The name under which the row of a question has the name of its prompt; no field of a spec can have it."""

_KEY = "prompt "
"""What the keys of `StepView.loaded` begin with where a step has several prompts."""

ONE_OR_SEVERAL = (("model", "models"), ("prompt", "prompts"))
"""What a kind with such options needs: of each, the key of one or that of several."""

_HELP = {
    "model": "The model slot that answers, or `=…` that gives its name.",
    "prompt": "The prompt file, by its name without suffix, or `=…` that gives it.",
}

_ASKING = tuple(
    replace(option, required=False, help=_HELP[option.name]) if option.name in _HELP else option
    for option in ASKING_OPTIONS
)

JURY_OPTIONS: tuple[Option, ...] = (
    *_ASKING,
    Option(
        "prompts",
        Takes.STRUCTURE,
        "Several prompts in place of one, as a list or a folder of prompts (`judges/`), which are asked with in turn; "
        "with `prompt: =…` those that it may choose.",
        schema={"type": ["string", "list"], "minlength": 1, "schema": {"type": "string"}},
    ),
    Option(
        "models",
        Takes.NAMES,
        "Several model slots in place of one, which are asked in turn; with `model: =…` those that it may choose.",
    ),
)
"""The options of a kind that asks with several prompts and slots in turn."""

VARIED_OPTIONS: tuple[Option, ...] = (
    *_ASKING,
    Option(
        "prompts",
        Takes.STRUCTURE,
        "Several prompts in place of one: a list, a folder of prompts (`tones/`), or a mapping of prompts to weights; "
        "with `prompt: =…` those that it may choose.",
        schema={
            "type": ["string", "list", "dict"],
            "minlength": 1,
            "valuesrules": {"type": "number", "min": 0},
        },
    ),
    Option(
        "variations",
        Takes.NAME,
        "Each sample takes one of `prompts`, `drawn` by their weights from the content of the row; or there are "
        "samples of `all` of them.",
        default="drawn",
        choices=("drawn", "all"),
    ),
    Option("prompt_into", Takes.NAME, "A field that gets the name of the prompt."),
    Option(
        "models",
        Takes.NAMES,
        "Several model slots in place of one, each of which is asked; with `model: =…` those that it may choose.",
    ),
    Option("model_into", Takes.NAME, "A field that gets the name of the slot."),
)
"""The options of a kind that can ask with every one of several prompts and slots."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A prompt or a slot: what it is called in fields and expressions, its whole name, and the place that names it."""

    short: str
    name: str
    path: Path


def check_questions(view: StepView) -> Mapping[str, Type]:
    """Check the options of asking; the fields that a row gets: those of a reading, and the names that are asked for."""
    slots, prompts = _check_slots(view), _prompts(view)
    fields = view.parse()
    told: dict[str, Type] = {}
    for option, named in (("prompt_into", prompts), ("model_into", slots)):
        if not view.given(option):
            continue
        into, path = view.option(option), view.path(option)
        if into in fields or into in told:
            help_ = "choose another name"
            view.sink.report(KEYS_AT_ODDS, view.document.span(path), f"`{into}` is written twice", help=help_)
        told[into] = TextType(tuple(each.short for each in named) or None)
        view.writes({into: told[into]}, path)
    asking = view.about(RecordType({**view.input.fields, **told}, view.input.open), view.hints) if told else view
    for prompt in prompts:
        is_one = prompt.path == view.path("prompt") and not is_formula(view.option("prompt"))
        asking.load_prompt(
            "prompt" if is_one else f"{_KEY}{prompt.short}", prompt.name, prompt.path, asking.row_scope()
        )
    check_reading(asking, fields)
    return {**fields, **told}


def _check_number(view: StepView, one: str, several: str) -> None:
    """Report when neither key is given, or both without a choice between them."""
    if not view.given(one) and not view.given(several):
        what = next(option.help for option in ASKING_OPTIONS if option.name == one)
        told = f"`{one}` is missing in a `{view.step.kind}` step"
        help_ = f"add `{one}:` ({what[0].lower()}{what[1:].rstrip('.')})"
        view.sink.report(MISSING_KEY, view.document.key_span(view.step.path), told, help=help_)
    if view.given(one) and view.given(several) and not is_formula(view.option(one)):
        told = f"`{one}` names one and `{several}` some, so it is not known which are meant"
        help_ = f"keep one of them, or choose among `{several}` by an expression: `{one}: =…`"
        view.sink.report(KEYS_AT_ODDS, view.document.key_span(view.path(several)), told, help=help_)


def _check_slots(view: StepView) -> list[_Named]:
    """Check the slots; all of them."""
    _check_number(view, "model", "models")
    path = view.path("models")
    listed = [_Named(name, name, (*path, index)) for index, name in enumerate(view.option("models") or ())]
    found = _chosen_or_listed(view, "model", "models", listed)
    for slot in found:
        view.asks_slot(slot.name, slot.path)
    if not found and is_formula(view.option("model")):
        view.used_slots.update(dict.fromkeys(view.spec.models))  # any of them may be meant
    return found


def _prompts(view: StepView) -> list[_Named]:
    """All prompts that the step names."""
    _check_number(view, "prompt", "prompts")
    if view.given("variations") and not view.given("prompts"):
        told = "`variations` is about `prompts`, and there are none"
        view.sink.report(KEYS_AT_ODDS, view.document.key_span(view.path("variations")), told, help="remove it")
    return _chosen_or_listed(view, "prompt", "prompts", _listed_prompts(view))


def _chosen_or_listed(view: StepView, one: str, several: str, listed: list[_Named]) -> list[_Named]:
    """All that may be asked with: those of a list, and that which is named, or those that an expression may choose."""
    seen: set[str] = set()
    for named in listed:
        if named.short in seen:
            told = f"`{named.short}` stands here twice"
            view.sink.report(BAD_VALUE, view.document.span(named.path), told, help="remove one of them")
        seen.add(named.short)
    written, path = view.option(one), view.path(one)
    if not isinstance(written, str):
        return listed
    if not is_formula(written):
        return [_Named(written, written, path), *listed]
    chosen = _choices(view, one, several)
    for name in chosen if listed else ():
        if name not in seen:
            told = f"`{name}` is not one of `{several}`"
            view.sink.report(BAD_VALUE, view.document.span(path), told, help=f"add it to `{several}`")
    return listed or [_Named(name, name, path) for name in chosen]


def _choices(view: StepView, one: str, several: str) -> tuple[str, ...]:
    """The names that an expression may choose, as far as its type says them."""
    path = view.path(one)
    found = without_null(view.expression(path, view.row_scope()))
    if not isinstance(found, TextType | AnyType):
        view.sink.report(WRONG_VALUE_TYPE, view.document.span(path), f"`{one}` takes a name, and this is {found}")
        return ()
    choices = found.choices if isinstance(found, TextType) else None
    if choices is None and not view.given(several) and path in view.expressions:
        told = "which names this may give is not known before the run, so they cannot be checked"
        view.sink.report(MISSING_KEY, view.document.span(path), told, help=f"list them under `{several}:`")
    return choices or ()


def _listed_prompts(view: StepView) -> list[_Named]:
    path, given = view.path("prompts"), view.option("prompts")
    if isinstance(given, str):
        found = view.prompts.names_in(given)
        if not found:
            told = f"there is no folder `{given}` with prompts in it"
            help_ = "name a folder below that of the prompts, such as `tones/`, or write a list"
            view.sink.report(BAD_VALUE, view.document.span(path), told, help=help_)
        return [_Named(_short(name), name, path) for name in found]
    if isinstance(given, dict):
        if given and not any(given.values()):
            told = "all weights are 0, so none of the prompts can be drawn"
            view.sink.report(BAD_VALUE, view.document.key_span(path), told, help="give one of them a weight")
        return [_Named(_short(name), name, (*path, name)) for name in given]
    for index, name in enumerate(given or ()):
        if not isinstance(name, str):
            told = "this is no name of a prompt"
            view.sink.report(BAD_VALUE, view.document.span((*path, index)), told, help="put quotes around it")
    listed = [(index, name) for index, name in enumerate(given or ()) if isinstance(name, str)]
    return [_Named(_short(name), name, (*path, index)) for index, name in listed]


def _short(name: str) -> str:
    """The name of a prompt without the folders that it stands in."""
    return name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a row: who asks it, its number, and the row as the prompt sees it.

    `told` are the fields that the row gets beside those that are read.
    """

    asker: Asker
    number: int
    row: Row
    told: Mapping[str, Value]

    async def answer(self, context: StepContext) -> Answer | Failure:
        """An acceptable reply, or why there is none. Raises `StepStopped` for mistakes in the spec."""
        return await self.asker.ask(self.row, context, self.number)


class Questions:
    """The questions of a step about each row: `samples` for each of its variations, or so many of them `in_turn`."""

    def __init__(self, step: BoundStep, samples: int, *, in_turn: bool = False) -> None:
        view = step.view
        self.step = step
        self.samples = samples
        self.in_turn = in_turn
        self.prompts: dict[str, Prompt] = {
            view.option("prompt") if key == "prompt" else key.removeprefix(_KEY): prompt
            for key, prompt in view.loaded.items()
        }
        self.slots = tuple(view.used_slots)
        self.choose_prompt = self._choice("prompt", self.prompts)
        self.choose_slot = self._choice("model", self.slots)
        self.every_prompt = view.given("variations") and view.option("variations") == "all"
        weights = view.option("prompts")
        weights = weights if isinstance(weights, dict) else {}
        self.weights = {_short(name): float(weight) for name, weight in weights.items()}
        self.into = {key: view.option(f"{key}_into") for key in ("prompt", "model") if view.given(f"{key}_into")}
        self.askers = {
            (slot, name): Asker(step, slot, prompt) for slot in self.slots for name, prompt in self.prompts.items()
        }
        self.first = next(iter(self.askers.values()))
        """One of those who ask: all of them read and accept replies alike."""

    def _choice(self, option: str, among: Collection[str]) -> Callable[[Names], str] | None:
        """What chooses one of some names; None when nothing does."""
        if not is_formula(self.step.view.option(option)):
            return None
        rule = self.step.rule(self.step.view.path(option))

        def chosen(names: Names) -> str:
            name = rule(names)
            if name not in among:
                raise RowFailed(f"`{option}`: {name!r} is not among those that it may choose")
            return str(name)

        return chosen

    @property
    def stride(self) -> int:
        """One more than the greatest number of a question of a row."""
        if self.in_turn:
            return self.samples
        slots = 1 if self.choose_slot is not None else len(self.slots)
        prompts = len(self.prompts) if self.every_prompt else 1
        return self.samples + MOST_SAMPLES * paired(prompts - 1, slots - 1)

    @property
    def fields(self) -> list[str]:
        """The fields that a row gets of a question and the reply to it."""
        return [*self.first.reader.fields, *self.into.values()]

    def prompt(self, names: Names) -> Prompt:
        """The prompt of a question, for the names of its row. Raises `RowFailed` if none was chosen."""
        if len(self.prompts) == 1:
            return next(iter(self.prompts.values()))
        if _PROMPT not in names:
            raise RowFailed("no prompt was chosen")
        return self.prompts[names[_PROMPT]]

    def of(self, row: Row, first: int) -> list[Question]:
        """The questions about a row; `first` is the number of its first sample. Raises `RowFailed`."""
        chosen = self.choose_prompt or self.choose_slot
        names = self.step.names(row) if chosen is not None else {}
        slots = self.slots if self.choose_slot is None else (self.choose_slot(names),)
        prompt = self.choose_prompt(names) if self.choose_prompt is not None else None
        if self.in_turn:
            prompts = list(self.prompts) if prompt is None else [prompt]
            turns = range(self.samples)
            return [self._question(row, slots[turn % len(slots)], prompts[turn % len(prompts)], turn) for turn in turns]
        return list(self._varied(row, slots, prompt, first))

    def _question(self, row: Row, slot: str, prompt: str, number: int) -> Question:
        told: dict[str, Value] = {"prompt": prompt, "model": slot}
        told = {into: told[key] for key, into in self.into.items()}
        mark: dict[str, Value] = {_PROMPT: prompt} if len(self.prompts) > 1 else {}
        seen = row.replaced({**row.fields, **told, **mark}) if told or mark else row
        return Question(self.askers[slot, prompt], number, seen, told)

    def _varied(self, row: Row, slots: Sequence[str], chosen: str | None, first: int) -> Iterator[Question]:
        every = list(self.prompts) if self.every_prompt and chosen is None else [chosen]
        for (at_slot, slot), (at_prompt, prompt) in product(enumerate(slots), enumerate(every)):
            for sample in range(self.samples):
                number = sample + MOST_SAMPLES * paired(at_prompt, at_slot)
                yield self._question(row, slot, prompt or self._drawn(row, first + number), number)

    def _drawn(self, row: Row, number: int) -> str:
        """The prompt of a sample. Prompts that are added take some of the samples, and move no others."""
        if len(self.prompts) == 1:
            return next(iter(self.prompts))

        def place(name: str) -> float:
            weight = self.weights.get(name, 1.0)
            drawn = int(content_hash("atk-prompt-v1", [self.step.seed, row.id, number, name])[:13], 16) + 1
            return -log(drawn / (16**13 + 1)) / weight if weight else inf

        return min(self.prompts, key=place)

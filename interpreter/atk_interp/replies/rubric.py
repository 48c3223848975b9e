"""`rubric`: scores by name, and findings that fail the whole: what a judge gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from atk_interp.expressions.types import BOOL, FLOAT, RecordType, Type
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.alternatives import Alternatives, first_line
from atk_interp.replies.base import (
    NO_RULES,
    Cue,
    CueForm,
    Fields,
    OptionsError,
    Reader,
    ReplyExample,
    ReplyKind,
    ReplyUnreadable,
    Rules,
)
from atk_interp.replies.cleaning import excerpt
from atk_interp.replies.grammar import GrammarWriter, any_of, literal, number
from atk_interp.replies.markup import elements
from atk_interp.replies.numerals import Numbers, numbers
from atk_interp.replies.tolerant import Skeleton, Wanted
from atk_interp.values import Value

__all__ = ["RUBRIC"]

_FAILS = "fails"
_RULES: Mapping[str, Any] = {
    "min": {"type": "number", "meta": {"help": "The worst score."}},
    "max": {"type": "number", "meta": {"help": "The best score."}},
    "weight": {"type": "number", "meta": {"help": "How much the score counts among the others; 1 if not said."}},
    "type": {"allowed": ["int", "float"], "meta": {"help": "`int` for whole numbers only."}},
    "fails": {"allowed": [True], "meta": {"help": "In place of bounds: yes or no, and yes fails the whole."}},
    "means": {"type": "string", "meta": {"help": "What is scored, in words; for the prompt."}},
}
_FINDING = Alternatives({"yes": True, "true": True, "no": False, "false": False})
_SCORED = pattern(r"(?im)^\|?[^\n:：=|>]{1,200}[:：=|>][ \t*_\"']*(?:\d|yes|no|true|false)")
_AFTER_NAME = pattern(r"[ \t]*[*_\"']*[ \t]*[:：=|][ \t]*[*_]*[ \t]*")


@dataclass(frozen=True)
class _Criterion:
    """One name of the rubric: a score within bounds, or (`scores` is None) a finding that fails the whole."""

    name: str
    words: Wanted
    scores: Numbers | None
    weight: float = 1.0

    @property
    def type(self) -> Type:
        return BOOL if self.scores is None else self.scores.type

    def value(self, line: str) -> Value:
        """Raises `ReplyUnreadable`."""
        place = f" for `{self.name}`"
        return _FINDING.in_line(line, place) if self.scores is None else self.scores.first(line, place)

    def share(self, score: Value) -> float:
        """A score as a share of the way from the worst to the best."""
        assert self.scores is not None
        assert isinstance(score, int | float)
        low, high = self.scores.low or 0, self.scores.high or 0
        return (score - low) / (high - low)


@dataclass(frozen=True)
class _RubricReader(Reader):
    criteria: tuple[_Criterion, ...]
    into: str
    scores: str | None = None
    """The field for all that is given by name, where they are no fields of their own."""

    @property
    def fields(self) -> Mapping[str, Type]:
        named = {criterion.name: criterion.type for criterion in self.criteria}
        return {**(named if self.scores is None else {self.scores: RecordType(named)}), self.into: FLOAT}

    @property
    def constrainable(self) -> tuple[str, ...]:
        return ()

    @property
    def cues(self) -> tuple[Cue, ...]:
        return tuple(Cue(criterion.name, criterion.words.written, CueForm.WORDS) for criterion in self.criteria)

    def _read(self, text: str) -> list[Fields]:
        tagged = {each.name: each.content for each in elements(text, [criterion.name for criterion in self.criteria])}
        skeleton = Skeleton(text)
        reading: Fields = {}
        for criterion in self.criteria:
            line = tagged.get(criterion.name.lower()) or _line(criterion, text, skeleton)
            reading[criterion.name] = criterion.value(first_line(line))
        score = self._score(reading)
        return [{**(reading if self.scores is None else {self.scores: reading}), self.into: score}]

    def _score(self, reading: Fields) -> float:
        """The mean of the scores as shares of their bounds, by weight; 0 when anything fails the whole."""
        scored = [criterion for criterion in self.criteria if criterion.scores is not None]
        if any(reading[criterion.name] for criterion in self.criteria if criterion.scores is None):
            return 0.0
        whole = sum(criterion.weight for criterion in scored)
        return sum(criterion.weight * criterion.share(reading[criterion.name]) for criterion in scored) / whole

    def grammar(self, rules: Rules = NO_RULES) -> str | None:
        writer = GrammarWriter(rules)
        pieces: list[str] = []
        for index, criterion in enumerate(self.criteria):
            scores = any_of(["yes", "no"]) if criterion.scores is None else number(criterion.scores)
            if scores is None:
                return None
            head = f"{chr(10) if index else ''}{criterion.words.shown}: "
            pieces += [literal(head), scores]
        return writer.text(" ".join(pieces))


@dataclass(frozen=True)
class _UnfilledReader(Reader):
    """Reads whatever gives a score to something: the names are known when the run begins."""

    scores: str
    into: str
    unfilled: str | None = "rubric"

    @property
    def fields(self) -> Mapping[str, Type]:
        return {self.scores: RecordType(open=True), self.into: FLOAT}

    @property
    def constrainable(self) -> tuple[str, ...]:
        return ()

    def _read(self, text: str) -> list[Fields]:
        if _SCORED.search(text) is None:
            raise ReplyUnreadable(f"expected names with their scores, found {excerpt(text)}")
        return [{self.scores: {}, self.into: 0.0}]


def _line(criterion: _Criterion, text: str, skeleton: Skeleton) -> str:
    """What stands behind the last line that begins with a name and a colon, or in the line after it."""
    places = [*skeleton.find(criterion.words), *skeleton.find(Wanted(criterion.name))]
    for place in sorted(places, key=lambda place: -place.word):
        after = _AFTER_NAME.match(text, place.end) if place.at_line_start or _in_cell(text, place.start) else None
        if after is not None:
            return first_line(text[after.end() : after.end() + 1_000])
    raise ReplyUnreadable(f"expected `{criterion.words.shown}:` with its score, found {excerpt(text)}")


def _in_cell(text: str, start: int) -> bool:
    """Whether words stand first in a row of a table, or are a key of JSON."""
    before = text[max(0, start - 64) : start].rstrip()
    line = before[before.rfind("\n") + 1 :]
    is_key = before.endswith(('"', "'")) and before[:-1].rstrip().endswith(("{", ","))
    return is_key or not line.strip(" \t|\"'{,*_")


class _RubricKind(ReplyKind):
    """Scores by name, as a judge gives them, and one number that they come to.

    ```yaml
    parse:
      rubric:
        accuracy: {min: 1, max: 5, weight: 2}
        style: {min: 1, max: 5}
        invents_facts: fails      # yes or no; yes fails the whole
      into: score
    ```

    Each name becomes a field: a number within its bounds, or true and false. `into` gets the mean of the scores by
    their weights, each as a share of the way from its `min` to its `max`: from 0 to 1, and 0 when anything fails the
    whole. Keep what is good enough with `keep: score >= 0.7`.

    A name stands at the beginning of a line with a colon behind it (`Accuracy: 4/5, since …`), in a tag of its name, in
    the first column of a table, or as a key of JSON; `_` in it is a space or itself, and marks and case do not matter.
    The last one counts, and all of them must be there. Numbers are read as in `number`, yes and no as in `choice`.

    `scores: scores` puts all that has a name into one record of that field. `rubric: =rubric` takes the whole from a
    parameter that is a map, so that a config may say what is scored; it needs `scores`. A name may say what it `means`,
    for the prompt to tell, and a finding that does is written `{fails: true, means: …}`.

    A constrained decoder writes a line for each name.
    """

    name = "rubric"
    value_schema: ClassVar[Mapping[str, Any]] = {
        "type": ["dict", "string"],
        "anyof": [
            {
                "type": "dict",
                "minlength": 1,
                "valuesrules": {
                    "type": ["string", "dict"],
                    "anyof": [{"type": "string", "allowed": [_FAILS]}, {"type": "dict", "schema": _RULES}],
                },
            },
            {"type": "string", "regex": "^="},
        ],
    }
    schema: ClassVar[Mapping[str, Any]] = {
        "into": {"type": "string", "required": True},
        "scores": {"type": "string"},
    }
    takes_formula = True
    examples = (
        ReplyExample(
            {"rubric": {"accuracy": {"min": 1, "max": 5}, "invents_facts": "fails"}, "into": "score"},
            "**Accuracy:** 4/5, one date is off.\n**Invents facts:** no",
            [{"accuracy": 4, "invents_facts": False, "score": 0.75}],
        ),
        ReplyExample(
            {"rubric": {"accuracy": {"min": 1, "max": 5}, "style": {"min": 1, "max": 5}}, "into": "score"},
            "Accuracy: 4",
            None,
        ),
    )

    def unfilled(self, options: Mapping[str, Any]) -> Reader:
        scores = _scores(options)
        if scores is None:
            told = "a rubric that a parameter gives needs `scores`, the field for what has a name in it"
            raise OptionsError(told, (self.name,), "add `scores: scores`")
        return _UnfilledReader(scores, checks.into(options, self.name))

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        if not isinstance(value, Mapping) or not value:
            told = "such as `{accuracy: {min: 1, max: 5}}`"
            raise OptionsError("expected the names of the scores with their bounds", (self.name,), told)
        criteria = tuple(_criterion(name, rules, (self.name, str(name))) for name, rules in value.items())
        if all(criterion.scores is None for criterion in criteria):
            raise OptionsError("a rubric has one score at least", (self.name,), "add `accuracy: {min: 1, max: 5}`")
        into = checks.into(options, self.name)
        scores = _scores(options)
        if scores is None and into in value:
            raise OptionsError(f"`{into}` is one of the scores", ("into",), "choose another name for the whole")
        return _RubricReader(criteria, into, scores)


def _scores(options: Mapping[str, Any]) -> str | None:
    """The field for what has a name. Raises `OptionsError`."""
    if "scores" not in options:
        return None
    name = checks.field_name(options["scores"], ("scores",))
    if name == options.get("into"):
        raise OptionsError(f"`{name}` is the field for the whole", ("scores",), "choose another name")
    return name


def _criterion(name: Any, rules: Any, path: checks.Path) -> _Criterion:
    field = checks.field_name(name, path)
    words = Wanted(field.replace("_", " "))
    if rules == _FAILS or (isinstance(rules, Mapping) and rules.keys() <= {_FAILS, "means"} and rules.get(_FAILS)):
        return _Criterion(field, words, None)
    if not isinstance(rules, Mapping):
        raise OptionsError(f"`{field}` takes its bounds, or `fails`", path, f"write `{field}: {{min: 1, max: 5}}`")
    unknown = next((key for key in rules if key not in _RULES), None)
    if unknown is not None:
        raise OptionsError(
            f"unknown rule `{unknown}` of a score", (*path, str(unknown)), f"there are {', '.join(_RULES)}", is_key=True
        )
    if _FAILS in rules:
        raise OptionsError(f"`{field}` has bounds, or `fails: true`", path, "remove the bounds, or `fails`")
    scores = numbers(rules, rules.get("type"), path, "type")
    if scores.low is None or scores.high is None or scores.low >= scores.high:
        raise OptionsError(f"`{field}` needs a worst and a best score", path, "add `min:` and `max:`")
    weight = rules.get("weight", 1)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
        raise OptionsError("`weight` must be a number above 0", (*path, "weight"))
    return _Criterion(field, words, scores, float(weight))


RUBRIC = _RubricKind()

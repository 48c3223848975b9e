"""`choice`: one of several words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from atk_interp.expressions.types import TEXT, Type
from atk_interp.records import dataclass
from atk_interp.replies import options as checks
from atk_interp.replies.alternatives import CHOICES, Alternatives, alternatives, first_line
from atk_interp.replies.base import NO_RULES, Cue, Fields, Reader, ReplyExample, ReplyKind, ReplyUnreadable, Rules
from atk_interp.replies.grammar import GrammarWriter, any_of, literal
from atk_interp.replies.tolerant import Wanted, after_last, header_cue

__all__ = ["CHOICE"]


@dataclass(frozen=True)
class _ChoiceReader(Reader):
    field: str
    choices: Alternatives
    header: Wanted | None

    @property
    def fields(self) -> Mapping[str, Type]:
        return {self.field: self.choices.type}

    @property
    def cues(self) -> tuple[Cue, ...]:
        return (*header_cue(self.field, self.header), *self.choices.cues(self.field))

    def _read(self, text: str) -> list[Fields]:
        if self.header is None:
            return [{self.field: self.choices.in_reply(text)}]
        answer = first_line(after_last(self.header, text))
        return [{self.field: self.choices.in_line(answer, f" after `{self.header.shown}`")}]

    def grammar(self, rules: Rules = NO_RULES) -> str:
        words = any_of(self.choices.values)
        return GrammarWriter(rules).text(
            f"{literal(f'{self.header.written.strip()} ')} {words}" if self.header else words
        )


@dataclass(frozen=True)
class _UnfilledReader(Reader):
    """Reads any line as the answer: which words it may be is known when the run begins."""

    field: str
    header: Wanted | None
    unfilled: str | None = "choice"

    @property
    def fields(self) -> Mapping[str, Type]:
        return {self.field: TEXT}

    @property
    def cues(self) -> tuple[Cue, ...]:
        return header_cue(self.field, self.header)

    @property
    def constrainable(self) -> tuple[str, ...]:
        return ()

    def _read(self, text: str) -> list[Fields]:
        answer = first_line(text if self.header is None else after_last(self.header, text)).strip()
        if not answer:
            raise ReplyUnreadable("expected an answer, found nothing")
        return [{self.field: answer}]


class _ChoiceKind(ReplyKind):
    """One of several words, `choice: [suitable, unsuitable]`, or words with values, `choice: {good: true, bad: false}`.

    `into:` names the field. Give `after` wherever a model may say more than the word: `after: "Verdict:"` says where
    the word stands; without the header the reply is unreadable, and where it comes several times the last counts.

    After the header the first line that holds anything is the answer. It names one of the words, or begins with one
    and does not merely list them: `Suitable (not unsuitable at all)` is `suitable`, `suitable or unsuitable` is
    unreadable. Without `after` a reply is read only where it cannot be mistaken: its first or its last line is one of
    the words and nothing else, or the whole names one of them only. Nothing is guessed from prose: with `[yes, no]`
    neither `No problem: yes` nor `There is no doubt.` is an answer.

    Case, emphasis and quotation marks do not matter; words are found whole and the longest wins, so that `unsuitable`
    and `non-suitable` never read as `suitable`. A denied word (`not suitable`, `isn't really suitable`) is no answer
    unless it is listed itself, and makes the reply unreadable. A word of one letter counts only before punctuation or
    the end of a line, as in `B)` or `(b)`, for `a` may be an article.

    `choice: =classes` takes the words from a parameter that is a list of them; a config may then say which there are.

    A constrained decoder writes the header and one of the words.
    """

    name = "choice"
    value_schema: ClassVar[Mapping[str, Any]] = {
        **CHOICES,
        "type": ["list", "dict", "string"],
        "anyof": [*CHOICES["anyof"], {"type": "string", "regex": "^="}],
    }
    takes_formula = True
    schema: ClassVar[Mapping[str, Any]] = {"into": {"type": "string", "required": True}, "after": {"type": "string"}}
    examples = (
        ReplyExample(
            {"choice": ["suitable", "unsuitable"], "into": "verdict", "after": "Verdict:"},
            "It is long enough to be suitable.\n\n**Verdict:** Unsuitable.",
            [{"verdict": "unsuitable"}],
        ),
        ReplyExample({"choice": {"yes": True, "no": False}, "into": "is_fair"}, "Yes.", [{"is_fair": True}]),
        ReplyExample(
            {"choice": {"yes": True, "no": False}, "into": "is_fair"},
            "Yes.\n\nBecause there is no doubt.",
            [{"is_fair": True}],
        ),
        ReplyExample({"choice": ["yes", "no"], "into": "answer"}, "No problem: yes", None),
        ReplyExample({"choice": {"accurate": True, "inaccurate": False}, "into": "ok"}, "It is not accurate.", None),
    )

    def unfilled(self, options: Mapping[str, Any]) -> Reader:
        return _UnfilledReader(checks.into(options, self.name), checks.header(options))

    def build(self, value: Any, options: Mapping[str, Any]) -> Reader:
        choices = alternatives(value, (self.name,))
        return _ChoiceReader(checks.into(options, self.name), choices, checks.header(options))


CHOICE = _ChoiceKind()

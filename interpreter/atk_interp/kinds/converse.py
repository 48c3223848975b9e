"""The `converse` kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from atk_interp.document import Path
from atk_interp.expressions.types import INT, TEXT, ListType, RecordType, TextType, Type, maybe, without_null
from atk_interp.kinds.base import (
    ASKING_OPTIONS,
    EXAMPLES,
    REJECTING_OPTIONS,
    Answer,
    Asker,
    BoundStep,
    CallStep,
    Cardinality,
    Closure,
    Dropped,
    RowFailed,
    StepContext,
    StepKind,
    StepView,
    check_examples,
    check_stopping,
)
from atk_interp.kinds.base.asking import Failure, check_reading, tell_answers
from atk_interp.kinds.base.codes import BAD_PARSE, SHADOWED_PARAMETER, WRONG_VALUE_TYPE
from atk_interp.replies import build_reader
from atk_interp.spec import Option, Takes
from atk_interp.spec.codes import BAD_VALUE, KEYS_AT_ODDS, MISSING_KEY
from atk_interp.templates import Prompt
from atk_interp.values import Row, Value

__all__ = ["Converse"]

_CONTENT = "content"
_OF_A_TURN = ("speaker", "role", "turn")
_NOTHING_SAID = "nothing was said"

_OWN = {"model", "prompt", "parse"}
"""Shared keys that a dialogue can do without: its speakers may have their own."""


class Converse(StepKind):
    """Let prompted speakers talk to each other, and write the conversation into a field.

    `speakers` are two or more names, each with a `prompt` and a `model` of its own or those of the step. They speak in
    turn, in the order in which they are written, or as `next` says: an expression that gives a name. A prompt sees the
    fields of the row, `speaker` (whose turn it is), `turn` (its number, from 1) and the conversation so far under the
    name of the field. After the messages of the prompt comes what was said before, as each speaker sees it: its own
    turns as `assistant`, those of others as `user`, with their names where there are more than two speakers; what
    follows each other under one role is one message. With `history: prompt` the prompts put it in themselves.

    `opening` are turns that are said without a model. A reply is a turn as `parse` reads it, which must give `content`;
    without `parse` it is the whole reply. Other fields of `parse` stay with the turn. `accept` is about one turn.
    The dialogue ends when `until` is true after a turn, when a turn says `end_phrase` (which is taken out of it), or
    after `turns` of them. The field is a list of `{speaker, role, content}`: `role` is `assistant` for the speaker
    that `assistant` names (else the last one) and `user` for the others. When a turn has no acceptable reply in all its
    attempts, the row is rejected with what was said before. A run that was interrupted goes on with the next turn.
    """

    name = "converse"
    cardinality = Cardinality.AT_MOST_ONE
    asks_model = True
    tells_calls = True
    options = (
        *(replace(option, required=False) if option.name in _OWN else option for option in ASKING_OPTIONS),
        Option(
            "speakers",
            Takes.STRUCTURE,
            "Who speaks: a name, and under it `prompt` and `model` where they are not those of the step.",
            required=True,
            schema={
                "type": "dict",
                "minlength": 2,
                "valuesrules": {
                    "type": "dict",
                    "nullable": True,
                    "schema": {
                        "model": {"type": "string", "meta": {"help": "The model slot that speaks."}},
                        "prompt": {"type": "string", "meta": {"help": "The prompt file of the speaker."}},
                    },
                },
            },
        ),
        Option("turns", Takes.INT, "How many turns models say at most.", required=True, min=1, max=1000),
        Option("until", Takes.EXPRESSION, "What ends the dialogue when it is true after a turn."),
        Option("end_phrase", Takes.TEXT, "What a speaker says to end the dialogue, such as `[END]`."),
        Option("next", Takes.EXPRESSION, "Who speaks next, as a name; else the speakers take turns."),
        Option(
            "opening",
            Takes.STRUCTURE,
            "Turns that stand at the beginning: a list of a speaker with a template each.",
            schema={
                "type": "list",
                "minlength": 1,
                "schema": {"type": "dict", "minlength": 1, "maxlength": 1, "valuesrules": {"type": "string"}},
            },
        ),
        Option("assistant", Takes.NAME, "The speaker whose turns have the role `assistant`; else the last one."),
        Option("into", Takes.NAME, "The field that gets the conversation.", default="conversation"),
        Option(
            "history",
            Takes.NAME,
            "What was said before follows the prompt as `messages`, or the `prompt` itself puts it in.",
            default="messages",
            choices=("messages", "prompt"),
        ),
        *REJECTING_OPTIONS,
        EXAMPLES,
    )

    def flow(self, view: StepView) -> RecordType:
        speakers = tuple(view.option("speakers"))
        into: str = view.option("into")
        spoken = _parsed(view)
        said = RecordType({"speaker": TextType(speakers), "role": TextType(("user", "assistant")), **spoken})
        conversation = ListType(said)
        view.writes({into: conversation}, view.path("into") if view.given("into") else view.step.path)
        for name in ("speaker", "turn"):
            if name in view.input.fields and name != into:
                told = f"`{name}` is a field of the rows, and who speaks and when has this name in a dialogue"
                span = view.document.head_span(view.step.path)
                view.sink.report(SHADOWED_PARAMETER, span, told, help="rename the field before, with `map`")
        view.value("turns")
        turn = {into: conversation, "speaker": TextType(speakers), "turn": INT}
        asking = view.about(RecordType({**view.input.fields, **turn}, view.input.open), {})
        check_reading(asking, spoken)
        _check_speakers(view, asking)
        _check_opening(view, speakers)
        if view.given("until"):
            view.expression(view.path("until"), asking.row_scope(said.fields))
        if view.given("next"):
            _check_next(view, asking.row_scope(said.fields), speakers)
        if view.given("assistant"):
            _check_speaker(view, view.path("assistant"), view.option("assistant"), speakers)
        check_stopping(view)
        check_examples(view, {into: conversation}, asks="turns", filters=False, labels=(_NOTHING_SAID,))
        type_: Type = conversation
        if view.option("on_reject") == "keep":
            view.causes[into] = f"`{into}` is null where a turn of step `{view.step.name}` got no acceptable reply"
            type_ = maybe(conversation)
        return RecordType({**view.input.fields, into: type_}, view.input.open)

    def makes(self, view: StepView) -> Cardinality:
        return Cardinality.ONE if view.option("on_reject") == "keep" else Cardinality.AT_MOST_ONE

    def remarks(self, view: StepView) -> Mapping[str, str]:
        said = {name: str(_of_speaker(view, name, "model") or "") for name in view.option("speakers")}
        return {"speakers": ", ".join(f"{name} ({slot})" if slot else name for name, slot in said.items())}

    def bind(self, step: BoundStep) -> CallStep:
        dialogue = _Dialogue(step)
        return CallStep(dialogue.apply, dialogue.prompt, dialogue.turns)


def _parsed(view: StepView) -> Mapping[str, Type]:
    """The fields of a turn that are read from its reply."""
    if not view.given("parse"):
        view.reader = build_reader({"text": _CONTENT})
        return view.reader.fields
    fields, path = view.parse(writes=False), view.path("parse")
    if view.parse_is_broken:
        return {_CONTENT: TEXT}
    assert view.reader is not None
    if view.reader.many:
        told = "a turn is one reading, and with `many` a reply holds several"
        view.sink.report(BAD_PARSE, view.document.key_span((*path, "many")), told, help="remove `many: true`")
    if not isinstance(fields.get(_CONTENT), TextType):
        told = "what is said in a turn is `content`, and `parse` reads no text of this name"
        view.sink.report(BAD_PARSE, view.document.key_span(path), told, help="call the field `content`")
    for name in _OF_A_TURN:
        if name in fields:
            told = f"`{name}` is told of every turn, so `parse` cannot read it"
            view.sink.report(BAD_PARSE, view.place_of(name, path), told, help="choose another name for the field")
    return fields


def _of_speaker(view: StepView, speaker: str, key: str) -> str | None:
    """What a speaker has under a key, or else the step."""
    own = (view.option("speakers")[speaker] or {}).get(key)
    found = own if own is not None else view.option(key)
    return found if isinstance(found, str) else None


def _check_speakers(view: StepView, asking: StepView) -> None:
    """Check the slots and prompts of the speakers."""
    asking.slot()
    hears, begins = view.option("history") == "messages", not view.given("opening")
    if isinstance(view.option("prompt"), str):
        path, scope = view.path("prompt"), asking.row_scope()
        asking.load_prompt("prompt", view.option("prompt"), path, scope, followed=hears and not begins)
    for number, (speaker, own) in enumerate(view.option("speakers").items()):
        path = (*view.path("speakers"), speaker)
        for key in ("model", "prompt"):
            if _of_speaker(view, speaker, key) is None:
                told = f"speaker `{speaker}` has no `{key}`"
                help_ = f"add `{key}:` to it, or to the step for all speakers that have none"
                view.sink.report(MISSING_KEY, view.document.key_span(path), told, help=help_)
        if isinstance((own or {}).get("model"), str):
            view.asks_slot(own["model"], (*path, "model"))
        if isinstance((own or {}).get("prompt"), str):
            key, place, followed = f"speakers.{speaker}", (*path, "prompt"), hears and not (begins and number == 0)
            asking.load_prompt(key, own["prompt"], place, asking.row_scope(), followed=followed)
    into = view.option("into")
    for key, prompt in view.loaded.items():
        span = view.document.span(view.prompt_paths[key])
        if view.option("history") == "messages" and prompt.completion is not None:
            told = f"prompt `{prompt.name}` is a text to complete, so nothing can follow it as messages"
            help_ = f"write `history: prompt`, and put `{into}` into the prompt"
            view.sink.report(KEYS_AT_ODDS, span, told, help=help_)
        if view.option("history") == "prompt" and into not in prompt.names():
            told = f"prompt `{prompt.name}` never uses `{into}`, so its speaker does not hear what is said"
            help_ = f"put `{into}` into the prompt, or remove `history: prompt`"
            view.sink.report(KEYS_AT_ODDS, span, told, help=help_)


def _check_opening(view: StepView, speakers: Sequence[str]) -> None:
    for index, said in enumerate(view.option("opening") or ()):
        for speaker in said:
            path = (*view.path("opening"), index, speaker)
            if speaker not in speakers:
                _unknown_speaker(view, path, speaker, speakers, key=True)
            view.content(path, view.row_scope())


def _check_next(view: StepView, scope: Mapping[str, Type], speakers: Sequence[str]) -> None:
    path = view.path("next")
    found = without_null(view.expression(path, scope))
    for name in found.choices or () if isinstance(found, TextType) else ():
        _check_speaker(view, path, name, speakers)
    if path in view.expressions and not isinstance(found, TextType) and str(found) != "any":
        told = f"`next` takes the name of a speaker, and this is {found}"
        view.sink.report(WRONG_VALUE_TYPE, view.document.span(path), told)


def _check_speaker(view: StepView, path: Path, name: str, speakers: Sequence[str]) -> None:
    if name not in speakers:
        _unknown_speaker(view, path, name, speakers)


def _unknown_speaker(view: StepView, path: Path, name: str, speakers: Sequence[str], *, key: bool = False) -> None:
    span = view.document.key_span(path) if key else view.document.span(path)
    listed = ", ".join(f"`{known}`" for known in speakers)
    view.sink.report(BAD_VALUE, span, f"there is no speaker `{name}`", notes=[f"speakers are {listed}"])


class _Dialogue:
    def __init__(self, step: BoundStep) -> None:
        view = step.view
        self.step = step
        self.speakers: tuple[str, ...] = tuple(view.option("speakers"))
        self.into: str = view.option("into")
        self.follows = view.option("history") == "messages"
        self.prompts = {name: view.loaded.get(f"speakers.{name}") or view.loaded["prompt"] for name in self.speakers}
        self.askers = {
            name: Asker(step, str(_of_speaker(view, name, "model")), prompt, self._with_history)
            for name, prompt in self.prompts.items()
        }
        self.turns = step.whole("turns") or 1
        self.until = self._rule("until")
        self.next = self._rule("next")
        self.end_phrase = str(step.value("end_phrase") or "")
        self.assistant: str = view.option("assistant") or self.speakers[-1]
        self.keeps = view.option("on_reject") == "keep"
        self.opening = [
            (speaker, step.content((*view.path("opening"), index, speaker)))
            for index, said in enumerate(view.option("opening") or ())
            for speaker in said
        ]

    def _rule(self, option: str) -> Closure | None:
        path = self.step.view.path(option)
        return self.step.rule(path) if path in self.step.view.expressions else None

    def prompt(self, names: Mapping[str, Any]) -> Prompt:
        return self.prompts[names["speaker"]]

    async def apply(self, row: Row, context: StepContext) -> Iterable[Row] | Dropped:
        said: list[Value] = []
        answers: list[Answer] = []
        asked = row
        try:
            names = self.step.names(row)
            said += [self._turn(speaker, {_CONTENT: text(names)}) for speaker, text in self.opening]
            speaker = self._after(said)
            for number in range(self.turns):
                turn: dict[str, Value] = {self.into: list(said), "speaker": speaker, "turn": len(said) + 1}
                asked = row.replaced({**row.fields, **turn})
                answer = await self.askers[speaker].ask(asked, context, number)
                if isinstance(answer, Failure):
                    return self._rejected(row, Dropped(asked, "rejected", answer.label, answer.attempts), context)
                answers.append(answer)
                reading = dict(answer.readings[0])
                content, ending, _ = str(reading[_CONTENT]).partition(self.end_phrase or "\0")
                record = self._turn(speaker, {**reading, _CONTENT: content.strip() if ending else content})
                if record[_CONTENT] or not ending:  # who says the phrase alone has said nothing
                    said.append(record)
                after = {**names, **turn, **record, self.into: said}
                if ending or (self.until is not None and self.until(after)):
                    break
                speaker = self._after(said) if self.next is None else self._named(self.next(after))
        except RowFailed as error:
            return self._rejected(row, Dropped(asked, "rejected", str(error)), context)
        if not said:
            return self._rejected(row, Dropped(asked, "rejected", _NOTHING_SAID), context)
        made = row.replaced({**row.fields, self.into: said})
        tell_answers(made, answers, context)
        return (made,)

    def _turn(self, speaker: str, fields: Mapping[str, Value]) -> dict[str, Value]:
        return {"speaker": speaker, "role": "assistant" if speaker == self.assistant else "user", **fields}

    def _after(self, said: Sequence[Value]) -> str:
        """Who has the turn after the last one, in the order of the speakers."""
        if not said:
            return self.speakers[0]
        last: Any = said[-1]
        return self.speakers[(self.speakers.index(last["speaker"]) + 1) % len(self.speakers)]

    def _named(self, name: Any) -> str:
        if name not in self.speakers:
            raise RowFailed(f"`next`: there is no speaker {name!r}")
        return str(name)

    def _rejected(self, row: Row, dropped: Dropped, context: StepContext) -> Iterable[Row] | Dropped:
        if not self.keeps:
            return dropped
        context.refused(replace(dropped, kept=True))
        return (row.replaced({**row.fields, self.into: None}),)

    def _with_history(self, sent: list[tuple[str, str]], names: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The messages of a prompt, and after them what was said, as the speaker sees it."""
        if not self.follows:
            return sent
        sent = list(sent)
        for turn in names[self.into]:
            own = turn["speaker"] == names["speaker"]
            named = f"{turn['speaker']}: " if len(self.speakers) > 2 and not own else ""
            role, content = "assistant" if own else "user", named + turn[_CONTENT]
            if sent and sent[-1][0] == role:  # many models take no two messages of one role
                sent[-1] = (role, f"{sent[-1][1]}\n\n{content}")
            else:
                sent.append((role, content))
        return sent

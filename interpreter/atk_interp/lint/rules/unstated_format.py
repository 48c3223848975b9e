"""A prompt that never says what the step's parser looks for in the reply, or asks for another form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from atk_interp.diagnostics import Code, Label, Severity
from atk_interp.kinds.base import StepView
from atk_interp.lint.context import LintContext
from atk_interp.lint.prompts import Asked, Told
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.replies import ReplyUnreadable
from atk_interp.replies.base import Cue, CueForm
from atk_interp.source import Span
from atk_interp.spec import Param

__all__ = ["UnstatedFormat"]

_CONTRADICTING = Code(
    "ATK424",
    "contradicting-format",
    Severity.WARNING,
    finds="A prompt that asks for a reply in another form than the step's `parse` reads.",
    why="The model does as it is told, and every reply is rejected.",
    bad="- system: Respond in JSON.   # parse: {tags: [question, answer]}",
    good="- system: Write the question between <question> tags and the answer between <answer> tags.",
)

_ASKING = r"\b(?:respond|reply|answer|return|output|format|write|give|produce|provide)\b"
_JSON = pattern(rf"{_ASKING}[^.!?\n]{{0,60}}?\b(?P<form>JSON)\b", re.IGNORECASE)
_TAGS = pattern(rf"{_ASKING}[^.!?\n]{{0,60}}?(?P<form>\bXML\b|<\w+> tags?\b)", re.IGNORECASE)
_DENIED = pattern(r"\b(?:not|no|never|without|instead of|rather than)\b|n't\b", re.IGNORECASE)
_LISTED = pattern(r"^[ \t]*(?:[-+*•]|\(?\d{1,2}[.)])[ \t]", re.MULTILINE)

_SPEAKING = ("map", "draw", "python", "pipeline", "input", "once", "join")
"""Kinds whose fields may hold instructions that nobody can read in the prompt."""


class UnstatedFormat(Rule):
    code = Code(
        "ATK423",
        "unstated-format",
        Severity.WARNING,
        finds="A prompt that never mentions a tag, a heading, a key or an answer that the step's `parse` looks for.",
        why="The model does not know what is wanted: replies are rejected, or a field stays empty in every row.",
        bad='- user: "Is this useful? {{ text }}"   # parse: {choice: [good, bad], into: verdict, after: "Verdict:"}',
        good='- user: "Is this useful? {{ text }}\\n\\nEnd with `Verdict: good` or `Verdict: bad`."',
    )
    more_codes = (_CONTRADICTING,)

    def check(self, context: LintContext) -> None:
        for asked in context.asked_soundly:
            if asked.view.reader is None or any(isinstance(read, ReplyUnreadable) for _, read in asked.examples):
                continue  # an example in another form is told of as such
            told = context.told(asked.prompt)
            missing = list(_missing(asked.view.reader.cues, told, lenient=context.overrides(asked.prompt)))
            if _contradicts(asked, told, missing, context) or not missing:
                continue
            if not _may_be_told_otherwise(asked, missing):
                self._report(asked, missing, context)

    def _report(self, asked: Asked, missing: Sequence[Cue], context: LintContext) -> None:
        reader = asked.view.reader
        assert reader is not None
        answers = all(cue.form is CueForm.ANSWER for cue in missing)
        words = _listed([_shown(cue) for cue in missing])
        so = "which `parse` looks for in the reply"
        if answers and len(missing) < sum(cue.form is CueForm.ANSWER for cue in reader.cues):
            so = "so the model never answers it"
        elif all(cue.optional for cue in missing):
            so = "so it stays empty in every row"
        context.sink.report(
            self.code,
            asked.place_of(missing[0]),
            f"prompt `{asked.prompt.name}` never mentions {words}, {so}",
            notes=[f"the prompt is `{asked.prompt.file.path}`"],
            help="say in the prompt what the reply must look like, or show it in an example",
        )


def _listed(words: Sequence[str]) -> str:
    *others, last = dict.fromkeys(words)
    return f"{', '.join(others)} or {last}" if others else last


def _shown(cue: Cue) -> str:
    if cue.form is CueForm.TAG:
        return f"`<{cue.words}>`"
    return f"`{' '.join(cue.words.replace('**', '').split())}`"


def _missing(cues: Sequence[Cue], told: Told, *, lenient: bool) -> Iterator[Cue]:
    """What a prompt does not speak of. `lenient`: it may ask for fewer answers, and leave out what is optional."""
    answers = [cue for cue in cues if cue.form is CueForm.ANSWER]
    for cue in cues:
        if (lenient and cue.optional) or told.speaks_of(cue):
            continue
        if cue.form is CueForm.ANSWER:
            same = [other for other in answers if other.field == cue.field and (lenient or other.group == cue.group)]
            tag = next((other for other in cues if other.field == cue.field and other.form is CueForm.TAG), None)
            if any(map(told.speaks_of, same)) or (tag is not None and not told.speaks_of(tag)):
                continue
        yield cue


def _contradicts(asked: Asked, told: Told, missing: Sequence[Cue], context: LintContext) -> bool:
    """Report a prompt that asks for JSON where none is read, or for tags where JSON is."""
    parse = asked.view.step.options.get("parse") or {}
    if "json" in parse:
        found = _place(asked, _TAGS) if "json" not in told.lowered else None
    elif any(cue.form in (CueForm.TAG, CueForm.WORDS) for cue in missing) or _wants_list(parse, told):
        found = _place(asked, _JSON)
    else:
        found = None
    if found is None:
        return False
    context.sink.report(
        _CONTRADICTING,
        found,
        f"step `{asked.view.step.name}` does not read a reply in this form",
        labels=[Label(asked.view.document.key_span(asked.view.path("parse")), "this is how it reads")],
        help="ask for the form that `parse` reads, or let `parse` read this one",
    )
    return True


def _wants_list(parse: Mapping[str, Any], told: Told) -> bool:
    return "list" in parse and not _LISTED.search(told.text)


def _place(asked: Asked, pattern: re.Pattern[str]) -> Span | None:
    """Where a prompt asks for a form, and does not ask for anything but it."""
    for content in asked.prompt.contents:
        value = content.text.value
        for found in pattern.finditer(value):
            sentence = value[max(0, found.start() - 40) : found.end()]
            if not _DENIED.search(re.split(r"[.!?\n]", sentence)[-1]):
                return content.text.span(*found.span("form"))
    return None


def _may_be_told_otherwise(asked: Asked, missing: Sequence[Cue]) -> bool:
    """Whether something in the prompt that is not written out in it may speak of what is missing."""
    view, names = asked.view, asked.prompt.names()
    if any(_may_instruct(view.spec.params[name]) for name in names & view.spec.params.keys()):
        return True
    if names & view.constants.keys():
        return True
    fields = names - view.spec.params.keys() - {"row", "seed", "sample", "attempt"}
    return any(_is_instruction(name, view, missing) for name in fields) or _is_from_elsewhere(asked)


def _may_instruct(param: Param) -> bool:
    return param.type in ("text", "list", "map", "choice")


def _is_instruction(name: str, view: StepView, missing: Sequence[Cue]) -> bool:
    """Whether a field may hold instructions: what a step computes or is handed, but no document and no reply."""
    provider = view.spec.steps.get(view.providers.get(name, ""))
    if provider is None or name not in view.asked.fields:
        return True
    if provider.kind == "rows":
        told = Told(" ".join(_texts(provider.options.get("rows"))))
        return any(map(told.speaks_of, missing))
    return provider.kind in _SPEAKING


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _is_from_elsewhere(asked: Asked) -> bool:
    """Whether a whole system message, or all there is, is a variable."""
    messages = asked.prompt.messages
    systems = [item for item in messages.written() if item.role.constant == "system"] if messages is not None else []
    whole = any(item.content.constant is None and item.content.facts.lone() is not None for item in systems)
    return whole or not asked.prompt.written.strip()

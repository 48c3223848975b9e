"""Rows to read: the first of every output, and some of what was filtered or rejected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from atk_interp.report.first_rows import Message, Shown, first_rows
from atk_interp.report.html import Content, Html, excerpt, prose, tag
from atk_interp.report.rejected import Group, Rejection, grouped, read_at
from atk_interp.report.values import count, fields

__all__ = ["PromptOf", "outputs", "rejections"]

PromptOf: TypeAlias = Callable[[Rejection], Sequence[tuple[str, str]]]
"""The messages that a step has sent for a rejected row, as roles and contents; none where that is not known."""

_ROWS = 5
_EXAMPLES = 3
_MOST_GROUPS = 40
_MOST_ATTEMPTS = 3
_MOST_TURNS = 30
_REPLY = 2_000
_PROMPT = 1_500
_FIELD = 800
_TONES = {"user": "user", "assistant": "assistant", "system": "system"}


def outputs(record: Mapping[str, Any], folder: Path) -> Html | None:
    """The first rows of every output."""
    if not record["outputs"]:
        return None
    return tag(
        "section", tag("h2", "First rows"), *(_output(output, folder) for output in record["outputs"]), id="rows"
    )


def _output(output: Mapping[str, Any], folder: Path) -> Html:
    rows = first_rows(folder / output["file"], _ROWS)
    shown = f"the first {len(rows)} of " if len(rows) < output["rows"] and rows else ""
    title = tag("h3", output["file"], " ", tag("span", f"{shown}{count(output['rows'], 'row')}", cls="quiet"))
    if not rows:
        said = "It has no rows." if not output["rows"] else "This file is not text that could be shown here."
        return tag("div", title, tag("p", said, cls="quiet"))
    return tag("div", title, *(_row(row) for row in rows))


def _row(row: Shown) -> Html:
    if row.text:
        return tag("article", tag("pre", excerpt(row.text, 10_000)))
    return tag(
        "article",
        _conversation(row.messages) if row.messages else None,
        fields(row.fields) if row.fields else None,
    )


def _conversation(messages: Sequence[Message]) -> Html:
    turns = [_turn(message) for message in messages[:_MOST_TURNS]]
    beyond = len(messages) - len(turns)
    more = tag("p", count(beyond, "more message"), cls="quiet") if beyond else None
    return tag("div", *turns, more, cls="conversation")


def _turn(message: Message) -> Html:
    trains = {None: "", True: " · trained on", False: " · not trained on"}[message.trains]
    return tag(
        "div",
        tag("span", f"{message.role}{trains}", cls="role"),
        tag("div", excerpt(message.content, 3_000), cls="text"),
        cls=f"turn {_TONES.get(message.role, 'other')}",
    )


def rejections(folder: Path, prompt_of: PromptOf) -> Html | None:
    """What went no further, by step and reason, the most frequent reasons of a step first, with some rows of each."""
    path = folder / "rejected.jsonl"
    groups = grouped(path, _EXAMPLES)
    if not groups:
        return None
    steps = {group.step: index for index, group in reversed(list(enumerate(groups)))}
    groups.sort(key=lambda group: (group.outcome != "rejected", steps[group.step], -group.count))
    shown = [_group(path, group, prompt_of, number == 0) for number, group in enumerate(groups[:_MOST_GROUPS])]
    beyond = groups[_MOST_GROUPS:]
    more = (
        f"{count(len(beyond), 'more reason')} for {count(sum(group.count for group in beyond), 'record')}: "
        "see rejected.jsonl, or `atk-interp rejects`"
    )
    return tag(
        "section",
        tag("h2", "Filtered and rejected"),
        *shown,
        tag("p", more, cls="quiet") if beyond else None,
        id="rejected",
    )


def _group(path: Path, group: Group, prompt_of: PromptOf, is_open: bool) -> Html:
    title = tag(
        "summary",
        tag("span", f"{group.count:,}", cls="badge " + ("bad" if group.outcome == "rejected" else "mild")),
        " ",
        tag("strong", group.step),
        f" {group.outcome}: ",
        prose(excerpt(group.label, 300)),
    )
    return tag("details", title, *_examples(path, group, prompt_of), open=is_open)


def _examples(path: Path, group: Group, prompt_of: PromptOf) -> list[Html]:
    found = []
    for at in group.examples:
        try:
            found.append(_rejection(read_at(path, at), prompt_of))
        except (OSError, ValueError):  # as half of a file would be; the counts stand
            continue
    return found


def _rejection(rejection: Rejection, prompt_of: PromptOf) -> Html:
    attempts = [_attempt(attempt) for attempt in rejection.attempts[:_MOST_ATTEMPTS]]
    beyond = len(rejection.attempts) - len(attempts)
    prompt = prompt_of(rejection) if rejection.attempts else ()
    return tag(
        "article",
        tag("p", f"row {rejection.row}" + (f" of {rejection.source}" if rejection.source else ""), cls="quiet"),
        fields(rejection.fields.items(), _FIELD),
        tag("h4", "Prompt") if prompt else None,
        *(_said(role, content) for role, content in prompt[-2:]),
        *attempts,
        tag("p", count(beyond, "more attempt"), cls="quiet") if beyond else None,
    )


def _said(role: str, content: str) -> Content:
    return tag("span", role, cls="role"), tag("pre", excerpt(content, _PROMPT))


def _attempt(attempt: Mapping[str, Any]) -> Content:
    finish = attempt.get("finish")
    ended = f" (ended by {finish})" if finish and finish != "stop" else ""
    numbers = [f"{what} {attempt[what] + 1}" for what in ("sample", "attempt") if attempt.get(what)]
    reply = str(attempt.get("reply") or "")
    return (
        tag("h4", f"Reply{' of ' if numbers else ''}{', '.join(numbers)}{ended}"),
        tag("p", prose(str(attempt.get("reason") or "")), cls="reason"),
        tag("pre", excerpt(reply, _REPLY)) if reply else tag("p", "It is empty.", cls="quiet"),
    )

"""The page of parsers of replies."""

from __future__ import annotations

import json

from atk_interp.installed import given_by
from atk_interp.reference.markdown import code, described, fenced, origin, page, table
from atk_interp.reference.rules import taken
from atk_interp.reference.yaml_text import yaml_text
from atk_interp.replies import REPLY_KINDS, ReplyExample, ReplyKind

__all__ = ["replies_page"]


def replies_page() -> str:
    """Every parser: how it reads, its options, replies and what is understood."""
    return page(
        "Reading a reply",
        "`parse:` names one of these parsers, which says how a reply is read and which fields it writes. Where one "
        "answer is wanted and a reply holds several, the last complete one counts (`regex` alone takes the first). "
        "What is half there is never guessed: the reply is unreadable, which is a failed attempt. Reasoning "
        "(`<think>…</think>`, `[THINK]…[/THINK]`) is set aside before a reply is read, and kept beside it: at the "
        "beginning of the reply, and further on where it stands on lines of its own outside code fences. Tags within a "
        "line are text.",
        "What stands in a code fence (three backticks or tildes, and again) is text to `headings`, `list` and "
        "`dialogue`, whatever it looks like, and is kept as it is. Only where nothing of what they look for stands "
        "outside, so that the reply is in a fence as a whole, is it looked for in there. A fence that is never closed "
        "is none.",
        "With `many: true`, where a parser has it, a reply holds several readings, and the row becomes as many rows.",
        table(
            ["parser", "reads", "`many`"],
            [
                [f"[`{kind.name}`](#{kind.name})", described(kind).split("\n")[0], "yes" if kind.takes_many else ""]
                for kind in REPLY_KINDS.values()
            ],
        ),
        *(_section(kind) for kind in REPLY_KINDS.values()),
    )


def _section(kind: ReplyKind) -> str:
    keys = [[code(kind.name), taken(kind.value_schema), "yes"]]
    keys += [[code(key), taken(rules), "yes" if rules.get("required") else ""] for key, rules in kind.schema.items()]
    if kind.takes_many:
        keys.append(["`many`", "true or false", ""])
    source = origin(given_by(REPLY_KINDS, kind.name))
    parts = [f"## {kind.name}", described(kind), source, table(["key", "takes", "required"], keys)]
    return "\n\n".join(part for part in [*parts, *(_example(example) for example in kind.examples)] if part)


def _example(example: ReplyExample) -> str:
    understood = (
        "is unreadable."
        if example.expect is None
        else "is read as\n\n"
        + fenced("\n".join(json.dumps(fields, ensure_ascii=False) for fields in example.expect), "json")
    )
    parse = fenced(yaml_text({"parse": dict(example.options)}), "yaml")
    reply = fenced(example.reply, "text") if example.reply.strip() else "white space alone"
    return f"With\n\n{parse}\n\nthe reply\n\n{reply}\n\n{understood}"

"""Whether a reply is an answer at all, before anything reads it."""

from __future__ import annotations

__all__ = ["why_unusable"]

_FINISHES = {
    "length": "the reply was cut by the token limit",
    "content_filter": "the endpoint filtered the reply",
    "tool_calls": "the model called a tool and did not answer",
    "function_call": "the model called a tool and did not answer",
}


def why_unusable(text: str, finish: str, reasoning: str = "") -> str | None:
    """Why a reply is a failed attempt whatever its form, or None.

    `text` is the reply without its `reasoning`; `finish` is the endpoint's word for why it ended. Half a reply that
    happens to be readable is not data: what it leaves out is not known.
    """
    if finish in _FINISHES:
        return _FINISHES[finish]
    if text.strip():
        return None
    return "the reply holds reasoning only" if reasoning.strip() else "the reply is empty"

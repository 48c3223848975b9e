"""Replies that no one would want to read: what a parser must survive, in linear time, whatever they say."""

from __future__ import annotations

__all__ = ["HOSTILE", "hostile"]

_UNITS = {
    "asterisks": "*",
    "asterisk and letter": "*a",
    "bullets": "* ",
    "hashes": "#",
    "underscores": "_",
    "spaces": " ",
    "line breaks": "\n",
    "tabs and breaks": "\t\n",
    "rule lines": "---\n",
    "fences": "```\n",
    "fences in fences": "````json\n```\n",
    "fences with languages": "```py\n",
    "fences that close": "```py\n# a\n```\n",
    "fences behind markers": "- ```py\n",
    "fences behind names": "User: ```\n",
    "tildes": "~",
    "opening tags": "<answer>",
    "half tags": "<answer ",
    "tags in tags": "<answer><verdict>",
    "closing tags": "</answer>",
    "complete tags": "<answer>a</answer>",
    "thoughts": "<think>",
    "thoughts that end": "</think>",
    "thoughts in lines": "<think>\na\n</think>\nb\n",
    "thoughts that begin lines": "\n<think>a",
    "angles": "<",
    "braces": "{",
    "brackets": "[",
    "braces with keys": '{"answer":',
    "broken objects": '{"answer": {"a" 1 }',
    "quotation marks": '"',
    "single quotation marks": "{'a': '",
    "backslashes": '{"a": "\\',
    "whole objects": '{"answer": "a"},',
    "headers": "Verdict: ",
    "headers in lines": "QUESTION: a\n",
    "headers of blocks": "QUESTION: a\nANSWER: b\n",
    "headers with numbers": "QUESTION 1: ",
    "words": "suitable ",
    "denied words": "not suitable ",
    "other words": "unsuitable, suitable. ",
    "digits": "7",
    "numbers": "7 ",
    "fractions": "7/10 ",
    "dots and digits": "1.",
    "commas and digits": "1,234",
    "numbered items": "1. a\n",
    "items in items": "- a\n  - b\n",
    "turns": "User: a\nAssistant: b\n",
    "one speaker": "User: a\n",
    "empty turns": "User:\n",
    "right to left": "\u202eسؤال: \u05d0\n",
    "combining marks": "a\u0301",
    "dotted capital i": "İ",
    "half pairs": "\ud800",
    "nulls": "\x00",
    "carriage returns": "\r",
    "emoji": "👩‍👩‍👧",
    "byte order marks": "\ufeff",
    "separators": "\u2028\x85\x0b",
}

HOSTILE = tuple(_UNITS)
"""The names of the kinds of hostile replies."""


def hostile(name: str, size: int) -> str:
    """A reply of at least `size` characters made of one thing over and over."""
    unit = _UNITS[name]
    return unit * (size // len(unit) + 1)

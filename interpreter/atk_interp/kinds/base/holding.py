"""What `constrain` holds free text to, where an endpoint can be held to a grammar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atk_interp.expressions.types import AnyType, NullType, TextType, without_null
from atk_interp.kinds.base.bound import BoundStep, Closure
from atk_interp.kinds.base.codes import BAD_PARSE, WRONG_VALUE_TYPE
from atk_interp.kinds.base.view import StepView
from atk_interp.records import dataclass
from atk_interp.replies import FieldRule, Rules
from atk_interp.sentences import whole_sentences
from atk_interp.spec.options import Option, Takes

__all__ = ["CONSTRAIN", "Holding", "check_constrain", "holdings", "rules_for"]

_TEXTS = ("words_of", "sentence_of")
"""The rules that take an expression for a text."""

CONSTRAIN = Option(
    "constrain",
    Takes.STRUCTURE,
    "Bounds of free-text fields, where the endpoint can hold a reply to a grammar: `max_chars`, `words_of`, "
    "`sentence_of`, `sentences`.",
    schema={
        "type": "dict",
        "valuesrules": {
            "type": "dict",
            "schema": {
                **{name: {"type": "integer", "min": 1} for name in ("max_chars", "sentences")},
                **{name: {"type": "string"} for name in _TEXTS},
            },
        },
    },
)


def check_constrain(view: StepView) -> None:
    """Report fields that `parse` does not read as free text, and rules that are not about a text."""
    held = view.reader.constrainable if view.reader is not None else None
    for field, rule in (view.option("constrain") or {}).items():
        path = (*view.path("constrain"), field)
        if held is not None and field not in held:
            view.sink.report(
                BAD_PARSE,
                view.document.key_span(path),
                f"`{field}` is not a free-text field of `parse`",
                notes=["free-text fields are " + (", ".join(f"`{name}`" for name in held) or "none")],
            )
        for name in _TEXTS:
            if name in rule:
                type_ = view.expression((*path, name), view.row_scope())
                if not isinstance(without_null(type_), TextType | AnyType | NullType):
                    span = view.document.span((*path, name))
                    view.sink.report(WRONG_VALUE_TYPE, span, f"`{name}` takes text, and this is {type_}")


@dataclass(frozen=True, slots=True)
class Holding:
    """What the text of one field is held to, before the row is known."""

    max_chars: int | None
    words_of: Closure | None
    sentence_of: Closure | None
    sentences: int | None

    def rule(self, names: Mapping[str, Any]) -> FieldRule:
        """The rule for one row. Where no sentence fits, the words of that text are what is left to hold to."""
        whole, words = _text(self.sentence_of, names), _text(self.words_of, names)
        return FieldRule(self.max_chars, words or whole, whole_sentences(whole) if whole else (), self.sentences)


def holdings(step: BoundStep) -> dict[str, Holding]:
    """The rules of `constrain`, by field."""
    found = {}
    for field, rule in (step.view.option("constrain") or {}).items():
        path = (*step.view.path("constrain"), field)
        words, whole = (step.rule((*path, name)) if name in rule else None for name in _TEXTS)
        found[field] = Holding(rule.get("max_chars"), words, whole, rule.get("sentences"))
    return found


def rules_for(held: Mapping[str, Holding], names: Mapping[str, Any]) -> Rules:
    """The rules of all fields for one row."""
    return {field: holding.rule(names) for field, holding in held.items()}


def _text(closure: Closure | None, names: Mapping[str, Any]) -> str | None:
    text = closure(names) if closure is not None else None
    return text if isinstance(text, str) and text.strip() else None

"""What is said, and known, in several tables of keys."""

from __future__ import annotations

__all__ = ["DEAD", "MARKUP", "NOISE", "TRAINING", "WAYS"]

DEAD = "it had no effect in the original either"
MARKUP = "outputs are messages, to which a trainer applies the template of its model"
TRAINING = "no model is trained or served here; the outputs are for a trainer of your own"

WAYS = {
    "openended": "open-ended",
    "open-ended_questions": "open-ended",
    "followup": "follow-up",
    "prompts_override_open-ended_questions": "open-ended",
    "prompts_override_open-ended_question": "open-ended",
    "prompts_override_negative_questions": "negative",
}
"""Our names of the styles of questions, by those of the original that differ."""

NOISE = {
    "allcaps": "upper",
    "lowercase": "lower",
    "serialkillercase": "alternating",
    "titlecase": "title",
    "sentencecase": "sentence",
    "snakecase": "snake",
    "kebabcase": "kebab",
    "camelcase": "camel",
    "pascalcase": "pascal",
    "randomcase": "random",
    "invertcase": "inverted",
    "keyboard_augmentation": "typos",
}
"""Our names of the ways to distort a text."""

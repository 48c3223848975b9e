"""Text as people mistype it, and as programs spell it: noise that makes a model indifferent to the form of a text."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product

from atk_interp.expressions.draws import Draw

__all__ = ["CASES", "KEYBOARDS", "cased", "random_case", "typos"]

_SENTENCE_START = re.compile(r"(^\W*+|[.!?…]\s++\W*+|\n\s*+)(\w)")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_APOSTROPHES = str.maketrans("", "", "'\u2019")


def _alternating(text: str) -> str:
    parts: list[str] = []
    upper = False
    for character in text:
        parts.append(character.upper() if upper else character.lower())
        upper ^= character.isalpha()
    return "".join(parts)


def _title(text: str) -> str:
    return _WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


def _sentence(text: str) -> str:
    return _SENTENCE_START.sub(lambda start: start[1] + start[2].upper(), text.lower())


def _identifier(glue: str, first: Callable[[str], str], rest: Callable[[str], str]) -> Callable[[str], str]:
    """Each line as one identifier: its words, without what stands between them."""

    def spelt(line: str) -> str:
        found = [word.translate(_APOSTROPHES) for word in _WORD.findall(line)]
        return glue.join([*map(first, found[:1]), *map(rest, found[1:])])

    return lambda text: "\n".join(map(spelt, text.split("\n")))


CASES: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": _title,
    "sentence": _sentence,
    "alternating": _alternating,
    "inverted": str.swapcase,
    "snake": _identifier("_", str.lower, str.lower),
    "kebab": _identifier("-", str.lower, str.lower),
    "camel": _identifier("", str.lower, str.capitalize),
    "pascal": _identifier("", str.capitalize, str.capitalize),
}
"""Ways to spell a text, by name."""


def cased(text: str, style: str) -> str:
    """The text in one of `CASES`. Raises `KeyError`."""
    return CASES[style](text)


def random_case(draw: Draw, text: str, p: float) -> str:
    """Each letter in upper case with probability `p`, else in lower case."""
    chance = _stream(draw)
    return "".join((each.upper() if chance() < p else each.lower()) if each.isalpha() else each for each in text)


def _stream(draw: Draw) -> Callable[[], float]:
    """Numbers from 0 to below 1, one after the other.

    Python promises that this generator gives the same ones in every version (documentation of `random`, "Notes on
    Reproducibility").
    """
    return random.Random(int.from_bytes(draw.key, "big")).random


_ROWS: Mapping[str, tuple[str, ...]] = {
    "qwerty": ("1234567890", "qwertyuiop", "asdfghjkl;", "zxcvbnm,./"),
    "qwertz": ("1234567890", "qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"),
    "azerty": ("1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn,;:"),
    "jcuken": ("1234567890", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю."),
}
_ROW_STARTS = (0.0, 0.5, 0.75, 1.25)
"""How far the rows of a keyboard are moved to the right, in keys."""

KEYBOARDS = tuple(_ROWS)


@cache
def _neighbours(keyboard: str) -> Mapping[str, str]:
    """The keys around each key: those of which the middle is less than one and a half keys away."""
    places = {
        key: (start + column, float(row))
        for row, (start, keys) in enumerate(zip(_ROW_STARTS, _ROWS[keyboard], strict=True))
        for column, key in enumerate(keys)
    }
    near: dict[str, str] = dict.fromkeys(places, "")
    for (one, (x, y)), (other, (other_x, other_y)) in product(places.items(), repeat=2):
        if one != other and (x - other_x) ** 2 + (y - other_y) ** 2 < 1.5**2:
            near[one] += other
    return near


def typos(draw: Draw, text: str, rate: float, keyboard: str) -> str:
    """The text with a typing error at about this share of its letters and spaces.

    A letter becomes a neighbour on the keyboard (half of the errors), is left out, typed twice, or swapped with the
    one after it; a space is left out or typed twice. Raises `KeyError` for a keyboard that is not in `KEYBOARDS`.
    """
    chance, near = _stream(draw), _neighbours(keyboard)
    parts: list[str] = []
    at = 0
    while at < len(text):
        character, at = text[at], at + 1
        following = text[at] if at < len(text) else ""
        if not (character.isalpha() or character == " ") or chance() >= rate:
            parts.append(character)
        elif character == " ":
            parts.append("" if chance() < 0.5 else "  ")
        else:
            error = chance()
            if error < 0.5:
                parts.append(_slipped(character, near, chance()))
            elif error < 0.75 and following.isalpha():
                parts.append(following + character)
                at += 1
            else:
                parts.append("" if chance() < 0.5 else character * 2)
    return "".join(parts)


def _slipped(character: str, near: Mapping[str, str], point: float) -> str:
    """A neighbour of the key, in the same case; the letter itself, typed twice, where the keyboard does not have it."""
    keys = near.get(character.lower(), "")
    if not keys:
        return character * 2
    key = keys[int(point * len(keys))]
    return key.upper() if character.isupper() else key

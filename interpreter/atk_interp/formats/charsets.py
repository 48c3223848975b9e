"""Which of several old encodings a text is in, where the statistics of its bytes do not tell.

Two cases are common and always go wrong otherwise: western European text that might as well be central European
(`à` or `ŕ`), and Japanese text that might as well be Korean.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["CHARSETS", "likeliest"]

CHARSETS = (
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "koi8_r",
    "cp866",
    "cp874",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
)
"""Encodings that texts without a mark are found in. Those of mainframes and of old Macs only make guesses worse."""

_WESTERN = (
    "àâæçéèêëîïôœùûüÿ",  # French
    "äöüßé",  # German
    "áéíñóúüïçàèò·ºª",  # Spanish, Catalan
    "ãáàâçéêíõóôúºª",  # Portuguese
    "àèéìíòóùú",  # Italian
    "åäöæøéü",  # Nordic
    "áðéíóúýþæö",  # Icelandic
    "éèëïóöüê",  # Dutch, English
)
_MOST = 0.9
_KANA = 0.25


def likeliest(sample: bytes, equal: Sequence[str]) -> str:
    """One of `equal`, the encodings that fit equally well (the likeliest first), unless a closer look tells better."""
    for japanese in ("cp932", "euc_jp"):
        if _is_japanese(_read(sample, japanese)):
            return japanese
    if "cp1252" in equal and _is_western(_read(sample, "cp1252")):
        return "cp1252"
    return equal[0]


def _read(sample: bytes, encoding: str) -> str:
    """A sample begins and ends anywhere, also within a letter."""
    return sample.decode(encoding, "replace")


def _is_western(text: str) -> bool:
    """Whether nearly all accented letters belong to one western European language."""
    letters = [letter for letter in text.lower() if letter > "\x7f" and letter.isalpha()]
    most = max(sum(letter in language for letter in letters) for language in _WESTERN)
    return most >= _MOST * len(letters)


def _is_japanese(text: str) -> bool:
    """Whether a good part is kana (full width), which no other language has, and nearly nothing is undecodable."""
    letters = [letter for letter in text if letter > "\x7f"]
    kana = sum("\u3041" <= letter <= "\u30fe" for letter in letters)
    broken = letters.count("\ufffd")
    return kana >= _KANA * len(letters) > 0 and broken <= (1 - _MOST) * len(letters)

"""Bytes to text, never lossy in silence.

A byte order mark decides; then what the file itself declares; then UTF-8 if the bytes are valid or nearly so;
then a guess. What cannot be decoded becomes U+FFFD, and is counted.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable

from atk_interp.patterns import pattern
from atk_interp.records import dataclass

__all__ = ["Decoded", "decode", "is_binary"]

SAMPLE_BYTES = 64 * 1024
"""How much of a file a guess looks at."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_MOST_CONTROLS = 0.02
_GOOD_PER_BAD = 2
"""Bytes are damaged UTF-8, and not another encoding, when valid sequences outnumber the others by this."""

_BEYOND_ASCII = pattern(r"[^\x00-\x7f]+")
_STAND_INS = pattern("[\udc00-\udcff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and how it was come by: `guessed` says that nothing but its bytes told the encoding.

    `undecodable` bytes were replaced by U+FFFD, the first of them at `first_undecodable` (from 0).
    """

    text: str
    encoding: str
    guessed: bool = False
    undecodable: int = 0
    first_undecodable: int = 0


def is_binary(data: bytes) -> bool:
    """Whether bytes without a mark of UTF-16 or UTF-32 are no text: a NUL anywhere, or many control characters."""
    if any(data.startswith(mark) for mark, name in _MARKS if name != "utf-8"):
        return False
    sample = data[:SAMPLE_BYTES]
    return b"\0" in data or len(sample) - len(sample.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(sample)


def decode(data: bytes, guess: Callable[[bytes], str | None], declared: str | None = None) -> Decoded | None:
    """The text of some bytes; None when `guess` cannot name an encoding either.

    `guess` gets at most `SAMPLE_BYTES`, from round the first byte that is not UTF-8. `declared` is the encoding
    that the file names; it is passed over when the bytes contradict it.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lossy(data[len(mark) :], encoding, skipped=len(mark))
    if declared is not None and (text := _strict(data, declared)) is not None:
        return Decoded(text, declared)
    try:
        return Decoded(data.decode(), "utf-8")
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(data, error):
            return _lossy(data, "utf-8")
        first = max(0, error.start - SAMPLE_BYTES // 2)
        encoding_guessed = guess(data[first : first + SAMPLE_BYTES])
    if encoding_guessed is None:
        return None
    found = _lossy(data, encoding_guessed)
    return Decoded(found.text, found.encoding, True, found.undecodable, found.first_undecodable)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _is_damaged_utf8(data: bytes, error: UnicodeDecodeError) -> bool:
    text = data.decode("utf-8", _HANDLER)
    bad = len(_STAND_INS.findall(text))
    good = sum(len(run) for run in _BEYOND_ASCII.findall(text)) - bad
    was_cut = error.reason == "unexpected end of data"
    return good >= (1 if was_cut else _GOOD_PER_BAD * bad)


def _lossy(data: bytes, encoding: str, skipped: int = 0) -> Decoded:
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        first = error.start + skipped
    text, bad = _STAND_INS.subn("\ufffd", data.decode(encoding, _HANDLER))
    return Decoded(text, encoding, undecodable=bad, first_undecodable=first)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """One low surrogate for each bad byte: no decoder gives these, so that they can be counted afterwards."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


_HANDLER = "atk-stand-in"
codecs.register_error(_HANDLER, _stand_in)

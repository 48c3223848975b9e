"""The place in the file of every character of a decoded YAML scalar, for all five scalar styles.

Follows YAML 1.2.2 §7.3 (flow scalars: quotes, escapes, line folding) and §8.1 (block scalars: indentation,
chomping, folding), as libyaml reads them. Whatever a decoder here does not reproduce exactly falls back to the start
of the scalar, so that a place is coarse rather than wrong.
"""

from __future__ import annotations

from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.source import MappedText, SourceFile

__all__ = ["mapped_scalar"]

_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}


_BREAK = pattern(r"\r\n|[\n\r\x85\u2028\u2029]")
_BREAKS = "\n\r\x85\u2028\u2029"
_HEADER = pattern(r"[|>](?P<indicators>[-+0-9]*)[^\n\r\x85\u2028\u2029]*")

_PLAIN = pattern(r"[^ \t\n\r\x85\u2028\u2029\\']+")
"""What stands for itself in every flow scalar."""

_Decoded = list[tuple[str, int]]
"""The value in pieces that stand verbatim in what is written (or are of one character), each with its offset there."""


def mapped_scalar(value: str, file: SourceFile, start: int, end: int, style: str) -> MappedText:
    """`value`, decoded from `file.text[start:end]` in a style (`""`, `'`, `"`, `|`, `>`), with its places."""
    raw = file.text[start:end]
    if style == "" and raw == value:
        return MappedText.verbatim(value, file, start)
    if style in ("'", '"') and raw[1:-1] == value:
        return MappedText.verbatim(value, file, start + 1)
    decoded = _block(value, raw, folds=style == ">") if style in ("|", ">") else _flow(raw, style)
    if decoded is None or _text(decoded) != value:
        return MappedText.scattered(value, file, [start] * (len(value) + 1))
    runs = []
    index, end = 0, start
    for piece, offset in decoded:
        if piece:
            runs.append((index, start + offset))
            index, end = index + len(piece), start + offset + len(piece)
    after = file.text.find(value[-1:], end - 1) + 1 if runs else start
    return MappedText(value, file, (*runs, (index, max(after, end))))


def _text(decoded: _Decoded) -> str:
    return "".join([piece for piece, _ in decoded])


def _flow(raw: str, style: str) -> _Decoded:
    """Plain, single- and double-quoted scalars: escapes, and folding of line breaks."""
    index, stop = (0, len(raw)) if style == "" else (1, len(raw) - 1)
    decoded: _Decoded = []
    while index < stop:
        character = raw[index]
        plain = _PLAIN.match(raw, index, stop)
        if plain:
            decoded.append((plain[0], index))
            index = plain.end()
            continue
        blanks = _blanks(raw, index, stop)
        if blanks > index and _BREAK.search(raw, index, blanks):
            decoded += _folded(raw, index, blanks)
            index = blanks
        elif style == '"' and character == "\\":
            index = _escape(raw, index, stop, decoded)
        else:
            decoded.append((character, index))
            index += 2 if style == "'" and character == "'" else 1
    return decoded


def _blanks(raw: str, index: int, stop: int) -> int:
    """The end of the blanks and line breaks that begin at `index`."""
    while index < stop and (raw[index] in " \t" or raw[index] in _BREAKS):
        index += 1
    return index


def _folded(raw: str, index: int, stop: int) -> _Decoded:
    """Line breaks with the blanks around them: one is a space, n are n-1 line feeds."""
    breaks = _line_breaks(raw, index, stop)
    first, *others = breaks
    if first[0] != "\n":
        return breaks
    return others or [(" ", first[1])]


def _line_breaks(raw: str, index: int, stop: int) -> _Decoded:
    """The line breaks in a stretch, as YAML reads them: all but two rare ones are line feeds."""
    return [
        (found[0] if found[0] in "\u2028\u2029" else "\n", found.start()) for found in _BREAK.finditer(raw, index, stop)
    ]


def _escape(raw: str, index: int, stop: int, decoded: _Decoded) -> int:
    """Decode the escape at `index`; where to go on. An escaped line break joins two lines without a space."""
    following = raw[index + 1]
    if following in _HEX_ESCAPES:
        width = _HEX_ESCAPES[following]
        decoded.append((chr(int(raw[index + 2 : index + 2 + width], 16)), index))
        return index + 2 + width
    broken = _BREAK.match(raw, index + 1)
    if broken:
        after = _blanks(raw, broken.end(), stop)
        decoded += _line_breaks(raw, broken.end(), after)
        return after
    decoded.append((_ESCAPES.get(following, following), index))
    return index + 2


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a block: its text, its offset, and the line break after it (none at the end of the file)."""

    text: str
    at: int
    end: _Decoded


def _block(value: str, raw: str, *, folds: bool) -> _Decoded | None:
    """Literal and folded scalars.

    How far a block is indented follows from its first line, or, where its header says it in columns beyond a parent
    that is not at hand, from what gives the value.
    """
    header = _HEADER.match(raw)
    if header is None:
        return None
    lines = _lines(raw, header.end())
    first = next((line.text for line in lines if line.text.strip(" ")), "")
    deepest = max((len(line.text) for line in lines if not line.text.strip(" ")), default=0)
    indent = len(first) - len(first.lstrip(" ")) if first else deepest
    explicit = any(indicator.isdigit() for indicator in header["indicators"])
    for candidate in range(max(indent, 1), 0, -1) if explicit else (indent,):
        decoded = _unindented(lines, candidate, folds, header["indicators"])
        if _text(decoded) == value:
            return decoded
    return None


def _lines(raw: str, start: int) -> list[_Line]:
    """The lines after the header."""
    lines: list[_Line] = []
    ends = _line_breaks(raw, start, len(raw))
    stops = [(found.start(), found.end()) for found in _BREAK.finditer(raw, start)]
    for number, (_, begin) in enumerate(stops):
        stop = stops[number + 1][0] if number + 1 < len(stops) else len(raw)
        if begin < len(raw):
            lines.append(_Line(raw[begin:stop], begin, ends[number + 1 : number + 2]))
    return lines


def _unindented(lines: list[_Line], indent: int, folds: bool, indicators: str) -> _Decoded:
    """The text of a block.

    `pending` is the break after the last line with text, `empty` are those of the empty lines since.
    """
    decoded: _Decoded = []
    pending: _Decoded = []
    empty: _Decoded = []
    was_deeper = False
    for line in lines:
        text = line.text[indent:]
        if not text and not line.text.strip(" "):
            empty += line.end
            continue
        is_deeper = text[:1] in (" ", "\t")
        if folds and pending and pending[0][0] == "\n" and not was_deeper and not is_deeper:
            decoded += empty or [(" ", pending[0][1])]
        else:
            decoded += pending + empty
        decoded.append((text, line.at + indent))
        pending, empty, was_deeper = line.end, [], is_deeper
    if "-" not in indicators:
        decoded += pending
    if "+" in indicators:
        decoded += empty
    return decoded

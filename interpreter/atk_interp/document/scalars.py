"""The place in the file of every character of a decoded YAML scalar, for all five scalar styles.

Follows YAML 1.2.2 §7.3 (flow scalars: quotes, escapes, line folding) and §8.1 (block scalars: indentation,
chomping, folding). Whatever a decoder here does not reproduce exactly falls back to the start of the scalar,
so that a place is coarse rather than wrong.
"""

from __future__ import annotations

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


def mapped_scalar(value: str, file: SourceFile, start: int, end: int, style: str) -> MappedText:
    """`value`, decoded from `file.text[start:end]` in a style (`""`, `'`, `"`, `|`, `>`), with its places."""
    raw = file.text[start:end]
    if style == "" and raw == value:
        return MappedText(value, file, start)
    if style in ("'", '"') and raw[1:-1] == value:
        return MappedText(value, file, start + 1)
    if style == "|":
        offsets = _literal(value, raw)
    elif style == ">":
        offsets = _folded(value, raw)
    else:
        offsets = _flow(value, raw, style)
    if offsets is None:
        return MappedText(value, file, tuple([start] * (len(value) + 1)))
    return MappedText(value, file, tuple(start + offset for offset in offsets))


def _flow(value: str, raw: str, style: str) -> list[int] | None:
    """Plain, single- and double-quoted scalars: escapes, and folding of line breaks."""
    index, stop = (0, len(raw)) if style == "" else (1, len(raw) - 1)
    decoded: list[str] = []
    offsets: list[int] = []
    while index < stop:
        character = raw[index]
        if character in "\r\n" or (character in " \t" and _breaks_ahead(raw, index, stop)):
            index = _fold(raw, index, stop, decoded, offsets)
        elif style == '"' and character == "\\":
            index = _escape(raw, index, decoded, offsets)
        else:
            decoded.append(character)
            offsets.append(index)
            index += 2 if style == "'" and character == "'" else 1
    if "".join(decoded) != value:
        return None
    return [*offsets, stop]


def _breaks_ahead(raw: str, index: int, stop: int) -> bool:
    while index < stop and raw[index] in " \t":
        index += 1
    return index < stop and raw[index] in "\r\n"


def _fold(raw: str, index: int, stop: int, decoded: list[str], offsets: list[int]) -> int:
    """Line breaks with the blanks around them: one is a space, n are n-1 line feeds."""
    breaks: list[int] = []
    while index < stop and raw[index] in " \t\r\n":
        if raw[index] == "\n" or (raw[index] == "\r" and raw[index + 1 : index + 2] != "\n"):
            breaks.append(index)
        index += 1
    kept = breaks[1:] or breaks
    decoded.extend(["\n"] * len(kept) if len(breaks) > 1 else [" "])
    offsets.extend(kept)
    return index


def _escape(raw: str, index: int, decoded: list[str], offsets: list[int]) -> int:
    following = raw[index + 1 : index + 2]
    if following in _HEX_ESCAPES:
        width = _HEX_ESCAPES[following]
        decoded.append(chr(int(raw[index + 2 : index + 2 + width], 16)))
        offsets.append(index)
        return index + 2 + width
    if following in ("\n", "\r"):
        index += 2 if raw[index + 1 : index + 3] != "\r\n" else 3
        while raw[index : index + 1] in (" ", "\t"):
            index += 1
        return index
    decoded.append(_ESCAPES.get(following, following))
    offsets.append(index)
    return index + 2


def _block_lines(raw: str) -> list[tuple[int, str]]:
    """The lines after the header, each with its offset in `raw`, without their line breaks."""
    lines: list[tuple[int, str]] = []
    at = raw.find("\n") + 1
    while 0 < at < len(raw):
        stop = raw.find("\n", at)
        stop = len(raw) if stop < 0 else stop
        lines.append((at, raw[at:stop].rstrip("\r")))
        at = stop + 1
    return lines


def _indentation(lines: list[tuple[int, str]], value: str) -> int:
    """How many columns the block is indented: what the first line that says something has lost."""
    first = next((line for line in value.split("\n") if line.strip()), None)
    written = next((line for _, line in lines if line.strip()), None)
    if first is None or written is None:
        return 0
    return max(0, len(written) - len(first)) if written.endswith(first) else len(written) - len(written.lstrip(" "))


def _literal(value: str, raw: str) -> list[int] | None:
    lines = _block_lines(raw)
    indent = _indentation(lines, value)
    offsets: list[int] = []
    wanted = value.split("\n")
    for number, text in enumerate(wanted):
        at, written = lines[number] if number < len(lines) else (len(raw), "")
        begin = at + min(indent, len(written))
        if raw[begin : begin + len(text)] != text:
            return None
        offsets.extend(range(begin, begin + len(text)))
        offsets.append(begin + len(text))
    return offsets


def _folded(value: str, raw: str) -> list[int] | None:
    lines = _block_lines(raw)
    indent = _first_indent(lines)
    offsets: list[int] = []
    at = 0
    breaks: list[int] = []
    for begin, written in lines:
        text = written[indent:]
        if text:
            separators = _separators(value, at, text)
            if separators is None or separators > len(breaks):
                return None
            offsets.extend(breaks[len(breaks) - separators :])
            at += separators
            offsets.extend(range(begin + indent, begin + indent + len(text)))
            at += len(text)
            breaks = []
        breaks.append(begin + len(written))
    rest = len(value) - at
    if rest > len(breaks):
        return None
    offsets.extend(breaks[:rest])
    return [*offsets, len(raw)]


def _first_indent(lines: list[tuple[int, str]]) -> int:
    written = next((line for _, line in lines if line.strip()), "")
    return len(written) - len(written.lstrip(" "))


def _separators(value: str, at: int, text: str) -> int | None:
    """How many folded spaces or line feeds stand in `value` at `at` before `text`."""
    stop = at
    while not value.startswith(text, stop):
        if stop >= len(value) or value[stop] not in " \n":
            return None
        stop += 1
    return stop - at

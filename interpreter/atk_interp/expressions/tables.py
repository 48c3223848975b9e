"""From `grammar.lark` to `tables.json`: lark reads the grammar and computes the LALR(1) tables.

The only door to lark. Loading lark and building the tables takes longer than linting a spec, so it is done
when the grammar changes (`python -m atk_interp.expressions.tables`) and the result is kept beside it; a test
holds the two together.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from atk_interp.values import encode

__all__ = ["GRAMMAR", "TABLES", "build", "write"]

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLES = Path(__file__).with_name("tables.json")

_KEYWORDS = re.compile(r"(?:\(\?:)?([^\W\d]\w*(?:\|[^\W\d]\w*)*)\)?")


def build(grammar: str) -> dict[str, Any]:
    """The tables of a grammar, as JSON data.

    `states[s][symbol]` is `n + 1` to go to state n, or `-(r + 1)` to reduce by rule r. `rules[r]` is the symbol
    it makes, how many symbols it takes, and the builder's name or null. `pattern` matches one token, its type being
    the name of the group; a NAME that is a key of `keywords` is that keyword. `final` is the accepting state.
    """
    from lark import Lark

    parser = Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False, keep_all_tokens=True)
    frontend: Any = parser.parser
    table = frontend.parser._parse_table
    rules = {rule: number for number, rule in enumerate(dict.fromkeys(parser.rules))}
    numbers = _numbered(table.states, table.start_states["start"])

    def action(entry: tuple[Any, Any]) -> int:
        kind, argument = entry
        return numbers[argument] + 1 if kind.name == "Shift" else -(rules[argument] + 1)

    keywords, pattern = _tokens([*parser.terminals])
    return {
        "grammar": hashlib.sha256(grammar.encode()).hexdigest(),
        "pattern": pattern,
        "keywords": keywords,
        "rules": [[str(rule.origin.name), len(rule.expansion), rule.alias] for rule in rules],
        "start": numbers[table.start_states["start"]],
        "final": numbers[table.end_states["start"]],
        "states": [
            dict(sorted((str(symbol), action(entry)) for symbol, entry in entries.items()))
            for entries in (table.states[state] for state in numbers)
        ],
    }


def _numbered(states: dict[Any, dict[str, tuple[Any, Any]]], start: Any) -> dict[Any, int]:
    """Numbers for the states, breadth first from the start: lark's own vary with the hash seed."""
    numbers = {start: 0}
    for state in (waiting := [start]):
        for _, (kind, target) in sorted(states[state].items()):
            if kind.name == "Shift" and target not in numbers:
                numbers[target] = len(numbers)
                waiting.append(target)
    return numbers


def _tokens(terminals: list[Any]) -> tuple[dict[str, str], str]:
    """Keywords, and one pattern of all other tokens: by priority, then patterns, then the longest sign."""
    keywords: dict[str, str] = {}
    others: list[tuple[int, bool, int, str, str]] = []
    for terminal in terminals:
        source, is_sign = terminal.pattern.value, type(terminal.pattern).__name__ == "PatternStr"
        if found := _KEYWORDS.fullmatch(source):
            keywords.update(dict.fromkeys(found[1].split("|"), terminal.name))
            continue
        group = f"(?P<{terminal.name}>{re.escape(source) if is_sign else source})"
        others.append((-terminal.priority, is_sign, -len(source), terminal.name, group))
    return dict(sorted(keywords.items())), "|".join(group for *_, group in sorted(others))


def write() -> None:
    """Bring `tables.json` up to date with the grammar."""
    TABLES.write_bytes(encode(build(GRAMMAR.read_text("utf-8"))) + b"\n")


if __name__ == "__main__":
    write()

"""Evaluating an expression: ours, and the same text compiled by Jinja's sandbox. Also what reading one costs.

Prints a table; the best of several rounds counts. Jinja's `compile_expression` makes a template context for every
evaluation, which is most of what it costs.
"""

from __future__ import annotations

import argparse
import platform
import timeit
from collections.abc import Callable
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from atk_interp.diagnostics import Sink
from atk_interp.expressions import check_expression, compile_expression, parse_expression, template_tests
from atk_interp.expressions.types import type_of
from atk_interp.source import MappedText

ROW: dict[str, Any] = {
    "verdict": "suitable",
    "skip_filter": False,
    "question": "What is the name of the river that flows through the old town, and where does it rise?",
    "answer": "The Vltava; it rises in the Šumava mountains.",
    "difficulty": 3,
    "votes": [True, True, False],
    "turns": [{"role": "user", "text": "Hello"}, {"role": "assistant", "text": "Good day"}] * 3,
    "row": {"id": "0123456789abcdef", "source": "a.txt"},
}

EXPRESSIONS = (
    "not skip_filter",
    'verdict == "suitable"',
    "row.source",
    "question | length > 10",
    'verdict == "suitable" and question | length > 10 and not skip_filter',
    'question is matching("(?i)\\\\bthe (text|passage)\\\\b")',
    '"easy" if difficulty < 3 else "hard"',
    'question ~ " " ~ answer',
    '(question | trim | lower) + "!"',
    '(turns | selectattr("role", "eq", "user") | list | length) * 2',
    "(votes | select | list | length) / (votes | length)",
)


def best(call: Callable[[], object], rounds: int) -> float:
    """Microseconds of one call."""
    timer = timeit.Timer(call)
    count, _ = timer.autorange()
    return min(timer.repeat(rounds, count)) / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    jinja = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    jinja.tests.update(template_tests())
    print(f"python {platform.python_version()}, Jinja {jinja2.__version__}, best of {options.rounds}, microseconds\n")
    print("| expression | ours | Jinja | times | parse | check | compile |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for text in EXPRESSIONS:
        print(measured(text, jinja, options.rounds))


def measured(text: str, jinja: jinja2.Environment, rounds: int) -> str:
    """One line of the table."""
    source = MappedText.detached(text)
    expression = parse_expression(source, Sink())
    assert expression is not None, text
    scope = {name: type_of(value) for name, value in ROW.items()}
    ours, theirs = compile_expression(expression), jinja.compile_expression(text)
    assert ours(ROW) == theirs(ROW), text
    mine = best(lambda: ours(ROW), rounds)
    other = best(lambda: theirs(ROW), rounds)
    parse = best(lambda: parse_expression(source, Sink()), rounds)
    check = best(lambda: check_expression(expression, scope, Sink()), rounds)
    compiling = best(lambda: compile_expression(expression), rounds)
    shown = text.replace("|", "\\|")
    return (
        f"| `{shown}` | {mine:.2f} | {other:.1f} | {other / mine:.0f} | {parse:.0f} | {check:.0f} | {compiling:.0f} |"
    )


if __name__ == "__main__":
    main()

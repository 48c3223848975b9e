"""Evaluating an expression: ours, and the same text compiled by Jinja's sandbox. Also what reading one costs.

Prints a table in microseconds; the best of many rounds counts, and both sides take turns so that a busy machine
slows both alike. Jinja is `compile_expression` in an immutable sandbox with strict undefined names, called with the
row; it makes a template context for every evaluation, which is most of what it costs. Filters and tests that only the
language has are handed to Jinja as plain functions. "work" is what the filter or test that does most of
it takes by itself on the same values: no language around it can be faster than that.
"""

from __future__ import annotations

import argparse
import platform
import timeit
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from atk_interp.diagnostics import Sink
from atk_interp.expressions import FILTERS, TESTS, compile_expression, parse_expression, parser
from atk_interp.expressions.check import Checker
from atk_interp.expressions.functions import Form
from atk_interp.expressions.regex import compile_regex
from atk_interp.expressions.types import type_of
from atk_interp.source import MappedText

ROW: dict[str, Any] = {
    "suitability": "suitable",
    "skip_filter": False,
    "extractive": True,
    "question": "What is the name of the river that flows through the old town, and where does it rise?",
    "answer": "The Vltava; it rises in the Šumava mountains.",
    "text": "The old town lies in a bend of the river Vltava, which rises in the Šumava mountains. " * 8,
    "repair": "reword",
    "reworded_question": "Where does the Vltava rise?",
    "reworded_answer": "In the Šumava mountains.",
    "difficulty": 3,
    "index": 4,
    "system_prompt": None,
    "is_accurate": [True, True, False],
    "votes": [True, True, False],
    "topics": ["rivers", "towns", "Bohemia"],
    "turns": [{"role": "user", "text": "Hello"}, {"role": "assistant", "text": "Good day"}] * 3,
    "conversation": [{"role": "user", "text": "Hello"}] * 12,
    "row": {"id": "0123456789abcdef", "source": "a.txt"},
}

# What pipelines ask, the stock ones first.
EXPRESSIONS = (
    "not skip_filter",
    'suitability == "suitable"',
    "question | length > 10",
    'question is matching("\\\\?")',
    'not (question is matching("(?i)\\\\b(the|this) (text|passage|author|paragraph|excerpt)\\\\b"))',
    "not extractive or question | coverage(text) >= 0.8",
    "is_accurate | share >= 0.5",
    'repair != "reword" or (reworded_question and reworded_answer)',
    'reworded_question if repair == "reword" else question',
    "conversation | length >= turns | length * 2",
    "row.source",
    'suitability == "suitable" and question | length > 10 and not skip_filter',
    '"easy" if difficulty < 3 else "hard"',
    'question ~ " " ~ answer',
    '(question | trim | lower) + "!"',
    "system_prompt is none or system_prompt | length < 500",
    "answer is not none and 0 < index + 1 <= 10",
    'system_prompt or "You are helpful."',
    'suitability in ["suitable", "borderline"]',
    '"Vltava" in answer and "Vltava" not in question',
    "turns[0].text",
    "(turns | last).role",
    "turns[:2] | length",
    'topics | join(", ")',
    "topics | sort | first",
    'turns | map(attribute="text") | join("\\n")',
    '(turns | selectattr("role", "eq", "user") | list | length) * 2',
    "(votes | select | list | length) / (votes | length)",
    'answer | replace(";", ",")',
    "question | truncate(40)",
    "question | wordcount >= 5",
    "difficulty | string",
    '{"question": question, "answer": answer}',
    "question | similarity(reworded_question) < 0.9",
    "text | tokens <= 500",
    '{"q": question} | tojson',
)


class Row(NamedTuple):
    """One line of the table; microseconds."""

    text: str
    mine: float
    jinja: float
    work: float
    parse: float
    check: float
    compile: float

    @property
    def times(self) -> float:
        return self.jinja / self.mine


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=60)
    options = arguments.parse_args()
    jinja = jinja_environment()
    print(f"python {platform.python_version()}, Jinja {jinja2.__version__}, best of {options.rounds}, microseconds\n")
    print("| expression | ours | Jinja | times | work | parse | check | compile |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    rows = [measured(text, jinja, options.rounds) for text in EXPRESSIONS]
    for row in rows:
        shown = row.text.replace("|", "\\|")
        print(
            f"| `{shown}` | {row.mine:.2f} | {row.jinja:.1f} | {row.times:.0f} | {row.work:.2f} "
            f"| {row.parse:.0f} | {row.check:.0f} | {row.compile:.0f} |"
        )
    fast = sum(row.times >= 10 for row in rows)
    print(f"\n{fast} of {len(rows)} at least 10 times faster")


def jinja_environment() -> jinja2.Environment:
    """Jinja with the functions that only the language has, as plainly as it can have them."""
    jinja = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    for table, ours in ((jinja.filters, FILTERS), (jinja.tests, TESTS)):
        for name, function in ours.items():
            if not function.in_jinja and function.form is Form.PLAIN:
                table[name] = function.apply
    jinja.tests["matching"] = lambda text, pattern: compile_regex(pattern).matches(text)
    return jinja


def work_of(text: str) -> Callable[[], object]:
    """The filter or test of an expression, called by itself."""
    apply = {name: function.apply for name, function in {**FILTERS, **TESTS}.items()}
    question, passage = ROW["question"], ROW["text"]
    if "matching" in text:
        pattern = text.split('"')[1].replace("\\\\", "\\")
        return partial(compile_regex(pattern).matches, question)
    for name, operands in (
        ("coverage", (question, passage)),
        ("similarity", (question, ROW["reworded_question"])),
        ("tokens", (passage,)),
        ("wordcount", (question,)),
        ("tojson", ({"q": question}, None)),
    ):
        if f"| {name}" in text:
            return partial(apply[name], *operands)
    return nothing


def measured(text: str, jinja: jinja2.Environment, rounds: int) -> Row:
    """One line of the table."""
    source = MappedText.detached(text)
    expression = parse_expression(source, Sink())
    assert expression is not None, text
    scope = {name: type_of(value) for name, value in ROW.items()}
    ours, theirs = compile_expression(expression), jinja.compile_expression(text)
    assert ours(ROW) == theirs(ROW), text
    mine, other, work = best(lambda: ours(ROW), lambda: theirs(ROW), work_of(text), rounds=rounds)
    parsing, check, compiling = best(
        lambda: parser._parsed.__wrapped__(text),  # without its memory of texts that it has read
        lambda: Checker(expression, scope, Sink(), None).check(expression.root),  # without its memory of what was right
        lambda: compile_expression(expression),
        rounds=10,
    )
    return Row(text, mine, other, work, parsing, check, compiling)


def best(*calls: Callable[[], object], rounds: int) -> list[float]:
    """Microseconds of each call, without what measuring one costs."""
    timers = [timeit.Timer(call) for call in (nothing, *calls)]
    counts = [max(1, timer.autorange()[0] // 200) for timer in timers]  # a millisecond or so: some are undisturbed
    least = [float("inf")] * len(timers)
    for _ in range(rounds):
        for number, (timer, count) in enumerate(zip(timers, counts, strict=True)):
            least[number] = min(least[number], timer.timeit(count) / count * 1e6)
    return [max(taken - least[0], 0.001) for taken in least[1:]]


def nothing() -> None:
    """What a measurement costs by itself."""


if __name__ == "__main__":
    main()

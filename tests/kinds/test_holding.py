"""What `constrain` sends to an endpoint that can be held to a grammar."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.lint_spec import asking, findings
from support.pipelines import run

SPEC = """
    steps:
      given: {{kind: rows, rows: [{{text: "{text}"}}]}}
      picked:
        {{kind: generate, from: given, model: m, prompt: ask, parse: {{text: said}}, constrain: {{said: {rule}}}}}
    outputs:
      out.jsonl: {{from: picked, format: jsonl}}
"""


async def grammar(folder: Path, rule: str, text: str = "Ice floats. Iron, i.e. a metal, sinks. Cork") -> str:
    spec = SPEC.format(rule=rule, text=text)
    ran = await run(folder, spec, lambda request: "Ice floats.", settings={"grammar": "llguidance"})
    return str(ran.requests[0].sampling["grammar"])


async def test_a_field_is_held_to_one_whole_sentence(tmp_path: Path) -> None:
    held = await grammar(tmp_path, "{max_chars: 40, sentence_of: text}")
    assert '("Ice floats." | "Iron, i.e. a metal, sinks.")' in held


async def test_a_sentence_that_is_too_long_is_none_of_the_choices(tmp_path: Path) -> None:
    held = await grammar(tmp_path, "{max_chars: 12, sentence_of: text}")
    assert '("Ice floats.")' in held


async def test_where_no_sentence_fits_the_words_are_what_is_left(tmp_path: Path) -> None:
    held = await grammar(tmp_path, "{sentence_of: text}", text="cut off at both")
    assert "substring_words" in held


async def test_a_field_is_held_to_so_many_sentences_that_come_to_an_end(tmp_path: Path) -> None:
    one, two = [await grammar(tmp_path / str(most), f"{{max_chars: 40, sentences: {most}}}") for most in (1, 2)]
    assert "{0,1}/" in two
    assert one != two


async def test_null_holds_to_nothing(tmp_path: Path) -> None:
    held = await grammar(tmp_path, "{sentence_of: =text if false else none}")
    assert "Ice" not in held


@pytest.mark.parametrize("name", ["words_of", "sentence_of"])
def test_a_rule_about_words_takes_a_text(tmp_path: Path, name: str) -> None:
    step = asking("picked", "rows", "{text: said}", f"constrain: {{said: {{{name}: 1 + 1}}}}")
    (found,) = findings(tmp_path, step)
    assert found.message == f"`{name}` takes text, and this is int"

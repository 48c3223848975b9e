"""Which fields reach each step, with their types."""

from __future__ import annotations

import pytest

from support.lint_text import analysed, found_in

ROWS = "  a: {kind: rows, rows: [{text: one, n: 1, tags: [x]}, {text: two, n: 2.5}]}\n"


def types_after(steps: str, step: str = "b", **sections: str) -> dict[str, str]:
    analysis, found = analysed(ROWS + steps, **sections)
    assert [finding for finding in found if finding.is_error] == []
    return {name: str(type_) for name, type_ in analysis.fields[step].fields.items()}


A = {"text": "text", "n": "float", "tags": "maybe list of text"}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{kind: filter, from: a, keep: n > 1}", A),
        ("{kind: sample, from: a, count: 2}", A),
        ("{kind: map, from: a, set: {size: =text | length, line: '{{ n }}', n: 1}, drop: [tags]}",
         {"text": "text", "n": "int", "size": "int", "line": "text"}),
        ("{kind: map, from: a, rename: {text: body}}", {"body": "text", "n": "float", "tags": A["tags"]}),
        ("{kind: map, from: a, set: {pair: {q: =text, n: =n}}}", {**A, "pair": "record {q: text, n: float}"}),
        ("{kind: chunk, from: a, max_tokens: 9}",
         {**A, "index": "int", "tokens": "int", "start": "int", "end": "int"}),
        ("{kind: explode, from: a, field: tags, into: tag}", {**A, "tag": "text", "index": "int"}),
        ("{kind: group, from: a, by: text, collect: {ns: =n, both: {t: =text}}, first: [text]}",
         {"ns": "list of float", "both": "list of record {t: text}", "text": "text", "count": "int"}),
        ("{kind: map, from: a, when: n > 1, set: {size: 1}}", {**A, "size": "maybe int"}),
        ("{kind: map, from: a, when: n > 1, set: {n: x}}", {**A, "n": "any"}),
        ("{kind: map, from: a, when: n > 1, drop: [text]}", {**A, "text": "maybe text"}),
    ],
)  # fmt: skip
def test_what_a_step_makes_of_its_fields(step: str, expected: dict[str, str]) -> None:
    assert types_after(f"  b: {step}\n") == expected


def test_a_field_of_one_of_two_inputs_may_be_missing() -> None:
    other = "  o: {kind: rows, rows: [{text: x, extra: true}]}\n"

    assert types_after(other + "  b: {kind: filter, from: [a, o], keep: true}\n") == {
        "text": "text", "n": "maybe float", "tags": A["tags"], "extra": "maybe bool",
    }  # fmt: skip


def test_what_is_not_known_is_not_complained_of() -> None:
    assert found_in("  a: {kind: input}\n  b: {kind: filter, from: a, keep: anything > 1}\n") == []
    assert (
        found_in(
            "  a: {kind: rows, rows: =given}\n  b: {kind: map, from: a, set: {y: =z}}\n", params="  given: {type: list}"
        )
        == []
    )


def test_a_declared_input_has_the_declared_types() -> None:
    analysis, _ = analysed("  a: {kind: input, fields: {text: text, n: int}}\n")

    assert {name: str(type_) for name, type_ in analysis.fields["a"].fields.items()} == {"text": "text", "n": "int"}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{kind: filter, from: a, keep: nn > 1}", [("ATK302", "nn")]),
        ("{kind: filter, from: a, keep: text > 1}", [("ATK306", "text > 1")]),
        ("{kind: map, from: a, drop: [txt, n]}", [("ATK505", "txt")]),
        ("{kind: map, from: a, rename: {txt: body}}", [("ATK505", "txt")]),
        ("{kind: explode, from: a, field: text}", [("ATK504", "text")]),
        ("{kind: explode, from: a, field: tgas}", [("ATK505", "tgas")]),
        ("{kind: group, from: a, by: text, collect: {x: =n}, first: [txt]}", [("ATK505", "txt")]),
        ("{kind: chunk, from: a, max_tokens: 9, field: body}", [("ATK505", "body")]),
        ("{kind: chunk, from: a, max_tokens: =text}", [("ATK302", "text")]),
        ("{kind: sample, from: a, count: =half}", [("ATK504", "=half")]),
        ("{kind: map, from: a, set: {half: 1}}", [("ATK501", "half")]),
        ("{kind: map, from: a, set: {row: 1}}", [("ATK501", "row")]),
        ("{kind: map, from: a, rename: {text: half}}", [("ATK501", "half")]),
    ],
)
def test_a_step_that_asks_for_what_is_not_there_is_told(step: str, expected: list[tuple[str, str]]) -> None:
    assert found_in(ROWS + f"  b: {step}\n", params="  half: {type: float, default: 0.5}") == expected


def test_the_help_says_which_step_writes_a_field_that_does_not_come_here() -> None:
    steps = ROWS + "  b: {kind: map, from: a, set: {size: 1}}\n  c: {kind: filter, from: a, keep: size > 1}\n"
    _, (found,) = analysed(steps)

    assert found.help == "`size` is written by step `b`, which does not lead here"
    assert found.notes == ("step `c` receives `text`, `n`, `tags` from `a`",)


NARROWED = {"text": "text", "n": "float", "tags": "list of text"}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{kind: filter, from: a, keep: tags is not none}", NARROWED),
        ("{kind: filter, from: a, keep: tags}", NARROWED),
        ("{kind: filter, from: a, keep: tags is not none and n > 1}", NARROWED),
        ("{kind: filter, from: a, keep: tags is not none or n > 1}", A),
        ("{kind: filter, from: a, keep: tags is none}", {**A, "tags": "null"}),
        ("{kind: filter, from: a, when: n > 1, keep: tags is not none}", A),
        ("{kind: filter, from: a, when: tags is none, keep: n > 1}", A),
        ("{kind: map, from: a, when: tags is none, set: {tags: [x]}}", NARROWED),
        ("{kind: map, from: a, when: tags, set: {tags: '=tags + [text]'}}", A),
    ],
)
def test_what_a_condition_says_of_none_is_known_after_it(step: str, expected: dict[str, str]) -> None:
    assert types_after(f"  b: {step}\n") == expected


@pytest.mark.parametrize(
    "condition",
    [
        "tags is not none",
        "tags and n > 1",
        "tags == ['x'] or tags == ['y']",
        "not (tags is none)",
    ],
)
@pytest.mark.parametrize(
    "use",
    [
        "  b: {{kind: map, from: a, when: {0}, set: {{count: =tags | length}}}}\n",
        "  f: {{kind: filter, from: a, keep: {0}}}\n  b: {{kind: map, from: f, set: {{count: =tags | length}}}}\n",
    ],
)
def test_a_step_need_not_ask_again_for_what_a_condition_has_made_sure(condition: str, use: str) -> None:
    quoted = "'" + condition.replace("'", "''") + "'"
    unguarded = found_in(ROWS + use.format("n > 1"))

    assert unguarded == [("ATK309", "tags")]
    assert found_in(ROWS + use.format(quoted)) == []


def test_an_output_need_not_ask_again_either() -> None:
    output = "  o: {from: a, where: WHERE, format: jsonl, fields: {count: =tags | length}}\n"

    assert found_in(ROWS, outputs=output.replace("WHERE", "n > 1")) == [("ATK309", "tags")]
    assert found_in(ROWS, outputs=output.replace("WHERE", "tags is not none")) == []


OTHER = "  o: {kind: rows, rows: [{text: x, extra: true}]}\n"


@pytest.mark.parametrize(
    ("steps", "note"),
    [
        ("  b: {kind: filter, from: [a, o], keep: n > 1}\n", "rows of step `o` have no `n`"),
        (
            "  s: {kind: filter, from: [a, o], keep: true}\n  b: {kind: filter, from: s, keep: n > 1}\n",
            "rows of step `o` have no `n`",
        ),
        (
            "  w: {kind: map, from: a, when: n > 1, set: {size: 1}}\n  b: {kind: filter, from: w, keep: size > 1}\n",
            "`size` is written by step `w` only where its `when` holds",
        ),
        (
            (
                "  j: {kind: join, from: a, with: o, by: text, how: left}\n"
                "  b: {kind: map, from: j, set: {line: =extra | string | length}}\n"
                "  c: {kind: filter, from: j, keep: extra | int > 1}\n"
            ),
            "`extra` is null where step `j` finds no row of `o`",
        ),
    ],
)
def test_a_field_that_may_be_none_is_told_with_the_step_that_makes_it_so(steps: str, note: str) -> None:
    _, found = analysed(ROWS + OTHER + steps)

    assert {finding.code.id for finding in found} <= {"ATK309"}
    assert [note] in [list(finding.notes) for finding in found]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("  b: {kind: filter, from: [a, i], keep: true}\n", {"text": "any", "n": "any", "tags": "any"}),
        ("  b: {kind: map, from: i, when: x, set: {n: 1}}\n", {"n": "any"}),
        ("  b: {kind: group, from: i, by: x, collect: {y: =z}, first: [k]}\n",
         {"y": "list of any", "k": "any", "count": "int"}),
    ],
)  # fmt: skip
def test_fields_of_rows_that_are_not_known_may_be_anything(steps: str, expected: dict[str, str]) -> None:
    assert types_after("  i: {kind: input}\n" + steps) == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{kind: explode, from: r, field: pairs, into: pair}",
         {"pairs": "list of record {q: text, n: maybe int}", "pair": "record {q: text, n: maybe int}", "index": "int"}),
        ("{kind: group, from: e, by: pair.q, collect: {all: =pair, ns: =pair.n}}",
         {"all": "list of record {q: text, n: maybe int}", "ns": "list of maybe int", "count": "int"}),
        ("{kind: generate, from: a, model: m, prompt: ask, parse: {tags: [q, w], many: true}}",
         {**A, "q": "text", "w": "text"}),
        ("{kind: generate, from: a, model: m, prompt: ask, parse: {number: s}, samples: 3, on_reject: keep}",
         {**A, "s": "maybe float"}),
        (("{kind: vote, from: a, model: m, prompt: ask, parse: {choice: {y: true, n: false}, into: v}, votes: 3,"
         " pass: v | share > 0.5}"), {**A, "v": "list of bool"}),
    ],
)  # fmt: skip
def test_what_becomes_of_lists_and_replies(step: str, expected: dict[str, str]) -> None:
    steps = (
        "  r: {kind: rows, rows: [{pairs: [{q: x, n: 1}, {q: y}]}]}\n"
        "  e: {kind: explode, from: r, field: pairs, into: pair}\n"
    )
    analysis, _ = analysed(ROWS + steps + f"  b: {step}\n", models="  m: {}\n")

    assert {name: str(type_) for name, type_ in analysis.fields["b"].fields.items()} == expected


def test_what_is_wrong_behind_a_step_of_wrong_shape_is_told_in_the_same_pass() -> None:
    steps = """\
  words: {kind: rows, rows: [{word: salt, n: 1}, {word: tide}]}
  few: {kind: limit, from: words, count: "1"}
  some: {kind: filter, from: few, kep: n is not none}
  longer: {kind: map, from: some, set: {long: "=word + 1", said: =wrd, more: =n + 1}}
"""
    found = found_in(steps, outputs="  o.jsonl: {from: longer, where: lon == 1, format: jsonl}\n")

    assert [(code, text) for code, text in found if code not in ("ATK202", "ATK201")] == [
        ("ATK203", '"1"'), ("ATK306", "word + 1"), ("ATK302", "wrd"), ("ATK302", "lon"),
    ]  # fmt: skip

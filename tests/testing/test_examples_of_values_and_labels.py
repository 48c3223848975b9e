"""Examples of steps that ask for one value, or for a label of a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.pipeline import lint
from atk_interp.testing.trial import try_examples
from support.pipelines import write_project

SPEC = """
    spec: atk/v1
    name: sorting
    models: {m: {expects: any}}
    params: {output_dir: {type: path}, sorts: {type: list}, own: {type: text, optional: true}}
    steps:
      notes: {kind: rows, rows: [{text: one}]}
      rules:
        kind: once
        when: own is none
        model: m
        prompt: rules
        parse: {text: text}
        accept: {each sort has a rule: "sorts[0] in text and sorts[1] in text"}
        examples:
          - {with: {sorts: [a, b]}, reply: "a, then b", expect: {text: "a, then b"}}
          - {with: {sorts: [a, b]}, reply: a alone, rejected: each sort has a rule}
          - {with: {sorts: [a, b]}, reply: a alone, passes: true}
      labelled:
        kind: classifier
        from: notes
        use: rules
        text: text
        model: m
        prompt: label
        parse: {choice: =sorts, into: sort, after: "Label:"}
        tell: by
        examples:
          - given: {text: a note, rules: {text: "a or b"}}
            with: &sorts {sorts: [praise, blame]}
            reply: "So be it. Label: blame"
            expect: {sort: blame}
          - {with: *sorts, reply: "Label: riddle", rejected: the reply could not be read}
          - {with: *sorts, reply: "Label: praise", expect: {sort: blame}}
          - {reply: "Label: praise", expect: {sort: praise}}
    outputs:
      out.jsonl: {from: labelled, format: jsonl}
    """
PROMPTS = {"rules": '- user: "{{ sorts }}"', "label": '- user: "{{ rules.text }} {{ text }}"'}


def test_what_a_model_is_asked_once_and_what_it_is_asked_for_a_label_are_tried(tmp_path: Path) -> None:
    tried = try_examples(write_project(tmp_path, SPEC, PROMPTS))
    assert [(each.step, each.problem) for each in tried] == [
        ("rules", ""),
        ("rules", ""),
        ("rules", "the reply is rejected (each sort has a rule)"),
        ("labelled", ""),
        ("labelled", ""),
        ("labelled", "`sort` differs from what is expected"),
        ("labelled", "parameter `sorts` has no value; give it under `with:`"),
    ]
    assert tried[3].unfilled == ()


@pytest.mark.parametrize(
    ("example", "told"),
    [
        ("{reply: x, filtered: true}", "nothing is filtered here: the step has no `keep`"),
        ("{reply: x, rejected: it has no rule}", "nothing is refused under the label `it has no rule`"),
        ("{reply: x, expect: {sorts: blame}}", "no field `sorts` is read from the reply"),
    ],
)
def test_what_they_cannot_say_is_told(tmp_path: Path, example: str, told: str) -> None:
    written = SPEC.replace('{reply: "Label: praise", expect: {sort: praise}}', example)
    found = lint(write_project(tmp_path, written, PROMPTS))
    assert [each.message for each in found if each.is_error] == [told]


def test_examples_need_a_model_that_is_asked(tmp_path: Path) -> None:
    steps = (
        "{kind: classifier, from: notes, text: text, labels: text, into: sort, examples: [{reply: x, passes: true}]}"
    )
    written = f"""
    steps:
      notes: {{kind: rows, rows: [{{text: one}}]}}
      labelled: {steps}
    outputs:
      out.jsonl: {{from: labelled, format: jsonl}}
    """
    found = lint(write_project(tmp_path, written))
    assert [each.message for each in found if each.is_error] == ["`examples` and `labels` do not go together"]

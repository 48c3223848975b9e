"""Examples of steps that ask more than once about a row: one reply for each batch, turn, prompt and slot."""

from __future__ import annotations

from pathlib import Path

from atk_interp.testing.trial import try_examples
from support.pipelines import write_project

SPEC = """
    steps:
      notes: {kind: rows, rows: [{text: one}]}
      bible:
        kind: reduce
        from: notes
        batch: 2
        model: m
        prompt: fold
        parse: {text: bible}
        examples:
          - given: {items: [{text: x}, {text: y}, {text: z}], so_far: {bible: before}}
            reply: [first, second]
            expect: {bible: second}
      talk:
        kind: converse
        from: bible
        model: m
        prompt: talk
        speakers: {pupil: , tutor: }
        turns: 4
        end_phrase: "[END]"
        examples:
          - reply: [hello, "bye [END]"]
            expect: {conversation: [{speaker: pupil, role: user, content: hello},
                                    {speaker: tutor, role: assistant, content: bye}]}
      told:
        kind: generate
        from: talk
        model: m
        prompts: [one, two]
        variations: all
        prompt_into: manner
        parse: {text: story}
        examples:
          - reply: [short, long]
            expect: [{manner: one, story: short}, {manner: two, story: lengthy}]
    outputs:
      out.jsonl: {from: told, format: jsonl}
    """
PROMPTS = {
    "fold": '- user: "{{ so_far.bible if so_far }}{% for item in items %} {{ item.text }}{% endfor %}"',
    "talk": '- user: "{{ speaker }} {{ bible }}"',
    "one": '- user: "{{ bible }}"',
    "two": '- user: "{{ conversation | length }}"',
}


def test_each_batch_turn_and_variation_gets_its_own_reply(tmp_path: Path) -> None:
    folded, spoken, varied = try_examples(write_project(tmp_path, SPEC, PROMPTS))
    assert folded.holds
    assert spoken.holds
    assert [difference.field for difference in varied.differences] == ["story"]

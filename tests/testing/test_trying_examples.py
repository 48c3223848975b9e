"""What examples of a step prove: a reply, and what the step itself makes of it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from atk_interp.pipeline import InvalidSpec
from atk_interp.testing import Trial, try_examples
from support.pipelines import run, write_project

ASK = """
    spec: atk/v1
    name: case
    params:
      output_dir: {type: path, optional: true}
      topic: {type: text}
      least: {type: int, default: 8}
    models: {m: {}}
    steps:
      given: {kind: rows, rows: [{text: Salt was dear., note: old}]}
      asked:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {tags: {question: {}, verdict: {choice: [good, bad]}}}
        accept:
          it is a question: question is matching("\\\\?$")
          it is long enough: question | length >= least
        keep: verdict == "good"
        examples: EXAMPLES
    outputs: {out.jsonl: {from: asked, format: jsonl}}
    """
GOOD = "<question>What was dear?</question><verdict>good</verdict>"
MANY = """
    steps:
      given: {kind: rows, rows: [{text: a}]}
      asked:
        kind: generate
        from: given
        model: m
        prompt: ask
        parse: {pattern: "Q: {q}", many: true}
        accept: {it is a question: 'q is matching("\\\\?$")'}
        examples: EXAMPLES
    outputs: {out.jsonl: {from: asked, format: jsonl}}
    """
VOTE = """
    steps:
      given: {kind: rows, rows: [{text: a}]}
      asked:
        kind: vote
        from: given
        model: m
        prompt: ask
        parse: {choice: {accurate: true, inaccurate: false}, into: right}
        accept: {it is said once: "right or true"}
        votes: 3
        pass: right | share >= 0.6
        examples: EXAMPLES
    outputs: {out.jsonl: {from: asked, format: jsonl}}
    """


def tried(folder: Path, spec: str, *examples: str, **prompts: str) -> list[Trial]:
    """The examples (flow mappings without braces) of the one step of a spec that asks, tried."""
    listed = "[" + ", ".join("{" + example + "}" for example in examples) + "]"
    return try_examples(write_project(folder, textwrap.dedent(spec).replace("EXAMPLES", listed), prompts or None))


def problem(folder: Path, spec: str, example: str, **prompts: str) -> str:
    (trial,) = tried(folder, spec, example, **prompts)
    return trial.problem


@pytest.mark.parametrize(
    ("example", "told"),
    [
        (f"reply: '{GOOD}', expect: {{question: 'What was dear?', verdict: good}}", ""),
        (f"reply: '{GOOD}', expect: {{verdict: good}}", ""),
        (f"reply: '{GOOD}', passes: true", ""),
        (f"reply: '{GOOD}', expect: {{verdict: bad}}", "`verdict` differs from what is expected"),
        (f"reply: '{GOOD}', rejected: true", "the reply is accepted, and was to be rejected"),
        (
            f"reply: '{GOOD}', rejected: it is a question",
            "the reply is accepted, and was to be rejected as `it is a question`",
        ),
        (f"reply: '{GOOD}', filtered: true", "the reply is accepted, and was to be filtered"),
        (f"reply: '{GOOD}', with: {{least: 30}}, rejected: it is long enough", ""),
        ("reply: '<question>No.</question><verdict>bad</verdict>', rejected: it is a question", ""),
        (
            "reply: '<question>No.</question><verdict>bad</verdict>', rejected: it is long enough",
            "the reply is rejected as `it is a question`, and was to be as `it is long enough`",
        ),
        ("reply: '<question>Salt?</question>', rejected: the reply could not be read", ""),
        ("reply: '<question>Salt?</question>', passes: true", "the reply is rejected (the reply could not be read)"),
        ("reply: '', rejected: the reply is empty", ""),
        ("reply: '<think>what</think>', rejected: the reply is empty", ""),
        ("reply: '<question>Why salt?</question><verdict>bad</verdict>', filtered: true", ""),
        ("reply: '<question>Why salt?</question><verdict>bad</verdict>', filtered: true, expect: {verdict: bad}", ""),
        (
            "reply: '<question>Why salt?</question><verdict>bad</verdict>', filtered: true, expect: {question: 'Why?'}",
            "`question` differs from what is expected",
        ),
        (
            "reply: '<question>Why salt?</question><verdict>bad</verdict>', passes: true",
            'the row is filtered (keep: verdict == "good")',
        ),
        ("reply: 'x', filtered: true", "the reply is rejected (the reply could not be read), and was to be filtered"),
    ],
)
def test_an_example_of_one_reading(tmp_path: Path, example: str, told: str) -> None:
    assert problem(tmp_path, ASK, example) == told


@pytest.mark.parametrize(
    ("example", "told"),
    [
        ("expect: [{q: 'a?'}, {q: 'c?'}]", ""),
        ("expect: [{q: 'a?'}, {q: 'c?'}], rejected: it is a question", ""),
        ("expect: [{q: 'a?'}, {q: 'c?'}], rejected: the same was said before in the reply", "no reading is refused as"),
        ("expect: {q: 'a?'}", "one row is more than expected"),
        ("expect: [{q: 'a?'}, {q: 'c?'}, {q: 'd?'}, {q: 'e?'}]", "2 rows are missing"),
    ],
)
def test_an_example_of_several_readings(tmp_path: Path, example: str, told: str) -> None:
    found = problem(tmp_path, MANY, f'reply: "Q: a?\\nQ: b\\nQ: c?", {example}')

    assert found.startswith(told) if told else found == ""


@pytest.mark.parametrize(
    ("example", "told"),
    [
        ("reply: accurate, expect: {right: [true, true]}", ""),
        ("reply: accurate, expect: {right: [true, true, true]}", "`right` differs from what is expected"),
        ("reply: [accurate, inaccurate, accurate], passes: true", ""),
        ("reply: [accurate, inaccurate, inaccurate], filtered: true", ""),
        ("reply: inaccurate, passes: true", "the row is filtered (voted down: right | share >= 0.6)"),
        ("reply: [accurate, inaccurate], passes: true", "the step asks 3 times, and the example has 2 replies"),
        ("reply: [accurate, '', accurate], passes: true", ""),
        ("reply: who knows, rejected: true", ""),
        ("reply: who knows, rejected: no vote could be read", ""),
        ("reply: who knows, passes: true", "the reply is rejected (no vote could be read)"),
    ],
)
def test_an_example_of_a_vote(tmp_path: Path, example: str, told: str) -> None:
    assert problem(tmp_path, VOTE, example) == told


def test_a_vote_is_rejected_under_the_label_of_its_replies(tmp_path: Path) -> None:
    spec = VOTE.replace("right or true", "right")

    assert problem(tmp_path, spec, "reply: inaccurate, rejected: it is said once") == ""


def test_samples_have_a_reply_each(tmp_path: Path) -> None:
    spec = MANY.replace("asked:\n", "asked:\n        samples: 2\n").replace(", many: true", "")

    assert problem(tmp_path, spec, "reply: ['Q: a?', 'Q: b?'], expect: [{q: 'a?'}, {q: 'b?'}]") == ""
    assert problem(tmp_path, spec, "reply: ['Q: a?'], passes: true") == (
        "the step asks 2 times, and the example has one reply"
    )


@pytest.mark.parametrize("on_reject", ["keep", "stop"])
def test_what_becomes_of_a_rejected_row_does_not_matter(tmp_path: Path, on_reject: str) -> None:
    spec = ASK.replace("prompt: ask\n", f"prompt: ask\n        on_reject: {on_reject}\n")

    assert problem(tmp_path, spec, "reply: 'no', rejected: the reply could not be read") == ""


def test_when_plays_no_part(tmp_path: Path) -> None:
    spec = ASK.replace("prompt: ask\n", 'prompt: ask\n        when: text == "never"\n')

    assert problem(tmp_path, spec, f"reply: '{GOOD}', passes: true") == ""


def test_a_prompt_that_fails_on_the_row_fails_the_example(tmp_path: Path) -> None:
    broken = "- user: \"{{ text.split('.')[5] }}\""
    (trial,) = tried(tmp_path, ASK, f"given: {{text: Salt was dear.}}, reply: '{GOOD}', rejected: true", ask=broken)

    assert trial.problem.startswith("the prompt cannot be filled in: ")
    assert "ask.yaml:1: " in trial.problem


def test_a_prompt_is_left_empty_when_the_row_lacks_its_fields(tmp_path: Path) -> None:
    lacking, filled = tried(
        tmp_path, ASK, f"reply: '{GOOD}', passes: true", f"given: {{text: a}}, reply: '{GOOD}', passes: true"
    )

    assert (lacking.holds, lacking.unfilled) == (True, ("text",))
    assert (filled.holds, filled.unfilled) == (True, ())


def test_a_required_parameter_is_asked_for_where_it_is_used(tmp_path: Path) -> None:
    prompts = {"ask": '- user: "{{ text }} about {{ topic }}"'}
    without, given = f"given: {{text: a}}, reply: '{GOOD}', passes: true", "with: {topic: salt}, "

    assert problem(tmp_path, ASK, without, **prompts) == "parameter `topic` has no value; give it under `with:`"
    assert problem(tmp_path, ASK, given + without, **prompts) == ""
    assert problem(tmp_path, ASK, f"reply: '{GOOD}', passes: true", **prompts) == "", "the prompt is not filled in"


def test_a_config_gives_parameters_and_prompts(tmp_path: Path) -> None:
    tried(tmp_path, ASK, f"given: {{text: a}}, reply: '{GOOD}', expect: {{verdict: good}}")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "ask.yaml").write_text('- user: "{{ text[9] }}"')
    config = tmp_path / "config.yaml"
    config.write_text("pipeline: pipeline.yaml\ntopic: salt\nleast: 30\n")
    (strict,) = try_examples(config)
    config.write_text("pipeline: pipeline.yaml\ntopic: salt\nprompts: mine\n")
    (overridden,) = try_examples(config)

    assert strict.problem == "the reply is rejected (it is long enough)"
    assert strict.notes[-1] == f"tried with the values and prompts of `{config}`"
    assert "mine/ask.yaml" in overridden.problem


def test_a_field_that_is_not_given_and_used_is_told_with_the_failure(tmp_path: Path) -> None:
    spec = ASK.replace("question | length >= least", "note == 'old'")
    (trial,) = tried(tmp_path, spec, f"given: {{text: a}}, reply: '{GOOD}', passes: true")

    assert trial.notes == ("the rules of the step use `note`, which `given` does not have: null here",)


def test_what_differs_is_shown_as_people_read_it(tmp_path: Path) -> None:
    spec = ASK.replace("{question: {}, verdict: {choice: [good, bad]}}", "{question: {}}").replace(
        'keep: verdict == "good"', "attempts: 1"
    )
    reply = "<question>one\\ntwo\\nthree\\nfour?</question>"
    (trial,) = tried(
        tmp_path, spec, f'given: {{text: a}}, reply: "{reply}", expect: {{question: "one\\ntoo\\nthree\\nfour?\\n"}}'
    )

    assert trial.told().splitlines()[1:] == [
        "  `question` of row 1:",
        "      one",
        "    - too",
        "    + two",
        "      three",
        "      four?",
    ]


def test_a_trial_names_its_place_and_its_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    good, bad = tried(tmp_path, ASK, f"reply: '{GOOD}', passes: true", f"reply: '{GOOD}', rejected: true")

    assert (str(good), good.told().rpartition(": ")[2]) == ("asked-1", "it holds")
    assert bad.told().startswith("pipeline.yaml:21:")
    assert "example 2 of step `asked`: the reply is accepted, and was to be rejected\n  = note: read: {" in bad.told()


def test_a_spec_with_errors_is_not_tried(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec, match="ATK432"):
        tried(tmp_path, ASK, "reply: x, expect: {verdit: good}")


async def test_examples_are_part_of_no_call_and_of_no_row(tmp_path: Path) -> None:
    without = VOTE.replace("        examples: EXAMPLES\n", "")
    with_one = VOTE.replace("EXAMPLES", "[{reply: accurate, passes: true}]")
    plain = await run(tmp_path / "plain", without, lambda request: "accurate")
    exemplary = await run(tmp_path / "exemplary", with_one, lambda request: "accurate")

    assert [request.key() for request in plain.requests] == [request.key() for request in exemplary.requests]
    assert plain.bytes() == exemplary.bytes()

"""Rules on prompts and replies: what they find, and above all what they leave alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from atk_interp.diagnostics import Diagnostic
from atk_interp.importing.placeholders import as_text
from atk_interp.lint import lint_path

GOOD = """- system: Write a <question> and an <answer> about the passage.
- user: "{{ text }}"
"""
TAGS = "{tags: [question, answer]}"
VERDICT = '{choice: [suitable, unsuitable], into: fitness, after: "Verdict:"}'

Lint = Callable[..., list[str]]


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., list[Diagnostic]]:
    """Lints a spec that asks about passages with one prompt: what is found of prompts and replies."""

    def lint(
        prompt: str = GOOD,
        parse: str = TAGS,
        *,
        more: str = "",
        source: str = "{kind: read, path: docs}",
        between: str = "{kind: chunk, from: documents, max_tokens: 100}",
        params: str = "",
        files: Mapping[str, str] = {},
        config: str = "",
    ) -> list[Diagnostic]:
        steps = f"  documents: {source}\n  passages: {between}\n"
        steps += "  asked:\n    kind: generate\n    from: passages\n    model: large\n    prompt: ask\n"
        steps += f"    parse: {parse}\n{more}"
        spec = "spec: atk/v1\nname: t\n" + (f"params:\n{params}" if params else "")
        spec += f"models: {{large: {{expects: any}}}}\nsteps:\n{steps}"
        spec += "outputs: {o.jsonl: {from: asked, format: jsonl}}\n"
        (tmp_path / "docs").mkdir(exist_ok=True)
        written = {"prompts/ask.yaml": prompt, "pipeline.yaml": spec, **files}
        if config:
            written["config.yaml"] = f"pipeline: pipeline.yaml\n{config}"
        for name, text in written.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        all_found = lint_path(tmp_path / ("config.yaml" if config else "pipeline.yaml")).sink.sorted()
        return [one for one in all_found if one.is_error or "ATK411" <= one.code.id <= "ATK439"]

    return lint


@pytest.fixture
def codes(found: Callable[..., list[Diagnostic]]) -> Lint:
    return lambda *args, **kwargs: [one.code.id for one in found(*args, **kwargs)]


def user(text: str) -> str:
    return f"- user: |\n    {text}\n    {{{{ text }}}}\n"


# ---------------------------------------------------------------------------------------------- stating the format


def test_a_prompt_that_states_what_is_read_is_clean(codes: Lint) -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("told", "parse"),
    [
        ("Give the question and the answer, each in a tag of its name.", TAGS),
        ("<QUESTION>…</QUESTION><Answer kind='short'>…</Answer>", TAGS),
        ("End with **verdict**: suitable or unsuitable.", VERDICT),
        ("Finish with a verdict, suitable or not (unsuitable).", VERDICT),
        ("Answer yes or no.", "{choice: {yes: true, yeah: true, no: false, nope: false}, into: fine}"),
        ("Answer with a letter from A to D.", "{choice: [A, B, C, D], into: letter}"),
        ("Grade it from 1 to 5.", '{choice: ["1", "2", "3", "4", "5"], into: grade}'),
        ("Score: 1 to 10", '{number: score, after: "**Score:**"}'),
        ("How good is it, from 1 to 10?", "{number: score}"),
        (
            "QUESTION 1: the question. ANSWER 1: the answer.",
            '{pattern: "**QUESTION:** {question}\\n**ANSWER:** {answer}"}',
        ),
        (
            "User: says this\n    Assistant: says that",
            "{dialogue: {user: User, assistant: [Assistant, AI]}, into: talk}",
        ),
        ("As JSON, with the keys question and max score.", "{json: {question: text, max_score: int}}"),
        ("Write a question.", "{json: {question: text}}"),
        ("Summarise.", "{text: summary}"),
        ("List the facts.", "{list: facts}"),
        ("Say something.", '{regex: "(?P<said>.+)"}'),
    ],
)
def test_any_way_to_state_it_will_do(codes: Lint, told: str, parse: str) -> None:
    assert codes(user(told), parse) == []


@pytest.mark.parametrize(
    ("told", "parse", "underlined"),
    [
        ("Write a question and an answer.", TAGS, "question"),
        ("Write a <question>.", TAGS, "answer"),
        ("Is it suitable or unsuitable?", VERDICT, "Verdict:"),
        ("Verdict: unsuitable, or else say that it is fine.", VERDICT, "suitable"),
        ("Verdict: is it reasonable?", VERDICT, "suitable"),
        ("Ask a question.", '{pattern: "QUESTION: {question}\\nANSWER: {answer}"}', "ANSWER:"),
        ("User: says this", "{dialogue: {user: User, helper: Assistant}, into: talk}", "Assistant"),
        ("As JSON, with the question.", "{json: {question: text, score: int}}", "score"),
        ("Write a <question>.", "{tags: {question: {}, remark: {optional: true}}}", "remark"),
    ],
)
def test_what_is_never_stated_is_told_where_parse_has_it(
    found: Callable[..., list[Diagnostic]], told: str, parse: str, underlined: str
) -> None:
    (only,) = found(user(told), parse)

    assert only.code.name == "unstated-format"
    assert only.span is not None
    assert only.span.text == underlined


def test_an_example_states_the_format(codes: Lint) -> None:
    example = "- user: Iron rusts.\n- assistant: <question>Why?</question><answer>Air.</answer>\n"

    assert codes(f"- system: Go on in this way.\n{example}- user: '{{{{ text }}}}'\n") == []


@pytest.mark.parametrize(
    ("prompt", "rest"),
    [
        ('- system: "{{ rules }}"\n- user: "{{ text }}"\n', {"params": "  rules: {type: text, default: Be brief.}\n"}),
        ("- user: \"{% include 'form.md' %}{{ text }}\"\n", {"files": {"prompts/form.md": "<question>, <answer>"}}),
        (
            '- user: "{{ rules }} {{ text }}"\n',
            {"between": '{kind: map, from: documents, set: {rules: "Use <question> and <answer>."}}'},
        ),
        (
            '- user: "{{ rules }} {{ text }}"\n',
            {"source": "{kind: rows, rows: [{text: a, rules: Use <question> and <answer>.}]}"},
        ),
        ('- system: "{{ text }}"\n- user: Begin.\n', {}),
        ("- user: \"{{ ['<question>', '<answer>'] | join(' and ') }} {{ text }}\"\n", {}),
    ],
)
def test_what_is_not_written_in_the_prompt_may_state_the_format(codes: Lint, prompt: str, rest: dict[str, str]) -> None:
    assert codes(prompt, **rest) == []


def test_a_document_does_not_state_the_format(codes: Lint) -> None:
    rows = "{kind: rows, rows: [{text: Iron rusts.}, {text: Salt melts.}]}"

    assert codes('- user: "{{ text }}"\n- assistant: Yes?\n- user: Go on.\n', VERDICT, source=rows) != []
    assert codes('- user: "Judge: {{ text }}"\n') == ["ATK423"]


def test_an_overriding_prompt_may_ask_for_less(codes: Lint) -> None:
    less = user("Verdict: suitable?")
    config = "prompts: lean\n"
    parse = '{choice: [suitable, unsuitable], into: fitness, after: "Verdict:"}'
    full = user("Verdict: suitable or unsuitable?")

    assert codes(full, parse, files={"lean/ask.yaml": less}, config=config) == []
    assert codes(less, parse) == ["ATK423"]


def test_a_prompt_with_an_error_is_not_judged_by_what_is_left_of_it(codes: Lint) -> None:
    assert codes("- system: Write a <question> {{ and.\n- user: '{{ text }}'\n") == ["ATK402"]


@pytest.mark.parametrize(
    ("told", "parse", "expected"),
    [
        ("Respond in JSON.", TAGS, ["ATK424"]),
        ("Return a valid JSON object.", '{pattern: "Question: {question}"}', ["ATK424"]),
        ("Answer with JSON.", "{list: facts}", ["ATK424"]),
        ("Reply in <answer> tags.", "{json: {answer: text}}", ["ATK424"]),
        ("Do not respond in JSON.", TAGS, ["ATK423"]),
        ("Write the answer, not as JSON.", TAGS, ["ATK423"]),
        ("Write a <question>, and as <answer> return JSON.", TAGS, []),
        ("Respond in JSON.", "{text: reply}", []),
        ('Respond in JSON, no XML tags: {\\"answer\\": …}.', "{json: {answer: text}}", []),
        ("The passage is JSON. Write a <question> and an <answer>.", TAGS, []),
    ],
)
def test_another_form_than_is_read_is_told_where_it_is_asked_for(
    codes: Lint, told: str, parse: str, expected: list[str]
) -> None:
    assert codes(user(told), parse) == expected


# ---------------------------------------------------------------------------------------------- examples

PATTERN = '{pattern: "Question: {question}"}'
RULE = '    accept:\n      it asks: question is matching("\\\\?$")\n'


def with_example(reply: str) -> str:
    return f"- system: 'Begin with Question:'\n- user: Iron rusts.\n- assistant: '{reply}'\n- user: '{{{{ text }}}}'\n"


def test_an_example_that_accept_takes_is_clean(codes: Lint) -> None:
    assert codes(with_example("Question: Why does iron rust?"), PATTERN, more=RULE) == []


def test_an_example_that_accept_refuses_is_told(codes: Lint) -> None:
    assert codes(with_example("Question: Iron rusts."), PATTERN, more=RULE) == ["ATK422"]


@pytest.mark.parametrize(
    "rule",
    ["question in text", "question | length > least", "chance(0.0) and question", "'a' == 'b'"],
)
def test_a_rule_that_needs_more_than_the_reply_is_not_tried(codes: Lint, rule: str) -> None:
    params = "  least: {type: int, default: 100}\n"
    more = f'    accept: {{fits: "{rule}"}}\n'

    assert "ATK422" not in codes(with_example("Question: Why?"), PATTERN, more=more, params=params)


@pytest.mark.parametrize(
    "prompt",
    [
        with_example("It is {{ text }}."),
        "- system: 'Begin with Question:'\n- user: '{{ text }}'\n- assistant: 'My'\n",
    ],
)
def test_holes_and_beginnings_are_no_examples(codes: Lint, prompt: str) -> None:
    assert [code for code in codes(prompt, PATTERN) if code in ("ATK421", "ATK422")] == []


def test_each_step_judges_the_examples_of_a_prompt_that_it_shares(found: Callable[..., list[Diagnostic]]) -> None:
    again = "  again: {kind: generate, from: passages, model: large, prompt: ask, parse: {tag: question}}\n"

    (only,) = found(with_example("Question: Why?"), PATTERN, more=again)

    assert only.code.id == "ATK421"
    assert "step `again`" in only.message
    assert [label.span.text for label in only.labels] == ["parse"]


# ---------------------------------------------------------------------------------------------- what varies by row


@pytest.mark.parametrize(
    "rest",
    [
        {"source": "{kind: rows, rows: [{text: a}]}", "between": "{kind: filter, from: documents, keep: text}"},
        {"prompt": GOOD.replace("{{ text }}", "{{ row.source }}")},
        {"prompt": GOOD.replace("{{ text }}", "{{ index }}")},
    ],
)
def test_a_prompt_that_could_not_ask_more_than_one_thing_is_clean(codes: Lint, rest: dict[str, str]) -> None:
    assert codes(**rest) == []


@pytest.mark.parametrize("said", ["Begin.", "Attempt {{ attempt }}, about {{ topic }}."])
def test_a_prompt_with_no_field_is_told(codes: Lint, said: str) -> None:
    params = "  topic: {type: text, default: sea}\n"

    assert codes(GOOD.replace("{{ text }}", said), params=params) == ["ATK426"]


# ---------------------------------------------------------------------------------------------- foreign holes


@pytest.mark.parametrize(
    "said",
    [
        'Use \\frac{text}{index}, x_{text} and {"text": 1}.',
        'In Python: print(f"say {text}")',
        "Write `{text}` where the text belongs.",
        "Holes such as {nothing} or {text, index}.",
        "{{ '{' ~ text ~ '}' }}",
    ],
)
def test_braces_that_are_no_holes_are_left_alone(codes: Lint, said: str) -> None:
    assert codes(user(f"<question> <answer> {said}")) == []


def test_a_prompt_may_show_the_pattern_as_it_stands(codes: Lint) -> None:
    shown = user("In this form: QUESTION: {question}")

    assert (
        codes(
            shown, '{pattern: "QUESTION: {question}"}', between="{kind: map, from: documents, set: {question: =text}}"
        )
        == []
    )


@pytest.mark.parametrize("hole", ["{text}", "{ text }", "${text}", "<<text>>", "[[ text ]]", "%(text)s"])
def test_the_mend_of_a_foreign_hole_fills_it_in(
    found: Callable[..., list[Diagnostic]], tmp_path: Path, hole: str
) -> None:
    (only,) = found(GOOD.replace('"{{ text }}"', f'"Passage: {hole}. Again: {hole}"'))
    assert only.fix is not None
    mended = (tmp_path / "prompts/ask.yaml").read_text(encoding="utf-8")
    for edit in reversed(only.fix.edits):
        mended = mended[: edit.span.start] + edit.text + mended[edit.span.end :]

    assert mended == GOOD.replace('"{{ text }}"', '"Passage: {{ text }}. Again: {{ text }}"')
    assert found(mended) == []


# ---------------------------------------------------------------------------------------------- roles and messages

TOLD = "- system: Write a <question> and an <answer>.\n"


@pytest.mark.parametrize(
    "prompt",
    [
        TOLD + "- user: a\n  when: index == 0\n- user: b\n  when: index > 0\n- user: '{{ text }}'\n  when: index\n",
        TOLD
        + "- each: '[1, 2] as n'\n  messages:\n    - user: a{{ n }}\n    - assistant: b{{ n }}\n- user: '{{ text }}'\n",
        "- developer: Write a <question> and an <answer>.\n- user: '{{ text }}'\n",
    ],
)
def test_roles_that_can_be_sent_are_clean(codes: Lint, prompt: str) -> None:
    assert codes(prompt) == []


@pytest.mark.parametrize(
    "prompt",
    [
        TOLD + "- user: '{{ text }}'\n- user: Go on.\n",
        TOLD + "- system: Be brief.\n- user: '{{ text }}'\n",
        "- user: '{{ text }}'\n" + TOLD + "- user: Go on.\n",
        TOLD + "- assistant: <question>What?</question><answer>It.</answer>\n- user: '{{ text }}'\n",
        TOLD + "- user: '{{ text }}'\n- tool: '4'\n- user: Go on.\n",
        TOLD + "- each: '[1, 2] as n'\n  user: '{{ n }} {{ text }}'\n",
    ],
)
def test_roles_that_many_endpoints_refuse_are_told_once(codes: Lint, prompt: str) -> None:
    assert codes(prompt) == ["ATK412"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("- system: '{{ tone }}'", ["ATK413"]),
        ("- system: '{{ tone }}'\n  when: tone", []),
        ("- system: 'Be {{ tone }}'", []),
        ("- system: '{% if tone %}Be {{ tone }}{% endif %}'", ["ATK413"]),
        ("- system: '{% if tone %}Be {{ tone }}{% else %}Be brief{% endif %}'", []),
        ("- system: '{% if tone %}Be {{ tone }}{% endif %}.'", []),
    ],
)
def test_a_message_that_may_be_empty_is_told(codes: Lint, message: str, expected: list[str]) -> None:
    prompt = message + "\n- user: '<question> <answer> {{ text }}'\n"

    assert codes(prompt, params='  tone: {type: text, default: ""}\n') == expected


def test_a_message_that_may_be_the_word_none_is_told_as_that_alone(codes: Lint) -> None:
    prompt = "- system: '{{ tone }}'\n- user: '<question> <answer> {{ text }}'\n"

    assert codes(prompt, params="  tone: {type: text, optional: true}\n") == ["ATK436"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("{% set short = text[:9] %}{{ text }}", ["ATK415"]),
        ("{% set short = text[:9] %}{{ short }}", []),
        ("{% macro quoted(x) %}{{ x }}{% endmacro %}{{ text }}", ["ATK415"]),
        ("{% for word in text.split() %}{{ text }}{% endfor %}", ["ATK415"]),
        ("{% for word in text.split() %}{{ loop.index }}{% endfor %}", []),
        ("{% for time in range(3) %}{{ text }}{% endfor %}", []),
        ("{% for _word in text.split() %}{{ text }}{% endfor %}", []),
        ("{% set short = text[:9] %}{% include 'tail.md' %}", []),
    ],
)
def test_a_name_that_a_prompt_sets_is_to_be_used(codes: Lint, said: str, expected: list[str]) -> None:
    prompt = f"- user: |\n    <question> <answer>\n    {said}\n"

    assert codes(prompt, files={"prompts/tail.md": "{{ short }}"}) == expected


# ---------------------------------------------------------------------------------------------- files of prompts


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("{% include 'b.md' %}", "{% include 'a.md' %}", ["ATK411"]),
        ("{% include 'a.md' %}", "b", ["ATK411"]),
        ("{% extends 'b.md' %}", "{% extends 'a.md' %}", ["ATK411"]),
        ("{% include 'b.md' %}", "{% if index %}{% include 'a.md' %}{% endif %}", []),
        ("{% include 'b.md' %}{% include 'b.md' %}", "b", []),
    ],
)
def test_a_ring_of_includes_is_told_once(codes: Lint, first: str, second: str, expected: list[str]) -> None:
    prompt = "- system: '<question> <answer>'\n- user: \"{{ text }}{% include 'a.md' %}{% include 'b.md' %}\"\n"

    assert codes(prompt, files={"prompts/a.md": first, "prompts/b.md": second}) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"prompts/old.yaml": GOOD}, ["ATK425"]),
        ({"prompts/ask.txt": "{{ text }}"}, ["ATK425"]),
        ({"prompts/readme.txt": "What these are for."}, []),
        ({"prompts/old.yaml": GOOD, "other.yaml": "spec: atk/v1\nsteps: {a: {prompt: old}}\n"}, []),
        ({"prompts/lean/old.yaml": GOOD}, []),
    ],
)
def test_a_prompt_that_nothing_asks_with_is_told(codes: Lint, files: dict[str, str], expected: list[str]) -> None:
    assert codes(files=files) == expected


def test_folders_with_the_names_of_files_are_no_prompts_and_no_specs(codes: Lint, tmp_path: Path) -> None:
    (tmp_path / "prompts" / "old.yaml").mkdir(parents=True)
    (tmp_path / "other.yaml").mkdir()

    assert codes() == []


def test_an_included_file_is_used(codes: Lint) -> None:
    prompt = "- user: \"{% include 'form.txt' %} {{ text }}\"\n"

    assert codes(prompt, files={"prompts/form.txt": "<question> <answer>"}) == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"mine/ask.yaml": GOOD}, []),
        ({"mine/akc.yaml": GOOD}, ["ATK429"]),
        ({"mine/ask.yaml": GOOD, "mine/old.yaml": GOOD}, ["ATK429"]),
        ({"prompts/old.yaml": GOOD, "mine/ask.yaml": GOOD}, []),
    ],
)
def test_an_override_takes_the_place_of_a_prompt(codes: Lint, files: dict[str, str], expected: list[str]) -> None:
    assert codes(files=files, config="prompts: mine\n") == expected


def test_a_folder_of_overrides_may_serve_other_pipelines(codes: Lint, tmp_path: Path) -> None:
    shared = tmp_path.parent / f"{tmp_path.name}_shared"
    shared.mkdir()
    (shared / "summarise.yaml").write_text(GOOD)

    assert codes(config=f"prompts: ../{shared.name}\n") == []


def test_prompts_whose_names_differ_in_case_alone_are_told(codes: Lint, tmp_path: Path) -> None:
    (tmp_path / "Case").touch()
    if (tmp_path / "case").exists():
        pytest.skip("this file system does not tell case apart")

    assert sorted(codes(files={"prompts/Ask.yaml": GOOD})) == ["ATK419", "ATK425"]


# ---------------------------------------------------------------------------------------------- room, patterns


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("context_tokens: 100", ["ATK427"]),
        ("context_tokens: 1500, sampling: {max_tokens: 1000}", ["ATK427"]),
        ("context_tokens: 1500", []),
        ("sampling: {max_tokens: 1000}", []),
    ],
)
def test_a_prompt_needs_room_for_itself_and_its_reply(codes: Lint, settings: str, expected: list[str]) -> None:
    long = GOOD.replace("Write", "Read the passage with care, word by word. " * 100 + "Write")

    assert codes(long, config=f"models: {{large: {{model: m, {settings}}}}}\n") == expected


def test_text_that_some_rows_alone_are_sent_takes_no_room(codes: Lint) -> None:
    long = "Read the passage with care, word by word. " * 100
    prompt = GOOD + f"- user: {long}\n  when: index > 5\n"
    branch = GOOD.replace("{{ text }}", f"{{{{ text }}}}{{% if index > 5 %}}{long}{{% endif %}}")
    config = "models: {large: {model: m, context_tokens: 200}}\n"

    assert codes(prompt, config=config) == []
    assert codes(branch, config=config) == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{question} - {answer}", ["ATK417"]),
        ("| {question} / {answer}", ["ATK417"]),
        ("Q: {question} - {answer}", []),
        ("{question}", []),
        ("「{question}」 A {answer}", []),
    ],
)
def test_a_pattern_needs_a_word_to_be_known_by(codes: Lint, pattern: str, expected: list[str]) -> None:
    assert codes(user("Q and A, please."), f'{{pattern: "{pattern}"}}') == expected


@pytest.mark.parametrize(
    ("regex", "underlined"),
    [
        (r"(?P<day>\d+) (?P<year>\d+)?", ["year"]),
        (r"(?P<day>\d+)(?: of (?P<year>\d+))*", ["year"]),
        (r"(?P<day>\d+)|(?P<year>\d+)", ["day", "year"]),
        (r"a(?:(?P<day>\d+)|b)c", ["day"]),
        (r"(?P<day>1|2)(?i)(?:a|b)?(?P<year>[|)(?]+)\)?", []),
        (r"\Q(a|b)?\E(?P<day>(x|y)+)", []),
        (r"(?P<day>\d+){1,2}", []),
    ],
)
def test_a_group_that_a_match_can_do_without_is_told(
    found: Callable[..., list[Diagnostic]], regex: str, underlined: list[str]
) -> None:
    told = found(parse=f"{{regex: '{regex}'}}")
    optional = found(parse=f"{{regex: '{regex}', optional: [{', '.join(underlined)}]}}")

    assert [(one.code.id, one.span.text if one.span else "") for one in told] == [("ATK420", one) for one in underlined]
    assert optional == []


@pytest.mark.parametrize(
    "words",
    [
        ["suitable", "unsuitable"],
        ["relevant", "not relevant"],
        ["good", "very good"],
        ["A", "A and B"],
        ["no", "not sure"],
    ],
)
def test_a_choice_within_another_is_told_apart(codes: Lint, words: list[str]) -> None:
    """There is no rule for such words: the longest that stands in a reply counts."""
    shown = "".join(f"- user: b\n- assistant: '{word}'\n" for word in words)
    prompt = f"- system: a\n{shown}- user: '{{{{ text }}}}'\n"

    assert codes(prompt, f"{{choice: {words}, into: fitness}}") == []


# -- braces ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["{% raw %} {# hi #}", '{{"question": "What?"}}', "{{{a}}}", "{%- if x -%}", "a {{b}} {% c %} {"]
)
def test_braces_that_are_written_as_text_are_opened(codes: Lint, said: str) -> None:
    """As an import writes them: the text is right as it is, and what the help says would make tags of it."""
    prompt = json.dumps([{"user": as_text(said)}, {"user": "{{ text }}: <question> <answer>"}])
    assert "ATK430" not in codes(prompt)


@pytest.mark.parametrize("said", ["text }}", '{{ "{" }} }}} }}', '{{ "[" }} %}'])
def test_braces_that_nothing_opens_are_found_beside_them(codes: Lint, said: str) -> None:
    prompt = json.dumps([{"user": f"{said} {{{{ text }}}}: <question> <answer>"}])
    assert "ATK430" in codes(prompt)

"""Comments that ignore findings: where they may stand, what they cover, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.lint import Selection, lint_path, report
from atk_interp.lint.comments import comments_in
from atk_interp.lint.settings import Settings
from atk_interp.source import SourceFile

SPEC = """spec: atk/v1
name: x
params:
  unused: {type: int, default: 1}
  topic: {type: text, default: sea}
models:
  m: {expects: any}
steps:
  a: {kind: rows, rows: [{text: one}]}
  b:
    kind: generate
    from: a
    model: m
    prompt: ask
    parse: {text: answer}
    accept:
      fits: |
        answer != topic
        and answer != text
outputs:
  o.jsonl: {from: b, format: jsonl}
"""
PROMPT = '- system: |\n    Answer.\n    Be short.\n- user: "{{ text }}"\n'
UNUSED = "  unused: {type: int, default: 1}"
KEEP = "        and answer != text"


def told(folder: Path, spec: str = SPEC, prompt: str = PROMPT, **selected: tuple[str, ...]) -> list[str]:
    """Codes and lines of what is told of the spec."""
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "prompts" / "ask.yaml").write_text(prompt, encoding="utf-8")
    path = folder / "pipeline.yaml"
    path.write_text(spec, encoding="utf-8")
    settings = {path: Settings(Selection(**selected))} if selected else None
    return [
        f"{found.code.name}:{found.span.begin.line}"
        for found in report([lint_path(path)], settings).findings
        if found.span
    ]


PIECES = [
    "# atk: ignore[ATK522]",
    "{# atk: ignore[unused-param] #}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "raw",
    "endraw",
]
PIECES += ["'", '"', "\\", "\n", "\n  ", "a: ", "- ", "|\n", ">\n ", "x", "[", "]", "{", "}", ",", "é", "#", "\r\n"]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.booleans())
def test_any_text_can_be_looked_through_for_comments(text: str, is_template: bool) -> None:
    file = SourceFile("x", text)
    for ignore in comments_in(file, is_template).ignores:
        assert "atk:" in ignore.span.text
        assert all(item.span.text.lower() in ("atk522", "unused-param") for item in ignore.items)


@pytest.mark.parametrize("piece", ["{{", '{{ "', "{% '", "{#", "{% raw %}", "# atk: ignore[ATK522]\n", "a: b\n", '"'])
def test_a_long_text_is_looked_through_once(piece: str) -> None:
    text = "# atk: ignore[ATK522]\na: |\n  {#" + piece * 20_000

    comments_in(SourceFile("x", text), is_template=False)
    comments_in(SourceFile("x", text), is_template=True)


def test_without_a_comment_it_is_told(tmp_path: Path) -> None:
    assert told(tmp_path) == ["unused-param:4"]


@pytest.mark.parametrize(
    "comment",
    [
        "# atk: ignore[ATK522] kept for old configs",
        "# atk: ignore[unused-param] kept",
        "# ATK: Ignore[Unused-Param] kept",
        "#atk:ignore[ atk522 ]",
        "# atk: ignore[ATK522, unused-param] both",
        "# one of these days  # atk: ignore[ATK522]",
    ],
)
def test_a_comment_on_the_line_or_above_it_ignores(tmp_path: Path, comment: str) -> None:
    assert told(tmp_path, SPEC.replace(UNUSED, f"{UNUSED}  {comment}")) == []
    assert told(tmp_path, SPEC.replace(UNUSED, f"  {comment}\n\n  # and more\n{UNUSED}")) == []


def test_a_comment_reaches_no_further_than_its_line(tmp_path: Path) -> None:
    spec = SPEC.replace("models:", "  # atk: ignore[ATK522]\nmodels:")

    assert told(tmp_path, spec) == ["unused-param:4", "unused-ignore:6"]


def test_a_comment_at_the_head_counts_for_the_file(tmp_path: Path) -> None:
    assert told(tmp_path, "# A spec.\n# atk: ignore-file[ATK522] kept\n---\n" + SPEC) == []


def test_a_comment_for_the_file_counts_only_at_its_head(tmp_path: Path) -> None:
    spec = SPEC.replace(UNUSED, f"  # atk: ignore-file[ATK522]\n{UNUSED}")

    assert told(tmp_path, spec) == ["bad-ignore:4", "unused-param:5"]


def test_a_comment_at_a_block_counts_for_all_of_it(tmp_path: Path) -> None:
    broken = SPEC.replace(UNUSED, "").replace(KEEP, "        and answer != txt")
    assert told(tmp_path, broken) == ["unknown-name:19"]

    for place in ("      fits: |", "      # atk: ignore[unknown-name] why\n      fits: |"):
        spec = broken.replace("      fits: |", place if "#" in place else f"{place}  # atk: ignore[unknown-name] why")
        assert [name.partition(":")[0] for name in told(tmp_path, spec)] == ["ignored-error"]


@pytest.mark.parametrize(
    "text", ['"# atk: ignore[ATK522]"', "'a  # atk: ignore[ATK522]'", "|\n  # atk: ignore-file[ATK522]\n  more"]
)
def test_a_comment_inside_a_text_is_none(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, SPEC.replace("params:", f"description: {text}\nparams:"))[-1].startswith("unused-param")


def test_a_comment_in_a_prompt_file_counts_there(tmp_path: Path) -> None:
    spec = SPEC.replace(UNUSED, "")
    prompt = PROMPT.replace("Be short", "Be {{ shrt }}")
    assert told(tmp_path, spec, prompt) == ["undefined-variable:3"]

    in_yaml = "# atk: ignore[undefined-variable] why\n" + prompt
    in_template = prompt.replace("    Be", "    {# atk: ignore[undefined-variable] why #}\n    Be")
    beside = prompt.replace("}}.\n", "}}. {# atk: ignore[undefined-variable] why #}\n")
    for text, line in ((in_yaml, 1), (in_template, 3), (beside, 3)):
        assert told(tmp_path, spec, text) == [f"ignored-error:{line}"]


@pytest.mark.parametrize(
    "text",
    [
        '{{ "{# atk: ignore[undefined-variable] #}" }} {{ shrt }}',
        "{% raw %}{# atk: ignore[undefined-variable] #}{% endraw %} {{ shrt }}",
    ],
)
def test_a_comment_that_the_template_takes_for_text_is_none(tmp_path: Path, text: str) -> None:
    prompt = PROMPT.replace("Be short.", text)

    assert told(tmp_path, SPEC.replace(UNUSED, ""), prompt) == ["undefined-variable:3"]


@pytest.mark.parametrize(
    "comment",
    [
        "ignore",
        "ignore[]",
        "ignore[ATK5222]",
        "ignore[ATK5]",
        "ignore[unused-parm]",
        "ignroe[ATK522]",
        "ignore[ATK103]",
        "ignore[unused-ignore]",
    ],
)
def test_a_comment_that_cannot_be_understood_is_told_and_ignores_nothing(tmp_path: Path, comment: str) -> None:
    found = told(tmp_path, SPEC.replace(UNUSED, f"{UNUSED}  # atk: {comment}"))

    assert sorted(found) == ["bad-ignore:4", "unused-param:4"]


def test_a_remark_of_a_person_is_no_comment_to_the_linter(tmp_path: Path) -> None:
    assert told(tmp_path, SPEC.replace(UNUSED, "  # atk: see the old pipeline")) == []


def test_an_unused_comment_is_told_unless_its_code_is_not_looked_for(tmp_path: Path) -> None:
    spec = SPEC.replace(UNUSED, "  # atk: ignore[ATK522]\n  # atk: ignore[ATK607] taste")

    assert told(tmp_path, spec) == ["unused-ignore:4"]
    assert told(tmp_path, spec, ignore=("ATK522",)) == []
    assert told(tmp_path, spec, ignore=("unused-ignore",)) == []


def test_whether_a_comment_is_used_is_not_said_while_an_error_may_hide_its_use(tmp_path: Path) -> None:
    spec = SPEC.replace(UNUSED, "  # atk: ignore[ATK522]").replace("from: b,", "from: c,")

    assert told(tmp_path, spec) == ["unknown-step:21"]


def test_a_missing_reason_is_told_to_those_who_want_to_know(tmp_path: Path) -> None:
    spec = SPEC.replace(UNUSED, f"{UNUSED}  # atk: ignore[ATK522]")

    assert told(tmp_path, spec) == []
    assert told(tmp_path, spec, extend_select=("ATK624",)) == ["ignore-without-reason:4"]


def test_an_ignored_error_still_keeps_the_spec_from_being_compiled(tmp_path: Path) -> None:
    spec = SPEC.replace("model: m", "model: n  # atk: ignore[unknown-slot] later")
    assert told(tmp_path, spec) == ["unused-param:4", "ignored-error:13"]

    found = report([lint_path(tmp_path / "pipeline.yaml")])

    assert [finding.code.name for finding in found.stopping] == ["unknown-slot"]


def test_an_ignored_error_of_a_rule_keeps_nothing_from_being_compiled(tmp_path: Path) -> None:
    prompt = '- user: one\n- assistant: two\n- user: "{{ text }}"\n'
    spec = SPEC.replace("parse: {text: answer}", "parse: {tag: answer}").replace(UNUSED, "")
    assert told(tmp_path, spec, prompt) == ["unread-example:2"]

    ignored = prompt.replace("- assistant: two", "- assistant: two  # atk: ignore[unread-example] on purpose")
    assert told(tmp_path, spec, ignored) == []
    assert report([lint_path(tmp_path / "pipeline.yaml")]).stopping == ()


def test_a_prompt_that_two_specs_use_is_told_once_and_its_comment_counts_for_both(tmp_path: Path) -> None:
    prompt = '- user: one\n- assistant: two  # atk: ignore[unread-example] why\n- user: "{{ text }}"\n'
    spec = SPEC.replace(UNUSED, "")
    told(tmp_path, spec, prompt)
    (tmp_path / "other.yaml").write_text(spec.replace("parse: {text: answer}", "parse: {tag: answer}"))
    units = [lint_path(tmp_path / name) for name in ("pipeline.yaml", "other.yaml")]

    assert report(units).findings == ()
    (tmp_path / "prompts" / "ask.yaml").write_text(prompt.replace("[unread-example]", "[]").replace("# atk", "#"))
    (tmp_path / "pipeline.yaml").write_text((tmp_path / "other.yaml").read_text())
    units = [lint_path(tmp_path / name) for name in ("pipeline.yaml", "other.yaml")]
    assert len(report(units).findings) == 1


def test_a_comment_in_a_prompt_may_serve_a_spec_that_was_not_linted(tmp_path: Path) -> None:
    prompt = '- user: one\n- assistant: two  # atk: ignore[unread-example] why\n- user: "{{ text }}"\n'
    spec = SPEC.replace(UNUSED, "")
    (tmp_path / "pyproject.toml").write_text("")
    assert told(tmp_path, spec, prompt) == ["unused-ignore:2"]

    (tmp_path / "other.yaml").write_text(spec.replace("parse: {text: answer}", "parse: {tag: answer}"))
    assert told(tmp_path, spec, prompt) == []

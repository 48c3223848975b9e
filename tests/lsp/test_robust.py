"""No text and no place makes a feature fail: what an editor sends is half typed most of the time."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from atk_interp.lsp.completion import completions
from atk_interp.lsp.definition import definitions
from atk_interp.lsp.diagnostics import as_diagnostic, mends
from atk_interp.lsp.hover import hover
from atk_interp.lsp.place import Place
from atk_interp.lsp.project import Project

UTF16 = lsp.PositionEncodingKind.Utf16.value
EVERYWHERE = lsp.Range(lsp.Position(0, 0), lsp.Position(10_000, 0))

SPEC = """\
spec: atk/v1
name: quiz
params: {folder: {type: path}}
models: {small: {expects: instruct}}
steps:
  documents: {kind: read, path: =folder}
  questions:
    kind: generate
    from: [documents]
    model: small
    prompt: ask
    parse: {tags: {question: {optional: true}, answer: }}
    accept: {"it asks: a lot": question | length > 10 and row.id != ''}
  again:
    kind: loop
    from: questions
    steps:
      one: {kind: map, set: {a: "{{ question }}", b: [=answer, 1]}}
    until: a is not none
    max_rounds: 3
outputs:
  quiz.jsonl: {from: again, format: chat, messages: [{each: "[1] as x", user: "{{ x }}"}, {assistant: "{{ answer }}"}]}
"""
PROMPT = "- system: |\n    {% for w in text %}{{ w | upper }}{% endfor %}\n- each: x as y\n  user: '{{ y.z }}'\n"
HOSTILE = ["", "\ufeff", "\0", "a: &a [*a]", "[" * 200, "- - - -", "? {a: b}", "spec: atk/v1\nsteps:", "steps: 3\n",
           "spec: atk/v1\nsteps: {a: {kind: [generate]}, b: 3, c: {kind: generate, from: {x: 1}, parse: [1]}}\n",
           "pipeline: {a: 1}\nmodels: [1]\n", "{{ {% ", "spec: 'x\nsteps:\n\t- a",
           "spec: atk/v1\noutputs: {a: [1]}"]  # fmt: skip


def asked(project: Project, path: Path, offset: int) -> None:
    """Everything that an editor may ask of a place."""
    completions(Place(project, path, offset), UTF16)
    hover(project, path, offset, UTF16)
    definitions(project, path, offset, UTF16)


def checked(project: Project) -> None:
    for findings in project.findings().values():
        for finding in findings:
            as_diagnostic(finding, UTF16)
        mends(findings, EVERYWHERE, project.text, UTF16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prompts").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "pipeline.yaml").write_text(SPEC)
    (tmp_path / "config.yaml").write_text("pipeline: pipeline.yaml\nfolder: x\n")
    (tmp_path / "prompts" / "ask.yaml").write_text(PROMPT)
    return tmp_path


def mangled(text: str, chance: random.Random) -> str:
    """A text as it may look on the way: cut off, or with a stretch taken out or doubled."""
    start, stop = sorted(chance.choices(range(len(text) + 1), k=2))
    return chance.choice([text[:stop], text[:start] + text[stop:], text[:stop] + text[start:], text])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pipeline.yaml", "config.yaml", "prompts/ask.yaml"])
def test_a_text_that_is_being_typed_never_makes_a_feature_fail(folder: Path, name: str) -> None:
    chance = random.Random(name)
    path = folder / name
    text = path.read_text()
    project = Project()
    for _ in range(25):
        typed = mangled(text, chance)
        project.put(path, typed)
        checked(project)
        for offset in chance.choices(range(len(typed) + 1), k=4):
            asked(project, path, offset)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["pipeline.yaml", "config.yaml", "prompts/ask.yaml", "prompts/rules.txt", "other.yaml"]
)
def test_hostile_texts_never_make_a_feature_fail(folder: Path, name: str) -> None:
    project = Project()
    for text in HOSTILE:
        project.put(folder / name, text)
        checked(project)
        for offset in {0, len(text) // 2, len(text)}:
            asked(project, folder / name, offset)
        project.drop(folder / name)


def test_a_file_that_is_nowhere_has_nothing_to_say(tmp_path: Path) -> None:
    asked(Project(), tmp_path / "none.yaml", 3)
    checked(Project())

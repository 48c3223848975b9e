"""The language server, asked by a real client over its standard streams."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from lsprotocol import types as lsp

from support.editor import Editor, at, editing

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

SPEC = """\
spec: atk/v1
name: quiz
params:
  folder: {type: path, help: Where the documents are}
  size: {type: int, default: 100}
models:
  small: {expects: instruct}
steps:
  documents: {kind: read, path: =folder}
  passages:
    kind: chunk
    from: documents
    max_tokens: =size
  questions:
    kind: generate
    from: passages
    model: small
    prompt: ask
    parse: {tags: [question, answer]}
    accept:
      it asks something: question | length > 10
  kept:
    kind: filter
    from: questions
    keep: answer | length > 3
outputs:
  quiz.jsonl:
    from: kept
    format: sharegpt
    messages:
      - user: "{{ question }}"
      - assistant: "{{ answer }}"
"""
PROMPT = """\
- system: |
    Ask one question about the passage, between <question> tags, and answer it between <answer> tags.
    {% include "rules.txt" %}
- user: "Passage 😀: {{ text }}"
"""
CONFIG = "pipeline: pipeline.yaml\nfolder: documents\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "documents").mkdir()
    (tmp_path / "pipeline.yaml").write_text(SPEC)
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "prompts" / "ask.yaml").write_text(PROMPT, encoding="utf-8")
    (tmp_path / "prompts" / "rules.txt").write_text("Be brief.\n")
    return tmp_path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """An editor with the server, started once for all tests."""
    async with editing(tmp_path_factory.mktemp("server"), sys.executable, "-m", "atk_interp", "lsp") as editor:
        yield editor


@pytest.fixture
def editor(server: Editor, folder: Path) -> Editor:
    server.move(folder)
    return server


async def opened(editor: Editor, path: str, text: str) -> list[lsp.Diagnostic]:
    """What is said of a text when it is opened."""
    editor.open(path, text)
    return list(await editor.diagnostics(path))


def told(found: list[lsp.Diagnostic]) -> list[tuple[str, int, int, str]]:
    """Code, line, character and headline of each."""
    return [
        (str(one.code), one.range.start.line, one.range.start.character, one.message.partition("\n")[0])
        for one in found
    ]


# Diagnostics


async def test_nothing_is_said_of_what_is_right(editor: Editor) -> None:
    assert await opened(editor, "pipeline.yaml", SPEC) == []
    assert await opened(editor, "config.yaml", CONFIG) == []
    assert await opened(editor, "prompts/ask.yaml", PROMPT) == []


async def test_a_mistake_is_marked_while_it_is_typed_and_goes_when_it_is_mended(editor: Editor) -> None:
    await opened(editor, "pipeline.yaml", SPEC)
    wrong = SPEC.replace("keep: answer", "keep: anser")

    editor.change("pipeline.yaml", wrong)
    (found,) = await editor.diagnostics("pipeline.yaml")

    where = at(wrong, "anser")
    assert (found.range.start, found.range.end) == (where, lsp.Position(where.line, where.character + 5))
    assert found.severity is lsp.DiagnosticSeverity.Error
    assert found.source == "atk-interp"
    assert "anser" in found.message
    assert "help: " in found.message
    editor.change("pipeline.yaml", SPEC)
    assert list(await editor.diagnostics("pipeline.yaml")) == []


async def test_a_prompt_is_checked_with_the_spec_that_uses_it_as_both_are_typed(editor: Editor) -> None:
    await opened(editor, "pipeline.yaml", SPEC)
    wrong = PROMPT.replace("{{ text }}", "{{ txt }}")

    ((code, line, character, headline),) = told(await opened(editor, "prompts/ask.yaml", wrong))

    where = at(wrong, "txt }}")
    assert headline == "undefined variable `txt`"
    assert (line, character) == (where.line, where.character)  # behind a character that is two units wide
    assert code == "ATK403"
    await editor.diagnostics("pipeline.yaml")
    editor.change("pipeline.yaml", SPEC.replace("max_tokens: =size", "field: text\n    max_tokens: =size"))
    editor.change("prompts/ask.yaml", PROMPT)
    assert list(await editor.diagnostics("prompts/ask.yaml")) == []


async def test_a_mistake_in_a_prompt_that_is_not_open_is_told_there(editor: Editor, folder: Path) -> None:
    (folder / "prompts" / "ask.yaml").write_text("- user: '{{ txt }}'\n")

    await opened(editor, "pipeline.yaml", SPEC)

    assert "ATK403" in [code for code, *_ in told(list(await editor.diagnostics("prompts/ask.yaml")))]
    editor.close("pipeline.yaml")
    assert list(await editor.diagnostics("prompts/ask.yaml")) == []


async def test_a_second_place_is_related_information(editor: Editor) -> None:
    twice = SPEC + "name: other\n"

    (found,) = await opened(editor, "pipeline.yaml", twice)

    assert found.related_information is not None
    assert [one.message for one in found.related_information] == ["first given here"]
    assert found.related_information[0].location.range.start == at(twice, "name: quiz")


async def test_files_of_others_are_left_alone(editor: Editor) -> None:
    assert await opened(editor, "compose.yaml", "services:\n  web: {image: nginx}\n") == []


# Completion


async def completed(editor: Editor, path: str, text: str) -> dict[str, lsp.CompletionItem]:
    """What is proposed at the mark `¦` in a text."""
    await opened(editor, path, text.replace("¦", ""))
    return await editor.completions(path, at(text, "¦"))


async def test_kinds_are_completed(editor: Editor) -> None:
    found = await completed(editor, "pipeline.yaml", SPEC.replace("kind: chunk", "kind: ¦"))

    assert {"read", "chunk", "generate", "vote"} <= set(found)
    assert "Cut a text into passages" in str(found["chunk"].documentation)


@pytest.mark.parametrize(
    ("typed", "among", "not_among"),
    [
        ("  enough: ¦\n", {"rows", "cost", "size", "not"}, {"question", "row", "documents"}),
        ('  enough: rows("kept") > 3 and rej¦\n', {"rejected"}, {"kept"}),
        ('  enough: rows("¦\n', {"kept", "documents", "quiz.jsonl"}, {"rows", "size"}),
        ("  - rows_in('qu¦\n", {"questions", "quiz.jsonl"}, {"rows"}),
    ],
)
async def test_in_a_check_counts_and_what_they_count_are_completed(
    editor: Editor, typed: str, among: set[str], not_among: set[str]
) -> None:
    found = await completed(editor, "pipeline.yaml", SPEC + "checks:\n" + typed)

    assert among <= set(found)
    assert not not_among & set(found)


@pytest.mark.parametrize(
    ("typed", "among", "not_among"),
    [
        ("  it must be small: ¦\n", {"size", "not"}, {"question", "rows", "documents"}),
        ("  it must be small: size > 3 and siz¦\n", {"size"}, {"rows", "question"}),
        ("  each must be small: {each: sizes as one, holds: si¦}\n", {"size"}, {"rows", "question"}),
    ],
)
async def test_in_a_requirement_parameters_are_completed(
    editor: Editor, typed: str, among: set[str], not_among: set[str]
) -> None:
    found = await completed(editor, "pipeline.yaml", SPEC + "requires:\n" + typed)

    assert among <= set(found)
    assert not not_among & set(found)


@pytest.mark.parametrize(
    ("right", "typed", "among", "not_among"),
    [
        ("    max_tokens: =size\n", "    max_tokens: =size\n    ¦\n", {"overlap", "field", "when"}, {"kind", "prompt"}),
        ("    max_tokens: =size\n", "    max_tokens: =size\n    ov¦\n", {"overlap"}, {"kind", "prompt", "question"}),
        ("path: =folder}", "path: =folder, ¦}", {"when"}, {"kind", "model", "from"}),
        ("parse: {tags: [question, answer]}", "parse: {¦}", {"tags", "choice", "json"}, {"kind"}),
        ("parse: {tags: [question, answer]}", "parse: {tags: [question], ¦}", {"many"}, {"choice", "tags"}),
        ("prompt: ask\n", "prompt: ask\n    sampling: {¦}\n", {"temperature", "max_tokens"}, {"kind"}),
        ("{expects: instruct}", "{¦}", {"expects", "sampling"}, {"kind"}),
        ("models:\n", "¦\nmodels:\n", {"description"}, {"models", "kind"}),
        ("    format: sharegpt\n", "    format: sharegpt\n    ¦\n", {"where"}, {"fields", "messages"}),
        ("      - user:", "      - ¦\n      - user:", {"system", "assistant", "each"}, {"kind"}),
    ],
)
async def test_keys_are_completed(editor: Editor, right: str, typed: str, among: set[str], not_among: set[str]) -> None:
    assert right in SPEC
    found = await completed(editor, "pipeline.yaml", SPEC.replace(right, typed))

    assert among <= set(found)
    assert not not_among & set(found)


@pytest.mark.parametrize(
    ("right", "typed", "among", "not_among"),
    [
        ("from: documents", "from: ¦", {"documents", "questions"}, {"passages", "kind"}),
        ("from: questions\n", "from:\n      - ¦\n", {"documents", "questions"}, {"kept"}),
        ("model: small", "model: ¦", {"small"}, {"large"}),
        ("prompt: ask", "prompt: a¦", {"ask", "rules"}, {"small"}),
        ("type: int", "type: ¦", {"int", "text", "bool"}, {"read"}),
        ("expects: instruct", "expects: ¦", {"instruct", "any"}, set()),
        ("format: sharegpt", "format: ¦", {"jsonl", "sharegpt"}, {"read"}),
    ],
)
async def test_values_are_completed(
    editor: Editor, right: str, typed: str, among: set[str], not_among: set[str]
) -> None:
    assert right in SPEC
    found = await completed(editor, "pipeline.yaml", SPEC.replace(right, typed))

    assert among <= set(found)
    assert not not_among & set(found)


@pytest.mark.parametrize(
    ("right", "typed", "among", "not_among"),
    [
        ("keep: answer | length > 3", "keep: ¦", {"question", "answer", "text", "size", "row", "chance"}, {"kind"}),
        ("keep: answer | length > 3", "keep: question != '' and an¦", {"answer"}, set()),
        ("keep: answer | length > 3", "keep: answer | ¦", {"length", "language", "tokens"}, {"answer"}),
        ("keep: answer | length > 3", "keep: answer is not ¦", {"none", "matching"}, {"answer", "length"}),
        ("keep: answer | length > 3", "keep: row.¦", {"id", "source"}, {"answer", "length"}),
        ("keep: answer | length > 3", "keep: answer == 'row.¦'", set(), {"id", "answer"}),
        ("question | length > 10", "¦", {"question", "answer", "text"}, {"kind"}),
        ("max_tokens: =size", "max_tokens: =¦", {"size", "folder", "seed"}, {"text", "row"}),
        ("{{ question }}", "{{ ¦ }}", {"question", "answer", "text"}, {"chance"}),
        ("{{ question }}", "{{ question | ¦ }}", {"upper", "length", "tojson"}, {"question"}),
        ("{{ question }}", "{{ que¦", {"question"}, set()),
        ("{{ question }}", "{% ¦", {"if", "for"}, {"question"}),
    ],
)
async def test_fields_and_words_of_expressions_are_completed(
    editor: Editor, right: str, typed: str, among: set[str], not_among: set[str]
) -> None:
    assert right in SPEC
    found = await completed(editor, "pipeline.yaml", SPEC.replace(right, typed))

    assert among <= set(found)
    assert not not_among & set(found)


LOOP = SPEC.replace(
    "outputs:\n",
    """\
  better:
    kind: loop
    from: kept
    steps:
      longer: {kind: map, set: {answer: "{{ answer }}!"}}
      judged:
        kind: map
        set: {good: =answer | length > 100}
    until: good
    max_rounds: 3
outputs:
""",
).replace("from: kept\n    format", "from: better\n    format")


@pytest.mark.parametrize(
    ("right", "typed", "among", "not_among"),
    [
        ("kind: map\n        set:", "kind: ¦\n        set:", {"map", "generate", "filter"}, {"read", "sort"}),
        ("kind: map\n        set:", "kind: map\n        ¦\n        set:", {"when", "drop"}, {"from", "use", "until"}),
        ("=answer | length > 100", "=¦", {"answer", "round", "question"}, {"map"}),
        ("until: good", "until: g¦", {"good", "answer", "round"}, {"map"}),
    ],
)
async def test_steps_of_loops_are_completed(
    editor: Editor, right: str, typed: str, among: set[str], not_among: set[str]
) -> None:
    assert right in LOOP
    assert await opened(editor, "whole.yaml", LOOP) == []
    found = await completed(editor, "pipeline.yaml", LOOP.replace(right, typed))

    assert among <= set(found)
    assert not not_among & set(found)


async def test_fields_come_with_their_types_and_origins(editor: Editor) -> None:
    found = await completed(editor, "pipeline.yaml", SPEC.replace("answer | length > 3", "¦"))

    assert found["index"].detail == "int"
    assert found["question"].detail == "text"
    assert "written by step `questions`" in str(found["question"].documentation)
    assert "Where the documents are" in str(found["folder"].documentation)


@pytest.mark.parametrize(
    ("typed", "among", "not_among"),
    [
        ("- user: '{{ ¦ }}'\n", {"text", "tokens", "size"}, {"question"}),
        ("- user: '{{ row.¦ }}'\n", {"id", "source"}, {"text"}),
        ("- user: |\n    {% for word in text | words %}{{ ¦", {"word", "loop", "text"}, set()),
        ("- system: '{% include \"¦\" %}'\n- user: hi\n", {"rules.txt", "ask.yaml"}, {"text"}),
        ("- system: Be brief.\n- ¦\n", {"user", "assistant", "each", "role"}, {"text"}),
        ("- user: '{{ text }}'\n  when: ¦\n", {"text", "size"}, {"user"}),
    ],
)
async def test_prompts_are_completed_with_what_reaches_the_steps_that_use_them(
    editor: Editor, typed: str, among: set[str], not_among: set[str]
) -> None:
    found = await completed(editor, "prompts/ask.yaml", typed)

    assert among <= set(found)
    assert not not_among & set(found)


async def test_parameters_and_pipelines_are_completed_in_configs(editor: Editor) -> None:
    found = await completed(editor, "config.yaml", CONFIG + "¦\n")
    assert {"size", "models", "seed"} <= set(found)
    assert "folder" not in found

    editor.change("config.yaml", "pipeline: \n")
    assert "factual_qa" in await editor.completions("config.yaml", lsp.Position(0, 10))


async def test_a_proposal_takes_the_place_of_what_is_typed(editor: Editor) -> None:
    text = SPEC.replace("keep: answer | length > 3", "keep: text == '😀' or ans¦")

    found = (await completed(editor, "pipeline.yaml", text))["answer"].text_edit

    assert isinstance(found, lsp.TextEdit)
    assert found.new_text == "answer"
    assert found.range == lsp.Range(at(text, "ans¦"), at(text, "¦"))


async def test_broken_yaml_is_completed_from_what_was_there_before(editor: Editor) -> None:
    await opened(editor, "pipeline.yaml", SPEC)
    broken = SPEC.replace("keep: answer | length > 3", "keep: an").replace("outputs:", "  stray\n {[\noutputs:")
    editor.change("pipeline.yaml", broken)
    assert [one.severity for one in await editor.diagnostics("pipeline.yaml")] == [lsp.DiagnosticSeverity.Error]

    found = await editor.completions("pipeline.yaml", at(broken, "keep: an", 8))

    assert {"answer", "question"} <= set(found)


# Hover and definitions


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("m¦ax_tokens", "The largest passage, in tokens."),
        ("kind: chu¦nk", "Cut a text into passages"),
        ("pass¦ages:", "- `text`: text"),
        ("from: doc¦uments", "step `documents`, of the kind `read`"),
        ("prompt: a¦sk", "prompts/ask.yaml`"),
        ("=si¦ze", "`size`: int"),
        ("keep: ans¦wer", "`answer`: text\n\nwritten by step `questions`"),
        ("question | len¦gth", "How many"),
        ("{{ que¦stion", "`question`: text"),
        ("ta¦gs:", "Several fields, each in"),
        ("format: share¦gpt", "Conversations as"),
        ("acc¦ept:", "What a reading must fulfil"),
    ],
)
async def test_things_say_what_they_are(editor: Editor, marked: str, said: str) -> None:
    assert marked.replace("¦", "") in SPEC
    await opened(editor, "pipeline.yaml", SPEC)

    found = await editor.hover("pipeline.yaml", at(SPEC, marked.replace("¦", ""), marked.index("¦")))

    assert said in found


async def test_variables_of_prompts_and_codes_in_comments_say_what_they_are(editor: Editor) -> None:
    await opened(editor, "prompts/ask.yaml", PROMPT)
    assert "`text`: text" in await editor.hover("prompts/ask.yaml", at(PROMPT, "text }}", 1))

    text = f"# atk: ignore-file[ATK403] a reason\n{SPEC}"
    await opened(editor, "pipeline.yaml", text)
    assert "**ATK403 undefined-variable**" in await editor.hover("pipeline.yaml", at(text, "ATK403", 2))
    assert await editor.hover("pipeline.yaml", lsp.Position(0, 0)) == ""


@pytest.mark.parametrize(
    ("marked", "file", "target"),
    [
        ("from: doc¦uments", "pipeline.yaml", "documents: {kind"),
        ("prompt: a¦sk", "prompts/ask.yaml", ""),
        ("model: sm¦all", "pipeline.yaml", "small: {expects"),
        ("=si¦ze", "pipeline.yaml", "size: {type"),
        ("keep: ans¦wer", "pipeline.yaml", "answer]}"),
        ("{{ que¦stion", "pipeline.yaml", "question, answer]"),
        ("something: que¦stion", "pipeline.yaml", "question, answer]"),
    ],
)
async def test_definitions_are_found(editor: Editor, folder: Path, marked: str, file: str, target: str) -> None:
    assert marked.replace("¦", "") in SPEC
    await opened(editor, "pipeline.yaml", SPEC)

    (found,) = await defined(editor, "pipeline.yaml", SPEC, marked)

    assert found.uri == (folder / file).as_uri()
    assert found.range.start == at((folder / file).read_text(), target)


async def test_definitions_are_found_from_prompts_and_configs(editor: Editor, folder: Path) -> None:
    await opened(editor, "prompts/ask.yaml", PROMPT)
    (found,) = await defined(editor, "prompts/ask.yaml", PROMPT, "ru¦les.txt")
    assert found.uri == (folder / "prompts" / "rules.txt").as_uri()

    await opened(editor, "config.yaml", CONFIG)
    (found,) = await defined(editor, "config.yaml", CONFIG, "pipe¦line.yaml")
    assert found.uri == (folder / "pipeline.yaml").as_uri()
    (found,) = await defined(editor, "config.yaml", CONFIG, "fol¦der:")
    assert found.range.start == at(SPEC, "folder: {type")


async def defined(editor: Editor, path: str, text: str, marked: str) -> list[lsp.Location]:
    where = at(text, marked.replace("¦", ""), marked.index("¦"))
    params = lsp.DefinitionParams(editor.document(path), where)
    found = await editor.client.text_document_definition_async(params)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, lsp.Location)]


# Mends


async def test_a_mend_is_offered_where_there_is_one(editor: Editor, folder: Path) -> None:
    wrong = SPEC.replace("max_tokens: =size", "max_tokens: size")
    (found, *_) = await opened(editor, "pipeline.yaml", wrong)

    params = lsp.CodeActionParams(editor.document("pipeline.yaml"), found.range, lsp.CodeActionContext([found]))
    actions = await editor.client.text_document_code_action_async(params)

    assert actions
    (action,) = actions
    assert isinstance(action, lsp.CodeAction)
    assert action.edit is not None
    assert action.edit.changes is not None
    (edit,) = action.edit.changes[editor.uri("pipeline.yaml")]
    assert (action.title, edit.range.start) == ("write `=size`", at(wrong, "size\n", 0))

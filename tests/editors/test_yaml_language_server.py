"""The YAML server that most editors run, with our schemas: what it marks, completes and shows.

`make editors` installs it as `package-lock.json` has it.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from atk_interp.reference.json_schema import schema_files
from support.editor import Editor, at, editing

SERVER = Path(__file__).parent / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
SETTINGS = {"yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no `node` on this machine"),
    pytest.mark.skipif(not SERVER.is_file(), reason="`make editors` did not install the server; it needs npm"),
]

GOOD = """\
# yaml-language-server: $schema=../spec.json
spec: atk/v1
name: good
params:
  size: {type: int, default: 5}
models:
  small: {expects: instruct}
steps:
  documents: {kind: read, path: documents}
  passages:
    kind: chunk
    from: documents
    max_tokens: =size
  questions:
    kind: generate
    from: passages
    model: small
    prompt: ask
    parse: {tags: [question]}
outputs:
  a.jsonl: {from: questions, format: jsonl}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """An editor over a folder with the schemas, with the YAML server; started once for all tests."""
    folder = tmp_path_factory.mktemp("schemas")
    for name, text in schema_files().items():
        (folder / name).write_text(text, encoding="utf-8")
    async with editing(folder, "node", str(SERVER), "--stdio", settings=SETTINGS) as editor:
        yield editor


@pytest.fixture
def editor(server: Editor, tmp_path: Path) -> Editor:
    server.move(server.root / tmp_path.name)
    return server


async def marked(editor: Editor, path: str, text: str) -> list[tuple[str, str]]:
    """What the server marks in a file: the words that it underlines, and what it says of them."""
    editor.open(path, text)
    lines = text.splitlines()
    return sorted(
        (lines[found.range.start.line][found.range.start.character : found.range.end.character], found.message)
        for found in await editor.diagnostics(path)
    )


async def test_nothing_is_marked_in_what_is_right(editor: Editor, project_root: Path) -> None:
    assert await marked(editor, "pipeline.yaml", GOOD) == []
    for name in ("pipeline.yaml", "config.yaml"):
        stock = project_root / "pipeline_specs" / "factual_qa" / name
        text = stock.read_text().replace("../../docs/reference/schema/", "../")
        assert await marked(editor, f"stock_{name}", text) == []
    prompt = "# yaml-language-server: $schema=../prompt.json\n- system: Be brief.\n- user: '{{ text }}'\n"
    assert await marked(editor, "prompt.yaml", prompt) == []


@pytest.mark.parametrize(
    ("right", "wrong", "words", "told"),
    [
        ("max_tokens: =size", "max_tokens: 9\n    overlp: 3", "overlp", "Property overlp is not allowed."),
        ("max_tokens: =size", "max_tokens: many", "many", "expected: whole number or `=expr`, at least"),
        ("max_tokens: =size", "max_tokens: -1", "-1", "Value is below the minimum of"),
        ("kind: chunk", "kind: chonk", "chonk", "Value is not accepted. Valid values: "),
        ("    from: documents\n", "", "passages", 'Missing property "from".'),
        ("tags: [question]", "tag: a, aftr: b", "aftr", "Property aftr is not allowed."),
        ("format: jsonl", "format: jsn", "jsn", "Value is not accepted. Valid values: "),
        ("type: int", "type: integer", "integer", "Value is not accepted. Valid values: "),
        ("models:", "model:", "model", "Property model is not allowed."),
    ],
)
async def test_a_mistake_is_marked_where_it_stands(
    editor: Editor, right: str, wrong: str, words: str, told: str
) -> None:
    assert right in GOOD
    ((underlined, message),) = await marked(editor, "pipeline.yaml", GOOD.replace(right, wrong))

    assert underlined.startswith(words)
    assert message.startswith(told)


async def test_mistakes_in_configs_and_prompts_are_marked(editor: Editor) -> None:
    config = (
        "# yaml-language-server: $schema=../factual_qa.config.json\npipeline: factual_qa\nchunk_token: 5\nvotes: 0\n"
    )
    prompt = "# yaml-language-server: $schema=../prompt.json\n- system: Be brief.\n- usr: '{{ text }}'\n"

    assert [words for words, _ in await marked(editor, "config.yaml", config)] == ["0", "5"]
    assert "usr" in [words for words, _ in await marked(editor, "prompt.yaml", prompt)]


async def test_kinds_are_completed_with_what_they_do(editor: Editor) -> None:
    text = GOOD.replace("kind: chunk", "kind: ")
    await marked(editor, "pipeline.yaml", text)

    found = await editor.completions("pipeline.yaml", at(text, "kind: \n", 6))

    assert {"read", "chunk", "generate", "vote"} <= set(found)
    assert "Cut a text into passages" in str(found["chunk"].documentation)


async def test_keys_of_a_kind_are_completed_and_no_others(editor: Editor) -> None:
    text = GOOD.replace("    max_tokens: =size\n", "    max_tokens: =size\n    \n")
    await marked(editor, "pipeline.yaml", text)

    found = await editor.completions("pipeline.yaml", at(text, "    \n", 4))

    assert {"overlap", "when", "description"} <= set(found)
    assert not found.keys() & {"kind", "max_tokens", "prompt", "path"}
    assert "Tokens that a passage repeats" in str(found["overlap"].documentation)


async def test_parsers_are_completed_until_one_is_named(editor: Editor) -> None:
    text = GOOD.replace("parse: {tags: [question]}", "parse:\n      \n")
    await marked(editor, "pipeline.yaml", text)

    found = await editor.completions("pipeline.yaml", at(text, "      \n", 6))

    assert {"tags", "choice", "json"} <= set(found)


async def test_parameters_of_a_pipeline_are_completed_in_its_configs(editor: Editor) -> None:
    text = "# yaml-language-server: $schema=../factual_qa.config.json\npipeline: factual_qa\nsystem:\n  \n"
    await marked(editor, "config.yaml", text)

    found = await editor.completions("config.yaml", at(text, "  \n", 2))

    assert "Largest passage" in str(found["chunk_tokens"].documentation)


async def test_a_key_says_what_it_is_for(editor: Editor) -> None:
    await marked(editor, "pipeline.yaml", GOOD)

    assert "The largest passage, in tokens." in await editor.hover("pipeline.yaml", at(GOOD, "max_tokens"))
    assert "Cut a text into passages" in await editor.hover("pipeline.yaml", at(GOOD, "passages"))
    assert "How the reply is read" in await editor.hover("pipeline.yaml", at(GOOD, "parse"))

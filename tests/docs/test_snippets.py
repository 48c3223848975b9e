"""What the guides show is true: specs lint clean, shown output is what is printed, Python runs, links lead somewhere.

A fenced block is tested by its language and first line:

- `yaml`, beginning with `spec:`, is a whole spec, `pipeline.yaml` in a new folder. `# prompts/NAME.yaml` on the first
  line makes a block a prompt of it. The spec lints without findings, unless a `console` block shows some.
- `console`, beginning with `$ atk-interp lint pipeline.yaml`, is that command on the spec above, and what it finds.
  `<!-- slip: RIGHT -> WRONG -->` on the line before it says what is misspelt for it.
- `console`, beginning with `$ atk-interp test pipeline.yaml` or `show pipeline.yaml`, is what that prints of the spec;
  a `slip` is heeded as for `lint`. `mermaid` is what `show --format mermaid` prints of it.
- `console`, beginning with `$ atk-interp run examples/first/config.yaml`, is what that run prints, but for its numbers
  and the rows at its end. Other `console` blocks are mistakes.
- `yaml`, beginning with `pipeline:`, is a config of a pipeline that comes along; with `# replies.yaml`, a script.
- `python` is Python; with `<!-- tested -->` on the line before it, it is run in the project's folder.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from atk_interp.cli.main import cli
from atk_interp.diagnostics.render import render_text
from atk_interp.lint.check import check_file
from atk_interp.llm.scripted import ScriptedClient
from atk_interp.testing import try_examples

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^(?:<!-- ([^\n]*) -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINT = "$ atk-interp lint pipeline.yaml\n"
LOOKED_AT = re.compile(r"\$ atk-interp (test|show) pipeline\.yaml\n")
RUN = "$ atk-interp run examples/first/config.yaml\n"


@dataclass
class Block:
    """A fenced block, where it begins, and the note on the line before it."""

    page: Path
    line: int
    note: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks() -> list[Block]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found += [Block(page, text[: m.start(2)].count("\n") + 1, m[1] or "", m[2], m[3]) for m in BLOCK.finditer(text)]
    return found


def whole_specs() -> Iterator[tuple[Block, list[Block]]]:
    """Each whole spec with the blocks that follow it on its page, up to the next whole spec."""
    for index, block in enumerate(listed := blocks()):
        if block.language == "yaml" and block.text.startswith("spec:"):
            after = []
            for follower in listed[index + 1 :]:
                if follower.page != block.page or follower.text.startswith("spec:"):
                    break
                after.append(follower)
            yield block, after


@pytest.mark.parametrize(("spec", "after"), [pytest.param(*pair, id=str(pair[0])) for pair in whole_specs()])
def test_whole_specs_lint_as_shown(
    spec: Block, after: list[Block], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(spec, after)
    shown = next((block for block in after if block.text.startswith(LINT)), None)

    if shown is None:
        assert render_text(check_file(Path("pipeline.yaml")).report.findings) == ""
        return
    slip(spec, shown)
    printed = CliRunner().invoke(cli, ["lint", "pipeline.yaml"]).stdout
    assert printed.rstrip().splitlines() == shown.text.removeprefix(LINT).rstrip().splitlines()


def write(spec: Block, after: list[Block]) -> None:
    """The spec with the prompts that its page shows, in the working folder."""
    if "prompt: ask" in spec.text:
        shutil.copytree(ROOT / "examples" / "first" / "prompts", "prompts")  # for specs that show no prompt
    Path("prompts").mkdir(exist_ok=True)
    Path("pipeline.yaml").write_text(spec.text, encoding="utf-8")
    for block in after:
        named = re.match(r"# (prompts/\w+\.yaml)\n", block.text)
        if named and block.language == "yaml":
            Path(named[1]).write_text(block.text, encoding="utf-8")


def slip(spec: Block, shown: Block) -> None:
    """Make the mistake that a block of output is about."""
    if shown.note.startswith("slip: "):
        right, wrong = shown.note.removeprefix("slip: ").split(" -> ")
        assert spec.text.count(right) == 1
        Path("pipeline.yaml").write_text(spec.text.replace(right, wrong), encoding="utf-8")


LOOKS = [
    pytest.param(spec, after, block, id=str(block))
    for spec, after in whole_specs()
    for block in after
    if LOOKED_AT.match(block.text) or block.language == "mermaid"
]


@pytest.mark.parametrize(("spec", "after", "shown"), LOOKS)
def test_what_commands_print_of_a_spec_is_what_is_shown(
    spec: Block, after: list[Block], shown: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(spec, after)
    slip(spec, shown)
    command = LOOKED_AT.match(shown.text)
    arguments = [command[1], "pipeline.yaml"] if command else ["show", "pipeline.yaml", "--format", "mermaid"]

    printed = CliRunner().invoke(cli, arguments).stdout
    assert printed.rstrip() == LOOKED_AT.sub("", shown.text).rstrip()


def test_the_examples_of_whole_specs_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_some = [(spec, after) for spec, after in whole_specs() if "    examples:" in spec.text]
    assert with_some
    for number, (spec, after) in enumerate(with_some):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        write(spec, after)
        assert [trial.told() for trial in try_examples("pipeline.yaml") if not trial.holds] == [], str(spec)


def test_every_console_block_is_compared() -> None:
    shown = [block for block in blocks() if block.language == "console"]
    compared = [
        block
        for _, after in whole_specs()
        for block in after
        if block.text.startswith(LINT) or LOOKED_AT.match(block.text)
    ]

    assert [str(block) for block in shown if block not in compared and not block.text.startswith(RUN)] == []


FIRST = """
- when: {matching: feathery}
  reply: >-
    <answer>A cloud is made of tiny drops of water or crystals of ice that float in the air.</answer>
    <question>How heavy is it?</question>
- when: {matching: taller than a man}
  reply: >-
    <answer>They stood taller than a man and weighed several tonnes.</answer>
    <question>The light must have been heavy.</question>
- reply: "<answer>Tides are high.</answer><question>Why are tides high?</question>"
"""


@pytest.mark.parametrize("shown", [pytest.param(b, id=str(b)) for b in blocks() if b.text.startswith(RUN)])
def test_a_run_prints_what_is_shown(shown: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    config = Path("examples/first/config.yaml")
    scripted = "models: {writer: {provider: scripted, script: replies.yaml}}\n"
    config.write_text(config.read_text(encoding="utf-8") + scripted, encoding="utf-8")
    config.with_name("replies.yaml").write_text(FIRST, encoding="utf-8")
    ran = CliRunner().invoke(cli, ["run", str(config)])

    printed = [unnumbered(line) for line in f"{ran.stderr}\n{ran.stdout}".splitlines()]
    lines = [unnumbered(line) for line in shown.text.removeprefix(RUN).splitlines() if line]
    assert [line for line in lines if line not in printed] == []


def unnumbered(line: str) -> str:
    """A line without what differs from run to run: its numbers, and the width of the columns they stand in."""
    return re.sub(r" +", " ", re.sub(r"\d+( (row|record)s?\b)?", r"N \2", line)).strip()


@pytest.mark.parametrize(
    "config", [pytest.param(b, id=str(b)) for b in blocks() if b.language == "yaml" and b.text.startswith("pipeline:")]
)
def test_configs_lint_clean(config: Block, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(config.text, encoding="utf-8")
    if "pipeline: pipeline.yaml" in config.text:
        shutil.copytree(ROOT / "examples" / "first", tmp_path, dirs_exist_ok=True, ignore=lambda *_: ["config.yaml"])
    for folder in re.findall(r"^ *input_dir: (\S+)", config.text, re.MULTILINE):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)

    assert render_text(check_file(path).report.findings) == ""


SCRIPTS = [pytest.param(block, id=str(block)) for block in blocks() if block.text.startswith("# replies.yaml\n")]


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_of_replies_can_be_read(script: Block, tmp_path: Path) -> None:
    path = tmp_path / "replies.yaml"
    path.write_text(script.text, encoding="utf-8")

    ScriptedClient.from_file(path)


PYTHON = [pytest.param(block, id=str(block)) for block in blocks() if block.language == "python"]


@pytest.mark.parametrize("snippet", PYTHON)
def test_python_is_python_and_runs_where_it_says_so(snippet: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    code = compile(snippet.text, str(snippet), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    if snippet.note == "tested":
        exec(code, {"__name__": "snippet"})


def test_links_between_pages_lead_to_files_and_headings() -> None:
    pages = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*/*.md")]
    broken = []
    for page in pages:
        text = BLOCK.sub("", page.read_text(encoding="utf-8"))
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", text):
            file = (page.parent / target).resolve() if target else page
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(f"{page.relative_to(ROOT)}: {target}#{anchor}")

    assert broken == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page: its headings as the forge makes them, and those written by hand."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    made = {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))

"""What `lint` prints, one mistake per case: `cases/NAME.yaml`, or a folder `cases/NAME/`, beside `cases/NAME.out`.

A folder holds a `config.yaml` or a `pipeline.yaml` with its prompts; the others share `cases/prompts/`. With
`pytest tests/test_cases.py --update-cases` the `.out` files are written anew; their diff is to be read as prose.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from atk_interp.catalogue import all_codes
from atk_interp.cli.main import cli
from atk_interp.lint import lint_path

CASES = Path(__file__).parent / "cases"
NAMES = sorted({path.stem for path in CASES.iterdir() if path.name != "prompts" and path.suffix in ("", ".yaml")})

SEEDED = {
    "unknown_key_misspelt": "max_token",
    "unknown_key_at_top": "ouputs",
    "unknown_kind": "filtre",
    "wrong_type_text_for_number": "many",
    "undefined_variable": "txt",
    "unknown_name_misspelt": "page",
    "attribute_of_text": "body",
    "unknown_slot": "lage",
    "cycle": "c",
    "duplicate_key": "keep",
    "yaml_syntax_quote": '"',
}
"""The eleven mistakes that other tools were tried with, and the text that must be underlined."""

OPTIONS = re.compile(rb"# lint ((?:--[a-z-]+ \S+ ?)+)\n")
"""In the first line of a case: what `lint` is called with, for findings that one has to ask for."""

ON_DISK = {"ATK109", "ATK419"}
"""Codes that no committed file can show: one that cannot be opened, two that not all systems tell apart."""


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Lints a case from within `cases/`: all that is printed, and the exit code."""
    monkeypatch.chdir(CASES)

    def lint(name: str) -> str:
        files = [f"{name}.yaml", f"{name}/config.yaml", f"{name}/pipeline.yaml"]
        file = next(Path(file) for file in files if Path(file).is_file())
        options = OPTIONS.match(file.read_bytes())
        given = options[1].decode().split() if options else []
        code = cli.main(["lint", str(file), *given], standalone_mode=False)
        out, err = capsys.readouterr()
        return f"{out}{err}exit code {code}\n"

    return lint


@pytest.mark.parametrize("name", NAMES)
def test_lint_prints_what_the_case_says(
    name: str, printed: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    expected = CASES / f"{name}.out"
    found = printed(name)
    if request.config.getoption("--update-cases"):
        expected.write_text(found, encoding="utf-8")

    assert found == expected.read_text(encoding="utf-8")


def findings(name: str) -> list[list[str]]:
    """The findings that a case expects, each as its lines."""
    text = (CASES / f"{name}.out").read_text(encoding="utf-8")
    return [block.splitlines() for block in text.split("\n\n") if "checked:" not in block]


def test_every_code_of_a_check_has_a_case() -> None:
    shown = {code for name in NAMES for code in re.findall(r"\[(ATK\d+)\]", str(findings(name)))}

    assert [code.id for code in all_codes() if code.id not in shown | ON_DISK] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_case_shows_one_mistake(name: str) -> None:
    """One cause, one finding: what merely follows from a mistake is not told."""
    wanted = 4 if name.startswith("several_mistakes") else 1

    assert len(findings(name)) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_is_a_sentence_and_at_most_six_lines(name: str) -> None:
    for head, *rest in findings(name):
        sentence = re.sub(r"`[^`]*`", "`x`", head.split("] ", 1)[1].split(": ", 1)[1])
        others = sum(1 for line in rest if re.fullmatch(r" *\| *-+( .*)?", line))

        assert not sentence.endswith("."), head
        assert not re.match(r"(?!Jinja)[A-Z][a-z]", sentence), head
        assert 1 + len(rest) <= 6 + 2 * others, head


@pytest.mark.parametrize(("name", "underlined"), SEEDED.items())
def test_the_usual_mistakes_are_underlined_where_they_stand(name: str, underlined: str) -> None:
    (lines,) = findings(name)
    _, line, marks, *_ = lines
    start = marks.index("^")

    assert line[start : start + marks.count("^")] == underlined
    assert len(lines) <= 6


@pytest.mark.parametrize("name", NAMES)
def test_a_code_says_whether_its_findings_can_be_mended(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    files = (Path(f"{name}.yaml"), Path(f"{name}/config.yaml"), Path(f"{name}/pipeline.yaml"))
    linted = lint_path(next(file for file in files if file.is_file()))

    assert [found.code.id for found in linted.sink if found.fix is not None and not found.code.fixable] == []

"""Specs, configs and prompts with one element at a time deleted, misspelt, retyped, duplicated or moved.

Lint must get through every one of these files, of all stock pipelines. Of the first example and of `factual_qa` it
must say where the change is whenever the file is no longer right. What it says nothing of stands in `mutants.txt`:
under a reason why the file is still right, or under MISSED. With `pytest tests/lint/test_mutants.py --update-cases`
that file is written anew; its diff is to be read as prose.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from atk_interp.diagnostics import Diagnostic, Severity
from atk_interp.document.files import Files
from atk_interp.lint import lint_path
from support.mutants import Mutant, mutants, template_mutants

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("mutants.txt")
SPECS = sorted([*ROOT.glob("pipeline_specs/factual_qa/*.yaml"), *ROOT.glob("examples/first/*.yaml")])
STYLES = {*ROOT.glob("prompts/*/styles/**/*")}
"""Prompts that some config may put before others: no file of the project asks with them."""

PROMPTS = sorted(
    {
        file
        for folder in ("prompts/factual_qa/**/*", "examples/first/prompts/*")
        for file in ROOT.glob(folder)
        if file.suffix in (".yaml", ".txt")
    }
    - STYLES
)

OTHERS = sorted(
    {file for file in ROOT.glob("pipeline_specs/*/*.yaml") if file not in SPECS}
    | {file for file in ROOT.glob("prompts/**/*") if file.suffix in (".yaml", ".txt") and file not in PROMPTS} - STYLES
)
SOME = 8
"""How many mutants of each of the other files are linted, chosen by the hash of what is changed."""

DATA = {"given", "expect", "rows"}
"""Keys under which an author writes what he likes."""

MISSED = 0
"""How many mutants lint is silent about although they are wrong. It may only fall."""

RIGHT = {
    "prose": r"misspell value (.*\.)?(description|help|section|name)"
    r"|misspell value params\.(conversation_instructions|(system|rag)_prompts)\.default(\[\d+\])?"
    r"|misspell value outputs\.\w+\.jsonl\.messages\[0\]\.system"
    r"|misspell value \[\d+\]\.(system|user|assistant)|misspell value steps\.\w+\.examples.*",
    "a name that is the author's to choose": r"misspell value ((path|params)\..*)?output_dir"
    r"|misspell value models\.\w+\.model"
    r"|misspell key (outputs\.\w+\.jsonl|(.*\.)?(accept|fields)\.[^.]+|path|system|skip)",
    "may be left out": r"delete ((.*\.)?(description|help|section|default|optional|min|max|examples|when|keep|accept"
    r"|attempts|feedback|after|max_items|many|choice|set|drop|fields|constrain|words_of|sentence_of|max_chars|count|models|prompts"
    r"|sampling|temperature|max_tokens|system|skip|with|rejected|filtered|where|include_self|of"
    r"|own_by|k|take|wrong|normalise)|(params\.)?output_dir|outputs\.\w+\.jsonl)",
    "one of several": r"delete (.*\.(accept|fields|set|sampling|examples|by|drop|first|messages|reply)"
    r"(\.[^.\[]+|\[\d+\])"
    r"|\[\d+\]|params\.\w+\.default\[\d+\]|prompts\[\d+\]|(system|skip)\.\w+|.*\.(constrain|with)\.\w+)",
    "said twice": r"duplicate (steps\.\w+\.examples\[\d+\](\.reply\[\d+\])?|outputs\.\w+\.jsonl(\.messages\[\d+\])+"
    r"|params\.\w+\.default\[\d+\]|prompts\[\d+\])",
    "another order of keys": r"move (steps\.\w+\.examples\[\d+\]\.\w+|outputs\..*messages\[\d+\]\.\w+"
    r"|(path|system|skip)\.\w+|params\.\w+\.default\[\d+\])",
    "told where the anchor in it is used": r"(move|retype) steps\.\w+\.examples\[0\]",
    "a value that fits as well": r"retype (params\.system_prompts\.default\[\d+\]"
    r"|outputs\.\w+\.jsonl\.fields\.\w+|steps\.\w+\.collect\..*)",
}
"""Why a mutant is still right, by what is changed; the first pattern that fits counts."""


def users_of(prompt: Path) -> Path:
    """The file that is linted to check a prompt: the config for those of small models, else the spec."""
    if "examples" in prompt.parts:
        return prompt.parent.parent / "pipeline.yaml"
    name, *folders = prompt.relative_to(ROOT / "prompts").parts
    return ROOT / "pipeline_specs" / name / ("config.yaml" if {"lean", "facts"} & {*folders} else "pipeline.yaml")


def is_prompt(path: Path) -> bool:
    return "prompts" in path.parts


def mutants_of(path: Path) -> Iterator[Mutant]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".txt":
        yield from (mutant for mutant in mutants(text) if not DATA & set(mutant.path))
    if is_prompt(path):
        yield from template_mutants(text)


def linted(path: Path, mutant: Mutant) -> list[Diagnostic]:
    """What is found in a project where one file is a mutant, advice aside."""
    start = users_of(path) if is_prompt(path) else path
    texts = {path.resolve(): mutant.text}
    if "lean" in path.parts:  # what stands before them for single facts hides those of the same name
        texts[start.resolve()] = re.sub(r"[\w./]+/facts, ", "", start.read_text(encoding="utf-8"))
    sink = lint_path(start, files=Files(texts)).sink
    return [found for found in sink.sorted() if found.severity is not Severity.ADVICE]


def is_told(path: Path, mutant: Mutant, findings: list[Diagnostic]) -> bool:
    """Whether a finding stands on a changed line or names what was changed. What is gone has no place: it is missed
    where it was needed; and one end of `{% if %}` is missed at the other.
    """
    if findings and (mutant.what == "delete" or "%" in mutant.what):
        return True
    names = {part for part in mutant.path if isinstance(part, str) and part != "hole"}
    first, last = mutant.lines
    for found in findings:
        for span in (found.span, *(label.span for label in found.labels)):
            here = span is not None and Path(span.file.path).name == path.name
            if span is not None and here and span.begin.line <= last and span.finish.line >= first:
                return True
        said = " ".join((found.message, found.help or "", *found.notes))
        if any(re.search(rf"`{re.escape(name)}`|\b{re.escape(name)}\b", said) for name in names):
            return True
    return False


def untold(path: Path) -> tuple[list[str], int]:
    """The mutants of a file that lint does not tell of, and how many mutants there are."""
    every = list(mutants_of(path))
    return [str(mutant) for mutant in every if not is_told(path, mutant, linted(path, mutant))], len(every)


def reason(mutant: str) -> str:
    return next((told for told, pattern in RIGHT.items() if re.fullmatch(pattern, mutant)), "MISSED")


def section(path: Path) -> str:
    """What the golden file says of a file: how many mutants, and those that nothing is said of, by the reason why."""
    silent, count = untold(path)
    lines = [f"{path.relative_to(ROOT).as_posix()}: {count} mutants, {count - len(silent)} told"]
    for why in (*RIGHT, "MISSED"):
        mutants = sorted({mutant for mutant in silent if reason(mutant) == why})
        lines += [f"  {why}", *(f"    {mutant}" for mutant in mutants)] if mutants else []
    return "\n".join(lines) + "\n"


def expected() -> dict[str, str]:
    text = GOLDEN.read_text(encoding="utf-8") if GOLDEN.exists() else ""
    return {part.partition(":")[0]: part + "\n" for part in text.rstrip("\n").split("\n\n")}


@pytest.mark.slow
@pytest.mark.parametrize("path", [*SPECS, *PROMPTS], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_lint_gets_through_every_mutant_and_tells_of_those_that_are_wrong(
    path: Path, request: pytest.FixtureRequest
) -> None:
    found = section(path)
    if request.config.getoption("--update-cases"):
        parts = {**expected(), path.relative_to(ROOT).as_posix(): found.rstrip("\n") + "\n"}
        GOLDEN.write_text("\n".join(parts[name] for name in sorted(parts) if name), encoding="utf-8")

    assert found == expected()[path.relative_to(ROOT).as_posix()]


def test_no_more_is_missed_than_is_known() -> None:
    missed, is_missed = 0, False
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        is_missed = line == "  MISSED" or (is_missed and line.startswith("    "))
        missed += is_missed and line != "  MISSED"

    assert missed == MISSED


@pytest.mark.slow
@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_lint_gets_through_mutants_of_every_stock_file(path: Path) -> None:
    by_hash = sorted(mutants_of(path), key=lambda mutant: hashlib.sha256(str(mutant).encode()).digest())
    told = [linted(path, mutant) for mutant in by_hash[:SOME]]

    assert any(told) or is_prompt(path), "some of them are wrong"

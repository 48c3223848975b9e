"""Whatever a file holds, `lint` gives a diagnostic: no traceback, no hang."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atk_interp.diagnostics import Sink
from atk_interp.diagnostics.render import render_text
from atk_interp.document import load_document, parse_document
from atk_interp.lint import lint_path, report
from atk_interp.source import SourceFile

SPEC = "spec: atk/v1\nname: x\nsteps:\n  a: {kind: rows, rows: [{text: one}]}\n"
SPEC += "outputs:\n  a.jsonl: {from: a, format: jsonl}\n"


def lint(folder: Path, data: bytes, name: str = "pipeline.yaml") -> list[str]:
    """The codes of what is found in a file of these bytes, rendered to see that this works too."""
    path = folder / name
    path.write_bytes(data)
    found = report([lint_path(path)]).findings
    assert render_text(found, colour=True) or not found
    return [finding.code.id for finding in found]


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        pytest.param(SPEC.encode(), [], id="plain"),
        pytest.param(b"\xef\xbb\xbf" + SPEC.encode(), [], id="byte-order mark"),
        pytest.param(SPEC.replace("\n", "\r\n").encode(), [], id="CRLF"),
        pytest.param(SPEC.replace("\n", "\r").encode(), [], id="CR"),
        pytest.param(SPEC.rstrip().encode(), [], id="no last line break"),
        pytest.param(b"", ["ATK107"], id="empty"),
        pytest.param(b"---\n", ["ATK209"], id="an empty document"),
        pytest.param(b"just a text", ["ATK209"], id="a text"),
        pytest.param(SPEC.replace("one", "caf\xe9").encode("latin-1"), ["ATK101"], id="Latin-1"),
        pytest.param(SPEC.encode("utf-16"), ["ATK101"], id="UTF-16"),
        pytest.param(SPEC.encode("utf-16-le"), ["ATK101"], id="UTF-16 without a mark"),
        pytest.param(SPEC.encode("utf-16-be"), ["ATK101"], id="UTF-16, the other way round"),
        pytest.param(b"\x7fELF\x02\x01\x01\x00\x00\xff\xfe", ["ATK101"], id="a program"),
        pytest.param(b"name: a\x00b\n", ["ATK102"], id="a NUL"),
        pytest.param(b"name: a\x1b[31mred\n", ["ATK102"], id="an escape of the terminal"),
        pytest.param(b"x" * 10_000_000, ["ATK105"], id="10 MB"),
        pytest.param(b"[" * 100_000, ["ATK105"], id="deep flow"),
        pytest.param(b"- " * 50_000, ["ATK105"], id="deep lists"),
        pytest.param(b"".join(b" " * n + b"a:\n" for n in range(900)), ["ATK105"], id="deep mappings"),
        pytest.param(b"- a\n" * 300_000, ["ATK105"], id="many values"),
        pytest.param(b"a: &a [*a]\n", ["ATK105"], id="an alias of itself"),
        pytest.param(b"<<: 3\n" + SPEC.encode(), ["ATK108"], id="merging a number"),
        pytest.param(b"? {a: b}\n: c\n" + SPEC.encode(), ["ATK108"], id="a mapping as a key"),
    ],
)
def test_a_strange_file_is_told_in_one_finding(tmp_path: Path, data: bytes, codes: list[str]) -> None:
    assert lint(tmp_path, data) == codes


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_called_by_its_name(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_bytes(SPEC.encode(encoding))
    (found,) = lint_path(path).sink

    assert (found.message, found.help) == ("this is UTF-16", "save it as UTF-8")


def test_a_byte_that_is_not_utf8_is_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: \xc3\xa9\nother: caf\xe9\n")
    sink = Sink()

    assert load_document(path, sink) is None
    (found,) = sink
    assert found.span is not None
    assert (found.span.begin.line, found.span.begin.column) == (2, 11)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None], ids=["folder", "nothing"])
def test_what_cannot_be_opened_is_told(tmp_path: Path, make: object) -> None:
    path = tmp_path / "pipeline.yaml"
    make(path)  # type: ignore[operator]

    assert [finding.code.id for finding in lint_path(path).sink] == ["ATK109"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.touch(mode=0)

    assert [finding.code.id for finding in lint_path(path).sink] == ["ATK109"]


@pytest.mark.parametrize("name", ["judge.yaml", "judge.txt"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"\x00",
        b"{{",
        b"- user: '{{'\n",
        b"- user:\n",
        b"- - -\n",
        b"[",
        b"- {}\n",
        b"- user: 3\n",
    ],
)
def test_a_strange_prompt_is_told(tmp_path: Path, name: str, data: bytes) -> None:
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    (prompts / name).write_bytes(data)
    step = "  b: {kind: generate, from: a, model: m, prompt: judge, parse: {text: answer}}\n"
    spec = SPEC.replace("outputs:", step + "outputs:").replace("from: a, format", "from: b, format")
    codes = lint(tmp_path, spec.replace("steps:", "models: {m: {expects: any}}\nsteps:", 1).encode())

    assert codes if name.endswith(".yaml") else set(codes) <= {"ATK101", "ATK402", "ATK423", "ATK426"}


@given(st.text(st.sampled_from("ab:-[]{}'\"|>&*!#%@? \n\t,<0=."), max_size=60))
@settings(max_examples=300)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    sink = Sink()
    document = parse_document(SourceFile("t.yaml", text), sink)

    assert document is not None or sink.has_errors
    assert document is None or all(document.text(path) for path in document.places)
    render_text(sink.sorted())


@given(st.integers(0, len(SPEC) - 1), st.sampled_from([*"{}[]:-'\"|>&*!#\n\t ", ""]))
@settings(max_examples=200)
def test_one_wrong_character_in_a_spec_never_ends_in_a_traceback(tmp_path_factory, at: int, character: str) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.getbasetemp()

    lint(folder, (SPEC[:at] + character + SPEC[at + 1 :]).encode())

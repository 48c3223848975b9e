"""Texts that an editor holds and has not saved stand before those on disk."""

from __future__ import annotations

from pathlib import Path

from atk_interp.diagnostics import Sink
from atk_interp.document import Files, load_document
from atk_interp.flow import analyse
from atk_interp.source import SourceFile, Span
from atk_interp.templates import PromptLibrary


def test_an_unsaved_text_hides_what_is_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("saved: 1\n")

    document = load_document(path, Sink(), Files({path: "typed: 2\n"}))

    assert document is not None
    assert document.data == {"typed": 2}


def test_a_file_that_was_never_saved_can_be_read(tmp_path: Path) -> None:
    document = load_document(tmp_path / "new.yaml", Sink(), Files({tmp_path / "new.yaml": "a: 1"}))

    assert document is not None
    assert document.data == {"a": 1}


def test_half_a_surrogate_pair_is_one_character() -> None:
    sink = Sink()

    document = load_document(Path("/x.yaml"), sink, Files({Path("/x.yaml"): 'a: "\ud83d!"'}))

    assert document is not None, sink.sorted()
    assert document.data == {"a": "?!"}


def test_unsaved_prompts_are_found_listed_and_read(tmp_path: Path) -> None:
    files = Files({tmp_path / "ask.yaml": "- user: '{% include \"rules.txt\" %}'", tmp_path / "rules.txt": "Be brief."})
    library = PromptLibrary([tmp_path], files)
    span = Span(SourceFile("spec.yaml", "prompt: ask"), 8, 11)

    prompt = library.load("ask", span, Sink())

    assert prompt is not None
    assert prompt.renderer()({}) == [("user", "Be brief.")]
    assert library.names() == ["ask", "rules"]


def test_a_spec_is_analysed_with_the_prompts_as_they_are_typed(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    spec = tmp_path / "pipeline.yaml"
    files = Files(
        {
            spec: "spec: atk/v1\nname: s\nmodels: {m: {}}\nsteps:\n  r: {kind: rows, rows: [{a: 1}]}\n"
            "  g: {kind: generate, from: r, model: m, prompt: ask, parse: {text: b}}\n",
            tmp_path / "prompts" / "ask.yaml": "- user: '{{ c }}'\n",
        }
    )
    sink = Sink()
    document = load_document(spec, sink, files)
    assert document is not None

    analyse(document, tmp_path, sink, files=files)

    assert [found.message for found in sink.sorted()] == ["undefined variable `c`"]

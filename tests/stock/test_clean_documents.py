"""What the cases of `clean_documents` cannot show: a PDF file, and replies that are no mended passage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.llm.scripted import ScriptedClient
from atk_interp.pipeline import Pipeline, compile_pipeline

PDF = "examples/documents/lighthouse_keeping.pdf"


@pytest.fixture
def clean_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.chdir(tmp_path)  # with a ledger of its own
    return compile_pipeline("clean_documents")


def records(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


async def test_the_pages_of_a_pdf_file_become_one_text_in_their_order(
    clean_documents: Pipeline, project_root: Path, tmp_path: Path
) -> None:
    given = {"input_dir": str(project_root / PDF), "output_dir": "out", "do_not_use_llm": True, "chunk_tokens": 50}
    result = await clean_documents.run(given)
    [document] = records(tmp_path / "out", "documents.jsonl")

    assert sum(step.called for step in result.steps) == 0
    assert document["source"] == "lighthouse_keeping.pdf"
    places = [
        document["text"].index(words) for words in ("Pharos of Alexandria", "Eddystone Light", "Fresnel", "trough")
    ]
    assert places == sorted(places)
    text = "".join(passage["text"] for passage in records(tmp_path / "out", "passages.jsonl"))
    assert "".join(document["text"].split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("reply", "share_raw"),
    [
        pytest.param("<mended>{}</mended>", 0, id="copies"),
        pytest.param("<mended>{} And so the old keeper learned patience.</mended>", 1, id="adds-a-moral"),
        pytest.param("<mended>A text about a mill that is never silent at night.</mended>", 1, id="sums-up"),
        pytest.param("<mended>{0} {0}</mended>", 1, id="says-it-twice"),
        pytest.param("{}", 1, id="keeps-to-no-form"),
    ],
)
async def test_what_is_no_mended_passage_is_not_taken_for_one(
    clean_documents: Pipeline, tmp_path: Path, reply: str, share_raw: int
) -> None:
    text = "The miller says that a mill is never silent. Even at night the water talks to the wheel, and wakes nobody."
    (tmp_path / "mill.txt").write_text(text, encoding="utf-8")
    model = ScriptedClient([{"reply": reply.format(text)}])
    await clean_documents.run({"input_dir": "mill.txt", "output_dir": "out"}, clients={"small": model})
    [document] = records(tmp_path / "out", "documents.jsonl")

    assert document == {"source": "mill.txt", "text": text, "passages": 1, "raw_passages": share_raw}
    assert len(records(tmp_path / "out", "unmended.jsonl")) == share_raw

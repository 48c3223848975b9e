"""The files of a run in TRL: its own functions tell what a record is, and make the text that a model is trained on.

Needs `requirements/formats.txt`, which `make formats` installs beside the environment; skipped without.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from support.every_format import written
from support.pipelines import Ran

pytestmark = pytest.mark.formats
pytest.importorskip("trl", reason="`make formats` installs it")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what these libraries say of each other is not ours
    import datasets  # type: ignore[import-untyped]
    import trl.data_utils as checks
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

_TEMPLATES = Path(checks.__file__).parent / "chat_templates"


@pytest.fixture
async def ran(tmp_path: Path) -> Ran:
    return await written(tmp_path)


def loaded(ran: Ran, name: str) -> list[dict[str, Any]]:
    """The rows of a file, through the library that TRL has them from."""
    builder = "parquet" if name.endswith("parquet") else "json"
    cache = str(ran.folder.parent / "cache")
    rows = datasets.load_dataset(builder, data_files=str(ran.folder / name), cache_dir=cache, split="train")
    return list(rows)


def tokenizer(template: str) -> Any:
    """A tokenizer of no words, with a chat template that TRL ships: it is asked for texts alone."""
    made = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    text = (_TEMPLATES / f"{template}.jinja").read_text()
    return PreTrainedTokenizerFast(tokenizer_object=made, chat_template=text, bos_token="<|begin_of_text|>")


@pytest.mark.parametrize(
    ("name", "conversational"),
    [
        ("chat.jsonl", True),
        ("chat.parquet", True),
        ("marked.jsonl", True),
        ("calls.jsonl", True),
        ("calls.parquet", True),
        ("preferred.jsonl", True),
        ("preference.jsonl", False),
        ("text.jsonl", False),
        ("chatml.jsonl", False),
    ],
)
async def test_trl_tells_conversations_from_texts(name: str, conversational: bool, ran: Ran) -> None:
    rows = loaded(ran, name)
    assert len(rows) == 3
    assert [checks.is_conversational(row) for row in rows] == [conversational] * 3


@pytest.mark.parametrize("name", ["chat.jsonl", "chat.parquet", "marked.jsonl", "calls.jsonl", "calls.parquet"])
@pytest.mark.parametrize("template", ["qwen2_5", "llama3", "qwen3_training"])
async def test_conversations_become_text_in_the_templates_of_models(name: str, template: str, ran: Ran) -> None:
    for row in loaded(ran, name):
        text = checks.apply_chat_template(row, tokenizer(template))["text"]
        for message in row["messages"]:
            assert message["content"] in text


@pytest.mark.parametrize("name", ["preference.jsonl", "preferred.jsonl"])
async def test_preferences_have_a_prompt_and_two_answers(name: str, ran: Ran) -> None:
    for row in loaded(ran, name):
        assert checks.maybe_extract_prompt(row) == row
        made = checks.maybe_apply_chat_template(row, tokenizer("qwen2_5"))
        assert set(made) == {"prompt", "chosen", "rejected"}
        assert made["chosen"] != made["rejected"]
        assert all(isinstance(text, str) and text for text in made.values())


async def test_sharegpt_becomes_messages(ran: Ran) -> None:
    """The function gives the keys of messages, and leaves the names of the roles."""
    roles = {"system": "system", "human": "user", "gpt": "assistant"}
    for row, chat in zip(loaded(ran, "sharegpt.jsonl"), loaded(ran, "chat.jsonl"), strict=True):
        turned = checks.maybe_convert_to_chatml(row)["messages"]
        assert [{**message, "role": roles[message["role"]]} for message in turned] == chat["messages"]


@pytest.mark.parametrize(("name", "template"), [("chatml.jsonl", "qwen3_instruct_2507"), ("llama3.jsonl", "llama3")])
async def test_our_markup_is_that_of_the_templates(name: str, template: str, ran: Ran) -> None:
    """The templates trim what is around a content, and so do ours: contents are stripped when they are rendered."""
    texts = [checks.apply_chat_template(row, tokenizer(template))["text"] for row in loaded(ran, "chat.jsonl")]
    assert [row["text"] for row in loaded(ran, name)] == texts

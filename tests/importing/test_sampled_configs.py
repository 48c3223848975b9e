"""Configs of the pipeline that runs the others: its lists for each of them become what all runs draw from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from atk_interp.elsewhere.sampled import META
from atk_interp.importing import Import, Wishes, import_into
from atk_interp.lint.check import check_file
from support.foreign_checkout import write_files

KEY = "di-77c0d1e2f3a4b5c6d7e8f9a0"

SAMPLED = f"""
pipeline: meta-datagen-pipeline
path: {{output_dir: ./outputs/calls, shared_chunking_output_dir: ./outputs/chunks}}
system: {{prob_zero_pairs: 0.4, concurrency_limit: 20, seed: 5, chunk_size: 4000, base_model_name: some/base}}
pdf:
  pdf_number_of_times_to_sample: 2
  pdf_cleaning_valid_input_paths: [./inputs/all/scans, ./inputs/all/books]
  pdf_cleaning_chunk_size: [500, 1000]
  pdf_cleaning_subset: [{{use_subset: True, subset_size: 30}}, {{use_subset: False, subset_size: 900}}]
repvar:
  repvar_times_to_sample: 3
  repvar_valid_input_paths: [{{path: ./inputs/all/books, additional_context: Of the sea.}}]
  repvar_model:
    - {{small_model: a, large_model: A, small_api_key: {KEY}, small_base_url: 'https://api.deepinfra.com/v1/openai'}}
    - {{small_model: b, large_model: B, small_api_key: {KEY}}}
  repvar_chunk_size: [1000, 2000]
facts:
  factual_generation_times_to_sample: 4
  factual_generation_model: [{{small_model: , large_model: , small_base_url: 'http://localhost:8000/v1'}}]
  factual_generation_inputs_and_conversation_instructions:
    - {{input_path: ./inputs/all/books, conversation_instructions: Be brief.}}
    - {{input_path: ./inputs/all/letters/old, conversation_instructions: Be warm.}}
    - {{input_path: ./inputs/all/books, conversation_instructions: Be brief.}}
  factual_prompts_and_skips:
    - {{prompt_path: prompt_overrides_modern/negative, skip_question_check: True, skip_answer_relevancy_check: False,
       skip_answer_accuracy_check: True, skip_filter_chunks: True}}
    - {{prompt_path: ./prompts, skip_question_check: True, skip_answer_relevancy_check: True,
       skip_answer_accuracy_check: True, skip_conversation_generation: True}}
  factual_subset: [40]
  double_check_counter: 3
several: {{multi_source_times_to_sample: 1, multi_source_prompts: [prompt_overrides/vague, ./strange]}}
play:
  roleplaying_times_to_sample: 1
  prompt_input_settings_config: [{{prompts: ./prompts, inputs: [./inputs/all/plays], archetypes: [x]}}]
thoughts: {{generic_thoughts_times_to_sample: 2, generic_thoughts_inputs: [./inputs/talks/a, ./inputs/talks/b]}}
start: {{conv_start_model: [{{small_api_key: {KEY}}}], conversational_additions: [rude]}}
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Import:
    folder = tmp_path_factory.mktemp("sampled")
    files = {"super_config.yaml": "", "external_configs/calls.yaml": SAMPLED, "inputs/all/books/a.txt": "a"}
    return import_into(write_files(folder / "checkout", files), folder / "ours", Wishes())


@pytest.fixture(scope="module")
def config(done: Import) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((done.output / "configs/calls.yaml").read_text(encoding="utf-8"))
    return found


def test_all_folders_stand_below_one(done: Import, config: dict[str, Any]) -> None:
    path = config["path"]
    assert (done.output / "configs" / path["input_dir"] / "books/a.txt").is_file()
    assert path["folders"] == ["scans", "books", "letters/old", "plays"]
    assert Path(path["conversations_dir"]).name == "talks"


def test_runs_draw_from_what_the_parts_drew_from(config: dict[str, Any]) -> None:
    assert config["settings"] == {
        "chunk_sizes": [500, 1000, 2000],
        "passages": 40,
        "votes": 3,
        "skips": [{"filter": True}, {"checks": True, "conversations": True}],
        "styles": [
            {"name": "negative", "prompts": "styles/negative"},
            {"name": "plain"},
            {"name": "vague", "prompts": "styles/vague", "question_marks": False},
        ],
        "manners": ["Be brief.", "Be warm."],
    }
    assert config["runs"] == {
        "cleaning_runs": 2,
        "variation_runs": 3,
        "factual_qa_runs": 4,
        "multi_source_runs": 1,
        "roleplay_runs": 1,
        "rephrase_runs": 2,
    }
    assert (config["seed"], config["calls"]) == (5, {"no_examples_share": 0.4})


def test_the_first_endpoint_with_a_model_answers(done: Import, config: dict[str, Any]) -> None:
    assert {slot: entry["model"] for slot, entry in config["models"].items()} == {"small": "a", "large": "A"}
    assert config["models"]["small"]["api_key_env"] == "DEEPINFRA_API_KEY"
    told = "of the 2 entries of `repvar_model` the first is taken; write a second config for another one"
    assert told in {note.told for note in done.notes}


def test_no_key_in_a_list_is_written_or_told(done: Import) -> None:
    assert not [path for path in done.output.rglob("*") if path.is_file() and KEY in path.read_text(encoding="utf-8")]


def test_what_has_no_place_is_told(done: Import) -> None:
    told = {note.told for note in done.notes}
    assert "`base_model_name`: no tokenizer is loaded" in told
    assert "`conversational_additions`: no beginning of a conversation is drawn" in told
    assert any(sentence.startswith("the `additional_context` of an input is left out") for sentence in told)
    assert any(sentence.startswith("of `prompt_input_settings_config` the inputs are among") for sentence in told)


def test_lint_finds_nothing_wrong_with_it(done: Import) -> None:
    report = check_file(done.output / "configs/calls.yaml").report
    found = {one.code.id for one in report.everything if one.span and one.span.file.path.endswith("calls.yaml")}
    assert found <= {"ATK711", "ATK712"}  # no model for `finder`, folders that are not there


@pytest.mark.parametrize(
    ("paths", "input_dir", "folders"),
    [
        (["/a", "inputs/b"], None, None),
        ([], None, None),
        (None, None, None),
        ([".", "inputs/b"], ".", [".", "inputs/b"]),
        (["inputs/b"], "inputs", ["b"]),
    ],
)
def test_folders_that_share_nothing_are_left_to_a_person(
    paths: list[str] | None, input_dir: str | None, folders: list[str] | None
) -> None:
    assert META.composed is not None
    made = {part.to: part.value for part in META.composed({"correction_inputs": paths}.get) if part.value is not None}
    assert (made.get("input_dir"), made.get("folders")) == (input_dir, folders)

"""Checkouts of earlier versions: keys in capitals, models A and B, prompts as JSON, texts for values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from atk_interp.diagnostics import Sink
from atk_interp.elsewhere.spellings import names_of
from atk_interp.importing import Import, Wishes, import_into
from atk_interp.lint.check import check_file
from atk_interp.source import SourceFile, Span
from atk_interp.templates import PromptLibrary
from support.foreign_checkout import write_files

KEYS = ("5fd1c0aa77e94b21" * 4, "Zk4" + "TtW0aQ9mL2" * 4)

PLAYED = f"""
PATH:
  INPUT: "./plays"
  OUTPUT: "./made"
  DEFAULT_PROMPTS: "./prompts"
  PROMPTS: "./prompts"
API:
  API_KEY_A: "{KEYS[0]}"
  API_KEY_B: "{KEYS[1]}"
  BASE_URL_A: "https://api.together.xyz"
  BASE_URL_B: "https://api.mistral.ai/v1/"
  LOGICAL_MODEL_A: "small-70b"
  LOGICAL_MODEL_B: "large-400b"
PHASES: {{WORK_IN_PHASES: False, PHASE_INDEX: 2}}
SYSTEM:
  PICK_EMOTION: True
  EMOTIONS: ["CALM", "AWE"]
  USE_SUBSET: True
  SUBSET_SIZE: 25
  CONCURRENCY_LIMIT: '3'
  CHUNK_SIZE: 1500
  MODE_A: "api"
  MODE_B: "cohere"
  STOP: True
COST: {{INPUT_A: 2.7, OUTPUT_A: 8.1, INPUT_B: 8, OUTPUT_B: 24}}
"""

LABELLED = """
API:
  API_KEY: key3
  BASE_URL: https://api.fireworks.ai/inference/v1
  LARGE_LOGICAL_MODEL: big
  LOGICAL_MODEL: little
  QUANTIZATION_LARGE: gptq
CLASSIFICATION:
  CLASSES: '[''dull'', ''bright'']'
  DESC: Whether the day is dull.
  PREDICT_ON_WHOLE_SET_AT_THE_END: 'False'
PATH: {INPUT: ./days, OUTPUT: ./labels, PROMPTS: ./prompts_classifier, DEFAULT_PROMPTS: ./prompts_classifier}
SYSTEM: {CHUNK_SIZE: '900', CONCURRENCY_LIMIT: '5', MODE: api, REQUIRED_ACCURACY: '0.9'}
TRAINING: {MAX_ITERS: '5', TRUNCATION_TYPE: head-tail}
"""

ASKED = """
PATH: {INPUT: ./input, OUTPUT: ./output, PROMPTS: ./prompt_overrides/prompts_override_negative_questions}
SKIP: {ANSWER_RELEVANCY_CHECK: True, QUESTION_CHECK: False}
SYSTEM: {DOUBLE_CHECK_COUNTER: 3, FINAL_ASSISTANT_PROMPTS_RAG: ['{data} Answer.']}
"""

STEPS = """
which = "check"
if NAMES:
    which = "check_names"

class Check(PipelineStep):
    def __init__(self):
        super().__init__(prompt_path=which, result_key="checked")

async def look(chunk, completion_mode):
    path = "look"
    path = path + ".yaml"
    step = GenerationStep(prompt_path=path, sampling_params={"max_tokens": 9})
    return {"chunk": chunk, "paragraph": chunk}

check = Check()
"""

ORDER = """
pipeline_order:
  - {folder: rptoolkit, config: config.yaml}
  - {folder: classifier_creator, config: config.yaml}
  - {folder: web, config: hidden.yaml}
"""


def write_earlier(tmp_path: Path) -> Path:
    prompt = "- role: user\n  content: '{chunk} {paragraph} {metadata}'\n"
    return write_files(
        tmp_path / "earlier",
        {
            "run_augmentoolkit.py": "",
            "super_config.yaml": ORDER,
            "rptoolkit/processing.py": "",
            "rptoolkit/config.yaml": PLAYED,
            "rptoolkit/config_overrides/local.yaml": PLAYED,
            "rptoolkit/config_overrides/trainer.yaml": "base_model: x\noutput_dir: y\n",
            "rptoolkit/plays/a.txt": "a",
            "classifier_creator/processing.py": "",
            "classifier_creator/config.yaml": LABELLED,
            "original/steps.py": "",
            "original/config.yaml": ASKED,
            "mine/steps.py": STEPS,
            "mine/prompts/check.yaml": prompt,
            "mine/prompts/look.yaml": prompt,
        },
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Import:
    folder = tmp_path_factory.mktemp("earlier")
    return import_into(write_earlier(folder), folder / "ours", Wishes())


def config(done: Import, name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((done.output / "pipeline_specs" / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (("SYSTEM", "CHUNK_SIZE"), ("chunk_size",)),
        (("SKIP", "QUESTION_CHECK"), ("skip_question_check",)),
        (("API", "API_KEY"), ("small_api_key", "large_api_key")),
        (("SYSTEM", "MODE_B"), ("large_mode",)),
        (("COST", "INPUT_B"), ("cost_per_million_large_input",)),
        (("PATH", "INPUT"), ("input_dir",)),
        (("path", "input"), ("input",)),
        (("SYSTEM", "Input"), ("Input",)),
    ],
)
def test_a_key_in_capitals_goes_by_its_later_name(path: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert names_of(path) == names


def test_models_a_and_b_are_the_small_and_the_large_one(done: Import) -> None:
    found = config(done, "rptoolkit/config.yaml")
    assert found["models"] == {
        "small": {
            "model": "small-70b",
            "base_url": "https://api.together.xyz",
            "api_key_env": "TOGETHER_API_KEY",
            "price": {"input": 2.7, "output": 8.1},
            "concurrency": 3,
        },
        "large": {
            "model": "large-400b",
            "base_url": "https://api.mistral.ai/v1/",
            "api_key_env": "MISTRAL_API_KEY",
            "price": {"input": 8, "output": 24},
            "concurrency": 3,
        },
    }
    assert (found["system"]["subset_size"], found["characters"]["emotion_from"]) == (25, "passage")


def test_what_is_told_of_a_key_and_of_a_mode_is_not_mixed_up(done: Import) -> None:
    assert "- `MISTRAL_API_KEY`: the key of api.mistral.ai (`large_api_key` before)" in done.report.splitlines()
    assert "`large_mode: cohere` is not needed" in done.report


def test_values_that_are_written_as_texts_are_what_they_say(done: Import) -> None:
    found = config(done, "classifier_creator/config.yaml")
    assert found["classification"]["classes"] == ["dull", "bright"]
    assert found["classification"]["predict_rest"] is False
    assert (found["system"]["max_chars"], found["training"]["required_accuracy"]) == (900, 0.9)
    assert {slot: entry["model"] for slot, entry in found["models"].items()} == {"small": "little", "large": "big"}
    assert {entry["base_url"] for entry in found["models"].values()} == {"https://api.fireworks.ai/inference/v1"}


def test_what_is_skipped_and_the_style_come_along(done: Import) -> None:
    found = config(done, "original/config.yaml")
    assert found["pipeline"] == "factual_qa"
    assert found["skip"] == {"skip_relevancy_check": True, "skip_question_check": False}
    assert found["system"] == {"votes": 3, "rag_prompts": ["{passage} Answer."]}
    assert [Path(name).name for name in found["prompts"]] == ["negative"]


def test_paths_lead_from_the_folder_of_the_pipeline(done: Import) -> None:
    beside, below = (config(done, f"rptoolkit/{name}.yaml") for name in ("config", "config_overrides/local"))
    folder = done.output / "pipeline_specs/rptoolkit"
    assert (folder / beside["path"]["input_dir"] / "a.txt").is_file()
    assert (folder / "config_overrides" / below["path"]["input_dir"] / "a.txt").is_file()


def test_only_configs_are_taken_of_the_folders_that_hold_no_prompts(done: Import) -> None:
    assert not [name for name in done.files if "trainer" in name]


def test_no_key_is_told_or_written(done: Import) -> None:
    texts = [path.read_text(encoding="utf-8") for path in done.output.rglob("*") if path.is_file()]
    assert not [text for text in texts for key in KEYS if key in text]


def test_the_order_of_runs_names_the_configs_where_they_are_now(done: Import) -> None:
    told = {note.told for note in done.notes if note.file == "super_config.yaml"}
    configs = "pipeline_specs/rptoolkit/config.yaml pipeline_specs/classifier_creator/config.yaml"
    assert told == {
        f"the order of runs is that of the command: `atk-interp run {configs}`",
        "the run of `hidden.yaml` is left out: there is no config of ours for it",
    }


def test_runs_and_pipelines_are_found_by_their_aliases(tmp_path: Path) -> None:
    order = (
        "pipeline_order:\n  - {node: my-poems, config: 'mine:poems'}\n"
        "path_aliases:\n  base: external_configs\n  mine: base:own\n"
        "  my-poems: gen:factual_generation_individual/factual_generation.generate_factual_qa_dataset\n  gen: pipes\n"
    )
    poems = "pipeline: my-poems\npath: {input_dir: in, output_dir: out}\n"
    files = {"super_config.yaml": order, "external_configs/own/poems.yaml": poems}
    done = import_into(write_files(tmp_path / "checkout", files), tmp_path / "ours", Wishes())
    assert "pipeline: factual_qa" in (done.output / "configs/own/poems.yaml").read_text(encoding="utf-8")
    assert "`atk-interp run configs/own/poems.yaml`" in done.report


RUNS = f"""
path_aliases: {{f: external_configs/fact.yaml}}
pipeline_order:
  - {{node: factual-gen-indiv-pipeline, config: f}}
  - node: factual-gen-indiv-pipeline
    config: f
    parameters: {{chunk_size: 100, input_dir: more in, use_subset: false, double_check_counter: 3, hub_path: me/it}}
  - config: f
    parameters:
      output_dir: b
      large_model: other
      large_api_key: {KEYS[0]}
      conversation_instructions: "a\\nb"
  - poems
  - nobody
  - 7
"""


def test_what_a_run_sets_is_told_in_our_names_at_its_run(tmp_path: Path) -> None:
    fact = (
        "pipeline: factual-gen-indiv-pipeline\npath: {input_dir: in, output_dir: out}\napi: {large_model: m}\n"
        "system: {chunk_size: 70, use_subset: true, subset_size: 5, double_check_counter: 3}\n"
    )
    files = {
        "super_config.yaml": RUNS,
        "external_configs/fact.yaml": fact,
        "generation/poems/config.yaml": fact,
        "generation/poems/run.py": "",
    }
    done = import_into(write_files(tmp_path / "checkout", files), tmp_path / "ours", Wishes())
    told = {note.told for note in done.notes if note.file == "super_config.yaml"}
    first = "`atk-interp run configs/fact.yaml`"
    second = (
        "`atk-interp run configs/fact.yaml --set chunk_tokens=100 --set 'input_dir=../checkout/more in' "
        "--set subset_size=null`"
    )
    third = "`atk-interp run configs/fact.yaml --set output_dir=../checkout/b`"
    fourth = "`atk-interp run pipeline_specs/poems/config.yaml`"
    assert told == {
        f"the order of runs is that of the commands {first} and {second} and {third} and {fourth}",
        "2 runs of `configs/fact.yaml` write into one folder: give them an `output_dir` of their own with `--set`",
        "run 2: `hub_path`: nothing is uploaded; upload `output_dir` with the tools of the hub",
        "run 3: `conversation_instructions` has several lines; write it into a config for this run",
        "run 3: what it sets of the model `large` stands under `models:` of a config; write one for this run",
        "the run of `nobody` is left out: there is no config of ours for it",
        "run 6 is left out: there is no config of ours for it",
    }
    assert KEYS[0] not in done.report


def test_what_a_run_sets_over_a_config_in_capitals_is_told_by_the_later_names(tmp_path: Path) -> None:
    order = "pipeline_order:\n  - {folder: rptoolkit, config: config.yaml, parameters: {input_dir: a}}\n"
    folder = write_files(write_earlier(tmp_path), {"super_config.yaml": order})
    done = import_into(folder, tmp_path / "ours", Wishes())
    command = "atk-interp run pipeline_specs/rptoolkit/config.yaml --set input_dir=../earlier/rptoolkit/a"
    told = [note.told for note in done.notes if note.file == "super_config.yaml"]
    assert told == [f"the order of runs is that of the command: `{command}`"]


def test_a_prompt_whose_name_is_made_in_the_python_is_found(done: Import) -> None:
    draft = yaml.safe_load((done.output / "pipeline_specs/mine/pipeline.yaml").read_text(encoding="utf-8"))
    assert [step["prompt"] for step in draft["steps"].values() if "prompt" in step] == ["look", "check"]
    told = [note.told for note in done.notes if "in the draft; it may be" in note.told]
    assert told == ["`check` asks with `check` in the draft; it may be `check_names`"]


def test_a_draft_fills_in_passages_by_the_names_that_they_had(done: Import) -> None:
    path = done.output / "pipeline_specs/mine/pipeline.yaml"
    draft = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert draft["steps"]["named"]["set"] == {"metadata": "=row.source", "chunk": "=text", "paragraph": "=text"}
    assert [*draft["params"]] == ["input_dir", "output_dir", "chunk_tokens", "subset_size"]
    assert check_file(path).report.everything == []


# ------------------------------------------------------------------------------------------------ prompts as JSON

SAID = [
    {"role": "system", "content": 'You see "{text}".\n\n\tBe / brief \U0001f600 é.'},
    {"role": "user", "content": "{text} {not a name}"},
]


def rendered(folder: Path, name: str) -> list[tuple[str, str]]:
    prompt = PromptLibrary([folder]).load(name, Span(SourceFile("", ""), 0, 0), Sink())
    assert prompt is not None
    return list(prompt.renderer()({"text": "T"}))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SAID, indent=2),
        json.dumps(SAID, ensure_ascii=False),
        json.dumps(SAID, indent="\t"),
        json.dumps(SAID).replace("/", "\\/"),
    ],
    ids=["escaped", "plain", "tabs", "slashes"],
)
def test_a_prompt_in_json_says_the_same(tmp_path: Path, text: str) -> None:
    done = import_into(write_files(tmp_path / "prompts", {"ask.json": text}), tmp_path / "ours", Wishes())
    assert rendered(done.output, "ask") == [
        ("system", 'You see "T".\n\n\tBe / brief \U0001f600 é.'),
        ("user", "T {not a name}"),
    ]


def test_of_json_and_yaml_of_one_name_the_yaml_is_taken(tmp_path: Path) -> None:
    files = {
        "ask.json": json.dumps(SAID),
        "ask.yaml": "- role: user\n  content: '{text}'\n",
        "ask.txt": "{text}",
        "data.json": '{"role": "user"}',
    }
    done = import_into(write_files(tmp_path / "prompts", files), tmp_path / "ours", Wishes())
    assert set(done.files) == {"ask.yaml", "prompts_completion/ask.txt", "IMPORTED.md"}
    assert rendered(done.output, "ask") == [("user", "T")]
    assert {note.file for note in done.notes if note.kind == "left"} == {"ask.json", "data.json"}


def test_a_prompt_in_json_can_be_imported_by_itself(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "x", {"ask.json": json.dumps(SAID[:1])})
    done = import_into(folder / "ask.json", tmp_path / "ours", Wishes())
    assert set(done.files) == {"ask.yaml", "IMPORTED.md"}


def test_a_step_that_names_a_prompt_in_json_has_its_prompt(tmp_path: Path) -> None:
    files = {
        "mine/steps.py": "ask = PipelineStep(prompt_path='ask.json', result_key='said')\n",
        "mine/prompts/ask.json": json.dumps(SAID),
    }
    done = import_into(write_files(tmp_path, files) / "mine", tmp_path / "ours", Wishes())
    draft = yaml.safe_load((done.output / "pipeline.yaml").read_text(encoding="utf-8"))
    assert [step["prompt"] for step in draft["steps"].values() if "prompt" in step] == ["ask"]
    assert "there is no prompt" not in done.report
    assert done.is_whole

"""An invented checkout of Augmentoolkit: its layout and its forms of files, with what is hard to import in them."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["FILES", "KEY", "LeavesMissing", "write_checkout", "write_files"]

KEY = "di-1f0aa6c2b7e94f53ab" + "77d0"
"""What must never be written or printed."""


class LeavesMissing(string.Formatter):
    """Fills in as Augmentoolkit does: a name without a value stays as it is written."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(key, f"{{{key}}}") if isinstance(key, str) else super().get_value(key, args, kwargs)


_PYTHON = """
import sys
sys.exit("this must never be run")
open("/tmp/it_was_run", "w")

from somewhere import PipelineStep, OneToManyStep, MajorityVoteStep, RandomVariationStep, SingleGenerationStep


def read_ideas(text):
    raise SystemExit


class IdeaStep(OneToManyStep):
    def process_input_data(self, input_data):
        return input_data, {"season": "spring"}


rules_step = SingleGenerationStep(
    prompt_path="write_rules", output_file="rules", result_key="rules",
    sampling_params={"max_tokens": 700, "temperature": 0.2},
)
judge_step = PipelineStep(
    prompt_path="judge_recipe", output_file="recipes", result_key="judged",
    sampling_params={"max_tokens": 300, "temperature": 0.1, "min_p": 0.05, "stop": []},
    output_processor=lambda text: "edible" in text, max_retries=2,
)
ideas_step = IdeaStep(
    prompt_path="write_ideas", output_file="ideas", result_key="idea", output_processor=read_ideas,
    sampling_params={"max_tokens": LIMIT, "temperature": 0.9},
)
taste_step = MajorityVoteStep(
    prompt_path="taste", output_file="ideas", result_key="votes", vote_count_needed=5, percent_true_to_pass=0.6,
    sampling_params={"max_tokens": 200},
)
retold_step = RandomVariationStep(
    prompt_path="retellings", output_file="ideas", result_key="retold", variation_generator_count=HOW_MANY,
)
unused_step = PipelineStep(prompt_path=WHICH, output_file="x", result_key="y")


async def cooking_pipeline(input_dir, output_dir, chunk_size, small_model, large_model, task_id=None, **kwargs):
    await rules_step.execute_pipeline(engine_wrapper=engine_wrapper_large)
    await judge_step.execute_pipeline(engine_wrapper=engine_wrapper, rules=rules)
    await ideas_step.execute_pipeline(engine_wrapper=engine_wrapper_large)
    await taste_step.execute_pipeline(engine_wrapper=engine_wrapper_large)
    await retold_step.execute_pipeline(engine_wrapper=engine_wrapper_large)
"""

_COOKING = "generation/core_pipelines/cooking"

FILES: dict[str, str] = {
    "run_augmentoolkit.py": "raise SystemExit('this must never be run')\n",
    "super_config.yaml": (
        "pipeline_order:\n"
        "  - node: cooking.cooking_pipeline\n    config: external_configs/cooking.yaml\n"
        f"  - node: factual-gen-indiv-pipeline\n    config: external_configs/facts\n"
        f"    parameters: {{large_api_key: {KEY}}}\n"
    ),
    f"{_COOKING}/cooking.py": _PYTHON,
    f"{_COOKING}/config.yaml": (
        "path:\n  input_dir: ./inputs/recipes\n  output_dir: ./outputs/recipes\n"
        "  default_prompts: ./prompts\n  prompts: ./prompt_overrides/rustic\n"
        f"api:\n  small_model: tiny\n  small_api_key: EMPTY\n  small_base_url: http://localhost:8082/v1\n"
        f"  large_model: !!PLACEHOLDER!!\n  large_api_key: {KEY}\n  large_base_url: https://api.deepinfra.com/v1/openai\n"
        "system:\n  chunk_size: 900\n  use_subset: False\n  subset_size: 30\n  season: spring\n"
    ),
    f"{_COOKING}/prompts/judge_recipe.yaml": (
        "- role: system\n  content: |\n    You judge recipes by these rules:\n    {rules}\n\n"
        '    Answer as JSON: {{"verdict": "edible"}}\n'
        "- role: user\n  content: |\n    {metadata}\n    {text}\n"
    ),
    f"{_COOKING}/prompts/judge_recipe.txt": "Recipe: {text}\nVerdict:\n",
    f"{_COOKING}/prompts/write_ideas.yaml": (
        '- role: system\n  content: "For {user}, write JSON such as { \\"idea\\": \\"{season}\\" }."\n'
        '- role: user\n  content: "{text}"\n'
    ),
    f"{_COOKING}/prompts/write_rules.yaml": "- role: user\n  content: Write three rules for good recipes.\n",
    f"{_COOKING}/prompts/taste.yaml": (
        "- role: human\n  content: '{idea} for {text:>9}, {{% and {# and {{{idea}}}'\n  name: taster\n"
    ),
    f"{_COOKING}/prompts/retellings/as_song.yaml": "- role: user\n  content: 'Sing: {idea}'\n",
    f"{_COOKING}/prompts/retellings/as_letter.yaml": "- role: user\n  content: 'Write: {idea}'\n",
    f"{_COOKING}/prompts_local/judge_recipe.yaml": "- role: user\n  content: '{text}'\n",
    f"{_COOKING}/prompt_overrides/rustic/write_ideas.yaml": "- role: user\n  content: 'Rustic: {text}'\n",
    "external_configs/cooking.yaml": (
        "pipeline: cooking.cooking_pipeline\npath: {input_dir: ./inputs/a, output_dir: ./outputs/b, prompts: prompts}\n"
        "system: {chunk_size: 700, completion_mode: True}\n"
    ),
    "external_configs/facts.yaml": (
        "pipeline: factual-gen-indiv-pipeline\n"
        "no_flatten:\n  - nothing\n"
        "api:\n  large_model: llama-70b\n"
        f"  large_api_key: {KEY}\n  large_base_url: https://api.deepinfra.com/v1/openai\n  large_mode: api\n"
        f"  small_model: llama-8b\n  small_api_key: {KEY}\n"
        "  small_base_url: https://api.deepinfra.com/v1/openai\n  small_mode: cohere\n"
        "huggingface:\n  hub_path: me/mine\n  private: False\n  push_to_hub: False\n"
        "path:\n  input_dir: !!PLACEHOLDER!!\n  output_dir: ./outputs/facts\n"
        "  default_prompts: ./prompts\n  prompts: ./prompt_overrides/negative\n"
        "skip:\n  skip_answer_relevancy_check: True\n  skip_repair_qa_tuples: False\n"
        "system:\n  chunk_size: 3000\n  completion_mode: False\n  concurrency_limit: 50\n  double_check_counter: 1\n"
        "  use_subset: !!ATTENTION!! True\n  subset_size: 30\n  chunk_siez: 7\n  rag_failure_percentage: 0.1\n"
        "  final_assistant_prompts_rag: ['Some knowledge: {data}']\n"
        "cost:\n  cost_per_million_large_input: 0.23\n  cost_per_million_large_output: 0.40\n"
        f"huggingface_token: hf_{'a' * 30}\n"
    ),
    "external_configs/discord.yaml": f"pipeline: discord-inference\nbot_token: {KEY}\n",
    "external_configs/unknown.yaml": "pipeline: never-heard-of\nx: 1\n",
}


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Texts by their paths below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_checkout(folder: Path) -> Path:
    """The checkout with all its files, in a folder of that name below the one that is given."""
    return write_files(folder / "checkout", FILES)

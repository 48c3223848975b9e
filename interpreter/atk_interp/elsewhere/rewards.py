"""The pipeline of the original that trains by rewards, of which the judge is ours: its scores are a rubric."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atk_interp.elsewhere.known import Composed, Key, Known, Values
from atk_interp.elsewhere.reasons import MARKUP

__all__ = ["RUBRIC"]

_LEARNING = "reinforcement learning is not done here; `rubric_judge` is its judge, as a pipeline"
_CONVERSATIONS = "conversations are judged as they are, each at its last answer"


def _composed(value: Values) -> Iterator[Composed]:
    found = value("reward_funcs")
    functions = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    rubric = {name: score for one in functions for name, score in _scores(one.get("score_types"))}
    told = (
        "`rubric` has the names of the scores, and `not_…` for what failed an answer with 0: here a yes fails it; "
        "write what each `means`, as the prompt of the reward says it"
    )
    yield Composed("rubric", rubric or None, told if rubric else "")
    for name in dict.fromkeys(str(one.get("name")) for one in functions if not one.get("score_types")):
        yield Composed("rubric", None, f"the reward `{name}` is a function; there is no score for it in `rubric`")


def _scores(types: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The names of a rubric. What fails an answer there with 0 is asked for the other way round: yes fails it."""
    for entry in types if isinstance(types, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            if entry.get("type") == "autofail":
                words = entry["name"].replace("_", " ")
                yield f"not_{entry['name']}", {"fails": True, "means": f"Does it fail at {words}?"}
            else:
                yield entry["name"], {"min": entry.get("min", 0), "max": entry.get("max", 1)}


RUBRIC = Known(
    "rubric_judge",
    ("do_grpo_rl_with_a_prompt", "grpo-rl-pipeline", "grpo-rl", "grpo_rl_pipeline", "grpo"),
    {
        "path": Key("input_path"),
        "reward_funcs": Key("rubric"),
        "total_rows": Key("subset_size"),
        "score_save_threshold": "write it as `keep_above`: 0 is the worst score for every name, 1 the best for all",
        "high_scoring_save_path": "what is good enough is `kept.jsonl`",
        "chat_template": MARKUP,
        **dict.fromkeys(("percentage", "system_prompt", "single_turn_ratio", "force_single_turn"), _CONVERSATIONS),
        **dict.fromkeys(
            (
                *("learning_rate", "adam_beta1", "adam_beta2", "weight_decay", "warmup_ratio", "lr_scheduler_type"),
                *("optim", "per_device_train_batch_size", "gradient_accumulation_steps", "num_generations"),
                *("max_prompt_length", "max_completion_length", "max_steps", "save_steps", "save_total_limit"),
                *("save_strategy", "max_grad_norm", "model_stop_sequences", "base_model_name", "lora_rank"),
                *("lora_alpha", "max_seq_length", "gpu_memory_utilization", "combination_function"),
                *("scaling_function", "reward_combination_function", "reward_scaling_function"),
            ),
            _LEARNING,
        ),
    },
    slots={"eval_llm": "judge"},
    firsts={"datasets": ""},
    composed=_composed,
)

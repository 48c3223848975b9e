"""The composition of the original, whose config holds lists of folders, of styles and of general data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atk_interp.elsewhere.known import Key, Known
from atk_interp.elsewhere.reasons import DEAD, MARKUP, NOISE, TRAINING, WAYS

__all__ = ["COMPLETE_FACTUAL"]

_Value = Callable[[str], Any]

_PARTS = (
    ("factual_gen_use_subset", "factual_gen_subset_size_per_way", "qa_passages"),
    ("rag_use_subset", "rag_subset_size", "rag_passages"),
    ("correction_use_subset", "correction_subset_size", "correction_passages"),
)
"""What switches a subset of a folder, its size, and ours."""


def _folders(folders: Any, value: _Value) -> Any:
    """The folders of documents, each with what it is about and how much is made of it."""
    if not isinstance(folders, list):
        return folders
    return [_folder(entry, value("dataset_context")) if isinstance(entry, dict) else entry for entry in folders]


def _folder(entry: dict[str, Any], context: Any) -> dict[str, Any]:
    made = {"path": entry.get("path"), "context": context, "variations": entry.get("variation_generation_counts")}
    made |= {ours: entry.get(size) for switch, size, ours in _PARTS if entry.get(switch) is True}
    return {key: part for key, part in made.items() if part is not None}


def _styles(ways: Any, *, several: bool) -> Any:
    """The styles of one way of asking: about one passage, or about several."""
    if not isinstance(ways, dict):
        return ways
    chosen = {name: way for name, way in ways.items() if isinstance(way, dict)}
    return [_style(name, way) for name, way in chosen.items() if bool(way.get("multi_source")) == several]


def _skips_checks(ways: Any) -> Any:
    """Whether all ways of asking leave out all checks."""
    if not isinstance(ways, dict):
        return None
    checks = ("skip_question_check", "skip_answer_relevancy_check", "skip_answer_accuracy_check")
    given = [way.get(check) for way in ways.values() if isinstance(way, dict) for check in checks]
    return True if given and all(skips is True for skips in given) else None


def _style(name: str, way: dict[str, Any]) -> dict[str, Any]:
    folder = str(way.get("prompts") or "").rstrip("/").rpartition("/")[2]
    ours = WAYS.get(folder, folder)
    made: dict[str, Any] = {"name": WAYS.get(name, name)}
    if ours in ("open-ended", "comparison", "follow-up", "hallucination", "negative", "vague"):
        made["prompts"] = f"styles/{ours}"
    if ours == "vague":
        made["question_marks"] = False
    if way.get("not_in_rag_data") is True:
        made["in_sources"] = False
    return made


def _general(datasets: Any, value: _Value) -> Any:
    """The general data, each with its share, which the original has in a list of its own."""
    shares = value("generic_dataset_percentages")
    if not isinstance(datasets, list):
        return datasets
    shares = shares if isinstance(shares, list) else []
    entries = [entry if isinstance(entry, dict) else {"path": entry} for entry in datasets]
    return [_dataset(entry, shares[index] if index < len(shares) else None) for index, entry in enumerate(entries)]


def _dataset(entry: dict[str, Any], percentage: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"path": entry.get("path")}
    if isinstance(percentage, int | float):
        made["share"] = percentage / 100
    if entry.get("context_to_add") and entry.get("context_to_add_type") in ("human", "system"):
        made["context"] = entry["context_to_add"]
        if entry["context_to_add_type"] == "human":
            made["context_to"] = "user"
    return made


def _share(percentage: Any, value: _Value) -> Any:
    return percentage / 100 if isinstance(percentage, int | float) and percentage > 1 else percentage


_CONTEXT = (
    "`dataset_context` is the `context` of each folder; what was added to system messages "
    "(`final_system_prompt_additional_context`) belongs into `system_prompts`"
)
_OWN_STYLES = "a style of your own is asked with the prompts of the pipeline, until it names others (`prompts`)"
_PROMPTS = "prompts of a part are those of its pipeline; another folder of them is for a config of that pipeline alone"
_STAGES = ("factual", "representation_variation", "rag", "correction", "pdf_cleaning", "transform_generic_data")

COMPLETE_FACTUAL = Known(
    "complete_factual",
    (
        *("complete_factual_dataset", "factual-datagen-pipeline", "factual_datagen_full"),
        *("factual-datagen", "complete-factual"),
    ),
    {
        "input_dirs": (
            Key("folders", make=_folders, told=_CONTEXT),
            Key("input_dir", make=lambda folders, value: "."),
        ),
        "factual_sft": (
            Key("styles", make=lambda ways, value: _styles(ways, several=False), told=_OWN_STYLES),
            Key("multi_source_styles", make=lambda ways, value: _styles(ways, several=True)),
            Key(
                "skip_checks",
                make=lambda ways, value: _skips_checks(ways),
                told="all styles are checked, or none; a conversation of several turns is made of each in turn",
            ),
        ),
        "generic_dataset_paths": Key("general", make=_general, told="download each, and name its folder or file"),
        "number_of_factual_sft_generations_to_do": Key("repeats"),
        "remove_system_prompt_ratio": Key("remove_system_prompt_share"),
        "remove_thought_process_ratio": Key("remove_thought_share"),
        "remove_thought_process_prompt": Key("remove_thought_prompt"),
        "final_answer_str": "a thought is known by where it was put, not by a text in the answer",
        "generic_thought_process_on_domain_data": Key("add_thoughts"),
        "cite_sources_at_end": Key("cite_sources"),
        "chunk_size": DEAD,
        "what_percent_of_sft_is_pretrain": Key("pretraining_share", make=_share),
        "num_tokens_pretraining_in_sft": "write it as `pretraining_share`, a share of the tokens of the conversations",
        "shared_instruction": "add it to each of `system_prompts`",
        "do_not_use_llm_for_pdf_processing": Key("skip_cleaning"),
        "pdf_cleaning_chunk_size": Key("cleaning_chunk_tokens"),
        "representation_variation_chunk_size": Key("variation_chunk_tokens"),
        "code_variation_functions": Key("noise", values=NOISE),
        "factual_chunk_size": Key("qa_chunk_tokens"),
        "factual_completion_mode": DEAD,
        "items_per_conversation": DEAD,
        "final_assistant_prompts_no_rag": Key("system_prompts"),
        "combine_sharegpt_target_pairs": Key("pairs_per_conversation"),
        "rag_failure_percentage": Key("rag_failure_share"),
        "rag_max_chunks": Key("rag_most_found"),
        "num_items_per_group": Key("rag_pairs_per_conversation"),
        "final_assistant_prompts": "the messages round what was found are those of `rag_training`",
        **dict.fromkeys(
            ("user_format", "system_format", "assistant_format", "bos", "correction_prompt_template"), MARKUP
        ),
        "transform_generic_cot_preface": Key("cot_preface"),
        "transform_generic_cot_suffix": Key("cot_suffix"),
        "correction_chunk_size": Key("correction_chunk_tokens"),
        "correction_completion_mode": DEAD,
        "template": Key("markup", values={"atk": None}),
        "template_kwargs": MARKUP,
        "max_samples_per_dataset": Key("most_general_conversations"),
        "minimum_generic_sft": Key("least_general_tokens"),
        "base_model": Key("base_model"),
        "context_length": Key("context_tokens"),
        **dict.fromkeys(
            (
                *("runpod_api_key", "huggingface_token", "wandb_api_key"),
                *("do_train", "pod_id", "do_run", "cache_dir", "server_type", "models_dir", "huggingface_cache_dir"),
                *("pretrain_hub_model_id", "pretrain_hub_strategy", "finetune_hub_model_id", "finetune_hub_strategy"),
                *("wandb_project", "is_mistral_derived_model", "other_pretrain_kwargs", "other_finetune_kwargs"),
            ),
            TRAINING,
        ),
        **{f"{stage}_{what}": _PROMPTS for stage in _STAGES for what in ("prompts", "default_prompts")},
        "transform_generic_prompts": _PROMPTS,
        "representation_variation_prompts_inferred": _PROMPTS,
        "representation_variation_default_prompts_inferred": _PROMPTS,
        **{f"{stage}_use_stop": DEAD for stage in _STAGES},
        **dict.fromkeys(("correction_use_subset", "correction_subset_size", "rag_skip_filter_chunks"), DEAD),
    },
    slots={f"{stage}_{size}": size for stage in _STAGES for size in ("small", "large")},
    whole=frozenset(("factual_sft", "template_kwargs", "other_pretrain_kwargs", "other_finetune_kwargs")),
    subset="variation_passages",
)

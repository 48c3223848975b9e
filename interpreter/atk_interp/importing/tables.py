"""What becomes of the pipelines of Augmentoolkit and of the keys of their configs, as data.

A key of a config leads to a parameter of ours (`Key`), or to a sentence that says why there is none. Keys that all
pipelines share stand in `SHARED`; those of endpoints and prices are in the slots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from atk_interp.records import dataclass

__all__ = ["NO_PIPELINE", "PIPELINES", "SHARED", "Key", "Known", "known_pipeline"]


@dataclass(frozen=True, slots=True)
class Key:
    """The parameter that a key leads to. `values` turns values into ours, `replaced` parts of texts.

    `told` is what a person must know of the difference; empty where there is none but the name.
    """

    to: str
    values: Mapping[Any, Any] | None = None
    replaced: tuple[str, str] | None = None
    told: str = ""


@dataclass(frozen=True)
class Known:
    """A pipeline of the original: ours, its names there, its keys. `slots` leads from prefixes of keys to slots.

    `whole` are keys whose mappings are values. `styles` leads from names of prompt overrides to those of our styles,
    where they differ.
    """

    ours: str
    names: tuple[str, ...]
    keys: Mapping[str, Key | str]
    slots: Mapping[str, str] = field(default_factory=lambda: {"small": "small", "large": "large"})
    whole: frozenset[str] = frozenset()
    styles: Mapping[str, str] = field(default_factory=dict)
    told: str = ""


_CHUNKS = (
    "passages end at paragraphs and sentences, short ones are kept, and the size counts tokens of another tokenizer"
)
_META = "every accepted call is in the ledger; the pipeline `meta` makes training data of the calls of a run"
_PHASES = "a run resumes by itself, and a step can have a model of its own, so there are no phases"
_SCRAPING = "nothing is fetched from the web; put the books into `input_dir`"
_HUB = "nothing is pushed; write Parquet with `format: parquet` and upload the folder with the tools of the hub"
_DEAD = "it had no effect in the original either"
_FORMAT = "the chat template is the `format` of an output, and the trainer's own"

SHARED: Mapping[str, Key | str] = {
    "input_dir": Key("input_dir"),
    "output_dir": Key("output_dir"),
    "chunk_size": Key("chunk_tokens", told=_CHUNKS),
    "completion_mode": "a prompt that is a `.txt` file is for completion; the folders named `…_completion` hold them",
    "use_stop": "stop texts are `sampling: {stop: […]}` of a slot or endpoint",
    "use_min_p": "write `sampling: {extra: {min_p: 0.2}}` for the endpoint",
    "do_meta_datagen": _META,
    "meta_datagen_keys": _META,
    "meta_datagen_extras": _META,
    "task_id": "progress is an argument of the callable, not of a config",
    "read_files_manually": "a pipeline that is a step of another one takes its rows as they are",
    "chunking_output_dir": "nothing is cached beside the ledger, so there is no folder for it",
    "phase_index": _PHASES,
    "work_in_phases": _PHASES,
    "hub_path": _HUB,
    "push_to_hub": _HUB,
    "private": _HUB,
    "use_gutenberg": _SCRAPING,
    "start_url": _SCRAPING,
    "max_books": _SCRAPING,
    "max_failures": _SCRAPING,
    "keep_system_prompt": _DEAD,
}

_DATA = "`{data}` of the original is `{passage}` here"

_FACTUAL: Mapping[str, Key | str] = {
    "double_check_counter": Key("votes", told="asking stops as soon as the votes have decided"),
    "use_filenames": Key("use_filenames"),
    "items_per_conversation": Key("items_per_conversation"),
    "conversation_instructions": Key("conversation_instructions"),
    "final_assistant_prompts_no_rag": Key("system_prompts"),
    "final_assistant_prompts_rag": Key("rag_prompts", replaced=("{data}", "{passage}"), told=_DATA),
    "rag_failure_percentage": Key("rag_wrong_share"),
    "skip_filter_chunks": Key("skip_filter", told="it had no effect in the original; here it has"),
    "skip_question_check": Key("skip_question_check"),
    "skip_answer_relevancy_check": Key("skip_relevancy_check"),
    "skip_answer_accuracy_check": Key("skip_accuracy_check"),
    "skip_repair_qa_tuples": Key("skip_repair"),
    "skip_conversation_generation": Key("skip_conversation"),
}

PIPELINES: tuple[Known, ...] = (
    Known(
        "factual_qa",
        (
            *("factual-gen-indiv-pipeline", "factual-gen-indiv", "generate_factual_qa_dataset"),
            *("factual_generation_individual", "factual_generation"),
        ),
        _FACTUAL,
    ),
)

NO_PIPELINE: Mapping[str, str] = {
    "do_grpo_rl_with_a_prompt": "reinforcement learning is not done here; `rubric_judge` is its judge, as a pipeline",
    "grpo-rl-pipeline": "reinforcement learning is not done here; `rubric_judge` is its judge, as a pipeline",
    "grpo_rl_pipeline": "reinforcement learning is not done here; `rubric_judge` is its judge, as a pipeline",
    "llm-server": "models are not served here; the datasets are for any server",
    "llm_server": "models are not served here; the datasets are for any server",
    "rag-server": "models are not served here; the datasets are for any server",
    "rag_server": "models are not served here; the datasets are for any server",
    "discord-inference": "bots are not served here",
    "discord_inference": "bots are not served here",
    "discord": "bots are not served here",
    "simple_chat_loop": "chats are not served here",
    "basic-server": "models are not served here; the datasets are for any server",
    "chat": "chats are not served here",
}


def known_pipeline(name: str) -> Known | None:
    """The pipeline of the original that goes by a name: an alias, a dotted path, a folder or a function."""
    words = [name, *name.replace("/", ".").split(".")]
    for word in reversed(words):
        for known in PIPELINES:
            if word in known.names or word == known.ours:
                return known
    return None

"""What becomes of the pipelines of Augmentoolkit and of the keys of their configs, as data.

Keys that all pipelines share stand in `SHARED`; those of endpoints and prices follow from the slots.
"""

from __future__ import annotations

from collections.abc import Mapping

from atk_interp.elsewhere.composition import COMPLETE_FACTUAL
from atk_interp.elsewhere.known import Goal, Key, Known
from atk_interp.elsewhere.reasons import DEAD, MARKUP, NOISE, WAYS
from atk_interp.elsewhere.rewards import RUBRIC
from atk_interp.elsewhere.sampled import META

__all__ = ["NO_PIPELINE", "PIPELINES", "SHARED", "SUPPLIED", "known_pipeline"]

_CHUNKS = "passages end at paragraphs and sentences, short ones are kept, and another tokenizer counts the tokens"
_META = "every accepted call is in the ledger; the pipeline `meta` makes training data of the calls of a run"
_PHASES = "`run --until STEP` stops early, and the same command goes on, with other models if the config names them"
_SCRAPING = "nothing is fetched from the web; put the books into `input_dir`"
_HUB = "nothing is uploaded; upload `output_dir` with the tools of the hub"

SHARED: Mapping[str, Goal] = {
    "input_dir": Key("input_dir"),
    "output_dir": Key("output_dir"),
    "chunk_size": Key("chunk_tokens", told=_CHUNKS),
    "completion_mode": "a prompt that is a `.txt` file is for completion; the folders named `…_completion` hold them",
    "use_stop": "stop texts are `sampling: {stop: […]}` of a slot or endpoint; none is added by itself",
    "use_min_p": "write `sampling: {extra: {min_p: 0.2}}` for the endpoint",
    "do_meta_datagen": _META,
    "meta_datagen_keys": _META,
    "meta_datagen_extras": _META,
    "task_id": "progress is an argument of the callable, not of a config",
    "read_files_manually": "a pipeline that is a step of another one takes its rows as they are",
    **dict.fromkeys(
        ("text_chunks_passed_in", "texts_passed_in", "sharegpt_convs_passed_in", "dataset_passed_in"),
        "rows from Python are an argument of the callable, not of a config",
    ),
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
    "keep_system_prompt": DEAD,
    **dict.fromkeys(("quantization_small", "quantization_large"), "how a model is quantised is for its server"),
}

_PAIRS: Mapping[str, Goal] = {
    "items_per_conversation": Key("items_per_conversation"),
    "conversation_instructions": Key("conversation_instructions", told="the original never filled it in; here it is"),
    "final_assistant_prompts_no_rag": Key("system_prompts"),
    "do_not_use_system_prompts": Key("system_prompts", values={True: [], False: None}, wins=True),
    "rag_failure_percentage": Key("rag_wrong_share"),
    "skip_filter_chunks": Key("skip_filter", told="it had no effect in the original; here it has"),
    "skip_answer_accuracy_check": Key("skip_accuracy_check"),
    "skip_repair_qa_tuples": Key("skip_repair"),
    "skip_conversation_generation": Key("skip_conversation"),
    "double_check_counter": Key("votes", told="asking stops as soon as the votes have decided"),
    "use_filenames": Key("use_filenames"),
}

PIPELINES: tuple[Known, ...] = (
    Known(
        "factual_qa",
        (
            *("factual_generation_individual", "factual-gen-indiv-pipeline", "factual-gen-indiv"),
            *("factual_generation", "generate_factual_qa_dataset", "original"),
        ),
        {
            **_PAIRS,
            "final_assistant_prompts_rag": Key(
                "rag_prompts", replaced=("{data}", "{passage}"), told="`{data}` in it is `{passage}` here"
            ),
            "skip_question_check": Key("skip_question_check"),
            "skip_answer_relevancy_check": Key("skip_relevancy_check"),
        },
        styles=WAYS,
    ),
    Known(
        "multi_source_qa",
        (
            *("recall_multiple_sources", "recall-multi-source-pipeline", "recall-multi-source"),
            *("multi_source_recall", "generate_multi_source_dataset"),
        ),
        {
            **_PAIRS,
            "final_assistant_prompts_rag": Key(
                "rag_prompts", replaced=("{data}", "{passages}"), told="`{data}` in it is `{passages}` here"
            ),
            "cite_sources_at_end": Key("cite_sources"),
            "skip_question_check": Key(
                "skip_sources_check", told="the original checked nothing; here it is whether all sources are needed"
            ),
            "skip_answer_relevancy_check": "one check, of the answer against its sources, does both",
            "uncap_retrieved_doc_length": "passages that are found are shown whole",
            "cleanup_embedding_dir": "the index is made of the content of the passages, and never left behind",
        },
        styles=WAYS,
    ),
    Known(
        "representation_variation",
        ("repvar-pipeline", "repvar", "representation-variation", "representation_variation_pipeline"),
        {
            "variation_generator_count": Key("variations", told="no form comes twice before all have come once"),
            "code_variation_functions": Key("noise", values=NOISE),
            "make_inferred_facts": Key("make_inferred_facts"),
            "dataset_context": Key("dataset_context"),
            "additional_dataset_context": Key("additional_dataset_context"),
            "include_context_in_dataset": Key("include_context_in_dataset"),
        },
    ),
    Known(
        "corrections",
        ("correction_pipeline", "correction-pipeline", "correction"),
        {"prompt_template": f"{MARKUP}; for `corrections.jsonl` choose among `markup`"},
    ),
    Known(
        "roleplay",
        ("rptoolkit", "rptoolkit-pipeline", "rptoolkit_pipeline"),
        {
            "pick_emotion": Key("emotion_from", values={True: "passage", False: "list"}),
            "emotions": Key("emotions"),
            "generate_archetype": Key("archetype_from", values={True: "passage", False: "draw"}),
            "archetypes": Key("archetypes"),
            "include_chunk_in_prompt": Key("include_passage"),
            "to_include_features": Key("wanted_features"),
            "rp_prompt_start": Key("prompt_start", values={"": None}),
            "rp_prompt_end": Key("prompt_end"),
            "use_character_bible": "characters are always brought together across the set, as in the original",
        },
    ),
    Known(
        "rag_training",
        ("train_a_model_to_do_rag", "rag-data-pipeline", "rag-data", "rag_data_pipeline"),
        {
            "final_assistant_prompts": Key("system_prompts", replaced=("{data}", "{{ data }}")),
            "num_items_per_group": Key("items_per_conversation"),
            "rag_failure_percentage": Key("rag_failure_percentage"),
            "rag_max_chunks": Key("rag_max_chunks"),
            "skip_filter_chunks": Key("skip_filter"),
            "system_format": MARKUP,
            "user_format": MARKUP,
            "assistant_format": MARKUP,
            "bos": MARKUP,
        },
    ),
    Known(
        "classifier",
        ("classifier_creator", "classifier-creator-pipeline", "classifier-creator"),
        {
            "classes": Key("classes"),
            "desc": Key("description"),
            "predict_on_whole_set_at_the_end": Key("predict_rest"),
            "chunk_size": Key("max_chars", told="characters, as in the original"),
            "truncation_type": Key("truncation", values={"head-tail": "head_tail"}),
            "required_accuracy": Key("required_accuracy"),
            "train_set_size": Key("train_set_size"),
            "test_set_size": Key("test_set_size"),
            "train_set_increment": Key("train_set_increment"),
            "max_iters": Key("max_rounds"),
            "model_path": "the classifier goes by words and pairs of words, and needs no model to begin with",
        },
    ),
    Known(
        "clean_documents",
        ("clean_and_convert_pdf", "pdf-clean-convert-pipeline", "pdf-clean", "pdf_clean_and_convert_pipeline"),
        {"do_not_use_llm": Key("do_not_use_llm")},
        slots={"small": "small", "large": ""},
    ),
    Known(
        "rephrase",
        ("generic_data_rephrase", "generic-data-rephrase-pipeline", "transform_generic_data_pipeline"),
        {"cot_preface": Key("cot_preface"), "cot_suffix": Key("cot_suffix")},
        slots={"small": "", "large": "large"},
    ),
    Known(
        "starter",
        ("example_pipeline", "example-pipeline", "example"),
        {},
        slots={"small": "writer", "large": ""},
    ),
    Known(
        "health_check",
        ("debug_pipeline", "debug-pipeline", "debug"),
        {
            "error": Key("fail_in", values={True: "row", False: "nothing"}),
            "error_phase": "choose where to fail with `fail_in`",
            "delay": "choose how much there is to do with `size`",
        },
        slots={},
    ),
    COMPLETE_FACTUAL,
    META,
    RUBRIC,
)

_SERVER = "models are not served here; the datasets are for any server"

NO_PIPELINE: Mapping[str, str] = {
    **dict.fromkeys(("llm_server", "llm-server", "basic-server", "rag_server", "rag-server"), _SERVER),
    **dict.fromkeys(("discord_inference", "discord-inference", "discord-server", "simple_chat_loop"), _SERVER),
}
"""Pipelines of the original without configs that could be ours, by their names, and why."""


SUPPLIED = frozenset(
    (
        *(
            "text",
            "metadata",
            "textname",
            "question",
            "answer",
            "atomic_facts",
            "inferred_facts",
            "additional_dataset_context",
        ),
        *("rag_context", "stringified_retrieved_chunks", "question_answer_pairs_string", "conversation_instructions"),
        *(
            "emotion",
            "possible_emotions_list",
            "archetype",
            "features",
            "scene_card",
            "story",
            "human",
            "gpt",
            "system",
        ),
        *("conv_history_str", "classes", "classes_desc", "class_list", "rules", "input_text", "output_text"),
    )
)
"""The names that a pipeline of the original fills in its prompts with."""


def known_pipeline(name: str) -> Known | None:
    """The pipeline of the original that goes by a name: an alias, a dotted path, a folder, a function, or our name."""
    for word in [*reversed(name.replace("/", ".").split(".")), name]:
        for known in PIPELINES:
            if word in known.names or word == known.ours:
                return known
    return None

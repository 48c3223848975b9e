"""The pipeline of the original that runs the others with configs that are drawn, from lists for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, TypeGuard

from atk_interp.elsewhere.known import Composed, Key, Known, Values
from atk_interp.elsewhere.reasons import MARKUP, WAYS

__all__ = ["META"]

_STYLES = ("open-ended", "comparison", "follow-up", "hallucination", "negative", "vague")
_CHECKS = ("skip_question_check", "skip_answer_relevancy_check", "skip_answer_accuracy_check")
_INPUTS = (
    "pdf_cleaning_valid_input_paths",
    "repvar_valid_input_paths",
    "factual_generation_inputs_and_conversation_instructions",
    "multi_source_inputs_and_conversation_instructions",
    "correction_inputs",
    "rag_data_inputs",
    "prompt_input_settings_config",
)
_SIZES = (
    *("pdf_cleaning_chunk_size", "repvar_chunk_size", "factual_chunk_size", "multi_source_chunk_size"),
    *("correction_chunk_sizes", "rag_data_chunk_sizes", "rp_chunk_sizes"),
)
_SUBSETS = (
    *("pdf_cleaning_subset", "repvar_subset", "factual_subset", "multi_source_subset", "correction_subset_size"),
    *("rag_subset_size", "rp_subset_size"),
)
_PARTS = ("factual_generation", "multi_source", "correction", "rag_data", "repvar", "pdf_cleaning", "generic_thoughts")
"""The parts with endpoints of their own, the one whose models matter most first."""


def _composed(value: Values) -> Iterator[Composed]:
    yield from _folders([path for key in _INPUTS for path in _paths(value(key))])
    if value("prompt_input_settings_config"):
        told = "of `prompt_input_settings_config` the inputs are among `folders`; all else is as `roleplay` has it"
        yield Composed("folders", None, told)
    if any(entry.get("additional_context") for entry in _list(value("repvar_valid_input_paths")) if _is_map(entry)):
        told = (
            "the `additional_context` of an input is left out; it is `additional_dataset_context` of a run of its own"
        )
        yield Composed("folders", None, told)
    told = "every run draws one of the sizes of passages that the parts had"
    sizes = sorted({size for key in _SIZES for size in _list(value(key)) if _is_count(size)})
    yield Composed("chunk_sizes", sizes or None, told if sizes else "")
    subsets = [size for key in _SUBSETS for size in _subset_sizes(value(key))]
    told = "`passages` is the largest number of chunks that a part had: every run works on as many"
    yield Composed("passages", max(subsets, default=None), told if subsets else "")
    yield from _questions(value)
    shared = _shared([PurePosixPath(path) for path in _paths(value("generic_thoughts_inputs"))])
    yield Composed(
        "conversations_dir", shared, "every run of `rephrase` reads all of `conversations_dir`" if shared else ""
    )


def _folders(paths: list[str]) -> Iterator[Composed]:
    """The folder that holds all folders of documents, and these below it."""
    found = [PurePosixPath(path) for path in dict.fromkeys(paths)]
    root = _shared(found)
    if root is None:
        return
    told = "every run of every pipeline draws one of all `folders`, which stand below `input_dir`"
    yield Composed("input_dir", root, told)
    yield Composed("folders", list(dict.fromkeys(path.relative_to(root).as_posix() for path in found)), "")


def _shared(paths: list[PurePosixPath]) -> str | None:
    """The deepest folder that holds all paths; None where none does."""
    if not paths:
        return None
    shared = paths[0] if len(set(paths)) > 1 else paths[0].parent
    while not all(path.is_relative_to(shared) for path in paths):
        if shared == shared.parent:
            return None
        shared = shared.parent
    return shared.as_posix()


def _questions(value: Values) -> Iterator[Composed]:
    """What is asked in the runs that make questions: their styles, what they leave out, and their manners."""
    entries = [entry for entry in _list(value("factual_prompts_and_skips")) if _is_map(entry)]
    prompts = [*(entry.get("prompt_path") for entry in entries), *_list(value("multi_source_prompts"))]
    styles = [style for style in dict.fromkeys(map(_style, prompts)) if style]
    told = (
        "each run draws a style by itself, and by itself what it leaves out (`skips`); there they were drawn together"
    )
    yield Composed("styles", [_entry(style) for style in styles] or None, told if styles else "")
    skips = [_skipped(entry) for entry in entries]
    yield Composed("skips", skips or None, "`checks` leaves out all checks of a run, or none" if any(skips) else "")
    inputs = _list(value("factual_generation_inputs_and_conversation_instructions"))
    manners = [entry.get("conversation_instructions") for entry in inputs if _is_map(entry)]
    texts = list(dict.fromkeys(text for text in manners if isinstance(text, str)))
    told = "each run draws its manner (`conversation_instructions`) by itself; there it was drawn with the folder"
    yield Composed("manners", texts or None, told if texts else "")


def _style(prompts: Any) -> str:
    """Our name of a style, by the folder of its prompts: `plain` for the prompts themselves."""
    name = PurePosixPath(str(prompts or "")).name
    style = WAYS.get(name, name)
    return style if style in _STYLES else "plain" if style == "prompts" else ""


def _entry(style: str) -> dict[str, Any]:
    made: dict[str, Any] = {"name": style}
    if style != "plain":
        made["prompts"] = f"styles/{style}"
    return {**made, "question_marks": False} if style == "vague" else made


def _skipped(entry: dict[str, Any]) -> dict[str, bool]:
    left_out = {
        "filter": entry.get("skip_filter_chunks") is True,
        "checks": all(entry.get(check) is True for check in _CHECKS),
        "conversations": entry.get("skip_conversation_generation") is True,
    }
    return {name: True for name, is_left_out in left_out.items() if is_left_out}


def _paths(value: Any) -> Iterator[str]:
    """The paths in a list: texts, or those of mappings."""
    for entry in _list(value):
        if isinstance(entry, str):
            yield entry
        elif _is_map(entry):
            found: Iterable[Any] = (entry.get("path"), entry.get("input_path"), *_list(entry.get("inputs")))
            yield from (path for path in found if isinstance(path, str))


def _subset_sizes(value: Any) -> Iterator[int]:
    for entry in _list(value):
        size: Any = entry
        if _is_map(entry):
            size = None if entry.get("use_subset") is False else entry.get("subset_size")
        if _is_count(size):
            yield size


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_map(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_MODES = (
    *("pdf_cleaning", "repvar_cleaning", "factual_generation_cleaning", "multi_source_cleaning", "correction_cleaning"),
    *("conv_start_cleaning", "rag_data_cleaning", "rp"),
)
_COMPLETION = "messages are sent, and no stop text is added by itself"
_NO_START = "no beginning of a conversation is drawn"

META = Known(
    "meta",
    ("meta_datagen", "meta-datagen-pipeline", "meta_datagen_compositionpipeline", "meta-datagen"),
    {
        "pdf_number_of_times_to_sample": Key("cleaning_runs"),
        "repvar_times_to_sample": Key("variation_runs"),
        "factual_generation_times_to_sample": Key("factual_qa_runs"),
        "multi_source_times_to_sample": Key("multi_source_runs"),
        "correction_time_to_sample": Key("correction_runs"),
        "rag_data_time_to_sample": Key("rag_runs"),
        "roleplaying_times_to_sample": Key("roleplay_runs"),
        "generic_thoughts_times_to_sample": Key("rephrase_runs"),
        **dict.fromkeys(_INPUTS, Key("folders", told="all of them, below `input_dir`; each run draws one")),
        "generic_thoughts_inputs": Key("conversations_dir", told="the folder that holds all of them"),
        **dict.fromkeys(_SIZES, Key("chunk_sizes", told="all of them; each run draws one")),
        **dict.fromkeys(_SUBSETS, Key("passages", told="the largest of them")),
        "factual_prompts_and_skips": (Key("styles"), Key("skips", told="each is drawn by itself")),
        "multi_source_prompts": Key("styles"),
        "double_check_counter": Key("votes"),
        "prob_zero_pairs": Key("no_examples_share"),
        "to_obfuscate_prompts_dir": "write the short instructions by steps into `short_systems`; some are there",
        "shared_chunking_output_dir": "nothing is cached beside the ledger, so there is no folder for it",
        "chunk_size": "each run draws one of `chunk_sizes`",
        "single_turn_ratio": "`no_examples_share` says how many calls lose all examples",
        "some_example_reduction_ratio": "all calls that keep examples keep some of them, their number drawn",
        "prompt_template": f"{MARKUP}; for `segments.jsonl` choose among `markup`",
        "base_model_name": "no tokenizer is loaded",
        "repvar_variation_count": "each run draws 1, 2 or 4",
        "rag_failure_percentage": "the share is that of `rag_training`",
        "rag_max_chunks": "each run draws 1, 2, 3 or 5",
        **{f"{part}_completion_mode_and_use_stop": _COMPLETION for part in _MODES},
        "generic_thoughts_completion_and_use_stop": _COMPLETION,
        "generic_thoughts_subset_size": "`passages` says how many conversations a run works on",
        **dict.fromkeys(
            ("pdf_cleaning_prompts", "correction_prompts", "generic_thoughts_prompts", "rag_data_prompts"),
            "the prompts are those of the pipelines; `lean_share` says how many runs have the short ones",
        ),
        **{
            f"conv_start_{what}": _NO_START
            for what in ("time_to_sample", "model", "prompts", "truncation_sizes", "subset_size")
        },
        "conversational_additions": _NO_START,
        **{
            f"cost_per_million_{size}_{way}": "each endpoint has its price"
            for size in ("small", "large")
            for way in ("input", "output")
        },
        **{
            f"{part}_{what}": "prompts and facts of `representation_variation` are its own; runs draw both kinds"
            for part in ("repvar",)
            for what in ("prompt_path", "inferred_facts")
        },
    },
    slots={f"{part}_{size}": size for part in _PARTS for size in ("small", "large")},
    subset="passages",
    firsts={f"{part}_model": f"{part}_" for part in _PARTS},
    composed=_composed,
)

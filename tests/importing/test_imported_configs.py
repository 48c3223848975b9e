"""Configs: what is left of hostile or odd ones, and that the table of keys is true of the pipelines that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.diagnostics import Sink
from atk_interp.document import parse_document
from atk_interp.elsewhere import PIPELINES, SHARED, Key, Known, known_pipeline
from atk_interp.importing import Import, NothingToImport, Wishes, import_into
from atk_interp.importing.configs import stock_spec
from atk_interp.lint.check import check_file
from atk_interp.source import SourceFile
from atk_interp.spec import Config, check_value, load_config
from support.foreign_checkout import KEY, write_files


def imported(tmp_path: Path, text: str, wishes: Wishes | None = None) -> Import:
    folder = write_files(tmp_path, {"mine.yaml": text})
    return import_into(folder / "mine.yaml", tmp_path / "ours", wishes or Wishes())


def written(done: Import) -> str:
    return (done.output / "mine.yaml").read_text(encoding="utf-8")


def config_of(done: Import, pipeline: str, folder: Path) -> Config:
    """The config that was written, as one of a pipeline: there is nothing to complain of in it."""
    spec, sink = stock_spec(pipeline), Sink()
    document = parse_document(SourceFile("mine.yaml", written(done)), sink)
    assert spec is not None
    assert document is not None
    config = load_config(document, folder, spec, sink)
    assert not [*sink]
    return config


def values_of(config: Config) -> dict[str, object]:
    return {name: given.value for name, given in config.values.items()}


HEAD = "pipeline: factual-gen-indiv-pipeline\npath: {input_dir: in, output_dir: out}\n"


def keys_of(known: Known) -> list[Key]:
    goals = [goal if isinstance(goal, tuple) else (goal,) for goal in known.keys.values()]
    return [key for goal in goals for key in goal if isinstance(key, Key)]


@pytest.mark.parametrize("known", PIPELINES, ids=lambda known: known.ours)
def test_every_key_leads_to_a_parameter_that_exists(known: Known) -> None:
    spec = stock_spec(known.ours)
    assert spec is not None
    assert [key.to for key in keys_of(known) if key.to not in spec.params] == []
    assert [slot for slot in known.slots.values() if slot and slot not in spec.models] == []
    assert known.subset in spec.params or known.ours in ("classifier", "health_check")


@pytest.mark.parametrize("known", PIPELINES, ids=lambda known: known.ours)
def test_values_that_are_turned_into_others_are_allowed_there(known: Known) -> None:
    spec = stock_spec(known.ours)
    assert spec is not None
    for key in keys_of(known):
        param = spec.params[key.to]
        values = [value for value in (key.values or {}).values() if value is not None]
        values = [[value] if param.type == "list" and isinstance(value, str) else value for value in values]
        assert not any(check_value(param, value) for value in values), key


def test_every_name_of_a_pipeline_leads_to_it() -> None:
    for known in PIPELINES:
        assert [name for name in known.names if known_pipeline(name) is not known] == []
        assert known_pipeline(f"a.b.{known.names[-1]}") is known
    assert known_pipeline("nothing.of.the.kind") is None


def test_keys_that_all_pipelines_share_lead_to_parameters_of_some() -> None:
    params = {name for known in PIPELINES for name in (stock_spec(known.ours) or pytest.fail(known.ours)).params}
    assert {goal.to for goal in SHARED.values() if isinstance(goal, Key)} <= params


def test_a_placeholder_is_left_to_fill_in_and_an_optional_one_is_a_comment(tmp_path: Path) -> None:
    text = (
        "pipeline: factual-gen-indiv-pipeline\n"
        "path: {input_dir: !!PLACEHOLDER!! , output_dir: ./x/!!PLACEHOLDER!!}\n"
        "system: {double_check_counter: !!PLACEHOLDER!! , chunk_size: !!ATTENTION!! 70}\n"
    )
    done = imported(tmp_path, text)
    lines = written(done).splitlines()
    assert (
        "  input_dir:   # required (never filled in): Folder of documents (.txt .md .html .pdf .docx .jsonl)" in lines
    )
    assert any(line.startswith("  output_dir:   # required (never filled in)") for line in lines)
    assert any(line.startswith("  # votes:   # never filled in") for line in lines)
    assert "  # attention was asked for here" in lines
    assert "  chunk_tokens: 70" in lines
    assert not done.is_whole


def test_a_whole_config_lints_clean_but_for_its_inputs(tmp_path: Path) -> None:
    (tmp_path / "ours" / "in").mkdir(parents=True)
    (tmp_path / "ours" / "in" / "a.txt").write_text("a")
    done = imported(tmp_path, HEAD + "api: {small_model: a, large_model: b}\nsystem: {use_filenames: yes, seed: 7}\n")
    assert check_file(done.output / "mine.yaml").report.findings == ()
    assert "seed: 7" in written(done)
    assert "`seed`" not in done.report


@pytest.mark.parametrize(
    ("api", "variables"),
    [
        (f"large_api_key: {KEY}, large_base_url: 'https://api.openai.com/v1'", ["OPENAI_API_KEY"]),
        (f"large_api_key: {KEY}", ["OPENAI_API_KEY"]),
        ("large_api_key: !!PLACEHOLDER!! , large_base_url: 'https://api.together.xyz/v1'", ["TOGETHER_API_KEY"]),
        (f"large_api_key: {KEY}, large_base_url: 'http://127.0.0.1:8000/v1'", []),
        (f"large_api_key: {KEY}, large_base_url: 'https://1.2.3.4/v1'", ["ENDPOINT_API_KEY"]),
        (f"large_api_key: {KEY}, large_base_url: 'https://['", ["OPENAI_API_KEY"]),
        (
            (
                f"large_api_key: {KEY}, large_base_url: 'https://a.groq.com', small_api_key: other-key-0123, "
                "small_base_url: 'https://a.groq.com'"
            ),
            ["GROQ_API_KEY", "GROQ_API_KEY_LARGE"],
        ),
    ],
)
def test_keys_become_the_names_of_variables(tmp_path: Path, api: str, variables: list[str]) -> None:
    done = imported(tmp_path, f"{HEAD}api: {{large_model: m, {api}}}\n")
    text = written(done)
    found = [line.split(": ")[1] for line in text.splitlines() if "api_key_env" in line]
    assert sorted(found) == sorted(variables)
    assert KEY not in text + done.report
    assert "other-key-0123" not in text + done.report


def test_a_key_in_an_odd_place_is_written_nowhere(tmp_path: Path) -> None:
    done = imported(
        tmp_path,
        f"{HEAD}api:\n  large_model: m\n  large_api_key: {KEY}\n"
        "  large_base_url: https://me:pass-word@api.host.org/v1?api_key=0123456789\n"
        f"system:\n  conversation_instructions: use {KEY} please\n  final_assistant_prompts_no_rag: [sk-{'b' * 30}]\n"
        f"  unheard_of: {KEY}\n  {KEY}: 3\n",
    )
    everything = written(done) + done.report + "".join(note.told for note in done.notes)
    for secret in (KEY, "pass-word", "0123456789", "b" * 30):
        assert secret not in everything
    assert "the value of `conversation_instructions` holds a key or a password, and is left out" in done.report


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://admin:pass-word@host.example:8443/v1", '"https://host.example:8443/v1"'),
        ("https://pass-word@host.example/v1?x=1", "https://host.example/v1"),
        ("http://me:pass-word@[::1]:80/v1?api_key=0123456789", '"http://[::1]:80/v1"'),
    ],
)
def test_an_address_is_kept_without_its_credentials(tmp_path: Path, address: str, kept: str) -> None:
    done = imported(tmp_path, f"{HEAD}api: {{large_model: m, large_base_url: '{address}'}}\n")
    assert kept.strip('"') in written(done)
    assert "pass-word" not in written(done) + done.report
    assert "`large_base_url` holds a key or a password, which is left out of the address" in done.report


@pytest.mark.parametrize("address", ["https://admin:pass-word@:8443/v1", "https://admin:pass-word@host:x/v1"])
def test_an_address_that_is_all_credential_is_left_to_fill_in_and_refused(tmp_path: Path, address: str) -> None:
    done = imported(tmp_path, f"{HEAD}api: {{large_model: m, large_base_url: '{address}'}}\n")
    assert "    base_url:   # the address of the service" in written(done)
    assert "pass-word" not in written(done) + done.report
    assert [found.code.id for found in done.findings if found.is_error] == ["ATK203"]
    assert not done.is_whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n- b\n",
        f"pipeline: x\nlarge_api_key: *{KEY}\n",
        f"pipeline: x\nlarge_api_key: '{KEY}\n",
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: [*a, *a]\n" for b in "bcd")
        + "pipeline: never-heard-of\n",
        "pipeline: llm_server\nport: 3\n",
        "pipeline: [1]\n",
    ],
    ids=["empty", "list", "alias", "quote", "unknown", "server", "no-name"],
)
def test_what_is_no_config_is_told_without_its_lines(tmp_path: Path, text: str) -> None:
    with pytest.raises(NothingToImport) as error:
        imported(tmp_path, text)
    assert KEY not in str(error.value)


def test_the_pipeline_of_a_config_can_be_named(tmp_path: Path) -> None:
    done = imported(tmp_path, "path: {input_dir: in, output_dir: out}\n", Wishes(pipeline="factual_qa"))
    assert "pipeline: factual_qa" in written(done)


def test_a_key_in_two_sections_and_one_given_twice_are_told(tmp_path: Path) -> None:
    done = imported(tmp_path, HEAD + "a: {chunk_size: 90}\nb: {chunk_size: 80}\nc: {use_stop: 1, use_stop: 2}\n")
    assert "chunk_tokens: 90" in written(done)
    assert "`chunk_size` is given in two sections, which the original refuses; the first one counts here" in done.report
    assert "a key is given twice; the last one counts" in done.report


def test_a_value_that_does_not_fit_is_left_to_fill_in(tmp_path: Path) -> None:
    done = imported(tmp_path, HEAD + "system: {chunk_size: many, use_filenames: 'no', double_check_counter: 3.0}\n")
    lines = written(done).splitlines()
    assert any(line.startswith("  # chunk_tokens:   # what it had does not fit") for line in lines)
    assert "  use_filenames: false" in lines
    assert "  votes: 3" in lines


def test_a_key_that_wins_holds_wherever_it_stands(tmp_path: Path) -> None:
    for number, keys in enumerate(
        (
            "do_not_use_system_prompts: True, final_assistant_prompts_no_rag: [Be brief.]",
            "final_assistant_prompts_no_rag: [Be brief.], do_not_use_system_prompts: True",
            "do_not_use_system_prompts: False, final_assistant_prompts_no_rag: [Be brief.]",
        )
    ):
        (tmp_path / str(number)).mkdir()
        done = imported(tmp_path / str(number), HEAD + f"system: {{{keys}}}\n")
        assert ("system_prompts: []" in written(done)) == (number < 2)
        assert ("system_prompts: [Be brief.]" in written(done)) == (number == 2)


def test_words_in_lists_become_ours(tmp_path: Path) -> None:
    text = HEAD.replace("factual-gen-indiv-pipeline", "repvar")
    done = imported(tmp_path, text + "dataset: {code_variation_functions: [allcaps, keyboard_augmentation]}\n")
    assert "noise: [upper, typos]" in written(done)


def test_the_endpoint_of_a_model_that_is_not_asked_is_left_out(tmp_path: Path) -> None:
    text = HEAD.replace("factual-gen-indiv-pipeline", "generic-data-rephrase-pipeline")
    done = imported(tmp_path, f"{text}api: {{small_model: s, small_api_key: {KEY}, large_model: l, small_mode: api}}\n")
    assert "small" not in written(done)
    assert "no model is asked as `small_model` was, so its endpoint is left out" in done.report
    assert "OPENAI_API_KEY" not in done.report


def test_paths_that_cannot_be_followed_are_told(tmp_path: Path) -> None:
    done = imported(tmp_path, HEAD)
    assert "`in` was relative to the folder of the checkout; here it is relative to the config" in done.report


COMPOSITION = """
pipeline: factual-datagen-pipeline
dataset_context: bees
final_datasaving_settings:
  generic_dataset_percentages: [20, 10]
  generic_dataset_paths:
    - {path: hub/one, context_to_add: Be kind., context_to_add_type: human}
    - {path: hub/two, context_to_add: "", context_to_add_type: none}
  template: chatml
path:
  input_dirs:
    - path: ./inputs/a
      variation_generation_counts: 4
      factual_gen_subset_size_per_way: 200
      factual_gen_use_subset: False
      rag_subset_size: 15
      rag_use_subset: True
  output_dir: ./out
system: {use_subset: True, subset_size: 30, number_of_factual_sft_generations_to_do: 2}
factual_sft:
  openended: {prompts: prompt_overrides/openended, multi_source: True}
  hallucination: {prompts: prompt_overrides/hallucination, multi_source: True, not_in_rag_data: True}
  vague: {prompts: prompt_overrides/vague, multi_source: False}
  own: {prompts: my_prompts, multi_source: False}
factual_sft_settings: {factual_small_model: s, factual_small_base_url: "http://localhost/v1"}
rag_data: {rag_small_model: other}
"""


def test_the_composition_keeps_its_folders_styles_and_general_data(tmp_path: Path) -> None:
    done = imported(tmp_path, COMPOSITION)
    config = config_of(done, "complete_factual", tmp_path)
    assert values_of(config) == {
        "input_dir": ".",
        "output_dir": "./out",
        "folders": [{"path": "./inputs/a", "context": "bees", "variations": 4, "rag_passages": 15}],
        "variation_passages": 30,
        "repeats": 2,
        "multi_source_styles": [
            {"name": "open-ended", "prompts": "styles/open-ended"},
            {"name": "hallucination", "prompts": "styles/hallucination", "in_sources": False},
        ],
        "styles": [{"name": "vague", "prompts": "styles/vague", "question_marks": False}, {"name": "own"}],
        "general": [
            {"path": "hub/one", "share": 0.2, "context": "Be kind.", "context_to": "user"},
            {"path": "hub/two", "share": 0.1},
        ],
        "markup": "chatml",
    }
    assert config.models["small"].model == "s"
    assert "the slot `small` had another endpoint under `rag_small_…`; the first one is taken" in done.report
    assert "generic_dataset_percentages" not in done.report


UNFILLED = """
pipeline: factual-datagen-pipeline
path:
  input_dirs:
    - {path: './inputs/!!PLACEHOLDER!!', variation_generation_counts: 4, rag_use_subset: True, rag_subset_size: 20}
  output_dir: ./out
dataset_context: !!PLACEHOLDER!!
factual_sft:
  vague: {prompts: x, skip_question_check: True, skip_answer_relevancy_check: True, skip_answer_accuracy_check: True}
final_datasaving_settings: {template: atk, what_percent_of_sft_is_pretrain: }
"""


def test_folders_that_were_never_filled_in_are_a_comment_in_our_words(tmp_path: Path) -> None:
    done = imported(tmp_path, UNFILLED)
    lines = written(done).splitlines()
    assert "  # folders: [{path: ./inputs/!!PLACEHOLDER!!, variations: 4, rag_passages: 20}]" in lines
    assert [line for line in lines if "input_dir:" in line] == ['  input_dir: "."']
    assert "dataset_context`: `complete_factual` has no" not in done.report


def test_what_leads_nowhere_is_not_told_to_have_another_name(tmp_path: Path) -> None:
    done = imported(tmp_path, UNFILLED)
    assert "`template`: `markup` has no `atk`" in done.report
    assert "`pretraining_share`" not in done.report
    assert "skip_checks: true" in written(done)


def test_a_variable_is_named_for_the_endpoints_that_are_taken(tmp_path: Path) -> None:
    api = (
        "factual_sft_settings: {factual_small_model: s, factual_small_base_url: 'https://api.one.com/v1',"
        " factual_small_api_key: '!!PLACEHOLDER!!'}\n"
        "rag_data: {rag_small_model: t, rag_small_base_url: 'https://api.two.com/v1', rag_small_api_key: one-two}\n"
    )
    report = imported(tmp_path, UNFILLED + api).report
    assert "`ONE_API_KEY`" in report
    assert "TWO_API_KEY" not in report


def test_what_becomes_of_the_prompts_of_a_config_is_told(tmp_path: Path) -> None:
    styled = HEAD.replace("output_dir: out", "output_dir: out, prompts: ./prompt_overrides_local/followup")
    done = imported(tmp_path, styled)
    told = "`prompts: ./prompt_overrides_local/followup` is the style `follow-up` of `factual_qa`"
    assert told in done.report
    (tmp_path / "other").mkdir()
    done = imported(tmp_path / "other", styled.replace("prompt_overrides_local/followup", "my_own"))
    assert "`prompts: ./my_own` is left out: `factual_qa` asks with prompts of its own" in done.report


def test_a_value_of_which_a_part_was_never_filled_in_is_kept_as_a_comment(tmp_path: Path) -> None:
    text = (
        'pipeline: rag-data-pipeline\npath: {input_dir: "in/!!PLACEHOLDER!!", output_dir: out}\nsystem:\n'
        "  final_assistant_prompts: [ # {data} is filled in\n  'You know !!PLACEHOLDER!!.\n  \n  {data}',\n\n"
        "  '{data}\n  \nAnswer about !!PLACEHOLDER!!.',\n  \"{context}\n  {data}\"]\n"
        'api: {small_model: m, small_api_key: "!!PLACEHOLDER!! and key-0123456789"}\n'
    )
    lines = written(imported(tmp_path, text)).splitlines()
    assert "  # input_dir: in/!!PLACEHOLDER!!" in lines
    assert "  # system_prompts:" in lines
    assert r'  #   - "You know !!PLACEHOLDER!!.\n{{ data }}"' in lines
    assert r'  #   - "{{ data }}\nAnswer about !!PLACEHOLDER!!."' in lines
    assert '  #   - "{context} {{ data }}"' in lines
    assert not [line for line in lines if "key-0123456789" in line]


REWARDED = f"""
pipeline: grpo-rl
no_flatten: [datasets]
training_parameters: {{learning_rate: 0.000005, output_dir: outputs/aligned, chat_template: "{{% x %}}"}}
reward: {{high_scoring_save_path: high.jsonl, score_save_threshold: 2.0}}
datasets:
  - path: inputs/talks.jsonl
    percentage: 1.0
    system_prompt: Be kind.
    eval_llm_name: judge-70b
    eval_llm_base_url: https://api.deepinfra.com/v1/openai
    eval_llm_api_key: {KEY}
    reward_funcs:
      - name: generic_llm_reward
        eval_llm_api_key: !!PLACEHOLDER!!
        eval_llm_token: {KEY}
        score_types:
        - {{type: score, name: warmth, min: 0, max: 5}}
        - {{type: autofail, name: making_sense}}
      - {{name: gsm8k_correctness}}
  - {{path: inputs/more.jsonl, percentage: 0.2}}
dataset_settings: {{total_rows: 1000}}
"""


def test_scores_that_reward_are_a_rubric(tmp_path: Path) -> None:
    done = imported(tmp_path, REWARDED)
    config = config_of(done, "rubric_judge", tmp_path)
    assert values_of(config) == {
        "input_path": "inputs/talks.jsonl",
        "output_dir": "outputs/aligned",
        "rubric": {
            "warmth": {"min": 0, "max": 5},
            "not_making_sense": {"fails": True, "means": "Does it fail at making sense?"},  # 0 failed it, yes fails it
        },
        "subset_size": 1000,
    }
    assert (config.models["judge"].model, config.models["judge"].api_key_env) == ("judge-70b", "DEEPINFRA_API_KEY")
    assert "of the 2 entries of `datasets` the first is taken" in done.report
    assert "the reward `gsm8k_correctness` is a function" in done.report
    assert "`learning_rate`: reinforcement learning is not done here" in done.report
    assert "`eval_llm_api_key` and `eval_llm_token` in `reward_funcs` is a key or a password by its name" in done.report
    assert KEY not in done.report + written(done)

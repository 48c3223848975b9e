"""A whole checkout: pipelines, prompts and configs of it, and everything that must not happen on the way."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from atk_interp.diagnostics import Sink
from atk_interp.document import parse_document
from atk_interp.importing import Import, Wishes, import_into
from atk_interp.importing.notes import LEFT, LOOK, RENAMED, Notes
from atk_interp.importing.steps import read_python
from atk_interp.lint.check import check_file
from atk_interp.source import SourceFile, Span
from atk_interp.templates import PromptLibrary
from support.foreign_checkout import FILES, KEY, LeavesMissing, write_checkout, write_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("imports")


@pytest.fixture(scope="module")
def done(folder: Path) -> Import:
    return import_into(write_checkout(folder), folder / "ours", Wishes())


def told(done: Import, kind: str) -> list[str]:
    return [f"{Path(note.file).name}:{note.line}: {note.told}" for note in done.notes if note.kind == kind]


def config(folder: Path, name: str) -> dict[str, object]:
    sink = Sink()
    document = parse_document(SourceFile(name, (folder / "ours" / name).read_text(encoding="utf-8")), sink)
    assert document is not None
    assert not [*sink]
    assert isinstance(document.data, dict)
    return document.data


def test_everything_has_its_place(done: Import) -> None:
    assert set(done.files) == {
        "IMPORTED.md",
        "configs/cooking.yaml",
        "configs/facts.yaml",
        "pipeline_specs/cooking/config.yaml",
        "pipeline_specs/cooking/pipeline.yaml",
        "pipeline_specs/cooking/prompt_overrides/rustic/write_ideas.yaml",
        "pipeline_specs/cooking/prompts/judge_recipe.yaml",
        "pipeline_specs/cooking/prompts/retellings/as_letter.yaml",
        "pipeline_specs/cooking/prompts/retellings/as_song.yaml",
        "pipeline_specs/cooking/prompts/taste.yaml",
        "pipeline_specs/cooking/prompts/write_ideas.yaml",
        "pipeline_specs/cooking/prompts/write_rules.yaml",
        "pipeline_specs/cooking/prompts_completion/judge_recipe.txt",
        "pipeline_specs/cooking/prompts_local/judge_recipe.yaml",
    }
    assert {path.relative_to(done.output).as_posix() for path in done.output.rglob("*") if path.is_file()} == {
        *done.files
    }


def test_no_key_is_written_or_told(done: Import) -> None:
    texts = [path.read_text(encoding="utf-8") for path in done.output.rglob("*") if path.is_file()]
    assert not [text for text in [*texts, *(note.told for note in done.notes)] if KEY in text or "hf_aaaa" in text]
    assert "- `DEEPINFRA_API_KEY`: the key of api.deepinfra.com" in done.report


def test_nothing_of_it_is_run(done: Import) -> None:
    assert not Path("/tmp/it_was_run").exists()
    assert not [name for name in sys.modules if name.endswith("cooking")]


def test_a_draft_has_a_step_for_each_that_is_run_in_their_order(folder: Path, done: Import) -> None:
    checked = check_file(folder / "ours/pipeline_specs/cooking/pipeline.yaml")
    analysis = checked.linted[0].analysis
    assert analysis is not None
    steps = {step.name: step.kind for step in analysis.spec.steps.values()}
    assert steps == {
        "documents": "read",
        "passages": "chunk",
        "chosen": "sample",
        "named": "map",
        "rules_once": "once",
        "with_rules": "map",
        "judge": "generate",
        "ideas": "generate",
        "taste": "vote",
        "retold": "generate",
    }
    assert [*analysis.spec.params] == ["input_dir", "output_dir", "chunk_tokens", "subset_size", "season"]
    taste = analysis.spec.steps["taste"].options
    assert (taste["votes"], taste["pass"], taste["model"]) == (5, "votes | share >= 0.6", "large")
    judge = analysis.spec.steps["judge"].options
    assert judge["sampling"] == {"temperature": 0.1, "max_tokens": 300, "extra": {"min_p": 0.05}}
    assert (judge["attempts"], judge["model"]) == (2, "small")


def test_a_draft_has_no_findings_that_are_not_announced(folder: Path, done: Import) -> None:
    checked = check_file(folder / "ours/pipeline_specs/cooking/pipeline.yaml")
    found = checked.report.everything
    assert not [finding for finding in found if finding.is_error]
    assert all(f"[{finding.code.id}]: {finding.message}" in done.report for finding in found)


def test_what_the_python_does_otherwise_is_left_to_a_person(done: Import) -> None:
    look = told(done, LOOK)
    assert (
        "cooking.py:27: `ideas` reads its reply with `read_ideas`: choose a parser (`atk-interp list replies`)" in look
    )
    assert "cooking.py:38: `unused_step` names no prompt in a literal, so the draft leaves it out" in look
    draft = (done.output / "pipeline_specs/cooking/pipeline.yaml").read_text(encoding="utf-8")
    assert "# variation_generator_count was `HOW_MANY`" in draft
    assert "# sampling_params was `{'max_tokens': LIMIT, 'temperature': 0.9}`" in draft


def test_names_that_the_python_never_speaks_of_stay_text(done: Import) -> None:
    prompt = (done.output / "pipeline_specs/cooking/prompts/write_ideas.yaml").read_text(encoding="utf-8")
    assert "For {user}, write JSON such as" in prompt
    assert "{{ season }}" in prompt


VALUES = {"text": "a {b} {{c}}", "metadata": "m.txt", "rules": "{% if %}", "season": "", "idea": "soup\n"}


def sent_by_the_original(content: str) -> str | None:
    try:
        return LeavesMissing().vformat(content, (), VALUES).strip()
    except (ValueError, LookupError, AttributeError):
        return None  # it sends the content as it stands, which nobody meant


def test_every_message_says_what_the_original_sends(done: Import) -> None:
    compared = 0
    for name in done.files:
        if "/prompt" not in name or not name.endswith(".yaml"):
            continue
        ours = PromptLibrary([(done.output / name).parent]).load(
            Path(name).stem, Span(SourceFile("", ""), 0, 0), Sink()
        )
        assert ours is not None
        original = FILES["generation/core_pipelines/" + name.removeprefix("pipeline_specs/")]
        messages = yaml.safe_load(original)
        for (_, content), message in zip(ours.renderer()(VALUES), messages, strict=True):
            wanted = sent_by_the_original(message["content"])
            compared += wanted is not None
            assert wanted in (None, content)
    assert compared == 8


def test_a_config_of_a_known_pipeline_is_for_ours(folder: Path, done: Import) -> None:
    found = config(folder, "configs/facts.yaml")
    assert found["pipeline"] == "factual_qa"
    assert found["path"] == {"input_dir": None, "output_dir": "../../checkout/outputs/facts"}
    assert found["system"] == {
        "chunk_tokens": 3000,
        "subset_size": 30,
        "votes": 1,
        "rag_prompts": ["Some knowledge: {passage}"],
        "rag_wrong_share": 0.1,
    }
    assert found["skip"] == {"skip_relevancy_check": True, "skip_repair": False}
    endpoint = {"base_url": "https://api.deepinfra.com/v1/openai", "api_key_env": "DEEPINFRA_API_KEY"}
    assert found["models"] == {
        "small": {"model": "llama-8b", **endpoint, "concurrency": 50},
        "large": {"model": "llama-70b", **endpoint, "price": {"input": 0.23, "output": 0.4}, "concurrency": 50},
    }
    assert [Path(str(each)).name for each in found["prompts"]] == ["negative"]  # type: ignore[attr-defined]


def test_what_becomes_of_every_key_is_told(done: Import) -> None:
    assert "facts.yaml:18: `input_dir` was never filled in" in told(done, LOOK)
    assert "facts.yaml:23: `skip_answer_relevancy_check` is `skip_relevancy_check`" in told(done, RENAMED)
    left = told(done, LEFT)
    assert "facts.yaml:32: `chunk_siez`: `factual_qa` has no parameter for it; did you mean `chunk_size`?" in left
    assert "discord.yaml:0: models are not served here; the datasets are for any server" in left
    assert "unknown.yaml:0: `never-heard-of` is no pipeline that is known" in "".join(
        f"{Path(note.file).name}:{note.line}: {note.told}" for note in done.notes
    )


def test_configs_of_a_draft_find_it_and_its_prompts(folder: Path, done: Import) -> None:
    beside, apart = config(folder, "pipeline_specs/cooking/config.yaml"), config(folder, "configs/cooking.yaml")
    assert (beside["pipeline"], beside["prompts"]) == ("pipeline.yaml", ["prompt_overrides/rustic"])
    assert beside["system"] == {"chunk_tokens": 900, "season": "spring"}
    assert beside["models"] == {
        "small": {"model": "tiny", "base_url": "http://localhost:8082/v1"},
        "large": {
            "model": None,
            "base_url": "https://api.deepinfra.com/v1/openai",
            "api_key_env": "DEEPINFRA_API_KEY",
        },
    }
    assert apart["pipeline"] == "../pipeline_specs/cooking/pipeline.yaml"
    assert apart["prompts"] == ["../pipeline_specs/cooking/prompts_completion"]
    codes = {found.code.id for found in check_file(folder / "ours/configs/cooking.yaml").report.everything}
    assert codes >= {"ATK703"}  # `season` has no value there
    assert "ATK205" not in codes


def test_a_file_that_is_no_python_is_told_and_the_rest_imported(tmp_path: Path) -> None:
    files = {"broken.py": "def (", "prompts/ask.yaml": "- role: user\n  content: '{text}'\n"}
    done = import_into(write_files(tmp_path / "mine", files), tmp_path / "ours", Wishes())
    assert set(done.files) == {"prompts/ask.yaml", "IMPORTED.md"}
    assert [note.told for note in done.notes] == [
        "it is not Python, so no steps are read from it",
        "no steps were found in its Python, so there is no draft of a spec",
    ]


def test_hostile_python_is_only_read() -> None:
    notes = Notes()
    deep = "x = PipelineStep(prompt_path='a', result_key=" + "+".join(["1"] * 5000) + ")\n"
    texts = ["\0", "x = " + "(" * 500, deep, "PipelineStep = PipelineStep()\nclass A(A): ...\na = A(prompt_path=1)\n"]
    read = read_python([SourceFile(f"{n}.py", text) for n, text in enumerate(texts)], notes)
    assert {step.name for step in read.steps} <= {"x", "PipelineStep"}


STEPS_OF_ALL_FORMS = """
PROMPT = "talk"
OTHER = "a"


class Talk(PipelineStep):
    def __init__(self):
        super().__init__(prompt_path=PROMPT, result_key="said", sampling_params={"stop": ["\\n"], "top_p": 0.9})


class Aloud(Talk):
    pass


def create_tale_step(long):
    return DepthFirstPipelineStep(prompt_path="tale_long" if long else "tale", result_key="tale")


talk = Talk()
typed: PipelineStep = PipelineStep(prompt_path="typed", max_retries=5)
made = create_filter_chunks_step(output_file="x")


async def run(typed):
    my_tale = create_tale_step(True)
    await talk.execute_pipeline(engine_wrapper=small)
    await my_tale.run(engine_wrapper=large)
"""


def test_steps_are_found_in_all_forms_that_the_python_has() -> None:
    read = read_python([SourceFile("a.py", STEPS_OF_ALL_FORMS)], Notes())
    assert [(step.name, step.slot, step.arguments) for step in read.steps] == [
        (
            "talk",
            "small",
            {"prompt_path": "talk", "result_key": "said", "sampling_params": {"stop": ["\n"], "top_p": 0.9}},
        ),
        ("create_tale_step", "large", {"prompt_path": "tale_long", "result_key": "tale"}),
        ("typed", "", {"prompt_path": "typed", "max_retries": 5}),
        ("made", "", {"prompt_path": "filter", "result_key": "judgement", "output_file": "x"}),
    ]


def test_a_pipeline_with_the_name_of_one_of_ours_does_not_hide_it(tmp_path: Path) -> None:
    folder = "generation/core_pipelines/representation_variation"
    files = {
        f"{folder}/repvar.py": "step = PipelineStep(prompt_path='filter', result_key='judgement')\n",
        f"{folder}/prompts/filter.yaml": "- role: user\n  content: '{text}'\n",
        f"{folder}/config.yaml": "pipeline: repvar\npath: {input_dir: a, output_dir: b}\n",
        "generation/utilities/rag_server/server.py": "",
        "generation/utilities/rag_server/config.yaml": "port: 3\n",
    }
    done = import_into(write_files(tmp_path / "checkout", files), tmp_path / "ours", Wishes())
    goal = "pipeline_specs/representation_variation_imported"
    assert set(done.files) == {
        f"{goal}/config.yaml",
        f"{goal}/pipeline.yaml",
        f"{goal}/prompts/filter.yaml",
        "IMPORTED.md",
    }
    linted = check_file(tmp_path / "ours" / goal / "config.yaml").linted[0]
    assert linted.analysis is not None
    assert "noise" in linted.analysis.spec.params
    assert {note.told for note in done.notes if "server" in note.file} == {
        "models are not served here; the datasets are for any server"
    }


def test_a_pipeline_within_a_folder_of_other_things_is_drafted(tmp_path: Path) -> None:
    prompt = "- role: user\n  content: '{text}'\n"
    files = {
        "loose.yaml": prompt,
        "loose.txt": "{text}",
        "configs/mine.yaml": "pipeline: pipe\npath: {input_dir: a, output_dir: b}\n",
        "pipe/pipe.py": "ask = PipelineStep(prompt_path='ask', result_key='said')\n",
        "pipe/prompts/ask.yaml": prompt,
        "pipe/prompts/ask.txt": "{text}",
    }
    done = import_into(write_files(tmp_path / "mine", files), tmp_path / "ours", Wishes())
    assert set(done.files) == {
        "IMPORTED.md",
        "loose.yaml",
        "mine_completion/loose.txt",
        "configs/mine.yaml",
        "pipe/pipeline.yaml",
        "pipe/prompts/ask.yaml",
        "pipe/prompts_completion/ask.txt",
    }
    assert "pipeline: ../pipe/pipeline.yaml" in (done.output / "configs/mine.yaml").read_text(encoding="utf-8")


def test_configs_where_none_is_looked_for_are_told(tmp_path: Path) -> None:
    text = "pipeline: repvar\npath: {input_dir: a, output_dir: b}\n"
    files = {
        "super_config.yaml": "",
        "mine.yaml": text,
        "a/b/mine.yaml": text,
        "a/trainer.yaml": "base_model: x\noutput_dir: y\n",
        "outputs/run.yaml": text,
        "external_configs/known.yaml": text,
    }
    done = import_into(write_files(tmp_path / "checkout", files), tmp_path / "ours", Wishes())
    assert set(done.files) == {"configs/known.yaml", "IMPORTED.md"}
    assert [note.file for note in done.notes if "passed over" in note.told] == ["mine.yaml", "a/b/mine.yaml"]


def test_python_with_steps_and_no_prompts_beside_it_is_told_to_be_passed_over(tmp_path: Path) -> None:
    files = {
        "a/steps.py": "\nask = PipelineStep(prompt_path='ask')\n",
        "a/other.py": "x = 1\n",
        "prompts/ask.yaml": "- role: user\n  content: '{text}'\n",
    }
    done = import_into(write_files(tmp_path / "mine", files), tmp_path / "ours", Wishes())
    told = "it makes 1 step, and is passed over: a pipeline has `prompts/` or `config.yaml` beside its Python"
    assert [f"{note.place}: {note.told}" for note in done.notes if "passed over" in note.told] == [
        f"a/steps.py:2: {told}"
    ]


def test_what_the_python_says_in_literals_are_defaults_of_the_draft(tmp_path: Path) -> None:
    python = (
        "a = PipelineStep(prompt_path='ask', result_key='said', static_arguments={'thing': 'texts', 'tone': 'a'})\n"
        "b = PipelineStep(prompt_path='ask', result_key='again', static_arguments={'tone': 'b'})\n"
        "async def pipe(text, season, count=3, *, mood=None, place='here'):\n"
        "    await a.execute_pipeline(season='spring: mild', place='there', engine_wrapper=small)\n"
    )
    content = "{text} {thing} {tone} {season} {count} {mood} {place}"
    files = {"p.py": python, "prompts/ask.yaml": f"- role: user\n  content: '{content}'\n"}
    done = import_into(write_files(tmp_path / "mine", files), tmp_path / "ours", Wishes())
    analysis = check_file(done.output / "pipeline.yaml").linted[0].analysis
    assert analysis is not None
    given = {name: (param.type, param.default) for name, param in analysis.spec.params.items() if not param.required}
    assert {name: found for name, found in given.items() if name not in ("chunk_tokens", "subset_size")} == {
        "thing": ("text", "texts"),
        "season": ("text", "spring: mild"),
        "count": ("int", 3),
        "place": ("text", "there"),
    }
    assert {"tone", "mood"} <= {name for name, param in analysis.spec.params.items() if param.required}

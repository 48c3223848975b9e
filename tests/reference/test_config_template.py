"""Config templates: what they say, and that what is filled in and switched on is a config without findings."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from atk_interp.diagnostics.render import render_text
from atk_interp.lint import lint_path
from atk_interp.lint.check import check_file
from atk_interp.reference import config_template
from atk_interp.spec.schema import EXPECTS

SPEC = """
spec: atk/v1
name: small_talk
description: Greetings.

params:
  input_dir: {type: path, section: path, help: "Folder of documents: any number of them"}
  style: {type: choice, choices: [plain, "yes", 7], default: "yes"}
  share: {type: float, default: 0.5, min: 0, max: 1, section: tuning}
  tries: {type: int, optional: true, min: 1, section: tuning}
  words: {type: list, default: ["#", "a: b"], help: "One, two"}
  names: {type: map, default: {a: 1}}
  topic: {type: text, section: path}

models:
  writer: {expects: reasoning, sampling: {temperature: 0.5, stop: ["\\n"]}}

steps:
  read: {kind: read, path: =input_dir}
  told:
    kind: map
    from: read
    set: {line: "{{ topic }} {{ style }} {{ share }} {{ tries or 1 }} {{ words | tojson }} {{ names | tojson }}"}
  asked: {kind: generate, from: told, model: writer, prompt: greet, parse: {text: greeting}}

outputs:
  out.jsonl: {from: asked, format: jsonl}
"""

SWITCH = re.compile(r"^#((?:  )*)(?=\S)", re.MULTILINE)
"""What stands before a setting that is off. Prose has one space there, and examples three."""


@pytest.fixture
def spec_path(tmp_path: Path) -> Path:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "greet.yaml").write_text('- user: "{{ line }}"\n')
    (tmp_path / "my_prompts").mkdir()
    path = tmp_path / "pipeline.yaml"
    path.write_text(SPEC)
    return path


def template(path: Path, pipeline: str = "pipeline.yaml") -> str:
    linted = lint_path(path)
    assert linted.analysis is not None
    assert not linted.sink.has_errors, render_text(linted.sink.sorted())
    return config_template(linted.analysis.spec, pipeline)


def findings(path: Path, text: str) -> str:
    config = path.with_name("config.yaml")
    config.write_text(text)
    return render_text(check_file(config).report.findings)


def test_a_template_with_what_is_required_filled_in_lints_clean(spec_path: Path) -> None:
    filled = template(spec_path).replace("input_dir:", "input_dir: .").replace("topic:", "topic: tides")

    assert findings(spec_path, filled) == ""


def test_with_every_setting_switched_on_it_lints_clean_and_gives_every_default(spec_path: Path) -> None:
    filled = template(spec_path).replace("input_dir:", "input_dir: .").replace("topic:", "topic: tides")
    path = spec_path.with_name("config.yaml")
    path.write_text(SWITCH.sub(r"\1", filled))

    linted = lint_path(path)

    assert render_text(check_file(path).report.findings) == ""
    assert linted.config is not None
    assert {name: given.value for name, given in linted.config.values.items()} == {
        "input_dir": ".",
        "topic": "tides",
        "style": "yes",
        "words": ["#", "a: b"],
        "names": {"a": 1},
        "share": 0.5,
        "tries": None,
    }
    writer = linted.config.models["writer"]
    assert (writer.provider, writer.sampling) == ("embedded", {"temperature": 0.5, "stop": ["\n"]})
    assert [folder.name for folder in linted.config.prompts] == ["my_prompts"]


def test_parameters_stand_under_their_sections_required_ones_first(spec_path: Path) -> None:
    parameters = template(spec_path).partition("pipeline: pipeline.yaml\n")[2].partition("\n# Folders of prompt")[0]

    assert parameters == textwrap.dedent("""
        # --------------------------- path ---------------------------
        # Folder of documents: any number of them
        input_dir:   # required: a path
        topic:   # required: text

        # -------------------------- others --------------------------
        #style: "yes"   # one of plain "yes" 7
        # One, two
        #words: ["#", "a: b"]   # a list
        #names: {a: 1}   # a mapping

        # -------------------------- tuning --------------------------
        #share: 0.5   # a number, 0 to 1
        #tries: null   # a whole number, at least 1; may be left out
        """)


@pytest.mark.parametrize("sort", EXPECTS)
def test_a_slot_may_expect_every_sort_of_model(spec_path: Path, sort: str) -> None:
    spec_path.write_text(SPEC.replace("expects: reasoning", f"expects: {sort}"))
    linted = lint_path(spec_path)
    assert linted.analysis is not None
    assert re.search(r"#  writer:   # .*model", config_template(linted.analysis.spec, "pipeline.yaml"))


def test_every_stock_pipeline_has_a_template_that_lints_clean(project_root: Path, tmp_path: Path) -> None:
    specs = sorted((project_root / "pipeline_specs").glob("*/pipeline.yaml"))
    assert specs
    for folder in ("input_dir", "input_path"):
        (tmp_path / folder).mkdir()
    for path in specs:
        filled = template(path, str(path))
        for type_, value in (
            ("a path", rf"{tmp_path}/\1"),
            (r"a list(?: of texts, at least \d+)?", "[one, two]"),
            ("text", "Some words."),
        ):
            filled = re.sub(rf"^(\w+):   # required: {type_}", rf"\1: {value}", filled, flags=re.MULTILINE)
        switched = SWITCH.sub(r"\1", filled).replace("prompts: [my_prompts]", "")

        assert "   # required" not in switched
        assert findings(tmp_path / "pipeline.yaml", switched) == ""

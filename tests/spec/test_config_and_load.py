"""Specs and configs as they are read: shape, sections, folders, endpoints, values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atk_interp.diagnostics import Diagnostic, Sink
from atk_interp.document import parse_document
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.kinds import KINDS
from atk_interp.source import SourceFile
from atk_interp.spec import Config, Param, PipelineSpec, check_value, load_config, load_spec, missing, param_type

SPEC = """
spec: atk/v1
name: case
params:
  text_: {type: text, optional: true}
  size: {type: int, default: 5, min: 1, max: 9}
  share: {type: float, default: 0.5}
  weights: {type: map, optional: true}
  input_dir: {type: path}
  level: {type: choice, choices: [low, high], default: low}
models:
  large: {expects: instruct, sampling: {temperature: 0.7}}
steps:
  a: {kind: rows, rows: [{x: 1}]}
"""


def loaded(text: str) -> tuple[PipelineSpec, list[Diagnostic]]:
    sink = Sink()
    document = parse_document(SourceFile("spec.yaml", text), sink)
    assert document is not None
    kinds = {name: kind.options for name, kind in KINDS.items()}
    formats = {name: output.options for name, output in OUTPUTS.items()}
    spec = load_spec(document, kinds, formats, sink)
    assert spec is not None
    return spec, sink.sorted()


def configured(text: str, folder: Path = Path("/nowhere")) -> tuple[Config, list[str]]:
    """A config for `SPEC`, and the codes of what is found in it."""
    sink = Sink()
    document = parse_document(SourceFile("config.yaml", text), sink)
    assert document is not None
    config = load_config(document, folder, loaded(SPEC)[0], sink)
    return config, [found.code.id for found in sink.sorted()]


def test_a_spec_keeps_the_order_of_its_file() -> None:
    spec, found = loaded(SPEC)

    assert found == []
    assert list(spec.params) == ["text_", "size", "share", "weights", "input_dir", "level"]
    assert [name for name, param in spec.params.items() if param.required] == ["input_dir"]
    assert spec.models["large"].sampling == {"temperature": 0.7}


def test_sections_are_flattened_and_a_map_is_not() -> None:
    config, found = configured("pipeline: case\nany: {deep: {size: 3}}\nother: {weights: {a: 1}}\n")

    assert found == []
    assert {name: given.value for name, given in config.values.items()} == {"size": 3, "weights": {"a": 1}}
    assert config.values["size"].path == ("any", "deep", "size")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("size: 3", []),
        ("size:", []),
        ("size: 30", ["ATK704"]),
        ("size: 2.5", ["ATK704"]),
        ("size: true", ["ATK704"]),
        ("share: 1", []),
        ("level: middle", ["ATK704"]),
        ("text_: 3", ["ATK704"]),
        ("sizes: 3", ["ATK701"]),
        ("a: {size: 1}\nb: {size: 1}", ["ATK702"]),
        ("API_KEY: x", ["ATK801"]),
        ("openai_api_key: x", ["ATK801"]),
        ("my_api_key_env: X", ["ATK701"]),
        ("models: {large: embedded}", []),
        ("models: {large: {model: embedded}}", []),
        ("models: {large: {provider: scripted, script: s.yaml}}", []),
        ("models: {large: {provider: scripted}}", ["ATK202"]),
        ("models: {large: {base_url: x}}", ["ATK202"]),
        ("models: {other: {model: x}}", ["ATK706"]),
        ("models: {large: {model: x, api_key: y}}", ["ATK801"]),
        ("models: {large: {model: x, concurrency: 0}}", ["ATK204"]),
        ("models: {large: {model: x, provider: y}}", ["ATK205"]),
        ("models: {large: {model: x, sampling: {temperature: hot}}}", ["ATK203"]),
        ("models: [large]", ["ATK203"]),
        ("prompts: nowhere", ["ATK707"]),
        ("prompts: [nowhere, neither]", ["ATK707", "ATK707"]),
        ("prompts: 3", ["ATK203"]),
        ("seed: x", ["ATK203"]),
    ],
)
def test_what_is_found_in_a_config(text: str, found: list[str]) -> None:
    assert configured(f"pipeline: case\n{text}\n")[1] == found


def test_endpoints_take_their_settings_and_the_folder_of_the_config(tmp_path: Path) -> None:
    config, _ = configured(
        "pipeline: case\nmodels: {large: {model: x, base_url: 'http://l', concurrency: 3}}", tmp_path
    )
    endpoint = config.models["large"]

    assert (endpoint.provider, endpoint.model, endpoint.base_url) == ("openai", "x", "http://l")
    assert (endpoint.concurrency, endpoint.folder) == (3, tmp_path)


def test_prompt_folders_are_relative_to_the_config(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()

    assert configured("pipeline: case\nprompts: mine\n", tmp_path)[0].prompts == (tmp_path / "mine",)


def test_a_malformed_step_stays_in_the_graph_and_is_marked() -> None:
    spec, found = loaded(SPEC + "  b: {kind: chunk, from: a}\n  c:\n  d: {kind: nothing, from: [a, 3]}\n")

    assert [finding.code.id for finding in found] == ["ATK202", "ATK203", "ATK206", "ATK203"]
    assert {name: (step.valid, step.inputs) for name, step in spec.steps.items()} == {
        "a": (True, ()), "b": (False, ("a",)), "c": (False, ()), "d": (False, ("a",)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("good", True),
        ("_x1", True),
        ("two words", False),
        ("1st", False),
        ("not", False),
        ("None", False),
        ("a-b", False),
    ],
)
def test_names_are_those_that_an_expression_can_say(name: str, fits: bool) -> None:
    _, found = loaded(SPEC + f"  {name!r}: {{kind: rows, rows: [{{x: 1}}]}}\n")

    assert [finding.code.id for finding in found] == ([] if fits else ["ATK207"])


@pytest.mark.parametrize("character", ["\\x1b", "\\n", "\\x9b", "\\u2028"])
def test_a_name_of_a_pipeline_or_an_output_holds_no_control_characters(character: str) -> None:
    named = SPEC.replace("name: case", f'name: "a{character}b"')
    _, found = loaded(named + f'outputs:\n  "a{character}b.jsonl": {{from: a, format: jsonl}}\n')

    assert [finding.code.id for finding in found] == ["ATK207"] * 2


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "..", ".", "~/a", "C:\\a", "a\\b"])
def test_an_output_stays_in_its_folder(name: str) -> None:
    _, found = loaded(SPEC + f"outputs:\n  {name!r}: {{from: a, format: jsonl}}\n")

    assert [finding.code.id for finding in found] == ["ATK207"]


@pytest.mark.parametrize(
    ("param", "good", "bad"),
    [
        (Param("p", "int"), [1, -5], ["1", 1.0, True, [1]]),
        (Param("p", "float"), [1, 1.5], ["1", True]),
        (Param("p", "bool"), [True], [1, "true"]),
        (Param("p", "text"), ["", "x"], [1, True]),
        (Param("p", "path"), ["x", Path("x")], [1]),
        (Param("p", "list"), [[], [1]], ["x", {}]),
        (Param("p", "map"), [{}], [[]]),
        (Param("p", "list", of="text"), [[], ["x"]], [[1], ["x", {"a": "b"}], [None], [["x"]], "x"]),
        (Param("p", "list", of="int"), [[1]], [[1.5], [True], ["1"]]),
        (Param("p", "list", of="float"), [[1, 1.5]], [[True], ["1"]]),
        (Param("p", "list", of="bool"), [[True]], [[1]]),
        (Param("p", "list", of="map", needs=("a",)), [[], [{"a": 1, "b": 2}]], [["a"], [{"b": 1}], [{"a": None}]]),
        (Param("p", "list", min=1, max=2), [[1], [1, {}]], [[], [1, 2, 3]]),
        (Param("p", "list", choices=("a", "b")), [[], ["b", "a"]], [["c"], ["a", ["b"]]]),
        (Param("p", "choice", choices=("a", 2)), ["a", 2], ["b", None]),
        (Param("p", "int", min=1, max=3), [1, 3], [0, 4]),
    ],
    ids=lambda value: value.type if isinstance(value, Param) else None,
)
def test_a_parameter_takes_what_its_type_says(param: Param, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if check_value(param, value)] == []
    assert [value for value in bad if not check_value(param, value)] == []


@pytest.mark.parametrize(
    ("param", "type_"),
    [
        ("{type: list}", "list of any"),
        ("{type: list, of: text}", "list of text"),
        ("{type: list, of: float}", "list of float"),
        ("{type: list, of: text, default: [x]}", "list of text"),
    ],
)
def test_the_items_of_a_parameter_have_a_type_in_expressions(param: str, type_: str) -> None:
    spec, found = loaded(SPEC.replace("models:", f"  many: {param}\nmodels:"))

    assert (found, str(param_type(spec.params["many"]))) == ([], type_)


@pytest.mark.parametrize(
    ("param", "code"),
    [
        ("{type: list, of: words}", "ATK205"),
        ("{type: text, of: text}", "ATK208"),
        ("{type: list, of: text, needs: [a]}", "ATK208"),
        ("{type: list, of: text, default: [1]}", "ATK704"),
        ("{type: list, min: 1, default: []}", "ATK704"),
    ],
)
def test_what_a_spec_says_of_the_items_of_a_list_is_checked(param: str, code: str) -> None:
    _, found = loaded(SPEC.replace("models:", f"  many: {param}\nmodels:"))

    assert [finding.code.id for finding in found] == [code]


def test_what_may_be_left_out_may_be_null() -> None:
    assert str(param_type(Param("p", "int", optional=True))) == "maybe int"
    assert str(param_type(Param("p", "int", default=3, has_default=True))) == "int"
    assert str(param_type(Param("p", "choice", choices=("a", "b")))) == 'text ("a" | "b")'
    assert missing({"p": Param("p", "int"), "q": Param("q", "int", optional=True)}, {"p": None}) == [Param("p", "int")]

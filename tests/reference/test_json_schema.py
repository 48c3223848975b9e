"""The JSON Schemas: valid themselves, and of one mind with `lint` on the shape of specs, configs and prompts."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from atk_interp.diagnostics import Sink
from atk_interp.document import load_document, parse_document
from atk_interp.document.model import Path as DataPath
from atk_interp.flow import analyse
from atk_interp.kinds import KINDS
from atk_interp.lint import lint_path
from atk_interp.reference.json_schema import (
    Schema,
    config_schema,
    config_schema_name,
    prompt_schema,
    schema_files,
    spec_schema,
)
from atk_interp.replies import REPLY_KINDS
from atk_interp.source import SourceFile
from atk_interp.spec import PipelineSpec
from atk_interp.stock import stock_names

SPEC = Draft7Validator(spec_schema())
PROMPT = Draft7Validator(prompt_schema())

SHAPE = {"ATK201", "ATK202", "ATK203", "ATK204", "ATK205", "ATK206", "ATK207", "ATK503"}
"""Codes of mistakes in the shape of a spec; a schema can see these."""

UNSEEN = ("is not a free-text field of `parse`",)
"""What messages with such a code end with when a name is wrong only because of what stands elsewhere."""

SOME = 10
"""How many mutants of each stock spec are looked at, chosen by the hash of what is changed; of `factual_qa` more."""


def errors(validator: Draft7Validator, data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(data)]


def data_of(path: Path) -> Any:
    document = load_document(path, Sink())
    assert document is not None
    return document.data


def part(name: str) -> Draft7Validator:
    """A validator of one definition of the schema of specs."""
    schema = spec_schema()
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": schema["definitions"]})


def test_every_schema_is_valid_itself() -> None:
    for name, text in schema_files().items():
        schema = json.loads(text)
        Draft7Validator.check_schema(schema)
        assert schema["title"].startswith("atk-interp"), name


def test_stock_files_and_examples_fit(project_root: Path) -> None:
    for path in [*project_root.glob("pipeline_specs/*/pipeline.yaml"), *project_root.glob("examples/*/pipeline.yaml")]:
        assert errors(SPEC, data_of(path)) == [], path
    for path in [*project_root.glob("prompts/**/*.yaml"), *project_root.glob("examples/*/prompts/*.yaml")]:
        assert errors(PROMPT, data_of(path)) == [], path
    for path in [*project_root.glob("pipeline_specs/*/config.yaml"), *project_root.glob("examples/*/config.yaml")]:
        analysis = lint_path(path).analysis
        assert analysis is not None
        for schema in (config_schema(), config_schema(analysis.spec)):
            assert errors(Draft7Validator(schema), data_of(path)) == [], path


def test_stock_files_name_a_schema_that_is_there(project_root: Path) -> None:
    files = [*project_root.glob("pipeline_specs/*/*.yaml"), *project_root.glob("examples/*/*.yaml")]
    assert files
    for path in files:
        line, _, schema = path.read_text().partition("\n")[0].partition("$schema=")
        assert line == "# yaml-language-server: ", path
        assert (path.parent / schema).is_file(), path


@pytest.mark.parametrize("name", list(KINDS))
def test_examples_of_kinds_fit(name: str) -> None:
    for example in KINDS[name].examples:
        step = {"kind": name, **example.options}
        needs_rows = KINDS[name].cardinality.value.startswith("source")
        found = errors(part("step"), step if needs_rows else {"from": "before", **step})
        assert found == [], step


@pytest.mark.parametrize("name", list(REPLY_KINDS))
def test_examples_of_parsers_fit(name: str) -> None:
    for example in REPLY_KINDS[name].examples:
        assert errors(part("parse"), dict(example.options)) == []


def values(data: Any, path: DataPath = ()) -> Iterator[tuple[DataPath, Any]]:
    """Every value of some data with its path, outermost first."""
    yield path, data
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield from values(value, (*path, key))


_OTHERS: tuple[Any, ...] = (None, True, 7, "x y", [], {})


def mutants(data: Any) -> Iterator[tuple[str, Any]]:
    """Some data with one thing changed: a key misspelt or taken away, or a value that became another sort of value."""
    for path, value in values(data):
        if not path:
            continue
        for other in _OTHERS:
            if type(other) is not type(value):
                mutant = copy.deepcopy(data)
                inside(mutant, path[:-1])[path[-1]] = other
                yield f"{path} is {other!r}", mutant
        if isinstance(path[-1], str):
            for told, name in ((f"{path} is misspelt", f"{path[-1]}q"), (f"{path} is missing", None)):
                mutant = copy.deepcopy(data)
                owner = inside(mutant, path[:-1])
                del owner[path[-1]]
                if name is not None:
                    owner[name] = value
                yield told, mutant


def inside(data: Any, path: DataPath) -> Any:
    for key in path:
        data = data[key]
    return data


def linted(data: Any, folder: Path) -> set[str]:
    """The codes of the errors in a spec."""
    sink = Sink()
    document = parse_document(SourceFile("pipeline.yaml", json.dumps(data)), sink)
    assert document is not None
    analyse(document, folder, sink)
    return {"unseen" if found.message.endswith(UNSEEN) else found.code.id for found in sink if found.is_error}


def disagreements(mutants: Iterable[tuple[str, Any]], folder: Path) -> tuple[int, list[str]]:
    """How many mutants were refused, and those of which one of the two says nothing."""
    told: list[str] = []
    refused = 0
    for what, mutant in mutants:
        codes = linted(mutant, folder)
        found = errors(SPEC, mutant)
        refused += bool(found)
        if found and not codes:
            told.append(f"the schema alone: {what}: {found[0]}")
        if not found and codes & SHAPE:
            told.append(f"lint alone ({', '.join(sorted(codes & SHAPE))}): {what}")
    return refused, told


WHOLE = """
spec: atk/v1
name: whole
params:
  folder: {type: path, help: Documents, section: paths}
  size: {type: int, default: 5, min: 1, max: 9}
  mode: {type: choice, choices: [a, b], default: a}
  less: {type: float, optional: true}
models:
  m: {expects: instruct, sampling: {temperature: 0.5, stop: ["x"], extra: {top_k: 4}}}
steps:
  read: {kind: read, path: =folder}
  cut: {kind: chunk, from: [read], max_tokens: =size, when: text}
  ask:
    kind: generate
    from: cut
    model: m
    prompt: p
    parse: {choice: {yes: true, no: false}, into: good, after: "Verdict:"}
    accept: {is good: good}
    attempts: 2
    sampling: {top_p: 1}
  facts: {kind: generate, from: cut, model: m, prompt: p, parse: {tags: {fact: {optional: true}, sure: {number: int}}}}
  again: {kind: loop, from: ask, steps: {one: {kind: map, set: {x: 1}, when: good}}, until: x > 0, max_rounds: 2}
  grouped: {kind: group, from: ask, by: text, collect: {goods: =good}, first: [text]}
outputs:
  a.jsonl: {from: grouped, format: jsonl, where: goods, fields: {text: =text}}
  b.jsonl: {from: ask, format: chat, messages: [{user: "{{ text }}"}, {role: assistant, content: Yes}]}
  c.jsonl:
    from: grouped
    format: segments
    messages:
      - each: goods as one
        messages: [{user: "{{ text }}", train: true}]
      - {each: goods as one, assistant: "{{ one }}", train: "one == goods[0]"}
"""
"""Something of every part of the language that has a shape of its own."""


@pytest.mark.slow
def test_schema_and_lint_agree_on_the_shape_of_mutants() -> None:
    """What lint says of the shape the schema says too, and what lint takes the schema takes."""
    document = parse_document(SourceFile("pipeline.yaml", WHOLE), Sink())
    assert document is not None

    refused, told = disagreements(mutants(document.data), Path("/nowhere"))

    assert refused > 400
    assert told == []


@pytest.mark.slow
@pytest.mark.parametrize("name", stock_names())
def test_schema_and_lint_agree_on_mutants_of_stock_specs(name: str, project_root: Path) -> None:
    folder = project_root / "pipeline_specs" / name
    every = [mutant for mutant in mutants(data_of(folder / "pipeline.yaml")) if "'examples'" not in mutant[0]]
    every.sort(key=lambda mutant: hashlib.sha256(mutant[0].encode()).digest())

    refused, told = disagreements(every[: SOME * 6 if name == "factual_qa" else SOME], folder)

    assert refused > SOME / 5
    assert told == []


def spec_of(text: str) -> PipelineSpec:
    document = parse_document(SourceFile("pipeline.yaml", text), Sink())
    assert document is not None
    analysis = analyse(document, Path("/nowhere"), Sink())
    assert analysis is not None
    return analysis.spec


CONFIGURED = """
spec: atk/v1
name: my pipeline
params:
  folder: {type: path, help: Where it is}
  size: {type: int, default: 5, min: 1, section: sizes}
  mode: {type: choice, choices: [fast, slow], default: fast, section: mode}
  names: {type: map, optional: true}
  parts:
    {type: list, of: map, needs: [path], takes: {path: text, count: {type: int, min: 1, help: How many}}, default: []}
  scores: {type: map, of: map, takes: {best: float}, default: {}}
models: {small: {expects: instruct}}
steps: {}
"""


@pytest.fixture(scope="module")
def configured() -> Schema:
    return config_schema(spec_of(CONFIGURED))


@pytest.mark.parametrize(
    "config",
    [
        {"pipeline": "p", "folder": "x"},
        {"pipeline": "p", "anything": {"folder": "x", "deeper": {"size": 3}}},
        {"pipeline": "p", "mode": {"folder": "x", "size": 3}},
        {"pipeline": "p", "mode": "slow", "size": None, "names": {"a": 1}},
        {"pipeline": "p", "parts": [{"path": "a", "count": 2}, {"path": "b", "count": None}]},
        {"pipeline": "p", "scores": {"any": {"best": 1.5}, "other": {}}},
        {"pipeline": "p", "models": {"small": "embedded"}, "prompts": ["a", "b"], "seed": 1},
        {"pipeline": "p", "models": {"small": {"model": "m", "base_url": "http://x/v1", "sampling": {"top_p": 1}}}},
        {"pipeline": "p", "models": {"small": {"provider": "scripted", "script": "replies.yaml"}}},
    ],
)
def test_a_config_may_hold(configured: Schema, config: dict[str, Any]) -> None:
    assert errors(Draft7Validator(configured), config) == []
    assert errors(Draft7Validator(config_schema()), config) == []


@pytest.mark.parametrize(
    "config",
    [
        {"folder": "x"},
        {"pipeline": "p", "folder": 3},
        {"pipeline": "p", "foldr": "x"},
        {"pipeline": "p", "section": {"siz": 3}},
        {"pipeline": "p", "size": 0},
        {"pipeline": "p", "sizes": {"size": "many"}},
        {"pipeline": "p", "mode": {"size": "many"}},
        {"pipeline": "p", "size": {"mode": "fast"}},
        {"pipeline": "p", "mode": "slo"},
        {"pipeline": "p", "parts": [{"path": "a", "cuont": 2}]},
        {"pipeline": "p", "parts": [{"count": 2}]},
        {"pipeline": "p", "parts": [{"path": "a", "count": 0}]},
        {"pipeline": "p", "scores": {"any": {"bset": 1}}},
        {"pipeline": "p", "scores": {"any": {"best": "much"}}},
        {"pipeline": "p", "models": {"smal": "embedded"}},
        {"pipeline": "p", "models": {"small": {"model": "m", "api_key": "k"}}},
        {"pipeline": "p", "models": {"small": {"base_url": "http://x/v1"}}},
        {"pipeline": "p", "models": {"small": {"provider": "scripted"}}},
        {"pipeline": "p", "models": {"small": {"model": "m", "sampling": {"extra": {"messages": []}}}}},
    ],
)
def test_a_config_may_not_hold(configured: Schema, config: dict[str, Any]) -> None:
    assert errors(Draft7Validator(configured), config)


def test_a_config_schema_tells_what_parameters_are_for(configured: Schema) -> None:
    definitions = configured["definitions"]

    assert definitions["param_folder"]["description"] == "Where it is Required."
    assert definitions["param_size"] == {"type": ["integer", "null"], "minimum": 1, "default": 5}
    assert "sizes" in configured["properties"]
    assert config_schema_name("my pipeline") == "my_pipeline.config.json"


@pytest.mark.parametrize(
    "prompt",
    [
        [{"user": "Hi"}],
        [{"role": "{{ who }}", "content": "Hi", "when": "who"}],
        [{"each": "turns as turn", "messages": [{"user": "{{ turn.q }}"}]}, {"each": "xs as x", "user": "{{ x }}"}],
    ],
)
def test_a_prompt_may_be(prompt: list[Any]) -> None:
    assert errors(PROMPT, prompt) == []


@pytest.mark.parametrize(
    "prompt",
    [[], {}, "Hi", [{"usr": "Hi"}], [{"user": 3}], [{"user": "a", "assistant": "b"}], [{"role": "user"}],
     [{"role": "usr", "content": "a"}], [{"each": "turns", "user": "a"}], [{"each": "turns as turn"}], [{}], ["Hi"]],
)  # fmt: skip
def test_a_prompt_may_not_be(prompt: Any) -> None:
    assert errors(PROMPT, prompt)


@pytest.mark.parametrize(
    ("output", "fits"),
    [
        ({"format": "chat", "messages": [{"user": "a", "train": False}]}, True),
        ({"format": "calls", "messages": [{"each": "a as b", "user": "{{ b }}", "train": "b == 1"}]}, True),
        ({"format": "segments", "messages": [{"each": "a as b", "messages": [{"user": "c", "train": True}]}]}, True),
        ({"format": "segments", "messages": [{"each": "a as b", "messages": [{"user": "c"}], "train": True}]}, False),
        ({"format": "sharegpt", "messages": [{"user": "a", "train": False}]}, False),
        ({"format": "completion", "text": "a"}, True),
        ({"format": "completion"}, False),
        ({"format": "preference", "prompt": "a", "messages": [{"user": "a"}], "chosen": "b", "rejected": "c"}, False),
    ],
)
def test_an_output_may_or_may_not_be(output: dict[str, Any], fits: bool) -> None:
    assert (errors(part("output"), {"from": "asked", **output}) == []) == fits


@pytest.mark.parametrize(
    ("step", "fits"),
    [
        ({"kind": "generate", "models": ["a"], "prompts": ["b"], "parse": {"text": "c"}}, True),
        ({"kind": "generate", "model": "a", "parse": {"text": "c"}}, False),
        ({"kind": "vote", "prompt": "b", "parse": {"choice": ["c", "d"], "into": "e"}, "pass": "e"}, False),
        ({"kind": "once"}, True),
        ({"kind": "once", "model": "a", "prompt": "b"}, False),
    ],
)
def test_a_step_that_asks_may_or_may_not_be(step: dict[str, Any], fits: bool) -> None:
    assert (errors(part("step"), {"from": "before", **step}) == []) == fits

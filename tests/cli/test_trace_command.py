"""`atk-interp trace`: where a row comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.command import Cli
from support.pipelines import asking_about, replying, write_project

SPEC = """
    spec: atk/v1
    name: qa
    params:
      input_dir: {type: path}
      output_dir: {type: path}
    models: {m: {}}
    steps:
      documents: {kind: read, path: =input_dir}
      passages: {kind: chunk, from: documents, max_tokens: 8}
      ask: {kind: generate, from: passages, model: m, prompt: ask, parse: {list: question, many: true},
        accept: {no cat: 'not (question is matching("cat"))'}, attempts: 2, feedback: true}
      told: {kind: map, from: ask, set: {length: =question | length}, drop: [index]}
      all: {kind: group, from: told, by: row.source, collect: {questions: =question}}
      both: {kind: map, from: [told, ask], set: {twice: true}}
    outputs:
      out.jsonl: {from: told, format: jsonl}
      all.jsonl: {from: all, format: jsonl}
      both.jsonl: {from: both, format: jsonl}
    """
PROMPTS = {"ask": "- system: Be brief.\n- user: |\n    {{ text }}\n    What?"}
SCRIPT = [
    {"when": {"contains": "about a cat"}, "reply": "- a cat?"},
    {"when": {"attempt": 0}, "reply": "- which cat?"},
    {"reply": "- which dog?\n- whose dog?"},
]


@pytest.fixture
def ran(tmp_path: Path, cli: Cli) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "dog.txt").write_text("Sentence one of a dog.\n\nSentence two of a dog.")
    (tmp_path / "documents" / "tom.txt").write_text("This is about a cat.")
    settings = {"input_dir": "documents", "output_dir": "out", "models": {"m": replying(tmp_path, SCRIPT)}}
    assert cli("run", str(write_project(tmp_path, SPEC, PROMPTS, settings)), "--quiet").code == 0
    return tmp_path


def test_a_line_of_an_output_is_traced_to_its_document_and_replies(ran: Path, cli: Cli) -> None:
    told = cli("trace", "out.jsonl:2")
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0].startswith("row ")
    assert lines[0].endswith(f"from {ran / 'documents' / 'dog.txt'}")
    heads = [line.split(":")[0] for line in lines if line.startswith("===")]
    assert heads == [
        "=== step documents (read)",
        "=== step passages (chunk)",
        "=== step ask (generate)",
        "=== step told (map)",
    ]
    assert any(line.endswith("characters 0 to 22") for line in lines)
    assert "Sentence one of a dog.\nWhat?" in told.out
    assert "--- reply\n- which cat?\n\n--- failed: not accepted: no cat\n" in told.out
    assert "question = whose dog?\n" in told.out
    assert "length = 10\nindex is gone" in told.out


def test_a_rejected_row_is_traced_by_the_beginning_of_its_id_and_by_its_line(ran: Path, cli: Cli) -> None:
    record = json.loads((ran / "out" / "rejected.jsonl").read_text().splitlines()[-1])
    told = [cli("trace", "out", row) for row in (record["row"], record["row"][:8], "rejected.jsonl:1")]
    assert told[0].out == told[1].out == told[2].out
    assert told[0].out.endswith("rejected: no cat\n")
    assert told[0].out.count("--- failed: not accepted: no cat") == 2


def test_json_has_every_call_with_what_was_sent(ran: Path, cli: Cli) -> None:
    told = json.loads(cli("trace", "out", "out.jsonl:1", "--format", "json").out)
    assert told["document"] == str(ran / "documents" / "dog.txt")
    (ask,) = (step for step in told["steps"] if step["step"] == "ask")
    first, second = ask["calls"]
    assert (first["attempt"], first["not_accepted"]) == (0, "not accepted: no cat")
    assert (second["attempt"], second["not_accepted"]) == (1, None)
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]
    assert second["reply"]["text"] == "- which dog?\n- whose dog?"


def test_a_row_that_was_made_of_several_names_them(ran: Path, cli: Cli) -> None:
    told = cli("trace", "all.jsonl:1").out
    assert "=== step all (group): row " in told
    assert "made of 4 rows: " in told
    member = told.partition("made of 4 rows: ")[2].split(",")[0]
    assert "=== step passages" in cli("trace", member).out


def test_a_row_that_came_by_the_second_input_is_traced_to_the_first_step(ran: Path, cli: Cli) -> None:
    told = cli("trace", "both.jsonl:5").out
    assert "=== step documents (read)" in told
    assert "=== step ask (generate)" in told
    assert told.rstrip().endswith("twice = true")


def test_long_texts_are_cut_unless_asked_for(tmp_path: Path, cli: Cli) -> None:
    models = {"m": replying(tmp_path, [{"reply": "x" * 1000}])}
    config = write_project(tmp_path, asking_about("a"), config={"output_dir": "out", "models": models})
    assert cli("run", str(config), "-q").code == 0
    assert "… (400 more characters; `--full` prints them)" in cli("trace", "out.jsonl:1").out
    assert "x" * 1000 in cli("trace", "out.jsonl:1", "--full").out


def test_what_is_not_there_is_told_with_what_to_write(ran: Path, cli: Cli) -> None:
    told = cli("trace", "0000aaaa")
    assert told.code == 2
    assert "there is no row `0000aaaa`" in told.err
    assert "`OUTPUT:LINE` names a line of an output, as in `out.jsonl:3`" in told.err
    assert "output `out.jsonl` has no line 99" in cli("trace", "out.jsonl:99").err
    assert "outputs are `out.jsonl`" in cli("trace", "other.jsonl:1").err
    assert "has no line 99" in cli("trace", "rejected.jsonl:99").err
    for line in ("out.jsonl:0", "rejected.jsonl:0", f"out.jsonl:{'9' * 5000}"):
        told = cli("trace", line)
        assert told.code == 2
        assert "lines are counted from 1" in told.err

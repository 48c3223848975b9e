"""`atk-interp run`: what people are told, and the exit code, for every way in which it can end."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from atk_interp.runtime.lock import locked
from support.command import Cli
from support.openai_server import Answer, Call, failure, server_thread
from support.pipelines import replying, write_project

SPEC = """
    spec: atk/v1
    name: qa
    params:
      input_dir: {type: path}
      output_dir: {type: path}
      style: {type: text, default: plain}
      count: {type: int, default: 1000, min: 1}
    models: {m: {}}
    steps:
      documents: {kind: read, path: =input_dir}
      passages: {kind: chunk, from: documents, max_tokens: 400}
      some: {kind: sample, from: passages, count: =count}
      ask: {kind: generate, from: some, model: m, prompt: ask, parse: {text: reply}}
    outputs:
      qa.jsonl: {from: ask, format: jsonl, fields: {text: =text, reply: =reply}}
    """


def project(folder: Path, base_url: str = "http://127.0.0.1:9/v1", spec: str = SPEC, **endpoint: Any) -> str:
    """A project with two documents and an endpoint; the path of its config."""
    return written(folder, spec, {"model": "test-model", "base_url": base_url, **endpoint})


def scripted(folder: Path, rules: Any = None, spec: str = SPEC) -> str:
    """The same with a model that replies by rules."""
    return written(folder, spec, replying(folder, rules or [{"reply": "yes"}]))


def written(folder: Path, spec: str, model: dict[str, Any]) -> str:
    (folder / "docs").mkdir(exist_ok=True)
    for name in ("one", "two"):
        (folder / "docs" / f"{name}.txt").write_text(name)
    config = {"input_dir": "docs", "output_dir": "out", "models": {"m": model}}
    return str(write_project(folder, spec, config=config))


def output(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "out" / "qa.jsonl").read_text().splitlines()]


def test_a_good_run_shows_the_books_and_rows_to_read(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", scripted(tmp_path))
    assert told.code == 0
    assert "out/qa.jsonl: 2 rows" in told.out
    assert '"reply": "yes"' in told.out
    assert "step       in  out  filtered  rejected  merged  called  ledger" in told.err
    assert "read your data before you train on it" in told.err


def test_quiet_prints_the_result_alone(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", scripted(tmp_path), "--quiet")
    assert (told.code, told.out, told.err) == (0, "out/qa.jsonl: 2 rows\n", "")


def test_a_document_is_told_as_a_text_about_its_rows(tmp_path: Path, cli: Cli) -> None:
    spec = f"{SPEC}  note.txt: {{from: ask, format: document, text: '{{{{ count }}}}'}}\n"
    assert "out/note.txt: a text without rows\n" in cli("run", scripted(tmp_path, spec=spec), "--quiet").out


def test_a_second_run_takes_all_from_the_ledger(tmp_path: Path, cli: Cli) -> None:
    with server_thread() as server:
        path = project(tmp_path, server.base_url)
        assert cli("run", path).code == 0
        told = cli("run", path, "--force")
        assert told.code == 0
        assert server.stats()["calls"] == 2
    assert (tmp_path / ".atk" / "ledger.db").exists()
    assert "2 from ledger" in told.err


def test_a_second_run_with_nothing_changed_says_so(tmp_path: Path, cli: Cli) -> None:
    path = scripted(tmp_path)
    first, again = cli("run", path), cli("run", path)
    assert (first.code, again.code) == (0, 0)
    assert "nothing has changed since" not in first.err
    assert "nothing has changed since the run of 2" in again.err
    assert again.out == first.out


def test_set_wins_over_the_config(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", scripted(tmp_path), "--set", "count=1", "--set", "output_dir=there", "--set", "style=12")
    assert told.code == 0
    assert "there/qa.jsonl: 1 row\n" in told.out


@pytest.mark.parametrize("more", [(), ("--retry-rejected",)])
def test_an_unknown_key_in_a_list_of_maps_that_is_set_is_told_once(
    tmp_path: Path, cli: Cli, more: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    spec = SPEC.replace("style: {type: text, default: plain}", "style: {type: list, of: map, takes: {name: text}}")
    told = cli("run", scripted(tmp_path, spec=spec), "--set", "style=[{name: few, nmae: x}]", "--quiet", *more)
    assert told.code == 0
    assert caplog.text.count("`nmae` means nothing in item 1 of `style`; did you mean `name`?") == 1


def test_the_seed_can_be_set_as_in_a_config(tmp_path: Path, cli: Cli) -> None:
    path = scripted(tmp_path, [{"reply": "yes"}])
    for seed in ("7", "8"):
        assert cli("run", path, "--set", f"seed={seed}").code == 0
        assert json.loads((tmp_path / "out" / "run.json").read_text())["seed"] == int(seed)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("seed=many", "`seed` takes a whole number, not `many`"),
        ("count", "`--set count` has no value"),
        ("cuont=3", "`qa` has no parameter `cuont`"),
        ("count=0", "`count` must be at least 1, not 0"),
        ("count=many", "`count` takes a whole number, not `many`"),
        ("output_dir=", "`--set output_dir=` names no path"),
        ("count=[1", "the value of `--set count=[1` is not YAML"),
    ],
)
def test_a_setting_that_makes_no_sense_runs_nothing(tmp_path: Path, cli: Cli, setting: str, message: str) -> None:
    told = cli("run", scripted(tmp_path), "--set", setting)
    assert told.code == 2
    assert f"error: {message}" in told.err
    assert not (tmp_path / "out").exists()


def test_a_spec_alone_asks_for_what_is_missing(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", str(write_project(tmp_path, SPEC)))
    assert told.code == 2
    assert "`input_dir`" in told.err
    assert "`output_dir`" in told.err
    assert "--set key=value" in told.err


def test_a_name_that_is_nothing_is_told_with_the_stock_pipelines(cli: Cli) -> None:
    told = cli("run", "factual_qs")
    assert told.code == 2
    assert "there is no file and no pipeline `factual_qs`" in told.err
    assert "`factual_qa`" in told.err


def test_a_folder_is_told_to_be_one(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "docs").mkdir()
    told = cli("run", str(tmp_path / "docs"))
    assert told.code == 2
    assert f"`{tmp_path / 'docs'}` is a folder" in told.err
    assert "name configs or specs, which are files" in told.err


def test_a_spec_with_mistakes_runs_nothing(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", scripted(tmp_path, spec=SPEC.replace("from: some", "from: sone")))
    assert told.code == 1
    assert "nothing was run" in told.err
    assert not (tmp_path / "out").exists()


def test_a_mistake_in_the_last_config_shows_before_the_first_runs(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "other").mkdir()
    bad = scripted(tmp_path / "other", spec=SPEC.replace("model: m", "model: n"))
    assert cli("run", scripted(tmp_path), bad).code == 1
    assert not (tmp_path / "out").exists()


def test_rejected_rows_are_counted_by_their_label(tmp_path: Path, cli: Cli) -> None:
    spec = SPEC.replace("parse: {text: reply}", "parse: {text: reply}, accept: {says yes: reply == 'yes'}, attempts: 2")
    told = cli("run", scripted(tmp_path, [{"when": {"contains": "one"}, "reply": "no"}, {"reply": "yes"}], spec))
    assert told.code == 0
    assert "ask: 1 x says yes" in told.err
    assert "out/rejected.jsonl: 1 record of what was filtered or rejected" in told.out


def test_no_rows_left_is_told_with_the_step_and_the_reasons(tmp_path: Path, cli: Cli) -> None:
    spec = SPEC.replace("parse: {text: reply}", "parse: {number: reply}, attempts: 1")
    told = cli("run", scripted(tmp_path, [{"reply": "none at all"}], spec))
    assert told.code == 1
    assert "error: no rows are left after step `ask`: of 2, 0 filtered, 2 rejected" in told.err
    assert "`rejected.jsonl`" in told.err


@pytest.mark.slow
def test_an_endpoint_that_is_not_there_ends_soon_and_says_how_to_go_on(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", project(tmp_path))
    assert told.code == 4
    assert "refused the connection" in told.err
    assert "has never answered" in told.err
    assert "help: run the same command again to go on; no paid reply is lost" in told.err


def test_a_refused_key_stops_at_once_and_is_told_once(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_KEY", "sk-canary-93712")
    with server_thread(lambda call: failure(401, "Incorrect API key provided: sk-canary-93712")) as server:
        told = cli("run", project(tmp_path, server.base_url, api_key_env="OUR_KEY", concurrency=1))
        assert server.stats()["calls"] == 1
    assert told.code == 2
    assert told.err.count("401 unauthorized") == 1
    assert "`api_key_env`" in told.err
    assert "canary" not in told.everything


def test_an_address_where_web_pages_are_stops_the_run_on_its_first_call(tmp_path: Path, cli: Cli) -> None:
    page = Answer(raw=b"<!DOCTYPE html><html><body>Sign in</body></html>", headers={"content-type": "text/html"})
    with server_thread(lambda call: page) as server:
        told = cli("run", project(tmp_path, server.base_url, concurrency=1))
        assert server.stats()["calls"] == 1
    assert told.code == 2
    assert "is no OpenAI-compatible endpoint: it sent a web page" in told.err
    assert "help: check the `base_url` in the config: most end in `/v1`" in told.err


def test_an_unknown_model_is_named_with_those_there_are(tmp_path: Path, cli: Cli) -> None:
    with server_thread(lambda call: failure(404, "no such model"), models=("small-1", "large-1")) as server:
        told = cli("run", project(tmp_path, server.base_url, model="smal-1"))
    assert told.code == 2
    assert "has no model `smal-1`; did you mean `small-1`?" in told.err


def test_a_key_reaches_the_server_and_nothing_else(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = "sk-canary-52917"
    monkeypatch.setenv("OUR_KEY", canary)
    keys: set[str] = set()

    def reply(call: Call) -> Answer | str:
        keys.add(call.headers["authorization"])
        if call.nth == 0 and call.last == "one":
            return failure(500, f"crashed while serving {canary}")
        return "yes"

    with server_thread(reply) as server:
        told = cli("run", project(tmp_path, server.base_url, api_key_env="OUR_KEY"))
    assert told.code == 0
    assert keys == {f"Bearer {canary}"}
    assert canary not in told.everything
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), path


def test_a_missing_key_is_told_before_any_work(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", project(tmp_path, api_key_env="OUR_KEY"))
    assert told.code == 2
    assert "the environment variable `OUR_KEY` (for `m`) must hold an API key, and is not set" in told.err
    assert not (tmp_path / "out").exists()


def test_a_setting_of_augmentoolkit_is_refused_with_what_to_write(cli: Cli) -> None:
    told = cli("run", "factual_qa", "--set", "chunk_size=300")
    assert told.code == 2
    assert "help: write `chunk_tokens` (docs/migrating.md)" in told.err


def test_an_empty_key_is_told_to_be_empty(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_KEY", "")
    told = cli("run", project(tmp_path, api_key_env="OUR_KEY"))
    assert "`OUR_KEY` (for `m`) must hold an API key, and is empty" in told.err


def test_an_output_folder_in_use_is_left_alone(tmp_path: Path, cli: Cli) -> None:
    path = scripted(tmp_path)
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out"):
        told = cli("run", path)
    assert told.code == 2
    assert "is in use by process" in told.err
    assert "choose another `output_dir`" in told.err
    assert cli("run", path).code == 0


def test_a_ledger_that_is_none_is_told(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "bad.db").write_bytes(gzip.compress(b"not a ledger") * 100)
    told = cli("run", scripted(tmp_path), "--ledger", "bad.db")
    assert told.code == 2
    assert "the ledger cannot be used" in told.err


def test_an_output_folder_that_is_a_file_is_told(tmp_path: Path, cli: Cli) -> None:
    path = scripted(tmp_path)
    (tmp_path / "out").write_text("a file")
    told = cli("run", path)
    assert told.code == 2
    assert "cannot be made: file exists" in told.err


def test_an_empty_folder_is_told(tmp_path: Path, cli: Cli) -> None:
    path = scripted(tmp_path)
    (tmp_path / "empty").mkdir()
    told = cli("run", path, "--set", "input_dir=empty")
    assert told.code == 1
    assert "error: " in told.err
    assert "empty" in told.err


@pytest.mark.parametrize("path", ["nowhere", "docs/three.txt", "nowhere/*.md"])
def test_what_is_not_there_to_read_is_told_before_anything_runs(tmp_path: Path, cli: Cli, path: str) -> None:
    told = cli("run", scripted(tmp_path), "--set", f"input_dir={path}")
    assert told.code == 2
    assert "error: step `documents` has nothing to read: " in told.err
    assert f"{path}` does not exist" in told.err
    assert not (tmp_path / "out").exists()


BAD_FILES: dict[str, tuple[bytes, str, int]] = {
    "broken.pdf": (b"%PDF-1.7\nthis is no PDF at all", "broken.pdf", 2),
    "empty.txt": (b"", "empty.txt", 2),
    "latin.txt": ("Die Brücke über die Straße führt nach Süden, sagt Jürgen.".encode("latin-1"), "latin.txt", 3),
    "broken.jsonl": (b'{"text": "fine"}\n{"text": "brok\n{"text": "also fine"}\n', "broken.jsonl line 2", 4),
    "picture.txt": (bytes(range(256)) * 8, "picture.txt", 2),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_told_once_and_costs_no_other(tmp_path: Path, cli: Cli, name: str) -> None:
    content, named, rows = BAD_FILES[name]
    path = scripted(tmp_path)
    (tmp_path / "docs" / name).write_bytes(content)
    told = cli("run", path)
    assert told.code == 0, told.err
    assert told.err.count(named) == 1
    assert len(output(tmp_path)) == rows
    if name == "latin.txt":
        assert output(tmp_path)[0]["text"].startswith("Die Brücke")


@pytest.mark.slow
def test_a_very_long_text_goes_through_in_pieces(tmp_path: Path, cli: Cli) -> None:
    path = scripted(tmp_path)
    paragraph = "The tide rises twice a day, and it falls twice a day. " * 20
    with (tmp_path / "docs" / "long.txt").open("w") as file:
        for number in range(50_000):
            file.write(f"{number} {paragraph}\n\n")
    told = cli("run", path, "--set", "count=3")
    assert told.code == 0, told.err
    assert len(output(tmp_path)) == 3


def test_an_error_of_ours_leaves_a_log_and_no_trace(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scripted(tmp_path)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("atk_interp.runtime.files.write_record", broken)
    told = cli("run", path, "--set", "style=canary")
    assert told.code == 3
    assert "this is a mistake in atk-interp: ZeroDivisionError: ours" in told.err
    log = Path(told.err.split("with the file ")[1].split(";")[0])
    assert "ZeroDivisionError" in log.read_text()
    assert "canary" not in log.read_text()
    log.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("quiet", [(), ("--quiet",)], ids=["", "quiet"])
def test_a_disk_that_is_full_is_told_and_waited_for(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, quiet: tuple[str, ...]
) -> None:
    import errno

    path = scripted(tmp_path)
    refusals = iter([OSError(errno.ENOSPC, "No space left on device")])

    def full_at_first(handle: int) -> None:
        for refusal in refusals:
            raise refusal

    monkeypatch.setattr("os.fsync", full_at_first)
    told = cli("run", path, *quiet)
    assert told.code == 0
    assert (
        "qa.jsonl` cannot be written: the disk is full; it takes 1 kB; the run pauses until there is room" in told.err
    )
    assert ("there is room on the disk again: going on" in told.err) is not bool(quiet)
    assert (tmp_path / "out" / "qa.jsonl").exists()


def test_null_stands_for_the_default_as_it_does_in_a_config(tmp_path: Path, cli: Cli) -> None:
    assert cli("run", scripted(tmp_path), "--set", "count=null", "--limit", "1").code == 0
    assert json.loads((tmp_path / "out" / "run.json").read_text())["params"]["count"] == 1000


EMPTY = """
spec: atk/v1
name: empty
description: Its parameters are its rows.
params:
  output_dir: {type: path}
  told: {type: text, default: something}
  needed: {type: text}
  words: {type: list, default: [a, b]}
  names: {type: map, default: {a: 1}}
  most: {type: int, optional: true}
  least: {type: int, default: 3}
steps: {rows: {kind: rows, rows: [{n: 1}]}}
outputs: {o.jsonl: {from: rows, format: jsonl}}
"""


def test_an_empty_value_is_an_empty_one_for_every_type_that_has_one(tmp_path: Path, cli: Cli) -> None:
    spec = tmp_path / "pipeline.yaml"
    spec.write_text(EMPTY)
    empty = [part for name in ("told", "needed", "words", "names", "most") for part in ("--set", f"{name}=")]
    told = cli("run", str(spec), "--set", f"output_dir={tmp_path / 'out'}", *empty)
    assert told.code == 0, told.err
    params = json.loads((tmp_path / "out" / "run.json").read_text())["params"]
    assert [params[name] for name in ("told", "needed", "words", "names", "most")] == ["", "", [], {}, None]


def test_an_empty_value_of_a_number_is_refused_with_what_to_write(tmp_path: Path, cli: Cli) -> None:
    told = cli("run", scripted(tmp_path), "--set", "count=")
    assert told.code == 2
    assert "`--set count=` has no value" in told.err
    assert "write `--set count=null` for its default, or leave it out" in told.err

"""A paid answer is never lost and never paid twice; only what changed is asked again."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from atk_interp.ledger.sqlite import SqliteLedger
from atk_interp.runtime.sending import UNCOMMITTED_SHARE
from support.command import start
from support.kills import PROMPTS, SPEC
from support.openai_server import Answer, Call, echo, server_thread
from support.pipelines import IMPATIENT, Ran, run, said, write_project

CONCURRENCY = 6

TWO_STEPS = SPEC.replace("count: 320", "count: 30")


def files(folder: Path, count: int = 10) -> Path:
    folder.mkdir()
    for number in range(count):
        sentences = (f"This is sentence {n} of document {number}, and it says little." for n in range(4))
        (folder / f"{number:02}.txt").write_text("\n\n".join(sentences))
    return folder


def output_bytes(folder: Path) -> dict[str, bytes]:
    return Ran(None, folder).bytes()  # type: ignore[arg-type]


class Killing:
    """The reply of a server that kills its client when a certain request arrives."""

    def __init__(self) -> None:
        self.left = 0
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, call: Call) -> str:
        self.left -= 1
        if self.left == 0 and self.process is not None:
            self.process.kill()
        return echo(call)


def configured(folder: Path, base_url: str, concurrency: int, documents: Path) -> Path:
    endpoint = {"model": "test-model", "base_url": base_url, "concurrency": concurrency}
    config = {"input_dir": str(documents), "output_dir": "out", "models": {"m": endpoint}}
    return write_project(folder, TWO_STEPS, PROMPTS, config)


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was_and_gives_the_same_bytes(tmp_path: Path) -> None:
    documents = files(tmp_path / "documents")
    with server_thread() as server:
        calm = start(configured(tmp_path / "calm", server.base_url, 2, documents))
        assert calm.communicate()[1].count("Traceback") == 0
        assert calm.returncode == 0
        wanted = server.stats()["calls"]
        assert wanted > 60
    reply = Killing()
    with server_thread(reply, latency_s=0.01) as server:
        config = configured(tmp_path / "killed", server.base_url, CONCURRENCY, documents)
        for moment in (1, 20, 50):
            reply.left = moment
            reply.process = start(config)
            reply.process.communicate()
            assert reply.process.returncode == -signal.SIGKILL
            kept = {entry.request for entry in SqliteLedger(config.parent / "ledger.db").entries()}
            server.calls.clear()
        reply.process = start(config)
        _, told = reply.process.communicate()
        assert reply.process.returncode == 0, told
        assert kept.isdisjoint(call.raw for call in server.calls)
        stats = server.stats()
        in_flight = 3 * (CONCURRENCY + CONCURRENCY // UNCOMMITTED_SHARE)
        assert wanted <= stats["calls"] <= wanted + in_flight
        assert output_bytes(config.parent / "out") == output_bytes(tmp_path / "calm" / "out")
        server.calls.clear()
        last = start(config)
        last.communicate()
        assert (last.returncode, server.calls) == (0, [])
    assert output_bytes(config.parent / "out") == output_bytes(tmp_path / "calm" / "out")


@pytest.mark.slow
def test_an_interrupted_run_waits_for_its_calls_and_says_how_to_go_on(tmp_path: Path) -> None:
    documents = files(tmp_path / "documents")
    process: list[subprocess.Popen[str]] = []
    answered: Counter[str] = Counter()

    def reply(call: Call) -> str:
        answered[call.digest] += 1
        if len(answered) == 20:
            process[0].send_signal(signal.SIGINT)
        return echo(call)

    with server_thread(reply, latency_s=0.02) as server:
        config = configured(tmp_path / "project", server.base_url, CONCURRENCY, documents)
        process.append(start(config))
        _, told = process[0].communicate()
        assert process[0].returncode == 130
        assert "stopping: calls under way are waited for" in told
        assert "run the same command again to go on; no paid reply is lost" in told
        assert "Traceback" not in told
        out = tmp_path / "project" / "out"
        assert not (out / "out.jsonl").exists()
        assert (out / "out.incomplete.jsonl").exists()
        again = start(config)
        _, told = again.communicate()
        assert again.returncode == 0, told
        assert not (out / "out.incomplete.jsonl").exists()
        assert server.stats()["repeated"] == 0
    assert max(answered.values()) == 1


CASE = """
    spec: atk/v1
    name: case
    params:
      output_dir: {type: path}
      input_dir: {type: path}
    models: {m: {sampling: {temperature: 0.5, max_tokens: 100}}}
    steps:
      documents: {kind: read, path: =input_dir}
      ask: {kind: generate, from: documents, model: m, prompt: ask, parse: {text: reply}}
      judge:
        kind: generate
        from: ask
        model: m
        prompt: judge
        parse: {text: verdict}
        keep: verdict != "no"
    outputs:
      out.jsonl: {from: judge, format: jsonl}
    """
CASE_PROMPTS = {"judge": '- user: "Judge {{ reply }}"'}


async def again(folder: Path, spec: str = CASE, prompts: dict[str, str] | None = None, **options: Any) -> list[str]:
    """What a run sends, in the order of the alphabet."""
    ran = await run(
        folder, spec, said, prompts or CASE_PROMPTS, input_dir=folder / "documents", policy=IMPATIENT, **options
    )
    assert ran.result.status == "done", ran.result.message
    return ran.said


@pytest.fixture
async def paid(tmp_path: Path) -> Path:
    """A project after its first run."""
    (tmp_path / "documents").mkdir()
    for name in ("one", "two"):
        (tmp_path / "documents" / f"{name}.txt").write_text(name)
    assert await again(tmp_path) == ["Judge one", "Judge two", "one", "two"]
    return tmp_path


async def test_a_second_run_sends_nothing(paid: Path) -> None:
    before = output_bytes(paid / "out")
    assert await again(paid) == []
    assert output_bytes(paid / "out") == before


CHANGES = {
    "a parser": ("parse: {text: verdict}", "parse: {regex: '(?P<verdict>.*)'}"),
    "a filter": ('keep: verdict != "no"', 'keep: verdict != "never"'),
    "the name of a step": ("judge:", "examine:"),
    "a comment": ("name: case", "name: case  # a comment"),
    "quotes": ("path: =input_dir", 'path: "=input_dir"'),
    "the order of keys": (
        "{temperature: 0.5, max_tokens: 100}",
        "{max_tokens: 100, temperature: 0.5}",
    ),
    "the name of the pipeline": ("name: case", "name: other"),
    "an output": ("format: jsonl", 'format: sharegpt, messages: [{user: "{{ text }}"}, {assistant: "{{ reply }}"}]'),
    "an accept rule": ('keep: verdict != "no"', 'accept: {there is one: verdict != ""}'),
    "the number of attempts": ('keep: verdict != "no"', "attempts: 7"),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_not_sent_does_not_count(paid: Path, change: str) -> None:
    old, new = CHANGES[change]
    spec = CASE.replace(old, new)
    if change == "the name of a step":
        spec = spec.replace("from: judge", "from: examine")
    assert spec != CASE
    assert await again(paid, spec) == []


async def test_another_output_folder_and_other_file_names_send_nothing(paid: Path) -> None:
    (paid / "documents" / "one.txt").rename(paid / "documents" / "zero.txt")
    assert await again(paid, output="elsewhere") == []


async def test_another_address_of_the_same_model_sends_nothing(paid: Path) -> None:
    assert await again(paid, settings={"base_url": "http://127.0.0.1:9/v1", "concurrency": 3, "timeout": 7}) == []


async def test_a_new_document_sends_its_own_calls(paid: Path) -> None:
    (paid / "documents" / "three.txt").write_text("three")
    assert await again(paid) == ["Judge three", "three"]


async def test_an_edited_document_leaves_no_stale_row(paid: Path) -> None:
    (paid / "documents" / "one.txt").write_text("uno")
    assert await again(paid) == ["Judge uno", "uno"]
    assert b"one" not in (paid / "out" / "out.jsonl").read_bytes()


async def test_a_changed_prompt_sends_its_own_calls(paid: Path) -> None:
    assert await again(paid, prompts={"judge": '- user: "Examine {{ reply }}"'}) == ["Examine one", "Examine two"]


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "other"},
        {"identity": "the other server"},
        {"sampling": {"temperature": 0.6}},
        {"sampling": {"extra": {"min_p": 0.1}}},
    ],
    ids=["model", "identity", "temperature", "extra"],
)
async def test_what_is_sent_counts(paid: Path, settings: dict[str, Any]) -> None:
    assert len(await again(paid, settings=settings)) == 4


@pytest.mark.slow
def test_a_second_interrupt_does_not_wait_for_a_server_that_hangs(tmp_path: Path) -> None:
    documents = files(tmp_path / "documents")
    process: list[subprocess.Popen[str]] = []

    def reply(call: Call) -> Answer:
        if len(process) == 1:
            process.pop().send_signal(signal.SIGINT)
        return Answer(fault="hang")

    with server_thread(reply) as server:
        running = start(configured(tmp_path / "project", server.base_url, 2, documents))
        process.append(running)
        assert running.stderr is not None
        told = ""
        while "stopping: " not in told:
            told += running.stderr.readline()
        running.send_signal(signal.SIGINT)
        told += running.communicate()[1]
    assert running.returncode == 130
    assert "Traceback" not in told
    assert "run the same command again to go on" in told

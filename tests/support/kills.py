"""One long run, killed again and again at random moments, and what the server saw of it."""

from __future__ import annotations

import random
import signal
import sqlite3
import textwrap
import threading
from dataclasses import dataclass, field
from pathlib import Path

from atk_interp.runtime.sending import UNCOMMITTED_SHARE
from support.forks import Child, forks
from support.openai_server import Call, OpenAIServer, echo, server_thread
from support.pipelines import write_project

__all__ = ["MOST_LOST", "Life", "Story", "kept_requests", "kill_again_and_again"]

CONCURRENCY = 8
MOST_LOST = CONCURRENCY + CONCURRENCY // UNCOMMITTED_SHARE
"""Calls with a place at the endpoint, and replies that wait for the disk without one."""
SPEC = """
    spec: atk/v1
    name: killed
    params:
      input_dir: {type: path}
      output_dir: {type: path}
    models: {m: {sampling: {temperature: 0.5, seed: 7}}}  # with a seed no two calls have equal bodies
    steps:
      documents: {kind: read, path: =input_dir}
      passages: {kind: chunk, from: documents, max_tokens: 12}
      ask:
        kind: generate
        from: passages
        model: m
        prompt: ask
        parse: {text: reply}
        accept:
          no c: not (reply is matching("^reply c"))
        attempts: 2
      chosen: {kind: sample, from: ask, count: 320}
      check:
        kind: vote
        from: chosen
        model: m
        prompt: check
        parse: {text: verdict}
        votes: 3
        pass: verdict | length > 0
    outputs:
      out.jsonl: {from: check, format: jsonl}
    """
PROMPTS = {"check": '- user: "Is it so that {{ reply }}"'}


@dataclass(frozen=True)
class Life:
    """From a start to a kill (or to the end): what was sent, and what of all that the ledger held afterwards."""

    code: int
    sent: list[bytes]
    kept: frozenset[bytes]

    @property
    def lost(self) -> set[bytes]:
        """What was in flight when the process was killed: sent, and not in the ledger."""
        return set(self.sent) - self.kept


@dataclass
class Story:
    """All lives of a run, its files, and those of a run that nobody disturbed."""

    lives: list[Life] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    calm_files: dict[str, bytes] = field(default_factory=dict)
    calm_calls: int = 0

    @property
    def kills(self) -> int:
        return sum(life.code == -signal.SIGKILL for life in self.lives)

    @property
    def calls(self) -> int:
        return sum(len(life.sent) for life in self.lives)

    @property
    def repeated(self) -> int:
        """Calls that were sent more than once."""
        return self.calls - len({call for life in self.lives for call in life.sent})

    @property
    def in_flight(self) -> int:
        """Calls that were in flight at a kill."""
        return sum(len(life.lost) for life in self.lives)

    def mistakes(self) -> list[str]:
        """What should not have happened, each in a sentence."""
        told = []
        kept: frozenset[bytes] = frozenset()
        for number, life in enumerate(self.lives):
            paid_twice = kept.intersection(life.sent)
            if paid_twice:
                told.append(f"life {number} sent {len(paid_twice)} calls that were in the ledger")
            if len(life.lost) > MOST_LOST:
                told.append(f"life {number} lost {len(life.lost)} calls, and {MOST_LOST} can be in flight")
            if not kept <= life.kept:
                told.append(f"the ledger lost {len(kept - life.kept)} replies in life {number}")
            kept = life.kept
        if self.calls - self.repeated != self.calm_calls:
            told.append(f"{self.calls - self.repeated} different calls were sent, and {self.calm_calls} are needed")
        if self.files != self.calm_files:
            told.append("the files differ from those of a run that was not disturbed")
        return told


def kill_again_and_again(folder: Path, kills: int, seed: int = 0) -> Story:
    """Run a pipeline of some 1,400 calls, with so many kills on the way."""
    story = Story()
    chance = random.Random(seed)
    documents = _documents(folder / "documents")
    with forks() as start, server_thread(_Replies().reply) as server:
        calm = _project(folder / "calm", documents, server)
        _lived(start(_command(calm), calm.parent), calm, server)
        story.calm_files = _files(calm)
        story.calm_calls = server.stats()["distinct"]
    replies = _Replies()
    with forks() as start, server_thread(replies.reply, latency_s=0.01) as server:
        config = _project(folder / "killed", documents, server)
        while story.kills < kills:
            child = start(_command(config), config.parent)
            asks = chance.random() < 0.8
            if asks:
                replies.await_first(child)
            # Somewhere in the first tenths of a second: while it starts, asks, commits, or answers from the ledger.
            child.ends_within(chance.uniform(0.0, 0.1 if asks else 0.4))
            child.kill()
            story.lives.append(_lived(child, config, server))
            if story.lives[-1].code == 0:
                raise RuntimeError(f"the run was over after {story.kills} kills")
        story.lives.append(_lived(start(_command(config), config.parent), config, server))
        story.files = _files(config)
    return story


class _Replies:
    """The server's replies; tells when a process has begun to ask."""

    def __init__(self) -> None:
        self._news = threading.Event()

    def reply(self, call: Call) -> str:
        self._news.set()
        return echo(call)

    def await_first(self, child: Child) -> None:
        """Until the child sends its first call, or ends."""
        self._news.clear()
        while not self._news.wait(0.02) and not child.ends_within(0.0):
            continue


def _documents(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number in range(40):
        sentences = (f"This is sentence {n} of document {number}, and it says little." for n in range(16))
        (folder / f"{number:02}.txt").write_text("\n\n".join(sentences))
    return folder


def _project(folder: Path, documents: Path, server: OpenAIServer) -> Path:
    endpoint = {"model": "test-model", "base_url": server.base_url, "concurrency": CONCURRENCY}
    config = {"input_dir": str(documents), "output_dir": "out", "models": {"m": endpoint}}
    return write_project(folder, textwrap.dedent(SPEC), PROMPTS, config)


def _command(config: Path) -> list[str]:
    return ["run", config.name, "--ledger", "ledger.db", "--quiet"]


def _lived(child: Child, config: Path, server: OpenAIServer) -> Life:
    code = child.wait()
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the run ended with {code}: {child.told.read_text()}")
    sent = [call.raw for call in server.calls]
    server.calls.clear()
    return Life(code, sent, kept_requests(config.parent / "ledger.db"))


def kept_requests(ledger: Path) -> frozenset[bytes]:
    """What was sent for the replies in a ledger; read without the ledger's own code, which might tidy something up."""
    if not ledger.exists():
        return frozenset()
    connection = sqlite3.connect(ledger)
    try:
        return frozenset(row[0] for row in connection.execute("SELECT request FROM replies"))
    except sqlite3.OperationalError:  # killed before the table was made
        return frozenset()
    finally:
        connection.close()


def _files(config: Path) -> dict[str, bytes]:
    own = ("run.json", "report.html", "events.jsonl", ".atk-lock")
    return {path.name: path.read_bytes() for path in (config.parent / "out").iterdir() if path.name not in own}

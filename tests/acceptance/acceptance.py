"""What is sent again after an edit, after a kill, and by two runs at once, counted by a server. `make acceptance`.

Prints tables in Markdown, as in the README, and ends with 1 when anything was sent that need not be, or any row is not
as a run from nothing would make it.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "interpreter"), str(ROOT / "tests")]

from support.forks import Child, forks  # noqa: E402 - found by the line above
from support.kills import MOST_LOST, kept_requests, kill_again_and_again  # noqa: E402
from support.openai_server import Call, OpenAIServer, echo, server_thread  # noqa: E402
from support.pipelines import write_project  # noqa: E402

KILLS = 50
EDITED_ROWS, KILLED_ROWS = 12, 200
CONCURRENCY = 8
SPEC = """\
spec: atk/v1
name: accepted
params:
  input: {type: path}
  output_dir: {type: path}
models: {m: {sampling: {temperature: 0.5}}}
steps:
  given: {kind: read, path: =input}
  prepared: {kind: map, from: given, set: {asked: "=text | upper"}}
  answered:
    kind: generate
    from: prepared
    model: m
    prompt: ask
    parse: {text: answer}
outputs:
  out.jsonl: {from: answered, format: jsonl}
"""
PROMPT = '- system: "Answer in a word."\n- user: "What of {{ asked }}?"\n'

Start = Callable[[list[str], Path], Child]


@dataclass(frozen=True)
class Edit:
    """A change of one file between two runs, and how many calls it should cost. None: as many as there are rows."""

    name: str
    file: str
    old: str
    new: str
    calls: int | None
    others: str
    """What five other tools send, in the order of `TOOLS`."""


TOOLS = ("DocETL 0.3.0", "distilabel 1.5.3", "SDG Hub 0.9.4", "curator 0.1.31", "DataDesigner 0.9.6")
EDITS = (
    Edit("nothing", "pipeline.yaml", "", "", 0, "none | none | none¹ | none | none"),
    Edit("prompt text", "prompts/ask.yaml", "What of", "Why", None, "all | all | **none** | all | **all columns**"),
    Edit("system prompt", "prompts/ask.yaml", "a word", "two", None, "all | all | – | **none** | **all columns**"),
    Edit("model or temperature", "pipeline.yaml", "0.5", "0.6", None, "all | all | – | all | **all columns**"),
    Edit(
        "an earlier code step",
        "pipeline.yaml",
        "text | upper",
        "text | title",
        None,
        "all | **none** | – | all | **none**",
    ),
    Edit(
        "one input row, same file",
        "rows.jsonl",
        "row 5 ",
        "line 5 ",
        1,
        "**none** | **none** | its own | **all** | **none**",
    ),
    Edit(
        "one row added",
        "rows.jsonl",
        '{"text"',
        '{"text": "one more row"}\n{"text"',
        1,
        "**none** | **none** | its own | **all** | its own",
    ),
    Edit(
        "the parser only",
        "pipeline.yaml",
        "{text: answer}",
        '{regex: "^reply (?P<answer>.*)"}',
        0,
        "none² | **none, stale** | **none, stale** | none | **all columns**",
    ),
    Edit("a comment", "pipeline.yaml", "steps:", "# steps\nsteps:", 0, ""),
    Edit("the name of a step", "pipeline.yaml", "answered", "replied", 0, ""),
)
OTHERS_KILLED = """\
| DocETL 0.3.0 | 104 | 104 | 8 |
| curator 0.1.31 | 111 | 101 | about 10 |
| SDG Hub 0.9.4, `save_freq=50` | 90 | 150 | 40 |
| DataDesigner 0.9.6, buffer 50 | 92 | 150 | 42 |
| distilabel 1.5.3 | about half | hangs, 3 times of 3 | – |"""


def project(folder: Path, server: OpenAIServer, rows: int) -> Path:
    """A pipeline of a code step and a step that asks, over a file of rows; the path of its config."""
    endpoint = {"model": "test-model", "base_url": server.base_url, "concurrency": CONCURRENCY}
    config = {"input": "rows.jsonl", "output_dir": "out", "models": {"m": endpoint}}
    path = write_project(folder, SPEC, {"ask": PROMPT}, config)
    lines = (json.dumps({"text": f"row {number} of them"}) for number in range(rows))
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n")
    return path


def ran(start: Start, folder: Path) -> bytes:
    """Run the pipeline of a folder to its end; its output."""
    child = start(["run", "config.yaml", "--ledger", "ledger.db", "--quiet"], folder)
    if child.wait() != 0:
        raise SystemExit(f"a run went wrong: {child.told.read_text()}")
    return (folder / "out" / "out.jsonl").read_bytes()


def edits(folder: Path) -> bool:
    """Print the table of edits; whether all is exact."""
    exact = True
    print(f"| edit, then the same command | needed of {EDITED_ROWS} | sent | rows right | {' | '.join(TOOLS)} |")
    print("|---|---:|---:|---|" + "---|" * len(TOOLS))
    with forks() as start, server_thread() as server:
        project(folder / "before", server, EDITED_ROWS)
        ran(start, folder / "before")
        for number, edit in enumerate(EDITS):
            after, fresh = folder / f"after-{number}", folder / f"fresh-{number}"
            shutil.copytree(folder / "before", after)
            file = after / edit.file
            text = file.read_text()
            changed = text.replace(edit.old, edit.new, 1 if edit.file == "rows.jsonl" else -1) if edit.old else text
            if edit.old and changed == text:
                raise SystemExit(f"the edit `{edit.name}` changes nothing")
            file.write_text(changed)
            shutil.copytree(after, fresh, ignore=shutil.ignore_patterns("out", "ledger.db*"))
            server.calls.clear()
            output = ran(start, after)
            sent, needed = len(server.calls), EDITED_ROWS if edit.calls is None else edit.calls
            right = output == ran(start, fresh)
            exact = exact and right and sent == needed
            others = edit.others or " | ".join(" " * len(TOOLS))
            print(f"| {edit.name} | {needed} | {sent} | {'yes' if right else 'NO'} | {others} |", flush=True)
    return exact


def killed(folder: Path) -> bool:
    """Print the table of a run that is killed half way; whether only what was in flight is repeated."""

    def kill_at_half(call: Call) -> str:
        if len(server.calls) == KILLED_ROWS // 2 and process is not None:
            process.kill()
        return echo(call)

    process: subprocess.Popen[bytes] | None = None
    command = [sys.executable, "-m", "atk_interp", "run", "config.yaml", "--ledger", "ledger.db", "--quiet"]
    with server_thread(kill_at_half, latency_s=0.02) as server:
        home = project(folder / "killed", server, KILLED_ROWS).parent
        calm = project(folder / "calm", server, KILLED_ROWS).parent
        process = subprocess.Popen(command, cwd=home)
        if process.wait() != -signal.SIGKILL:
            raise SystemExit("the run was not killed")
        before = [call.raw for call in server.calls]
        kept = kept_requests(home / "ledger.db")
        process = None
        server.calls.clear()
        subprocess.run(command, cwd=home, check=True, stdout=subprocess.DEVNULL)
        after = [call.raw for call in server.calls]
        subprocess.run(command, cwd=calm, check=True, stdout=subprocess.DEVNULL)
    output, wanted = ((of / "out" / "out.jsonl").read_bytes() for of in (home, calm))
    twice = set(before) & set(after)
    exact = twice == set(before) - kept and len(twice) <= MOST_LOST and output == wanted
    exact = exact and len(after) == KILLED_ROWS - len(before) + len(twice)
    print(f"\n| `kill -9` half way through {KILLED_ROWS} rows | sent before | sent by the same command | paid twice |")
    print("|---|---:|---:|---:|")
    print(f"| atk-interp, {CONCURRENCY} at a time | {len(before)} | {len(after)} | {len(twice)} |")
    print(OTHERS_KILLED)
    print(f"\nOf the {len(twice)} calls that atk-interp paid twice, {len(twice - kept)} were in flight at the kill.")
    return exact


def killed_often(folder: Path) -> bool:
    """Print what became of a run that is killed again and again; whether it is as if it had not been."""
    story = kill_again_and_again(folder, KILLS)
    print(
        f"\nKilled {story.kills} times at random moments: {story.calls} calls sent for {story.calm_calls} that were "
        f"needed; {story.repeated} were repeated, and {story.in_flight} had been in flight at a kill."
    )
    for mistake in story.mistakes():
        print(f"- {mistake}")
    return not story.mistakes() and story.repeated <= story.in_flight


def at_once(folder: Path) -> bool:
    """Print what two runs send that share a ledger and start together; whether each call was sent once."""
    with forks() as start_one, forks() as start_two, server_thread(latency_s=0.1) as server:
        home = project(folder, server, KILLED_ROWS).parent
        for start in (start_one, start_two):  # so that both begin within a moment
            start(["lint", "config.yaml"], home).wait()
        command = ["run", "config.yaml", "--ledger", "ledger.db", "--quiet", "--set"]
        runs = [
            start([*command, f"output_dir={name}"], home) for start, name in ((start_one, "one"), (start_two, "two"))
        ]
        codes = [run.wait() for run in runs]
        sent = len(server.calls)
    outputs = {(home / name / "out.jsonl").read_bytes() for name in ("one", "two")}
    print(f"\nTwo runs at once on one ledger: {sent} calls sent for {KILLED_ROWS} that were needed.")
    return codes == [0, 0] and sent == KILLED_ROWS and len(outputs) == 1


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="atk-acceptance-") as name:
        folder = Path(name)
        exact = [
            edits(folder / "edits"),
            killed(folder / "kill"),
            killed_often(folder / "kills"),
            at_once(folder / "two"),
        ]
    if not all(exact):
        raise SystemExit("\nsomething was sent that need not be, or is not as it should be: see above")


if __name__ == "__main__":
    main()

"""What running again costs: a finished run that nothing has changed since, and one after an edit of its last parser.

Rows are read from one file and asked about twice; the scripted model answers, and pays for the ledger once. Then the
same command again, as a process of its own with its start-up; the same with a changed parser in the last step, which
reads all replies anew and makes no call; and the same once more. Prints a table for README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SPEC = """\
spec: atk/v1
name: resume
params:
  input_dir: {type: path}
  output_dir: {type: path}
models: {m: {expects: any}}
steps:
  documents: {kind: read, path: =input_dir}
  questions: {kind: generate, from: documents, model: m, prompt: ask, parse: {pattern: "Question: {question}"}}
  answers: {kind: generate, from: questions, model: m, prompt: answer, parse: {text: answer}}
outputs:
  out.jsonl: {from: answers, format: jsonl}
"""
EDITED = SPEC.replace("parse: {text: answer}", "parse: {pattern: 'It says: {answer}'}")
PROMPTS = {"ask": "Ask about {{ text }}", "answer": "Answer {{ question }} from {{ text }}"}
SCRIPT = [
    {"when": {"matching": r"^Ask about (?P<n>\d+) "}, "reply": r"Question: what does passage \g<n> say?"},
    {"when": {"contains": "Answer"}, "reply": "It says: the tide rises and it falls."},
]
WORDS = "The tide rises and it falls, twice a day, and nobody minds. " * 8


def project(folder: Path, rows: int) -> Path:
    (folder / "prompts").mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(SPEC)
    for name, text in PROMPTS.items():
        (folder / "prompts" / f"{name}.yaml").write_text(json.dumps([{"user": text}]))
    (folder / "script.json").write_text(json.dumps(SCRIPT))
    with (folder / "rows.jsonl").open("w") as file:
        file.writelines(json.dumps({"text": f"{number} {WORDS}"}) + "\n" for number in range(rows))
    models = {"m": {"provider": "scripted", "script": "script.json", "concurrency": 64}}
    config = {"pipeline": "pipeline.yaml", "input_dir": "rows.jsonl", "output_dir": "out", "models": models}
    (folder / "config.yaml").write_text(json.dumps(config))
    return folder


def run(folder: Path, name: str) -> None:
    """Run the command, and print a line of the table."""
    command = [sys.executable, "-m", "atk_interp", "run", "config.yaml", "--ledger", "ledger.db", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "interpreter")}
    begun_ns = time.time_ns()
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, env=environment, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    steps = json.loads((folder / "out" / "run.json").read_text())["steps"]
    called, held = (sum(step[key] for step in steps) for key in ("called", "from_ledger"))
    if (folder / "out" / "run.json").stat().st_mtime_ns < begun_ns:
        called = held = 0
    print(f"| {name} | {wall:.2f} s | {cpu:.2f} s | {called:,} | {held:,} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    print(f"{options.rows:,} rows, {2 * options.rows:,} calls\n")
    print("| | wall | user + system | calls sent | from the ledger |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="atk-resume-") as temporary:
        folder = project(Path(temporary) / "project", options.rows)
        run(folder, "the first run")
        run(folder, "the same command again")
        (folder / "pipeline.yaml").write_text(EDITED)
        run(folder, "after an edit of the last parser")
        run(folder, "the same command again")


if __name__ == "__main__":
    main()

"""What a run holds in memory: the most of a process that takes many rows through three steps, beside few rows.

Rows are read from one file, each is asked about, some are filtered; every reply is put into a new ledger. The scripted
model answers. Each size runs in a process of its own, whose greatest resident size the system tells. Prints a table
for README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "interpreter"))

SPEC = """\
spec: atk/v1
name: memory
params:
  input_dir: {type: path}
  output_dir: {type: path}
models: {m: {expects: any}}
steps:
  documents: {kind: read, path: =input_dir}
  answered: {kind: generate, from: documents, model: m, prompt: ask, parse: {text: reply}}
  kept: {kind: filter, from: answered, keep: 'not (text is matching("^[0-9]*7 "))'}
outputs:
  out.jsonl: {from: kept, format: jsonl}
"""
WORDS = "The tide rises and it falls, twice a day, and nobody minds. " * 4
SCRIPT = [{"when": {"matching": r"^(?P<number>\d+) "}, "reply": r"This is what there is to say of \g<number>."}]


def lines(rows: int) -> Iterator[str]:
    return (json.dumps({"text": f"{number} {WORDS}"}) + "\n" for number in range(rows))


def project(folder: Path, rows: int) -> Path:
    """The config of a project with so many rows."""
    (folder / "prompts").mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(SPEC)
    (folder / "prompts" / "ask.yaml").write_text('- user: "{{ text }}"\n')
    (folder / "script.json").write_text(json.dumps(SCRIPT))
    with (folder / "rows.jsonl").open("w") as file:
        file.writelines(lines(rows))
    models = {"m": {"provider": "scripted", "script": "script.json", "concurrency": 64}}
    config = {"pipeline": "pipeline.yaml", "input_dir": "rows.jsonl", "output_dir": "out", "models": models}
    (folder / "config.yaml").write_text(json.dumps(config))
    return folder / "config.yaml"


def run_here(config: Path) -> None:
    """Run in this process, and print its greatest resident size in bytes, before and after."""
    from atk_interp.cli.running import collect_less
    from atk_interp.pipeline import compile_pipeline

    collect_less()
    result = asyncio.run(compile_pipeline(config).run({}, ledger=config.parent / "ledger.db"))
    if result.status != "done":
        raise SystemExit(f"the run went wrong: {result.message}")
    print(most_resident())


def most_resident() -> int:
    """The greatest resident size of this process so far, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def measured(rows: int, temporary: Path | None) -> tuple[int, float]:
    """The greatest resident size in bytes and the seconds of a run over so many rows."""
    with tempfile.TemporaryDirectory(prefix="atk-memory-", dir=temporary) as folder:
        config = project(Path(folder) / "project", rows)
        begun = time.perf_counter()
        told = subprocess.run([sys.executable, __file__, "--run", str(config)], check=True, stdout=subprocess.PIPE)
        return int(told.stdout), time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000, 100_000], help="`1000 1000000` takes minutes")
    parser.add_argument("--folder", type=Path, help="where the projects are made, and deleted again")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run is not None:
        run_here(options.run)
        return
    print("| rows | most memory | more than with the fewest rows | seconds |")
    print("|---:|---:|---:|---:|")
    least = None
    for rows in options.rows:
        most, seconds = measured(rows, options.folder)
        least = least or most
        print(f"| {rows:,} | {most / 1e6:,.0f} MB | {(most - least) / 1e6:,.0f} MB | {seconds:,.0f} |", flush=True)


if __name__ == "__main__":
    main()

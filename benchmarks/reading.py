"""How much memory it takes to read text: a gigabyte as one file, as many files, and as files of records.

Each reading is a process of its own, whose largest resident size is what counts. Prints a table for README.md.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "interpreter"))

PARAGRAPH = "The river rises in the hills and runs for ninety miles past two towns until it meets the sea. " * 10
FILES = 2_000


def _records(size: int) -> Iterator[bytes]:
    for number in range(size // len(PARAGRAPH)):
        yield json.dumps({"text": f"{number} {PARAGRAPH}"}).encode()


def one_text(folder: Path, size: int) -> None:
    with (folder / "a.txt").open("w") as file:
        for number in range(size // len(PARAGRAPH)):
            file.write(f"{number} {PARAGRAPH}\n\n")


def many_texts(folder: Path, size: int) -> None:
    for number in range(FILES):
        (folder / f"{number:05}.txt").write_text(f"{number} {PARAGRAPH}\n\n" * (size // FILES // len(PARAGRAPH)))


def lines(folder: Path, size: int) -> None:
    with (folder / "a.jsonl").open("wb") as file:
        file.writelines(record + b"\n" for record in _records(size))


def array(folder: Path, size: int) -> None:
    with (folder / "a.json").open("wb") as file:
        for number, record in enumerate(_records(size)):
            file.write((b",\n" if number else b"[") + record)
        file.write(b"]")


def table(folder: Path, size: int) -> None:
    with (folder / "a.csv").open("w") as file:
        file.write("n,text\n")
        for number in range(size // len(PARAGRAPH)):
            file.write(f'{number},"{PARAGRAPH}"\n')


def parquet(folder: Path, size: int) -> None:
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import parquet as format_

    schema = pyarrow.schema([("text", pyarrow.string())])
    with format_.ParquetWriter(folder / "a.parquet", schema) as writer:
        count = size // len(PARAGRAPH)
        for start in range(0, count, 10_000):
            texts = [f"{number} {PARAGRAPH}" for number in range(start, min(count, start + 10_000))]
            writer.write_table(pyarrow.table({"text": texts}))


CASES: dict[str, Callable[[Path, int], None]] = {
    "one `.txt`": one_text,
    f"{FILES:,} `.txt`": many_texts,
    "`.jsonl`": lines,
    "`.json`, a list": array,
    "`.csv`": table,
    "`.parquet`": parquet,
}


def measure(folder: Path) -> None:
    """Read a folder; print the documents, the characters, the seconds and the largest size in memory."""
    from atk_interp.formats.documents import Document
    from atk_interp.formats.inputs import Input
    from atk_interp.formats.readers import Reading

    began = time.perf_counter()
    documents = characters = 0
    for _, item in Input(str(folder), folder, Reading(), 300).items():
        if isinstance(item, Document):
            documents += 1
            characters += len(str(item.fields["text"]))
    seconds = time.perf_counter() - began
    print(json.dumps([documents, characters, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure is not None:
        measure(given.measure)
        return
    print("| 1 GB of text as | documents | seconds | MB in memory |\n|---|---|---|---|")
    for name, write in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), given.megabytes * 1_000_000)
            command = [sys.executable, __file__, "--measure", folder]
            told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
            documents, _, seconds, megabytes = json.loads(told)
            print(f"| {name} | {documents:,} | {seconds:.1f} | {megabytes:.0f} |", flush=True)


if __name__ == "__main__":
    main()

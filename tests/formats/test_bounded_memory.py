"""Reading takes the memory of what is being read, not of the file. `benchmarks/reading.py` has it for a gigabyte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RECORD = '{"text": "' + "The river rises in the hills and runs for ninety miles. " * 50 + '"}'
MEASURE = """
import resource, sys
from pathlib import Path
from atk_interp.formats.inputs import Input
from atk_interp.formats.readers import Reading
folder = Path(sys.argv[1])
def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
for _ in Input(str(folder / "small"), folder, Reading(), 60).items(): pass
before = most()
count = sum(1 for _ in Input(str(folder / "large"), folder, Reading(), 60).items())
print(count, most() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "begin", "between", "end"),
    [("a.jsonl", "", "\n", "\n"), ("a.json", "[", ",\n", "]"), ("a.csv", "", "", "")],
)
def test_a_large_file_takes_no_more_memory_than_a_small_one(
    tmp_path: Path, name: str, begin: str, between: str, end: str
) -> None:
    count = 20_000  # 56 MB
    record = '"' + RECORD[10:-2] + '"\n' if name == "a.csv" else RECORD
    head = "text\n" if name == "a.csv" else begin
    for folder, records in (("small", 500), ("large", count)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(head + between.join([record] * records) + end)
    told = subprocess.run([sys.executable, "-c", MEASURE, str(tmp_path)], stdout=subprocess.PIPE, check=True).stdout
    read, megabytes = map(int, told.split())
    assert read == count
    assert megabytes < 10

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fpdf import FPDF

from atk_interp.formats.documents import CannotRead, Document, Problem
from atk_interp.formats.parsed_cache import ParsedCache
from atk_interp.formats.parsing import Parsers
from atk_interp.formats.readers import PARSED, Reading, read_file

HOSTILE = """
import atk_interp.formats.readers as readers, ctypes, os
from atk_interp.formats import worker
from atk_interp.formats.documents import Document
def read_file(path, root, **how):
    with open({log!r}, "a") as log:
        log.write(path.name + "\\n")
    if "hangs" in path.name:
        ctypes.PyDLL(None).sleep(60)  # in C, and holding the lock of the interpreter
    if "dies" in path.name:
        os.abort()
    if "interrupted" in path.name:
        os.kill(os.getpid(), 2)
    print("what a library prints")
    yield Document(path.name, {{"text": path.name}})
worker.read_file = read_file
worker.main()
"""


def files(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_text(f"<p>{name}</p>")
    return [folder / name for name in names]


def read(parsers: Parsers, given: list[Path]) -> Iterator[Document | Problem]:
    for items in parsers.read(given, read_file, PARSED):
        yield from items


def hostile(folder: Path, limit_s: float, cache: ParsedCache | None = None) -> Parsers:
    command = HOSTILE.format(log=str(folder / "log"))
    return Parsers(folder, Reading(), limit_s, cache, command=command, worth_keeping_s=0)


def test_documents_come_in_the_order_of_their_files(tmp_path: Path) -> None:
    given = files(tmp_path, *(f"{number:02}.{('html', 'txt')[number % 2]}" for number in range(12)))
    with closing(Parsers(tmp_path, Reading(), 60)) as parsers:
        assert [str(one.source) for one in read(parsers, given)] == [path.name for path in given]


def test_what_hangs_or_dies_in_a_parser_costs_its_own_file_alone(tmp_path: Path) -> None:
    given = files(tmp_path, "1.pdf", "2 hangs.pdf", "3.pdf", "4 dies.pdf", "5.pdf", "6.pdf")
    with closing(hostile(tmp_path, 0.5)) as parsers:
        found = [one.source if isinstance(one, Document) else str(one) for one in read(parsers, given)]
    assert found == [
        "1.pdf",
        "2 hangs.pdf: it takes longer than 0.5 s to read, or more memory than there is; skipped",
        "3.pdf",
        "4 dies.pdf: the parser died of it (SIGABRT); skipped",
        "5.pdf",
        "6.pdf",
    ]


def test_an_interrupt_loses_no_file(tmp_path: Path) -> None:
    """What is pressed in a terminal goes to the workers, too."""
    with closing(hostile(tmp_path, 60)) as parsers, pytest.raises(CannotRead, match="the reading was interrupted"):
        list(read(parsers, files(tmp_path, "1.pdf", "2 interrupted.pdf")))


def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    parsers = hostile(tmp_path, 60)
    came: list[object] = []
    given = files(tmp_path, "1 hangs.pdf")
    thread = threading.Thread(target=lambda: came.extend(read(parsers, given)))
    thread.start()
    while not (tmp_path / "log").exists():
        pass
    parsers.close()
    thread.join(10)
    assert not thread.is_alive()
    assert len(came) == 1


def test_a_file_is_parsed_once_whatever_it_is_called(tmp_path: Path) -> None:
    cache = ParsedCache(tmp_path / "cache")
    [first] = files(tmp_path, "1.pdf")
    for name in ("1.pdf", "2.pdf", "1.docx"):
        (tmp_path / name).write_bytes(first.read_bytes())
        with closing(hostile(tmp_path, 60, cache)) as parsers:
            assert [one.source for one in read(parsers, [tmp_path / name])] == [name]
    assert (tmp_path / "log").read_text().split() == ["1.pdf", "1.docx"]
    first.write_text("changed")
    with closing(hostile(tmp_path, 60, cache)) as parsers:
        assert [one.fields for one in read(parsers, [first]) if isinstance(one, Document)] == [{"text": "1.pdf"}]
    assert (tmp_path / "log").read_text().split() == ["1.pdf", "1.docx", "1.pdf"]


def test_a_real_document_is_the_same_from_the_cache(tmp_path: Path) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.multi_cell(0, 6, "The river rises in the hills.")
    pdf.output(str(tmp_path / "a.pdf"))
    (tmp_path / "b.pdf").write_bytes(b"no pdf")
    given = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    alone = [item for path in given for item in read_file(path, tmp_path)]
    cache = ParsedCache(tmp_path / "cache")
    for _ in range(2):
        with closing(Parsers(tmp_path, Reading(), 60, cache, worth_keeping_s=0)) as parsers:
            assert list(read(parsers, given)) == alone
    assert len(list((tmp_path / "cache").glob("*/*"))) == 2


def test_a_damaged_answer_is_none(tmp_path: Path) -> None:
    cache = ParsedCache(tmp_path)
    key = "ab" * 32
    cache.put(key, b"[]")
    assert cache.get(key) == b"[]"
    [path] = tmp_path.glob("*/*")
    for data in (path.read_bytes()[:-1], b""):
        path.write_bytes(data)
        assert cache.get(key) is None


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = ParsedCache(tmp_path, most_bytes=10 * 132)
    keys = [f"{number:064}" for number in range(12)]
    for number, key in enumerate(keys):
        cache.put(key, b"x" * 100)
        os.utime(tmp_path / key[:2] / key[2:], ns=(number, number))
    assert cache.get(keys[0]) is not None  # which makes it the youngest
    cache.prune()
    assert [key for key in keys if cache.get(key) is not None] == [keys[0], *keys[5:]]


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ParsedCache(tmp_path / "file")
    cache.put("ab" * 32, b"[]")
    cache.prune()
    assert cache.get("ab" * 32) is None


def test_a_worker_ends_with_the_process_that_it_works_for(tmp_path: Path) -> None:
    """Killed, without a chance to tell it."""
    files(tmp_path, "1.html", "2.html")
    script = f"""
import os
from pathlib import Path
from atk_interp.formats.parsing import Parsers
from atk_interp.formats.readers import PARSED, Reading, read_file
parsers = Parsers(Path({str(tmp_path)!r}), Reading(), 60)
list(parsers.read([Path({str(tmp_path / "1.html")!r})], read_file, PARSED))
print(*[worker._process.pid for worker in parsers._workers if worker._process], flush=True)
os.kill(os.getpid(), 9)
"""
    ended = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False, text=True)
    assert ended.returncode == -signal.SIGKILL
    for number in map(int, ended.stdout.split()):
        while _is_alive(number):
            pass


def _is_alive(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

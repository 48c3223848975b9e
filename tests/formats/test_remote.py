from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest

from atk_interp.formats.documents import CannotRead, Document, Problem
from atk_interp.formats.inputs import Input
from atk_interp.formats.readers import Reading
from atk_interp.formats.remote import Remote, shown


@pytest.fixture(autouse=True)
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of documents is kept here."""
    monkeypatch.chdir(tmp_path)


def read(address: str, tmp_path: Path) -> tuple[list[tuple[str, object]], list[str]]:
    found = [item for _, item in Input(address, tmp_path, Reading(), 60).items()]
    documents: list[tuple[str, object]] = [
        (one.source, one.fields["text"]) for one in found if isinstance(one, Document)
    ]
    return documents, [str(one) for one in found if isinstance(one, Problem)]


@pytest.fixture
def memory() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    system.pipe({"/in/b.txt": b"two", "/in/a/a.html": b"<p>one</p>", "/in/.hidden.txt": b"no", "/in/c.png": b"no"})
    yield system
    system.rm("/in", recursive=True)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "www").mkdir()
    for name, text in (("a.txt", "one"), ("b.jsonl", '{"text": "two"}\n')):
        (tmp_path / "www" / name).write_text(text)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "www")))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_folder_in_memory_is_read_as_one_on_disk(tmp_path: Path, memory: Any) -> None:
    documents, problems = read("memory://in", tmp_path)
    assert documents == [("a/a.html", "one"), ("b.txt", "two")]
    assert [problem.partition(":")[2] for problem in problems] == ["//in: 1 file with suffix `.png` is not read"]


def test_one_file_and_a_glob_are_read(tmp_path: Path, memory: Any) -> None:
    assert read("memory://in/b.txt", tmp_path)[0] == [("b.txt", "two")]
    assert read("memory://in/**/*.html", tmp_path)[0] == [("a/a.html", "one")]


def test_files_by_address_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    assert read(f"file://{tmp_path}", tmp_path)[0] == [("a.txt", "one")]


def test_files_of_a_web_server_are_read(tmp_path: Path, served: str) -> None:
    assert read(f"{served}/b.jsonl", tmp_path) == ([("b.jsonl", "two")], [])
    assert read(f"{served}/", tmp_path)[0] == [("a.txt", "one"), ("b.jsonl", "two")]


def test_what_is_not_there_is_told_without_its_keys(tmp_path: Path, served: str) -> None:
    for address in (f"{served}/gone.txt?signature=hush", "memory://gone"):
        with pytest.raises(CannotRead) as refused:
            read(address, tmp_path)
        assert "hush" not in str(refused.value)
        assert "gone" in str(refused.value)


def test_an_address_with_a_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRead) as refused:
        read("https://me:hush@127.0.0.1:1/a.txt", tmp_path)
    assert "hush" not in str(refused.value) + refused.value.help
    assert shown("https://me:hush@host/a.txt?key=hush") == "https://host/a.txt"


def test_a_scheme_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match="nothing is known of addresses that begin with `nosuch://`"):
        read("nosuch://a", tmp_path)
    with pytest.raises(CannotRead) as refused:
        Remote.check("htps://host/a.txt")
    assert "`https`" in refused.value.help


@pytest.mark.parametrize(
    ("address", "package"), [("dropbox://folder", "dropboxdrivefs"), ("smb://host/share", "smbprotocol")]
)
def test_the_package_that_a_scheme_needs_is_named_before_anything_is_read(address: str, package: str) -> None:
    with pytest.raises(CannotRead, match="needs a package that is not installed") as refused:
        Remote.check(address)
    assert refused.value.help == f"`pip install {package}`"


def test_what_was_brought_here_is_removed_when_it_was_read(tmp_path: Path, memory: Any) -> None:
    import tempfile

    before = set(Path(tempfile.gettempdir()).glob("atk-remote-*"))
    items = Input("memory://in", tmp_path, Reading(), 60).items()
    list(items)
    assert set(Path(tempfile.gettempdir()).glob("atk-remote-*")) <= before

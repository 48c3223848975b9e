"""Addresses of S3, against a server on this machine. Runs where `moto[server]` and `s3fs` are installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from atk_interp.formats.documents import CannotRead
from atk_interp.formats.remote import Remote

s3fs = pytest.importorskip("s3fs", reason="`pip install s3fs 'moto[server]'` for the test of S3")
servers = pytest.importorskip("moto.server", reason="`pip install s3fs 'moto[server]'` for the test of S3")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a bucket with two files."""
    server = servers.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    system = s3fs.S3FileSystem()
    system.makedirs("bucket", exist_ok=True)
    system.pipe("bucket/notes/a.txt", b"The mill.\n")
    system.pipe("bucket/notes/deep/b.jsonl", b'{"text": "The bell."}\n')
    yield "s3://bucket"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def names(address: str) -> dict[str, str]:
    remote = Remote(address)
    try:
        found = remote.found()
        return {str(file.relative_to(found.root)): file.read_text() for file in remote.fetched(found.files)}
    finally:
        remote.close()


def test_folders_globs_and_files_of_a_bucket_are_brought_here(bucket: str) -> None:
    both = {"a.txt": "The mill.\n", "deep/b.jsonl": '{"text": "The bell."}\n'}
    assert names(f"{bucket}/notes") == both
    assert names(f"{bucket}/notes/*.txt") == {"a.txt": "The mill.\n"}
    assert names(f"{bucket}/notes/a.txt") == {"a.txt": "The mill.\n"}


def test_what_a_bucket_lacks_is_told(bucket: str) -> None:
    with pytest.raises(CannotRead, match="there is no such file or folder"):
        names(f"{bucket}/none")

"""What was parsed before: the documents of files by their content, so that no file is parsed twice."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

from atk_interp.values import canonical

__all__ = ["ParsedCache"]

_MOST_BYTES = 1024**3
_LEFT_WHEN_FULL = 0.8
_DIGEST_BYTES = 32
_LIBRARIES = ("pypdfium2", "python-docx", "lxml", "selectolax", "charset-normalizer")


class ParsedCache:
    """A folder of answers by keys. Safe to delete at any time, and to share among processes.

    An answer appears whole or not at all, and one that was damaged is as good as none. What was not used for longest
    goes when there are more than `most_bytes`. Nothing here raises for a folder that cannot be written or read.
    """

    def __init__(self, folder: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def key(self, path: Path, reading: object) -> str:
        """What an answer depends on: the content and suffix of a file, how it is read, by what. Raises `OSError`."""
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        parts = canonical([_program(), content, path.suffix.lower(), reading])
        return hashlib.sha256(b"atk-parsed-v1\0" + parts).hexdigest()

    def get(self, key: str) -> bytes | None:
        """The answer of a key, if there is one."""
        place = self._place(key)
        try:
            data = place.read_bytes()
            os.utime(place)
        except OSError:
            return None
        digest, answer = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        return answer if hashlib.sha256(answer).digest() == digest else None

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer."""
        place = self._place(key)
        partial = place.with_name(f".{place.name}.{secrets.token_hex(6)}")
        with suppress(OSError):
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                partial.write_bytes(hashlib.sha256(answer).digest() + answer)
                partial.replace(place)
            finally:
                partial.unlink(missing_ok=True)

    def prune(self) -> None:
        """Remove what was used longest ago until there is room again. To be called when some were put in."""
        found = []
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                state = path.stat()
                found.append((state.st_mtime_ns, state.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= self._most_bytes:
            return
        for _, size, path in sorted(found):
            if total <= _LEFT_WHEN_FULL * self._most_bytes:
                return
            with suppress(OSError):
                path.unlink()
                total -= size

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]


@cache
def _program() -> str:
    """The readers as they are, and the libraries that they use."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    for name in _LIBRARIES:
        try:
            digest.update(f"\0{name} {metadata.version(name)}".encode())
        except metadata.PackageNotFoundError:
            digest.update(f"\0{name}".encode())
    return digest.hexdigest()

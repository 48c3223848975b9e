"""What a path or an address stands for, read document by document: the one thing that a step has to ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from atk_interp.formats.documents import Document, Problem
from atk_interp.formats.finding import Found, check_path
from atk_interp.formats.parsing import Parsers, cache_of_project
from atk_interp.formats.readers import PARSED, Reading, find_files, read_file
from atk_interp.formats.remote import Remote, is_remote

__all__ = ["Input"]


class Input:
    """The input of one step. `path` is relative to `folder` unless it is absolute or an address.

    `limit_s` is how long a document may take that is parsed in a process of its own. All but `items` may raise
    `CannotRead`; `items` does so before its first item.
    """

    def __init__(self, path: str, folder: Path, reading: Reading, limit_s: float) -> None:
        self._path = path
        self._folder = folder
        self._reading = reading
        self._limit_s = limit_s

    def check(self) -> None:
        """Raise `CannotRead` when there is nothing there. Cheap; of an address it looks at the spelling alone."""
        if is_remote(self._path):
            Remote.check(self._path)
        else:
            check_path(self._local)

    def files(self) -> tuple[Path, ...]:
        """The files to read, of a path."""
        return find_files(self._local).files

    def items(self) -> Iterator[tuple[int, Document | Problem]]:
        """All documents and problems in canonical order, each with the number of its file."""
        if is_remote(self._path):
            with closing(Remote(self._path)) as remote:
                yield from self._of(remote.found(), remote)
        else:
            yield from self._of(find_files(self._local), None)

    def _of(self, found: Found, remote: Remote | None) -> Iterator[tuple[int, Document | Problem]]:
        for problem in found.problems:
            yield 0, problem
        with closing(Parsers(found.root, self._reading, self._limit_s, cache_of_project())) as parsers:
            files = found.files if remote is None else remote.fetched(found.files)
            for number, items in enumerate(parsers.read(files, read_file, PARSED)):
                for item in items:
                    yield number, item
                if remote is not None:
                    remote.done()

    @property
    def _local(self) -> Path:
        return self._folder / Path(self._path).expanduser()

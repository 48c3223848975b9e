"""Inputs at addresses (`s3://…`, `https://…`), brought here file by file. The only door to fsspec."""

from __future__ import annotations

import posixpath
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from atk_interp.diagnostics import did_you_mean
from atk_interp.formats.documents import CannotRead, Problem
from atk_interp.formats.finding import Found, glob_pattern, sorted_out
from atk_interp.formats.readers import READERS

__all__ = ["Remote", "is_remote", "shown"]

_MAGIC, _MAGIC_ON_THE_WEB = frozenset("*?["), frozenset("*")
"""Signs that make a glob; a `?` begins the query of an address on the web."""

_PIECE = 1024 * 1024


def is_remote(path: str) -> bool:
    """Whether a path is an address."""
    return "://" in path


def shown(address: str) -> str:
    """An address as people may see it: without a password, and without a query, which may be a key as well."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


class Remote:
    """The files at one address. To be closed, which removes what was brought here.

    A file is brought whole to a temporary folder when its turn comes, and removed when it was read: as much disk is
    needed as the files take that are read at a time, and no memory.
    """

    def __init__(self, address: str) -> None:
        self.check(address)
        self._address = address
        self._folder = Path(tempfile.mkdtemp(prefix="atk-remote-"))
        self._places: dict[Path, str] = {}
        self._here: deque[Path] = deque()
        self._system, self._root = _opened(address)

    @staticmethod
    def check(address: str) -> None:
        """Raise `CannotRead` for an address that says what belongs elsewhere, and when a package is missing for it."""
        parts = urlsplit(address)
        if parts.password is not None or "@" in parts.netloc:
            help = "leave it out, and give it as the environment or the configuration of fsspec has it"
            raise CannotRead(f"`{shown(address)}` is written with a name or password in it", help)
        try:
            import fsspec  # type: ignore[import-untyped]  # imported late: an extra
        except ImportError:
            raise CannotRead("addresses need fsspec, which is not installed", _INSTALL) from None
        scheme = parts.scheme
        try:
            fsspec.get_filesystem_class(scheme)
        except ImportError as error:
            told = f"`{scheme}://` needs a package that is not installed"
            raise CannotRead(told, f"`pip install {_package(error)}`") from None
        except ValueError:
            known = sorted(fsspec.available_protocols())
            help = did_you_mean(scheme, known) or "there are `https://`, `s3://`, `gs://`, `hf://` and others of fsspec"
            raise CannotRead(f"nothing is known of addresses that begin with `{scheme}://`", help) from None

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def found(self) -> Found:
        """What there is to read, each as the path that it will have here. Raises `CannotRead`."""
        try:
            root, names = self._listed()
        except Exception as error:  # noqa: BLE001 - each of the packages behind fsspec has errors of its own
            raise CannotRead(f"`{shown(self._address)}` cannot be read ({_told(error)})") from None
        problems: list[Problem] = []
        for name in names:
            relative = _bare(posixpath.relpath(name, root))
            parts = [part for part in relative.split("/") if part not in ("", ".")]
            if ".." in parts:
                problems.append(Problem(relative, "", "the name leads out of the folder; skipped"))
            elif not any(part.startswith((".", "~$")) for part in parts):
                self._places[self._folder.joinpath(*parts)] = name
        found = sorted_out(self._folder, list(self._places), READERS, problems, shown(self._address))
        if not found.files:
            nothing = Problem(shown(self._address), "", "there is nothing to read here")
            return Found(found.root, (), (*found.problems, nothing))
        return found

    def fetched(self, files: Iterable[Path]) -> Iterator[Path]:
        """The files, each brought here before it is handed on. One that cannot be brought is not there."""
        for file in files:
            self._fetch(file)
            self._here.append(file)
            yield file

    def done(self) -> None:
        """The first of the files that are here was read."""
        self._here.popleft().unlink(missing_ok=True)

    def _fetch(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._system.open(self._places[file], "rb") as source, file.open("wb") as target:
                shutil.copyfileobj(source, target, _PIECE)
        except Exception:  # noqa: BLE001 - as above; reading the file tells that it is not there
            file.unlink(missing_ok=True)

    def _listed(self) -> tuple[str, list[str]]:
        """The folder that names are relative to, and the names of all files."""
        root = self._root
        magic = _MAGIC_ON_THE_WEB if root.startswith(("http://", "https://")) else _MAGIC
        if magic & set(root):
            fixed = root[: min(root.index(sign) for sign in magic if sign in root)].rpartition("/")[0]
            wanted = glob_pattern(posixpath.relpath(root, fixed) if fixed else root)
            names = self._system.find(fixed)
            return fixed, [name for name in names if wanted.fullmatch(posixpath.relpath(name, fixed))]
        if not self._address.endswith("/") and self._system.isfile(root):
            return posixpath.dirname(root), [root]
        if not self._system.exists(root):
            raise FileNotFoundError("there is no such file or folder")
        return root.rstrip("/"), self._system.find(root)


_INSTALL = "`pip install 'atk-interp[remote]'`, and for `s3://` and the like the package of fsspec for it"
_PACKAGES = {"smbclient": "smbprotocol", "libarchive": "libarchive-c", "pyarrow": "'atk-interp[parquet]'"}
"""Where a package has another name than what is imported."""


def _package(error: ImportError) -> str:
    """What to install, of an import that failed in the file system of a scheme."""
    cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
    name = (cause.name or "").partition(".")[0]
    return _PACKAGES.get(name, name) or "fsspec"


def _opened(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it. Raises `CannotRead`."""
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(address)
    except Exception as error:  # noqa: BLE001 - as in `found`: some look for keys here
        raise CannotRead(f"`{shown(address)}` cannot be opened ({_told(error)})") from None
    return system, str(path)


def _bare(name: str) -> str:
    """A name on the web without its query."""
    return name.partition("?")[0]


def _told(error: Exception) -> str:
    """The sort of an error and nothing that it quotes: an address within it may hold a key."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    if isinstance(error, PermissionError):
        return "permission denied"
    return type(error).__name__

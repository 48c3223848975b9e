"""Which files of a folder are to be read, in an order that every machine agrees on."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from atk_interp.formats.documents import CannotRead, Problem
from atk_interp.formats.packing import suffix_of
from atk_interp.patterns import pattern
from atk_interp.records import dataclass

__all__ = ["Found", "check_path", "find", "glob_pattern", "sorted_out", "source_of"]

_RUNS_LOCK = ".atk-lock"
"""The file that every run puts into its output folder."""

_STATE, _DESCRIPTION, _SPLITS = "state.json", "dataset_info.json", "dataset_dict.json"
"""What `save_to_disk` of Hugging Face's `datasets` puts beside its shards, and beside the folders of its splits."""

_MAGIC = pattern(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Found:
    """`files` are sorted by their path below `root` as `source_of` gives it, code point by code point."""

    root: Path
    files: tuple[Path, ...]
    problems: tuple[Problem, ...]


def find(path: Path, suffixes: Collection[str], pattern: str | None = None) -> Found:
    """The files with one of these suffixes (lower case, with their dot; also packed) that `path` stands for.

    `path` is a folder, read with all the folders in it; one file; or a glob (`notes/**/*.md`). `pattern` is a
    glob for the path below the folder; without a `/` it is one for the name, at any depth. Hidden files and
    folders and the lock files of office programs are passed over. Links to folders are not followed, nor links
    to files outside the folder. Output folders of runs are not read either, lest a pipeline read what it
    wrote; `path` itself may be one. Of a dataset that `datasets` of Hugging Face saved, its rows alone are read. What
    else is not read is reported, suffix by suffix.
    """
    root, wanted = _start(path, pattern)
    if root.is_file():
        return sorted_out(root.parent, [root], suffixes, [])
    problems: list[Problem] = []
    files = [file for file in _walk(root, problems) if wanted is None or wanted.fullmatch(source_of(file, root))]
    found = sorted_out(root, files, suffixes, problems)
    if not found.files:
        nothing = Problem(str(path), "", "there is nothing to read here", f"readable are {_listed(suffixes)}")
        return Found(found.root, (), (*found.problems, nothing))
    return found


def check_path(path: Path) -> None:
    """Raise `CannotRead` when there is no such file or folder, nor the folder of such a glob."""
    _start(path, None)


def source_of(file: Path, root: Path) -> str:
    """The path of a file below `root`: `/` between its parts, composed Unicode, and never half a character."""
    relative = file.relative_to(root) if file != root else Path(file.name)
    readable = os.fsencode(relative.as_posix()).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", readable)


def _start(path: Path, pattern: str | None) -> tuple[Path, re.Pattern[str] | None]:
    """The folder or file to begin with, and what the paths below it have to look like."""
    matcher = None if pattern is None else re.compile(_glob(pattern if "/" in pattern else f"**/{pattern}"), re.DOTALL)
    if path.exists():
        return path, matcher
    fixed = next((index for index, part in enumerate(path.parts) if _MAGIC.search(part)), None)
    root = Path(*path.parts[:fixed])
    if fixed is None or not root.is_dir():
        told = (
            "check the path: one in a spec counts from the folder of the spec, one in a config from that of the config"
        )
        raise CannotRead(f"`{path}` does not exist", told)
    if matcher is not None:
        raise CannotRead(f"`{path}` is a glob already", f"leave out the pattern `{pattern}`, or name a folder")
    return root, glob_pattern("/".join(path.parts[fixed:]))


def _walk(root: Path, problems: list[Problem]) -> Iterator[Path]:
    """Every regular file below a folder that is not hidden."""

    def unreadable(error: OSError) -> None:
        place = source_of(Path(error.filename), root)
        problems.append(Problem(place, "", f"the folder cannot be opened ({error.strerror}); skipped"))

    real_root = root.resolve()
    for folder, folders, names in os.walk(root, onerror=unreadable):
        if _RUNS_LOCK in names and (place := Path(folder)) != root:
            message = "this is the output folder of a run; not read"
            help = "name the folder itself to read it"
            problems.append(Problem(source_of(place, root), "", message, help, "notice"))
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not _is_passed_over(name))
        for name in folders:
            if (link := Path(folder, name)).is_symlink():
                problems.append(Problem(source_of(link, root), "", "a link to a folder; not followed", level="notice"))
        shards = _shards(Path(folder), names)
        for name in names:
            file = Path(folder, name)
            if _is_passed_over(name) or (shards is not None and name not in shards):
                continue
            if reason := _why_not(file, real_root):
                problems.append(Problem(source_of(file, root), "", reason))
            else:
                yield file


def _shards(folder: Path, names: list[str]) -> frozenset[str] | None:
    """The files with the rows of a dataset that `datasets` of Hugging Face saved here; None for other folders.

    Beside them stand descriptions, and what `datasets` computes from the rows and keeps for itself.
    """
    if _SPLITS in names:
        return frozenset()
    if _STATE not in names or _DESCRIPTION not in names:
        return None
    try:
        listed = json.loads((folder / _STATE).read_bytes())["_data_files"]
        return frozenset(str(file["filename"]) for file in listed)
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset(name for name in names if name.startswith("data-") and name.endswith(".arrow"))


def _why_not(file: Path, real_root: Path) -> str | None:
    if file.is_symlink() and not file.resolve().is_relative_to(real_root):
        return "a link that leads out of the folder; skipped"
    if not file.is_file():
        return "a link that leads nowhere; skipped" if file.is_symlink() else "not a regular file; skipped"
    return None


def _is_passed_over(name: str) -> bool:
    return name.startswith((".", "~$"))


def sorted_out(
    root: Path, files: list[Path], suffixes: Collection[str], problems: list[Problem], name: str = ""
) -> Found:
    """Tell readable files from others, which are counted suffix by suffix. `name` is what people call the folder."""
    readable = [file for file in files if suffix_of(file) in suffixes]
    others = Counter(suffix_of(file) for file in files if suffix_of(file) not in suffixes)
    for suffix, count in sorted(others.items()):
        what = "1 file" if count == 1 else f"{count} files"
        with_suffix = f"with suffix `{suffix}`" if suffix else "without a suffix"
        verb = "is" if count == 1 else "are"
        message = f"{what} {with_suffix} {verb} not read"
        problems.append(Problem(name or root.name or str(root), "", message, f"readable are {_listed(suffixes)}"))
    readable.sort(key=lambda file: (source_of(file, root), os.fsencode(file)))
    return Found(root, tuple(readable), tuple(problems))


def _listed(suffixes: Collection[str]) -> str:
    return ", ".join(f"`{suffix}`" for suffix in suffixes)


def glob_pattern(glob: str) -> re.Pattern[str]:
    """What the paths of a glob look like, below the folder that it begins in."""
    return re.compile(_glob(glob), re.DOTALL)


def _glob(pattern: str) -> str:
    """A glob as a regular expression: `**` crosses folders, `*` and `?` do not, `[a-z]` and `[!a-z]` are sets."""
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]]*\]|.", pattern, re.DOTALL)
    return "".join(_GLOB_PARTS.get(token) or _literal(token) for token in tokens)


_GLOB_PARTS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _literal(token: str) -> str:
    if len(token) < 2:
        return re.escape(token)
    negated = token[1] in "!^"
    members = token[2 if negated else 1 : -1].replace("\\", "\\\\").replace("]", "\\]").replace("[", "\\[")
    return f"[{'^/' if negated else ''}{members}]"

"""The table `[tool.atk-interp.lint]` of a `pyproject.toml`: what is looked for in the files of a project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Code, Sink, did_you_mean
from atk_interp.diagnostics.render import FORMATS
from atk_interp.document import shown
from atk_interp.lint.codes import BAD_SETTING
from atk_interp.lint.selection import DEFAULT, Selection, selector_problem
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.source import SourceFile, Span

__all__ = ["NO_SETTINGS", "Settings", "SettingsFinder", "matches"]

_KEYS = ("select", "extend-select", "ignore", "per-file-ignores", "exclude", "strict", "format")
_HAS_TABLE = pattern(rb"""^[ \t]*\[?[ \t]*tool[ \t]*\.[ \t]*["']?atk-interp""", re.MULTILINE)


@dataclass(frozen=True)
class Settings:
    """What a project wants. Patterns are relative to `folder`, that of the `pyproject.toml`."""

    selection: Selection = DEFAULT
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    strict: bool = False
    format: str | None = None
    folder: Path | None = None

    def wants(self, code: Code, path: str) -> bool:
        """Whether a code is told of a file, given as it is shown."""
        extra = [selector for glob, ignored in self.per_file_ignores for selector in ignored if self._is(path, glob)]
        chosen = self.selection
        if extra:
            chosen = Selection(chosen.select, chosen.extend_select, (*chosen.ignore, *extra))
        return chosen.has(code)

    def leaves_out(self, path: Path) -> bool:
        """Whether a file or folder is one that the project excludes."""
        return any(self._is(str(path), glob) for glob in self.exclude)

    def overridden(self, select: tuple[str, ...], extend_select: tuple[str, ...], ignore: tuple[str, ...]) -> Settings:
        """With what a command line says: a `select` there sets the project's choice aside, the others add to it."""
        if not (select or extend_select or ignore):
            return self
        base = DEFAULT if select else self.selection
        chosen = Selection(select or base.select, base.extend_select + extend_select, base.ignore + ignore)
        return Settings(chosen, self.per_file_ignores, self.exclude, self.strict, self.format, self.folder)

    def _is(self, path: str, glob: str) -> bool:
        return self.folder is not None and matches(Path(path), glob, self.folder)


NO_SETTINGS = Settings()
"""What holds where no project says otherwise."""


def matches(path: Path, glob: str, folder: Path) -> bool:
    """Whether a pattern means a path: its name, its path from the folder, or a folder around it. `*` goes any depth."""
    try:
        relative = path.resolve().relative_to(folder)
    except (ValueError, OSError):
        return False
    around = [relative, *relative.parents][:-1]
    plain = glob.strip("/").removeprefix("./")
    wanted = {plain, plain.replace("**/", "")}
    return any(fnmatchcase(text, want) for part in around for text in (part.as_posix(), part.name) for want in wanted)


class SettingsFinder:
    """The settings of paths, each `pyproject.toml` read once; what is wrong in them goes to the sink."""

    def __init__(self) -> None:
        self.sink = Sink()
        self._by_folder: dict[Path, Settings] = {}

    def of(self, path: Path) -> Settings:
        """The settings of the nearest `pyproject.toml` above a file that has any."""
        folder = path.resolve().parent
        if folder not in self._by_folder:
            self._by_folder[folder] = self._nearest(folder)
        return self._by_folder[folder]

    def _nearest(self, folder: Path) -> Settings:
        for candidate in (folder, *folder.parents):
            try:
                data = (candidate / "pyproject.toml").read_bytes()
            except OSError:
                continue
            if _HAS_TABLE.search(data) is not None:
                return self._read(candidate, data)
        return NO_SETTINGS

    def _read(self, folder: Path, data: bytes) -> Settings:
        known = next((found for found in self._by_folder.values() if found.folder == folder), None)
        if known is not None:
            return known
        import tomllib  # most projects have no such table, and it takes as long to load as a spec to check

        text = data.decode("utf-8-sig", "replace")
        file = SourceFile(shown(folder / "pyproject.toml"), text)
        try:
            table = tomllib.loads(text.replace("\r\n", "\n"))
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+), column (\d+)", str(error))
            at = file.offset(int(line[1]), int(line[2])) if line else 0
            told = f"this is not TOML: {str(error).partition(' (at ')[0].lower()}"
            self.sink.report(BAD_SETTING, Span(file, at, min(at + 1, len(text))), told, help="no setting is read")
            return Settings(folder=folder)
        return _Reader(file, table, self.sink).settings(folder)


class _Reader:
    """Reads the table, and reports what it does not know."""

    def __init__(self, file: SourceFile, table: Mapping[str, Any], sink: Sink) -> None:
        self._file = file
        self._sink = sink
        ours = table.get("tool", {}).get("atk-interp", {})
        self._table: dict[str, Any] = ours.get("lint", {}) if isinstance(ours, dict) else {}
        self._unknown(ours, ("lint",), "[tool.atk-interp]")
        if not isinstance(self._table, dict):
            self._report("`lint` is a table", "write `[tool.atk-interp.lint]`", "lint")
            self._table = {}
        self._unknown(self._table, _KEYS, "[tool.atk-interp.lint]", "lint")

    def settings(self, folder: Path) -> Settings:
        chosen = Selection(
            self._selectors(self._table.get("select", []), "select"),
            self._selectors(self._table.get("extend-select", []), "extend-select"),
            self._selectors(self._table.get("ignore", []), "ignore"),
        )
        by_file = self._table.get("per-file-ignores", {})
        if not isinstance(by_file, dict):
            self._report("`per-file-ignores` is a table of patterns", None, "lint", "per-file-ignores")
            by_file = {}
        return Settings(
            selection=chosen,
            per_file_ignores=tuple(
                (glob, self._selectors(listed, "per-file-ignores", glob)) for glob, listed in by_file.items()
            ),
            exclude=self._texts(self._table.get("exclude", []), "exclude"),
            strict=self._strict(),
            format=self._format(),
            folder=folder,
        )

    def _strict(self) -> bool:
        value = self._table.get("strict", False)
        if not isinstance(value, bool):
            self._report("`strict` takes true or false", None, "lint", "strict")
        return value is True

    def _format(self) -> str | None:
        value = self._table.get("format")
        if value is None or value in FORMATS:
            return value
        listed = ", ".join(f"`{name}`" for name in FORMATS)
        help_ = did_you_mean(str(value), FORMATS) or f"formats are {listed}"
        self._report(f"there is no format `{value}`", help_, "lint", "format", str(value))
        return None

    def _texts(self, value: Any, *keys: str) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self._report(f"`{keys[-1]}` takes a list of texts", f'write `{keys[-1]} = ["…"]`', "lint", *keys)
        return ()

    def _selectors(self, value: Any, *keys: str) -> tuple[str, ...]:
        good = []
        for selector in self._texts(value, *keys):
            problem = selector_problem(selector, ignoring="ignore" in keys[0])
            if problem is None:
                good.append(selector)
            else:
                self._report(*problem, "lint", *keys, selector)
        return tuple(good)

    def _unknown(self, table: Any, known: tuple[str, ...], where: str, *above: str) -> None:
        for key in table if isinstance(table, dict) else ():
            if key not in known:
                listed = ", ".join(f"`{name}`" for name in known)
                help_ = did_you_mean(key, known) or f"known keys are {listed}"
                self._report(f"unknown key `{key}` in `{where}`", help_, *above, key)

    def _report(self, message: str, help: str | None, *words: str) -> None:
        self._sink.report(BAD_SETTING, self._place(words), message, help=help)

    def _place(self, words: tuple[str, ...]) -> Span:
        """Where the last of some words stands that follow each other in the file: tomllib keeps no places."""
        found = (0, 0)
        for word in ("atk-interp", *words):
            match = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])").search(self._file.text, found[1])
            found = match.span() if match else found
        return Span(self._file, *found)

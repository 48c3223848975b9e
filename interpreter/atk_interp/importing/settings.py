"""The settings of a config of another project: its leaves by name, with keys and placeholders told apart."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from atk_interp.diagnostics.concealing import concealed
from atk_interp.document import Document, Path
from atk_interp.elsewhere.spellings import is_old, names_of
from atk_interp.importing.notes import LEAST_SECRET, Notes
from atk_interp.importing.secrets import without_credentials, without_login
from atk_interp.patterns import pattern
from atk_interp.records import dataclass

__all__ = ["Setting", "Settings"]

_SECRET = pattern(r"(?i)api_?key|(?:^|_)(?:key|token|password|passwd|secret)$")
_PLACEHOLDER = pattern(r"!!\s*PLACEHOLDER\s*!!")
_ATTENTION = pattern(r"!!\s*ATTENTION\s*!!")


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf. `value` is None for what was never filled in, and for what must not be written anywhere.

    `unfilled` is what stands there where a part of it was never filled in.
    """

    name: str
    value: Any
    line: int
    is_blank: bool = False
    is_secret: bool = False
    wants_attention: bool = False
    unfilled: Any = None


class Settings:
    """All settings of a config, by the names that the last version of the original gives them.

    Each is `taken` once it is known what becomes of it. Of a list of mappings under a key of `firsts` the settings of
    the first one count, each with the prefix that `firsts` gives before its name.
    """

    def __init__(
        self,
        document: Document,
        kept_whole: frozenset[str],
        notes: Notes,
        firsts: Mapping[str, str] | None = None,
    ) -> None:
        self.document = document
        self._firsts = firsts or {}
        self.notes = notes
        self.file = document.file.path
        whole = document.get(("no_flatten",))
        self._whole = kept_whole | frozenset(name for name in whole or () if isinstance(name, str))
        self._secrets: set[str] = set()
        self._found: dict[str, Setting] = {}
        self._taken: set[str] = set()
        for secret in _secrets_in(document.data):
            self._secrets.add(secret)
            notes.hide(secret)
        self._raws: dict[str, Any] = {}
        for name, path, value in self._leaves((), document.data):
            self._raws.setdefault(name, value)
            self._add(name, path, value)
        old = next((key for _, (*_, key), _ in self._leaves((), document.data) if is_old(str(key))), None)
        if old is not None:
            told = "its keys are spelt as in an earlier version; they are told by the names that they have had since"
            notes.renamed(self.file, 0, told)

    def _leaves(self, path: Path, value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Path, Any]]:
        for key, part in value.items():
            first = self._first(key, part)
            if isinstance(part, dict) and key not in self._whole:
                yield from self._leaves((*path, key), part)
            elif first is not None:
                yield from self._leaves((*path, key, 0), first, self._firsts[key])
            else:
                yield from ((prefix + name, (*path, key), part) for name in names_of((*path, str(key))))

    def _first(self, key: str, part: Any) -> dict[str, Any] | None:
        """The mapping whose settings count among those in a list."""
        if key not in self._firsts or not isinstance(part, list) or not part or not isinstance(part[0], dict):
            return None
        return part[0]

    def _add(self, name: str, path: Path, value: Any) -> None:
        line = self.document.key_span(path).begin.line
        if name in self._found:
            told = f"`{name}` is given in two sections, which the original refuses; the first one counts here"
            self.notes.look(self.file, line, told)
            return
        value = self._without_keys(name, value, line)
        written = self.document.written(path) if not isinstance(value, dict | list) else ""
        blank = written.startswith("!!PLACEHOLDER") or _holds(_PLACEHOLDER, value)
        attention = written.startswith("!!ATTENTION") or _holds(_ATTENTION, value)
        if isinstance(value, str):
            value = _ATTENTION.sub("", value).strip() if attention else value
        secret = _SECRET.search(name) is not None
        if name.endswith("base_url") and isinstance(value, str) and not blank and self._is_hidden(value):
            value = self._address(name, value, line)
        if not (secret or blank) and self._is_hidden(value):
            secret = True
            self.notes.look(self.file, line, f"the value of `{name}` holds a key or a password, and is left out")
        unfilled = value if blank and not (secret or self._is_hidden(value)) else None
        if blank or secret:
            value = None
        self._found[name] = Setting(name, value, line, blank, secret, attention, unfilled)

    def _without_keys(self, name: str, value: Any, line: int) -> Any:
        """A list or a map without the keys in it; what stands beside them is kept."""
        kept, gone = without_credentials(value)
        if gone:
            names = " and ".join(f"`{one}`" for one in dict.fromkeys(gone))
            self.notes.look(self.file, line, f"{names} in `{name}` is a key or a password by its name, and is left out")
        return kept

    def _address(self, name: str, value: str, line: int) -> str | None:
        """An address without the credentials in it; None where it cannot be told apart from them."""
        address = without_login(value)
        if address is None or self._is_hidden(address):
            told = f"`{name}` holds a key or a password, and no address without it was found: write the address"
            self.notes.look(self.file, line, told)
            return None
        told = f"`{name}` holds a key or a password, which is left out of the address; the key goes into a variable"
        self.notes.look(self.file, line, told)
        return address

    def _is_hidden(self, value: Any) -> bool:
        """Whether a value holds what must not be written."""
        if isinstance(value, dict):
            return any(self._is_hidden(part) for part in (*value, *value.values()))
        if isinstance(value, list):
            return any(map(self._is_hidden, value))
        return isinstance(value, str) and (concealed(value) != value or any(one in value for one in self._secrets))

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def take(self, name: str) -> Setting | None:
        """A setting that is now dealt with."""
        self._taken.add(name)
        return self._found.get(name)

    def value(self, name: str, default: Any = None) -> Any:
        """The value of a setting that is now dealt with; the default where it is not given or not filled in."""
        setting = self.take(name)
        return default if setting is None or setting.value is None else setting.value

    def is_open(self, name: str) -> bool:
        """Whether a setting says something that is not written, so that its value is left to fill in."""
        setting = self._found.get(name)
        return setting is not None and setting.value is None and bool(self._raw(name))

    def same_secret(self, first: str, second: str) -> bool:
        """Whether two settings hold the same key."""
        return bool(self._raw(first) == self._raw(second))

    def _raw(self, name: str) -> Any:
        return self._raws.get(name)

    def has_secret(self, name: str) -> bool:
        """Whether a key is given, or left to be filled in."""
        setting = self._found.get(name)
        return setting is not None and (setting.is_blank or bool(self._raw(name)))

    def rest(self, first: Container[str]) -> Iterator[Setting]:
        """The settings that nobody has taken when their turn comes: some of them first, else in their order."""
        for name in sorted(self._found, key=lambda name: name not in first):
            if name not in self._taken:
                yield self._found[name]


def _secrets_in(value: Any) -> Iterator[str]:
    """The keys and passwords in a value, as their names tell, in whatever depth."""
    if isinstance(value, list):
        for part in value:
            yield from _secrets_in(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            if _SECRET.search(str(key)):
                yield from _texts(part)
            yield from _secrets_in(part)


def _texts(value: Any) -> list[str]:
    """The texts in a value that are long enough to be keys."""
    parts = value if isinstance(value, list) else [value]
    return [
        part
        for part in parts
        if isinstance(part, str) and len(part) >= LEAST_SECRET and not _PLACEHOLDER.fullmatch(part)
    ]


def _holds(sign: re.Pattern[str], value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds(sign, part) for part in value.values())
    if isinstance(value, list):
        return any(_holds(sign, part) for part in value)
    return isinstance(value, str) and sign.search(value) is not None

"""One import as it goes on: the files that it will write, and how prompts get among them."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from atk_interp.diagnostics import Sink
from atk_interp.document import parse_as_others_do
from atk_interp.importing.json_text import readable_json
from atk_interp.importing.notes import Notes
from atk_interp.importing.prompts import Names, Prompt, completion_prompt, is_message_list, message_prompt
from atk_interp.importing.reading import Tree
from atk_interp.importing.secrets import HIDDEN, TOLD, hidden, places
from atk_interp.records import dataclass
from atk_interp.source import SourceFile

__all__ = ["COMPLETION", "MESSAGES", "YAML", "Wishes", "Work", "data_of", "joined", "leaf"]

YAML = (".yaml", ".yml")
MESSAGES = (*YAML, ".json")
"""What lists of messages are written in; the first version of the original wrote them as JSON."""
COMPLETION = "_completion"
"""What the name of a folder ends in that holds the completion twins of the prompts of another one."""


@dataclass(frozen=True)
class Wishes:
    """What a command line says.

    `as_text` are names that stay text and `filled` names that are filled in, whatever the Python says. `pipeline` is
    what configs are for that do not say it.
    """

    as_text: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    pipeline: str = ""


class Work:
    """The files to write by their paths below the output, the original of each, and what is to be told."""

    def __init__(self, tree: Tree, output: Path, wishes: Wishes) -> None:
        self.tree = tree
        self.notes: Notes = tree.notes
        self.output = output
        self.wishes = wishes
        self.files: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.read_python = False
        self.aliases: dict[str, str] = {}
        """What the list of runs of a checkout calls its pipelines and configs, with their paths."""
        self.overriding: dict[str, Callable[[Mapping[Any, Any], str, str], list[str]]] = {}
        """For each config of ours, how what a run sets over it is written: see `overridden`."""

    def put(self, name: str, text: str, source: str) -> None:
        if name in self.files:
            self.notes.failed(source, 0, f"`{self.sources[name]}` is `{name}` already")
            return
        self.files[name] = text
        self.sources[name] = source

    def conceal(self) -> None:
        """Take what is known to be a credential out of all files, wherever it came from, and tell of it."""
        for name, text in self.files.items():
            safe = hidden(text)
            for secret in self._secrets():
                safe = safe.replace(secret, HIDDEN)
            if safe != text:
                self.files[name] = safe
                self._tell_secrets(self.sources[name])

    def _secrets(self) -> frozenset[str]:
        """What was given as a key; some give the name of the variable that holds it."""
        return self.notes.secrets - self.notes.variables.keys()

    def _tell_secrets(self, source: str) -> None:
        path = self.tree.root / source
        file = self.tree.read(path) if path.is_file() else None
        lines = file.text.splitlines() if file is not None else []
        found = [
            number
            for number, line in enumerate(lines, 1)
            if places(line) or any(secret in line for secret in self._secrets())
        ]
        for number in found or [0]:
            self.notes.look(source, number, TOLD)

    def names(self, known: frozenset[str] | None) -> Names:
        """Which names are filled in, when these are the words of the Python around a prompt."""
        return Names(known, self.wishes.as_text, self.wishes.filled)

    def prompt(self, file: SourceFile, goal: str, names: Names) -> Prompt | None:
        """Import one prompt into the file `goal`, a text for completion or messages."""
        read = completion_prompt if goal.endswith(".txt") else message_prompt
        found = read(file, names, self.notes)
        if found is not None:
            self.put(goal, found.text, file.path)
        return found

    def prompts(
        self,
        folder: Path,
        goal: str,
        names: Names,
        leave_out: Callable[[SourceFile], bool],
        without: Sequence[Path] = (),
    ) -> dict[str, frozenset[str]]:
        """Import the prompts of a folder and of those below; the names that each is filled in with, by its own.

        `leave_out` says of a YAML file that it is none, and tells of it; what lies in folders `without` is passed over.
        A text beside messages of the same name goes into a folder of its own: of the two only one would be read.
        """
        found: dict[str, frozenset[str]] = {}
        files = [path for path in self.tree.files(folder, (*MESSAGES, ".txt")) if not {*path.parents} & {*without}]
        yaml = {path.with_suffix("") for path in files if path.suffix.lower() in YAML}
        json = {path for path in files if path.suffix.lower() == ".json" and self._is_prompt(path, yaml)}
        messages = yaml | {path.with_suffix("") for path in json}
        for path in files:
            if path.suffix.lower() == ".json" and path not in json:
                continue
            file = self.tree.read(path)
            if file is None or (path.suffix.lower() in YAML and leave_out(file)):
                continue
            name = path.relative_to(folder).with_suffix("").as_posix()
            if path.suffix.lower() in MESSAGES:
                prompt = self.prompt(file, joined(goal, f"{name}.yaml"), names)
            elif path.with_suffix("") in messages:
                below = f"{goal or folder.name}{COMPLETION}"
                told = f"it has a twin of messages, behind which it would not be found, so it stands in `{below}/`"
                self.notes.renamed(file.path, 0, told)
                self.prompt(file, joined(below, f"{name}.txt"), names)
                continue
            else:
                prompt = self.prompt(file, joined(goal, f"{name}.txt"), names)
            if prompt is not None:
                found[name] = prompt.names
        return found

    def _is_prompt(self, path: Path, yaml: Container[Path]) -> bool:
        """Whether a JSON file is a prompt that no YAML file of the same name takes the place of."""
        file = self.tree.read(path)
        if file is None:
            return False
        if path.with_suffix("") in yaml:
            self.notes.left(file.path, 0, "messages of the same name stand beside it in YAML, and are taken")
        elif not is_message_list(data_of(file)):
            self.notes.left(file.path, 0, "it is no list of messages, so it is no prompt")
        else:
            return True
        return False


def joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def data_of(file: SourceFile) -> Any:
    """The data of a YAML file; None where there are none."""
    document = parse_as_others_do(readable_json(file), Sink())
    return None if document is None else document.data


def leaf(data: Mapping[Any, Any], key: str) -> Any:
    """The value of a key of a config, in whatever section it stands, and in capitals or not."""
    for name, value in data.items():
        if isinstance(name, str) and name.lower() == key:
            return value
        if isinstance(value, dict) and (found := leaf(value, key)) is not None:
            return found
    return None

"""Files in the folders of prompts that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from atk_interp.diagnostics import Code, Severity, Sink, did_you_mean, near
from atk_interp.document import DISK, read_source
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule

__all__ = ["UnusedPrompt"]

_IDLE_OVERRIDE = Code(
    "ATK429",
    "idle-override",
    Severity.WARNING,
    finds="A file in a prompt folder of the config that takes the place of no prompt.",
    why="Its author believes that it is sent; the stock prompt is sent.",
    bad="prompts: my_prompts   # my_prompts/judge_pasage.yaml",
    good="prompts: my_prompts   # my_prompts/judge_passage.yaml",
)
_ALIKE = Code(
    "ATK419",
    "case-only-prompt",
    Severity.WARNING,
    finds="Two prompt files in one folder whose names differ in upper and lower case alone.",
    why="On systems that do not tell case apart there can be only one of them.",
    bad="prompts/Judge.yaml, prompts/judge.yaml",
    good="prompts/judge.yaml, prompts/judge_strictly.yaml",
)

_MOST_BYTES = 1_000_000
_NO_PROMPT = ("readme", "license", "licence", "changelog", "notice")


class UnusedPrompt(Rule):
    code = Code(
        "ATK425",
        "unused-prompt",
        Severity.WARNING,
        finds="A prompt file of the pipeline's own that no step asks with and no other prompt includes.",
        why="Whoever edits it believes that it has an effect.",
        bad="prompts/judge.yaml, prompts/judge_old.yaml   # all steps say `prompt: judge`",
        good="prompts/judge.yaml",
    )
    more_codes = (_IDLE_OVERRIDE, _ALIKE)

    def check(self, context: LintContext) -> None:
        overrides = context.config.prompts if context.config is not None else ()
        library = context.analysis.library
        for folder in library.folders:
            files = library.files_in(folder)
            _check_case(files, context)
            if folder in overrides:
                _check_override(folder, files, context)
            elif not overrides:  # with them the prompts that the spec was written for may well be idle
                self._check_own(files, context)

    def _check_own(self, files: list[Path], context: LintContext) -> None:
        for path in _idle(files, context):
            asked = next((asked for asked in context.asked if asked.prompt.name == path.stem), None)
            if asked is None and (_is_named_elsewhere(path.stem, context) or context.maybe_used(path.stem)):
                continue
            found = context.analysis.library.find(path.stem)
            told = f"no step asks with prompt `{path.stem}`, and no prompt includes it"
            if asked is not None and found is not None:
                told = f"this is never read: `{found.name}` stands beside it and comes first"
            _report(self.code, path, told, "use it or remove it", context)


def _idle(files: list[Path], context: LintContext) -> Iterator[Path]:
    """Prompt files that are neither what a step asks with nor included by one of those."""
    names = {asked.prompt.name for asked in context.asked} | _named(context)
    included: set[str] | None = None
    for path in files:
        if path.stem in names:
            names.discard(path.stem)  # a second file of the name is not read
            continue
        if included is None:
            included = {Path(file).name for asked in context.asked for file in asked.prompt.files}
        if path.name not in included and not path.stem.lower().startswith(_NO_PROMPT):
            yield path


def _named(context: LintContext) -> set[str]:
    """The prompts that steps ask with, those included that cannot be read."""
    asking = [(view, "prompt") for view in context.analysis.views.values()]
    filled = [(view, "template") for view in context.analysis.outputs.values()]
    named = (view.option(key) for view, key in (*asking, *filled) if view.given(key))
    return {name for name in named if isinstance(name, str)}


def _check_override(folder: Path, files: list[Path], context: LintContext) -> None:
    """A folder of overrides may serve several pipelines: a file counts as one of this when its name is nearly right."""
    names = {asked.prompt.name for asked in context.asked}
    there = {path.stem for path in files}
    is_ours = folder.is_relative_to(context.path.resolve().parent) or len(names & there) * 2 > len(there)
    for path in _idle(files, context):
        free = names - there
        if context.maybe_used(path.stem) or not (is_ours or near(path.stem, free)):
            continue
        told = f"this overrides nothing: no step asks with prompt `{path.stem}`"
        help_ = did_you_mean(path.stem, free) or "give it the name of a prompt, or remove it"
        _report(_IDLE_OVERRIDE, path, told, help_, context)


def _check_case(files: list[Path], context: LintContext) -> None:
    known: dict[str, Path] = {}
    for path in files:
        other = known.setdefault(path.stem.lower(), path)
        if other.stem != path.stem:
            told = f"`{path.name}` and `{other.name}` differ in upper and lower case alone"
            _report(_ALIKE, path, told, "give one of them another name", context)


def _is_named_elsewhere(name: str, context: LintContext) -> bool:
    """Whether the spec says the name where it could mean a prompt, or another spec in its folder says it."""
    if any(name in step.options.values() for step in context.analysis.spec.steps.values()):
        return True
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    folder = context.path.resolve().parent
    others = {*folder.glob("*.yaml"), *folder.glob("*.yml")} - {context.path.resolve()}
    return any(word.search(_text(path)) for path in others)


def _text(path: Path) -> str:
    try:
        return DISK.read(path, _MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""  # a folder, or not for us to read


def _report(code: Code, path: Path, told: str, help: str, context: LintContext) -> None:
    """A finding at the first line of a file; none when it cannot be read, as a folder of such a name."""
    file = read_source(path, Sink())
    if file is not None:
        end = file.text.find("\n")
        context.sink.report(code, file.span(0, len(file.text) if end < 0 else end), told, help=help)

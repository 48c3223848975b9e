"""What an import has written, as a page for people: `IMPORTED.md`, and the same on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from atk_interp.importing.notes import FAILED, LEFT, LOOK, RENAMED, Notes

__all__ = ["NAME", "report"]

NAME = "IMPORTED.md"

_SECTIONS = (
    (FAILED, "What could not be imported", ""),
    (LOOK, "Look at these", "What was decided here, or is left to you."),
    (RENAMED, "What has another name or form", ""),
    (LEFT, "What is not in it", "What has no equivalent here, and why."),
)


def report(source: str, written: Mapping[str, str], notes: Notes, lint: Sequence[str], python_read: bool) -> str:
    """The page. `written` has the original of each file that was written, `lint` what is found in what was drafted."""
    lines = [f"# Imported from {source}", ""]
    if python_read:
        lines += ["Python was read as text, and not run.", ""]
    lines += ["## Written", "", *(f"- `{name}`{f' from `{old}`' if old else ''}" for name, old in written.items())]
    lines += _variables(notes)
    for kind, title, about in _SECTIONS:
        found = notes.of(kind)
        if found:
            lines += ["", f"## {title}", "", *([about, ""] if about else [])]
            lines += [f"- {note.place}: {note.told}" for note in found]
    if lint:
        lines += ["", "## What `lint` says of it", "", *(f"- {found}" for found in lint)]
    return "\n".join(" ".join(line.splitlines()) for line in lines) + "\n"


def _variables(notes: Notes) -> Iterator[str]:
    if notes.variables:
        yield from ("", "## Set these in the environment", "")
        yield "No key was written anywhere. Put each into the variable before a run, as in `export NAME=…`."
        yield ""
        yield from (f"- `{name}`: {what}" for name, what in notes.variables.items())

"""What becomes of the keys of another project's configs: the tables by which they are imported, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from atk_interp.elsewhere import PIPELINES, SHARED, Goal, Key
from atk_interp.reference.markdown import code, table

__all__ = ["keys_in_words"]


def keys_in_words() -> str:
    """A section for the keys that all pipelines share, and one for each pipeline."""
    sections = [f"### All pipelines\n\n{_table(SHARED)}"]
    sections += [
        f"### {known.ours}\n\n{_table(known.keys)}"
        for known in sorted(PIPELINES, key=lambda known: known.ours)
        if known.keys
    ]
    return "\n\n".join(sections)


def _table(keys: Mapping[str, Goal]) -> str:
    return table(["there", "here"], _rows(keys))


def _rows(keys: Mapping[str, Goal]) -> Iterator[list[str]]:
    for name, goal in keys.items():
        yield [code(name), "; ".join(_told(each) for each in (goal if isinstance(goal, tuple) else (goal,)))]


def _told(goal: Key | str) -> str:
    if isinstance(goal, str):
        return f"none: {goal}"
    return f"{code(goal.to)}: {goal.told}" if goal.told else code(goal.to)

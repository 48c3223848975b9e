"""One rejected row for each reason, so that a run's summary shows what it speaks of."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

__all__ = ["Examples", "examples"]

Examples = dict[tuple[str, str], str]
"""By step and label, the last reply that was rejected so, on one line."""

_LINES = 2_000
_LONGEST = 100


def examples(path: Path) -> Examples:
    """Of what stands at the beginning of `rejected.jsonl`: to look through all of it could take long."""
    from atk_interp.report.rejected import lines_of, read_at

    found: Examples = {}
    try:
        for line in islice(lines_of(path), _LINES):
            key = (line.step, line.label)
            if line.outcome != "rejected" or key in found:
                continue
            attempts = read_at(path, line.at).attempts
            reply = " ".join(str(attempts[-1].get("reply") or "").split()) if attempts else ""
            found[key] = f"{reply[:_LONGEST]}…" if len(reply) > _LONGEST else reply
    except (OSError, ValueError):  # the summary does without
        return found
    return found

"""The codes of what the linter says of its own comments and settings."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity

__all__ = ["BAD_IGNORE", "BAD_SETTING", "CODES", "IGNORED_ERROR", "NO_REASON", "UNUSED_IGNORE"]

UNUSED_IGNORE = Code(
    "ATK621",
    "unused-ignore",
    Severity.WARNING,
    finds="A comment that ignores a code which is not found there.",
    why="It would hide the next mistake of that kind, which nobody has looked at.",
    bad="max_tokens: 500   # atk: ignore[ATK504]",
    good="max_tokens: 500",
    fixable=True,
)
BAD_IGNORE = Code(
    "ATK622",
    "bad-ignore",
    Severity.WARNING,
    finds="A comment to ignore findings that names no code, an unknown one, or stands where it has no effect.",
    why="It ignores nothing, while whoever reads it believes that it does.",
    bad="keep: score > 3   # atk: ignore[unknwon-name]",
    good="keep: score > 3   # atk: ignore[unknown-name] written by an older run",
)
IGNORED_ERROR = Code(
    "ATK623",
    "ignored-error",
    Severity.WARNING,
    finds="A comment that ignores an error without which the spec cannot be compiled.",
    why="`lint` is silent about it, and `run` still refuses the spec.",
    bad="keep: scroe > 3   # atk: ignore[ATK302]",
    good="keep: score > 3",
)
NO_REASON = Code(
    "ATK624",
    "ignore-without-reason",
    Severity.ADVICE,
    finds="A comment that ignores a finding and does not say why.",
    why="Nobody can tell later whether it may go.",
    bad="topic: {type: text, default: sea}   # atk: ignore[unused-param]",
    good="topic: {type: text, default: sea}   # atk: ignore[unused-param] read by the report",
)
BAD_SETTING = Code(
    "ATK630",
    "bad-lint-setting",
    Severity.ERROR,
    finds="A key, code or value in the table `[tool.atk-interp.lint]` of a `pyproject.toml` that is not known.",
    why="It has no effect: what was to be found or left alone is not.",
    bad='[tool.atk-interp.lint]\nignroe = ["ATK522"]',
    good='[tool.atk-interp.lint]\nignore = ["ATK522"]',
)

CODES = (UNUSED_IGNORE, BAD_IGNORE, IGNORED_ERROR, NO_REASON, BAD_SETTING)

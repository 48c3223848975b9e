"""The codes of files and of YAML."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity

__all__ = ["CODES"]

NOT_UTF8 = Code(
    "ATK101",
    "not-utf8",
    Severity.ERROR,
    finds="A file that is not text in UTF-8.",
    why="YAML is read as UTF-8 everywhere; another encoding would garble what is sent to the model.",
    bad="description: caf\\xe9",
    good="description: café",
)
SYNTAX = Code(
    "ATK102",
    "yaml-syntax",
    Severity.ERROR,
    finds="Text that is not YAML.",
    why="Nothing after the mistake can be read reliably.",
    bad='name: "unclosed',
    good='name: "closed"',
)
DUPLICATE_KEY = Code(
    "ATK103",
    "duplicate-key",
    Severity.ERROR,
    finds="A key that is given twice in one mapping.",
    why="YAML readers keep the last one in silence; the first is lost.",
    bad="count: 5\ncount: 6",
    good="count: 6",
)
UNKNOWN_TAG = Code(
    "ATK104",
    "unknown-tag",
    Severity.ERROR,
    finds="A YAML tag (`!something`), such as a placeholder that was never filled in.",
    why="Specs are plain data: tags could build arbitrary objects, and `!!PLACEHOLDER!!` is a value that is missing.",
    bad="model: !!PLACEHOLDER!!",
    good="model: qwen3-32b",
)
TOO_LARGE = Code(
    "ATK105",
    "too-large",
    Severity.ERROR,
    finds="A document nested too deeply, with too many values, or with aliases that multiply beyond measure.",
    why="A spec must not be able to exhaust the memory of whoever opens it.",
    bad="a: &a [x, x]\nb: &b [*a, *a]",
    good="a: [x, x]",
)
SEVERAL_DOCUMENTS = Code(
    "ATK106",
    "several-documents",
    Severity.ERROR,
    finds="A second YAML document (`---`) in one file.",
    why="Only one could be used, and the other would be ignored in silence.",
    bad="name: a\n---\nname: b",
    good="name: a",
)
EMPTY = Code(
    "ATK107",
    "empty-document",
    Severity.ERROR,
    finds="A file with nothing in it.",
    why="There is nothing to run.",
    bad="# only a comment",
    good="spec: atk/v1",
)
BAD_KEY = Code(
    "ATK108",
    "bad-key",
    Severity.ERROR,
    finds="A mapping key that is not a plain word or text.",
    why="Keys are names; lists and mappings cannot be names.",
    bad="[a, b]: 1",
    good="a: 1",
)
UNREADABLE = Code(
    "ATK109",
    "unreadable-file",
    Severity.ERROR,
    finds="A file that cannot be opened.",
    why="What it says cannot be checked.",
    bad="pipeline: nowhere.yaml",
    good="pipeline: pipeline.yaml",
)

CODES = (
    NOT_UTF8,
    SYNTAX,
    DUPLICATE_KEY,
    UNKNOWN_TAG,
    TOO_LARGE,
    SEVERAL_DOCUMENTS,
    EMPTY,
    BAD_KEY,
    UNREADABLE,
)

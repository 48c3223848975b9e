"""The codes of the expression language, ATK301 to ATK313, with their pages."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity

__all__ = [
    "BACKSPACE_IN_REGEX",
    "CODES",
    "EXPRESSION_SYNTAX",
    "FOREIGN_SPELLING",
    "INVALID_REGEX",
    "MAYBE_MISSING",
    "NEVER_TRUE_COMPARISON",
    "TEMPLATE_IN_EXPRESSION",
    "UNKNOWN_FILTER",
    "UNKNOWN_NAME",
    "UNKNOWN_TEST",
    "UNLIKE_JINJA",
    "WRONG_ARGUMENTS",
    "WRONG_OPERAND",
]

EXPRESSION_SYNTAX = Code(
    "ATK301",
    "expression-syntax",
    Severity.ERROR,
    finds="an expression that cannot be read",
    why="nothing can be computed from it; the place and what could stand there are shown",
    bad='keep: verdict == "suitable',
    good='keep: verdict == "suitable"',
)
UNKNOWN_NAME = Code(
    "ATK302",
    "unknown-name",
    Severity.ERROR,
    finds="a name that is neither a field of the row nor a parameter, or a field that a record does not have",
    why="the expression would fail on every row",
    bad='keep: quesion != ""',
    good='keep: question != ""',
)
UNKNOWN_FILTER = Code(
    "ATK303",
    "unknown-filter",
    Severity.ERROR,
    finds="a filter or function that does not exist",
    why="the expression would fail on every row",
    bad="keep: text | lenght > 10",
    good="keep: text | length > 10",
)
UNKNOWN_TEST = Code(
    "ATK304",
    "unknown-test",
    Severity.ERROR,
    finds="a test, after `is`, that does not exist",
    why="the expression would fail on every row",
    bad="keep: text is empty",
    good='keep: text == ""',
)
WRONG_ARGUMENTS = Code(
    "ATK305",
    "wrong-arguments",
    Severity.ERROR,
    finds="a filter, test or function with too few, too many, unknown or unfit arguments",
    why="the expression would fail on every row",
    bad='set: {text: "=text | replace(1)"}',
    good="set: {text: \"=text | replace('a', 'b')\"}",
)
WRONG_OPERAND = Code(
    "ATK306",
    "wrong-operand",
    Severity.ERROR,
    finds="an operator, filter or test on a value that it cannot work on",
    why="the expression would fail on every row",
    bad='set: {title: "=\\"page \\" + number"}',
    good='set: {title: "=\\"page \\" ~ number"}',
)
NEVER_TRUE_COMPARISON = Code(
    "ATK307",
    "never-true-comparison",
    Severity.ERROR,
    finds="a comparison whose outcome is the same on every row",
    why="it is nearly always a misspelt word or a number in quotes, and silently keeps or drops everything",
    bad='keep: verdict == "sutable"',
    good='keep: verdict == "suitable"',
)
INVALID_REGEX = Code(
    "ATK308",
    "invalid-regex",
    Severity.ERROR,
    finds="a regular expression that RE2 cannot take",
    why="patterns run in linear time here, so look-around and back-references do not exist",
    bad='keep: text is matching("(unclosed")',
    good='keep: text is matching("(closed)")',
)
MAYBE_MISSING = Code(
    "ATK309",
    "maybe-missing",
    Severity.WARNING,
    finds="a value that may be none, used where none would fail",
    why="the rows that lack the value would stop or be rejected",
    bad="keep: answer | length > 10",
    good="keep: answer is not none and answer | length > 10",
)
TEMPLATE_IN_EXPRESSION = Code(
    "ATK310",
    "template-in-expression",
    Severity.ERROR,
    finds="the braces of a template in an expression",
    why="here everything is an expression already; braces belong to prompts and other text to fill",
    bad='keep: "{{ verdict }}" == "suitable"',
    good='keep: verdict == "suitable"',
    fixable=True,
)
FOREIGN_SPELLING = Code(
    "ATK311",
    "foreign-spelling",
    Severity.ERROR,
    finds="the spelling of another language: `&&`, `=` for `==`, `len(x)`, `x.lower()`, `null`",
    why="the language is that of Jinja; the right spelling is shown",
    bad="keep: len(text) > 10 && ok = true",
    good="keep: text | length > 10 and ok == true",
    fixable=True,
)
UNLIKE_JINJA = Code(
    "ATK312",
    "unlike-jinja",
    Severity.ERROR,
    finds="an expression that Jinja would read or evaluate otherwise than it looks",
    why="one syntax serves specs and prompts, so what would mean two things is refused",
    bad="when: turns | selectattr('done')",
    good="when: turns | selectattr('done') | list",
)
BACKSPACE_IN_REGEX = Code(
    "ATK313",
    "backspace-in-regex",
    Severity.WARNING,
    finds="`\\b` in the text of a regular expression, which is a backspace character there",
    why="a word boundary needs its backslash doubled; a backspace is in no text",
    bad='keep: text is matching("\\bcat\\b")',
    good='keep: text is matching("\\\\bcat\\\\b")',
)

CODES = (
    EXPRESSION_SYNTAX,
    UNKNOWN_NAME,
    UNKNOWN_FILTER,
    UNKNOWN_TEST,
    WRONG_ARGUMENTS,
    WRONG_OPERAND,
    NEVER_TRUE_COMPARISON,
    INVALID_REGEX,
    MAYBE_MISSING,
    TEMPLATE_IN_EXPRESSION,
    FOREIGN_SPELLING,
    UNLIKE_JINJA,
    BACKSPACE_IN_REGEX,
)
"""All codes that this package reports."""

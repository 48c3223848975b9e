"""The codes of prompt files and templates."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity

__all__ = ["CODES"]

PROMPT_NOT_FOUND = Code(
    "ATK401",
    "prompt-not-found",
    Severity.ERROR,
    finds="A prompt that stands in none of the prompt folders.",
    why="The step would have nothing to send.",
    bad="prompt: judge_pasage",
    good="prompt: judge_passage",
)
TEMPLATE_SYNTAX = Code(
    "ATK402",
    "template-syntax",
    Severity.ERROR,
    finds="A Jinja template that cannot be read.",
    why="The message could not be rendered.",
    bad='content: "{{ question"',
    good='content: "{{ question }}"',
)
UNDEFINED_VARIABLE = Code(
    "ATK403",
    "undefined-variable",
    Severity.ERROR,
    finds="A template variable that is neither a field of the rows that reach the step nor a parameter.",
    why="Rendering would stop the run at the first row, after earlier steps were paid for.",
    bad="{{ quesion }}",
    good="{{ question }}",
)
UNKNOWN_ATTRIBUTE = Code(
    "ATK404",
    "unknown-attribute",
    Severity.ERROR,
    finds="An attribute that a value in a template does not have.",
    why="Rendering would stop the run at the first row, after earlier steps were paid for.",
    bad="{{ text.body }}",
    good="{{ text }}",
)
MALFORMED_PROMPT = Code(
    "ATK405",
    "malformed-prompt",
    Severity.ERROR,
    finds="A prompt file that is not a list of messages, or a message that lacks its role or content.",
    why="Chat models take a list of messages, each with a role and a content.",
    bad="system: Be brief.",
    good="- system: Be brief.",
)
UNKNOWN_ROLE = Code(
    "ATK406",
    "unknown-role",
    Severity.ERROR,
    finds="A message whose role no endpoint takes.",
    why="The endpoint would refuse the call.",
    bad="- asistant: Hello.",
    good="- assistant: Hello.",
)
NOTHING_TO_ANSWER = Code(
    "ATK407",
    "nothing-to-answer",
    Severity.WARNING,
    finds="A prompt whose last message is not from the user.",
    why="Most chat models answer the last user message; after an assistant message many return nothing.",
    bad="- user: Hello.\n- assistant: Hi.",
    good="- user: Hello.\n- assistant: Hi.\n- user: How are you?",
)
NOT_ITERABLE = Code(
    "ATK408",
    "not-a-list",
    Severity.ERROR,
    finds="A loop over something that is not a list.",
    why="A loop over a text would go letter by letter, one over a number would stop the run.",
    bad="{% for item in question %}",
    good="{% for item in questions %}",
)
UNKNOWN_IN_TEMPLATE = Code(
    "ATK409",
    "unknown-in-template",
    Severity.ERROR,
    finds="A filter, a test or an included file that a template names and that does not exist.",
    why="Rendering would stop the run, perhaps only at the row that first needs it.",
    bad="{{ text | uper }}",
    good="{{ text | upper }}",
)
COMPUTED_FILE = Code(
    "ATK410",
    "computed-file",
    Severity.ERROR,
    finds="An included or imported file whose name is computed while the prompt is rendered.",
    why="Data could choose the file, so nobody could check beforehand what would be sent.",
    bad="{% include kind ~ '.txt' %}",
    good="{% if kind == 'news' %}{% include 'news.txt' %}{% endif %}",
)
PRINTED_STRUCTURE = Code(
    "ATK435",
    "printed-structure",
    Severity.WARNING,
    finds="A list or a record that a template prints as it is.",
    why="Python's way of writing it would stand in the prompt or in the data: `['a', 'b']`.",
    bad="Topics: {{ topics }}",
    good='Topics: {{ topics | join(", ") }}',
)
PRINTED_NONE = Code(
    "ATK436",
    "printed-none",
    Severity.WARNING,
    finds="A value that may be none, and that a template prints without asking.",
    why="For such a row the word `None` would stand in the prompt or in the data.",
    bad="Hint: {{ hint }}",
    good="{% if hint %}Hint: {{ hint }}{% endif %}",
)

CODES = (
    PROMPT_NOT_FOUND,
    TEMPLATE_SYNTAX,
    UNDEFINED_VARIABLE,
    UNKNOWN_ATTRIBUTE,
    MALFORMED_PROMPT,
    UNKNOWN_ROLE,
    NOTHING_TO_ANSWER,
    NOT_ITERABLE,
    UNKNOWN_IN_TEMPLATE,
    COMPUTED_FILE,
    PRINTED_STRUCTURE,
    PRINTED_NONE,
)

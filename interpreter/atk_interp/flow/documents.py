"""The templates of outputs that are one text: where they are found, and what they may name."""

from __future__ import annotations

from pathlib import Path

from atk_interp import formats
from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions.types import BOOL, INT, TEXT, ListType, RecordType, Type
from atk_interp.kinds.base import StepView
from atk_interp.spec import param_type
from atk_interp.templates import PromptLibrary
from atk_interp.templates.codes import MALFORMED_PROMPT, PROMPT_NOT_FOUND

__all__ = ["SHIPPED", "check_document", "document_scope"]

_CARDS = Path(formats.__file__).parent / "cards"
SHIPPED = tuple(sorted(path.stem for path in _CARDS.glob("*.txt")))
"""The templates that ship with the program."""

_COUNTS = dict.fromkeys(("rows_in", "passed", "filtered", "rejected", "rows_out"), INT)
_STEP = RecordType({"name": TEXT, "kind": TEXT, **_COUNTS})
_OUTPUT = RecordType(
    {
        **dict.fromkeys(("name", "stem", "format", "holds", "builder"), TEXT),
        "marked": BOOL,
        "rows": INT,
        "is_document": BOOL,
    },
)


def document_scope(rows: RecordType, params: RecordType) -> dict[str, Type]:
    """The names that a template may use, with their types; `rows` are the fields of the rows that it is about."""
    return {
        "pipeline": TEXT,
        "description": TEXT,
        "version": TEXT,
        "params": params,
        "seed": INT,
        "complete": BOOL,
        "step": TEXT,
        "count": INT,
        "rows": ListType(rows),
        "steps": ListType(_STEP),
        "models": ListType(RecordType({"slot": TEXT, "name": TEXT})),
        "outputs": ListType(_OUTPUT),
    }


def check_document(view: StepView) -> None:
    """Load and check the template of an output, which stands in a file or in the spec."""
    params = RecordType({name: param_type(param) for name, param in view.spec.params.items()})
    scope = document_scope(view.input, params)
    if view.given("text"):
        view.template(view.path("text"), scope)
    if not view.given("template"):
        return
    name, path = view.option("template"), view.path("template")
    library = PromptLibrary((_CARDS,)) if view.prompts.find(name) is None and name in SHIPPED else view.prompts
    near = did_you_mean(name, SHIPPED) if library.find(name) is None else None
    if near is not None:
        view.sink.report(PROMPT_NOT_FOUND, view.document.span(path), f"there is no template `{name}`", help=near)
        return
    prompt = library.load(name, view.document.span(path), view.sink, suffix=".txt")
    if prompt is None:
        return
    if prompt.completion is None:
        told = f"`{name}` is a list of messages, and a document is one text"
        view.sink.report(MALFORMED_PROMPT, view.document.span(path), told, help=f"write it as `{name}.txt`")
        return
    view.loaded["template"] = prompt
    prompt.check(scope, view.sink)

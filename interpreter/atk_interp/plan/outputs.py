"""How the rows of a step become the records of an output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from atk_interp.expressions.types import ANY, BOOL, TEXT, ListType, RecordType
from atk_interp.formats.files import form_of
from atk_interp.formats.outputs import OUTPUTS
from atk_interp.formats.writers.base import Content, Marked, RecordError, Writer
from atk_interp.installed import failure, given_by
from atk_interp.kinds import KINDS
from atk_interp.kinds.base import AcceptedCall, BoundStep, RowFailed, StepStopped, StepView
from atk_interp.plan.model import PlannedOutput, PlannedStep
from atk_interp.spec import Option, Output, Takes
from atk_interp.values import Row

__all__ = ["planned_output"]


def planned_output(step: BoundStep, output: Output, source: str, planned: Mapping[str, PlannedStep]) -> PlannedOutput:
    """An output of the rows of the `planned` step `source`; `step` is the output as a view over them."""
    view, format_ = step.view, OUTPUTS[output.format]
    where = _where(step)
    if format_.of_calls:
        return _of_calls(step, output, source, planned)
    shape = _shape(step)
    write = _writing(output.format)

    def record(row: Row) -> bytes | None:
        names = step.names(row)
        try:
            return write(shape(row, names)) if where is None or where(names) else None
        except RowFailed as error:
            raise RecordError(str(error)) from error

    layout = format_.writer.layout(_fields(view, format_.writer))
    form = format_.form or form_of(output.name)
    document = _learned if format_.of_learning else _document(step)
    messages = view.message_lists.get(view.path("messages"))
    return PlannedOutput(
        output.name,
        source,
        output.format,
        record,
        form,
        layout,
        document,
        marked=output.format == "chat" and messages is not None and messages.trains,
        learned=format_.of_learning,
        dataset=bool(output.options.get("dataset", document is None or format_.of_learning)),
    )


def _writing(name: str) -> Callable[[Content], bytes]:
    """What makes a record; of a format that a package adds, its failures are records that cannot be made."""
    write = OUTPUTS[name].writer.record
    if given_by(OUTPUTS, name) is None:
        return write

    def guarded(content: Content) -> bytes:
        try:
            made: object = write(content)
            if not isinstance(made, bytes):
                raise TypeError(f"it gave a `{type(made).__name__}`, which is no line of bytes")
        except Exception as error:
            if (told := failure(OUTPUTS, name, error)) is None:
                raise
            raise RecordError(told) from error
        return made

    return guarded


def _where(step: BoundStep) -> Callable[[Mapping[str, Any]], Any] | None:
    path = step.view.path("where")
    return step.rule(path) if path in step.view.expressions else None


def _of_calls(step: BoundStep, output: Output, source: str, planned: Mapping[str, PlannedStep]) -> PlannedOutput:
    """An output of calls that were accepted. Of the rows of their steps it counts those that `where` takes."""
    view, where = step.view, _where(step)
    given = view.path("messages") in view.message_lists
    render = _messages(step) if given else None
    fixed = {"as": view.option("as"), "markup": _chosen(step, "markup")}
    write = _writing(output.format)

    of_rows = where is not None and "call" not in view.expressions[view.path("where")].names

    def taken(row: Row) -> bytes | None:
        try:
            return None if where is not None and of_rows and not where(step.names(row)) else b""
        except RowFailed as error:
            raise RecordError(str(error)) from error

    prefix = source.removesuffix(output.source)

    def record(name: str, row: Row, call: AcceptedCall) -> bytes | None:
        sent = [{"role": role, "content": content} for role, content in call.messages]
        told = {"step": _unnumbered(name.removeprefix(prefix)), "messages": sent, "reply": call.reply}
        try:
            names = {**step.names(row), "call": {**told, "attempt": call.attempt}}
            if where is not None and not where(names):
                return None
            messages = _whole(call) if render is None else render(names)
        except RowFailed as error:
            raise RecordError(str(error)) from error
        return write({**fixed, "messages": messages})

    named: list[str] = view.option("steps") if view.given("steps") else [output.source]
    asked = _asked([prefix + name for name in named], planned)
    marked = not given or view.message_lists[view.path("messages")].trains
    last = prefix + view.option("reached") if view.given("reached") else source
    return PlannedOutput(
        output.name,
        source,
        output.format,
        taken,
        form_of(output.name),
        _layout_of_calls(fixed["as"], marked),
        call=record,
        asked=asked,
        distinct=bool(step.value("distinct")),
        reached="" if asked == (last,) else last,
        holds=fixed["as"],
        marked=marked and fixed["as"] == "chat",
        dataset=bool(output.options.get("dataset", True)),
    )


def _asked(named: Sequence[str], planned: Mapping[str, PlannedStep]) -> tuple[str, ...]:
    """The planned steps that tell of calls, among some steps and all that is within them, in the order of these.

    Of another pipeline with a matrix a name means the step in each of its combinations.
    """
    telling = [name for name, step in planned.items() if step.slot is not None and KINDS[step.kind].tells_calls]
    found = (
        name for wanted in named for name in telling if f"{_unnumbered(name)}.".startswith(f"{_unnumbered(wanted)}.")
    )
    return tuple(dict.fromkeys(found))


def _unnumbered(name: str) -> str:
    """The name of a step without the numbers of the combinations that it is part of."""
    return ".".join(part for part in name.split(".") if not part.isdigit())


def _whole(call: AcceptedCall) -> list[Marked]:
    """The messages of a call and its reply, of which the reply alone is to be learned."""
    return [*((role, content, False) for role, content in call.messages), ("assistant", call.reply, True)]


def _layout_of_calls(form: str, marked: bool) -> RecordType:
    if form == "completion":
        return RecordType({"text": TEXT})
    if form == "segments":
        return RecordType({"segments": ListType(RecordType({"label": BOOL, "text": TEXT}))})
    message = RecordType({"role": TEXT, "content": TEXT, **({"train": BOOL} if marked else {})})
    return RecordType({"messages": ListType(message)})


def _learned(facts: Mapping[str, Any]) -> str:
    """What the step has learned, as the text of a file. Raises `RowFailed` when it has learned nothing."""
    if facts["learned"] is None:
        raise RowFailed(f"step `{facts['step']}` has learned nothing, for none of its rows has a label")
    return str(facts["learned"])


def _document(step: BoundStep) -> Callable[[Mapping[str, Any]], str] | None:
    view = step.view
    loaded = view.loaded.get("template")
    template = loaded.completion if loaded is not None else view.templates.get(view.path("text"))
    if view.step.kind != "document" or template is None:
        return None
    return step.rendering(template.render, "template" if loaded is not None else "text", ["rows"])


def _fields(view: StepView, writer: Writer) -> RecordType:
    """What a writer goes by to say what its records hold."""
    if writer.takes == "parts":
        return RecordType(dict.fromkeys((name for name in view.step.options if name != "where"), ANY))
    if view.record is not None:
        return view.record
    return RecordType(view.input.fields, open=True)  # what records have beside what is declared travels along


def _shape(step: BoundStep) -> Callable[[Row, Mapping[str, Any]], Any]:
    """What the writer of the format is handed: messages, chosen fields, the whole row, or its parts by name."""
    view = step.view
    takes = OUTPUTS[view.step.kind].writer.takes
    if takes == "parts":
        parts = {option.name: _part(step, option) for option in view.options if _matters(view, option)}
        return lambda row, names: {name: part(names) for name, part in parts.items()}
    if takes == "messages":
        render = _messages(step)
        return lambda row, names: render(names)
    if view.record is not None:
        closures = {name: step.content((*view.path("fields"), name)) for name in view.record.fields}
        return lambda row, names: {name: closure(names) for name, closure in closures.items()}
    return lambda row, names: row.fields


def _matters(view: StepView, option: Option) -> bool:
    return view.given(option.name) or option.default is not None


def _part(step: BoundStep, option: Option) -> Callable[[Mapping[str, Any]], Any]:
    if option.name == "messages":
        return _messages(step)
    if option.takes is Takes.TEMPLATE:
        return step.content(step.view.path(option.name))
    value = _chosen(step, option.name)
    return lambda names: value


def _chosen(step: BoundStep, name: str) -> Any:
    """The value of an option that is one of a few words. Raises `StepStopped` when a formula gives another one."""
    value = step.value(name)
    choices = next(option.choices for option in step.view.options if option.name == name)
    if choices and value not in choices:
        listed = ", ".join(f"`{choice}`" for choice in choices)
        raise StepStopped(f"`{name}` of output `{step.name}` is one of {listed}, not `{value}`")
    return value


def _messages(step: BoundStep) -> Callable[[Mapping[str, Any]], Any]:
    """The messages of a row; with what each says under `train`, if any of them says it."""
    messages = step.view.message_lists[step.view.path("messages")]
    render = messages.marked_renderer() if messages.trains else messages.renderer()
    return step.rendering(render, "messages", messages.names())

"""Checking plain data against a cerberus schema, with findings at the place of the mistake.

The only door to cerberus. Types beyond its own: `formula`, a text that begins with `=`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import cerberus
from cerberus import errors as kinds

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.document import Document, Path
from atk_interp.spec import codes

__all__ = ["validate"]

_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "float": "a number",
    "boolean": "true or false",
    "string": "text",
    "list": "a list",
    "dict": "a mapping",
    "formula": "an expression after `=`",
}


class _FormulaMeta(type):
    """Makes `isinstance(value, Formula)` true for texts that begin with `=`: cerberus asks in no other way."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, str) and value.startswith("=")


class _Formula(metaclass=_FormulaMeta):
    pass


class _Validator(cerberus.Validator):  # type: ignore[misc]  # cerberus has no type hints
    types_mapping: ClassVar[dict[str, Any]] = {
        **cerberus.Validator.types_mapping,
        "formula": cerberus.TypeDefinition("formula", (_Formula,), ()),
    }


def validate(
    document: Document,
    path: Path,
    schema: Mapping[str, Any],
    sink: Sink,
    *,
    what: str = "here",
    explain: Callable[[str], str | None] = lambda key: None,
) -> bool:
    """Check the mapping at `path`; report every mistake. True when there is none.

    `what` says where an unknown key stands ("in a `chunk` step"); `explain` may give a better help for one.
    """
    data = document.get(path)
    if not isinstance(data, dict):
        sink.report(codes.WRONG_TYPE, document.head_span(path), f"a mapping is expected, not {_described(data)}")
        return False
    checker = _Validator(dict(schema), allow_unknown=False)
    if checker.validate(data, normalize=False):
        return True
    for error in _leaves(checker._errors):
        _report(error, document, path, schema, sink, what, explain)
    return False


def _leaves(errors: Iterable[Any]) -> Iterable[Any]:
    for error in errors:
        if error.is_group_error and error.child_errors:
            yield from _leaves(error.child_errors)
        else:
            yield error


def _report(
    error: Any,
    document: Document,
    base: Path,
    schema: Mapping[str, Any],
    sink: Sink,
    what: str,
    explain: Callable[[str], str | None],
) -> None:
    inner: Path = tuple(error.document_path)
    path = (*base, *inner)
    name = str(inner[-1]) if inner else ""
    rule = error.rule
    if error.code == kinds.UNKNOWN_FIELD.code:
        known = _keys_at(schema, inner[:-1])
        sink.report(
            codes.UNKNOWN_KEY,
            document.key_span(path),
            f"unknown key `{name}` {what}" if len(inner) == 1 else f"unknown key `{name}` in `{inner[-2]}`",
            notes=[f"known keys are {_listed(known)}"] if known else (),
            help=explain(name) or did_you_mean(name, known),
        )
    elif error.code == kinds.REQUIRED_FIELD.code:
        parent = path[:-1]
        sink.report(
            codes.MISSING_KEY,
            document.key_span(parent) if parent else document.head_span(parent),
            f"`{name}` is missing {what}" if len(inner) == 1 else f"`{name}` is missing in `{inner[-2]}`",
        )
    elif rule == "type":
        _wrong_type(error, document, path, name, sink)
    elif rule in ("min", "max"):
        bound = "at least" if rule == "min" else "at most"
        sink.report(
            codes.OUT_OF_RANGE,
            document.span(path),
            f"{_subject(name)} must be {bound} {error.constraint}, not {error.value}",
        )
    elif rule in ("minlength", "maxlength"):
        told = "must not be empty" if error.constraint == 1 else f"has the wrong length (limit {error.constraint})"
        sink.report(codes.OUT_OF_RANGE, document.head_span(path), f"{_subject(name)} {told}")
    elif rule == "allowed":
        choices = [str(choice) for choice in error.constraint]
        sink.report(
            codes.NOT_A_CHOICE,
            document.span(path),
            f"{_subject(name)} cannot be `{error.value}`",
            notes=[f"choices are {_listed(choices)}"],
            help=did_you_mean(str(error.value), choices),
        )
    else:
        told = ", ".join(str(item) for item in error.info) or "the value makes no sense here"
        sink.report(codes.BAD_VALUE, document.head_span(path), f"{_subject(name)}: {told}" if name else told)


def _wrong_type(error: Any, document: Document, path: Path, name: str, sink: Sink) -> None:
    wanted = error.constraint if isinstance(error.constraint, list) else [error.constraint]
    told = " or ".join(dict.fromkeys(_TYPES.get(type_, type_) for type_ in wanted))
    help_ = None
    if error.value is None:
        help_ = "write a value after the colon, or remove the key"
    elif "string" in wanted and isinstance(error.value, bool | int | float):
        help_ = f'put quotes around it: "{document.written(path)}"'
    elif isinstance(error.value, str) and "string" not in wanted and _is_number(error.value):
        help_ = f"write {error.value} without quotes"
    elif isinstance(error.value, str) and "formula" in wanted:
        help_ = f"to compute it, write `={error.value}`"
    sink.report(
        codes.WRONG_TYPE,
        document.head_span(path) if error.value is not None else document.key_span(path),
        f"{_subject(name)} takes {told}, not {_described(error.value)}",
        help=help_,
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _subject(name: str) -> str:
    return f"item {name}" if name.isdigit() else f"`{name}`" if name else "this"


def _described(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the truth value `{'true' if value else 'false'}`"
        case int() | float():
            return f"the number `{value}`"
        case str():
            return f"the text `{value if len(value) < 40 else value[:37] + '…'}`"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return "this"


def _keys_at(schema: Mapping[str, Any], path: Path) -> list[str]:
    """The keys that a schema knows at a path inside the data."""
    rules: Any = {"schema": schema}
    for part in path:
        inner = rules.get("schema")
        if isinstance(inner, Mapping) and isinstance(part, str) and part in inner:
            rules = inner[part]
        elif isinstance(inner, Mapping) and isinstance(part, int):
            rules = inner
        elif "valuesrules" in rules:
            rules = rules["valuesrules"]
        else:
            return []
    inner = rules.get("schema")
    return list(inner) if isinstance(inner, Mapping) else []


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

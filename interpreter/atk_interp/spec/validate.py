"""Checking plain data against a cerberus schema, with findings at the place of the mistake.

The only door to cerberus, which is loaded at the first mapping that does not surely fit. Types beyond its own:
`formula`, a text that begins with `=`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, ClassVar

from atk_interp.diagnostics import Edit, Fix, Sink, did_you_mean, near
from atk_interp.document import Document, Path
from atk_interp.patterns import pattern
from atk_interp.records import dataclass
from atk_interp.spec import codes
from atk_interp.spec.fitting import fits
from atk_interp.spec.schema import SENT_ANYWAY

__all__ = ["errors_of", "validate"]

_INTEGER = pattern(r"-?(0|[1-9][0-9]{0,15})\Z")
_NUMBER = pattern(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]+)?\Z")
_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "float": "a number",
    "boolean": "true or false",
    "string": "text",
    "list": "a list",
    "dict": "a mapping",
}


class _FormulaMeta(type):
    """Makes `isinstance(value, Formula)` true for texts that begin with `=`: cerberus asks in no other way."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, str) and value.startswith("=")


class _Formula(metaclass=_FormulaMeta):
    pass


@cache
def _validator() -> Any:
    """The class of our validators, with our types."""
    import cerberus

    class Validator(cerberus.Validator):  # type: ignore[misc]  # cerberus has no type hints
        types_mapping: ClassVar[dict[str, Any]] = {
            **cerberus.Validator.types_mapping,
            "formula": cerberus.TypeDefinition("formula", (_Formula,), ()),
            "integer": cerberus.TypeDefinition("integer", (int,), (bool,)),
        }

    return Validator


def errors_of(data: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Any]:
    """What cerberus finds wrong with a mapping in which no unknown key is allowed, as its own errors."""
    checker = _validator()(dict(schema), allow_unknown=False)
    checker.validate(data, normalize=False)
    return list(_leaves(checker._errors))


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
    if fits(data, schema):
        return True
    errors = errors_of(data, schema)
    checked = _Checked(document, path, schema, sink, what, explain)
    moved = {key for error in errors for key in checked.misplaced(error)}
    told = {(key,) for key in moved} | set(checked.misspelt(errors))
    for error in errors:
        if tuple(error.document_path) not in told:  # that it lacks them is told with them
            checked.report(error)
    return not errors


def _leaves(errors: Iterable[Any]) -> Iterable[Any]:
    for error in errors:
        if error.is_logic_error:
            yield from _leaves(_of_its_type(error))
        elif error.is_group_error and error.child_errors:
            yield from _leaves(error.child_errors)
        else:
            yield error


def _of_its_type(error: Any) -> Iterable[Any]:
    """Of the ways in which a value may be written, what is wrong with those that are of its type; else with all."""
    ways = list(error.definitions_errors.values())
    typed = [
        way
        for way in ways
        if not any(each.rule == "type" and each.document_path == error.document_path for each in way)
    ]
    return [each for way in typed or ways for each in way]


@dataclass(frozen=True)
class _Checked:
    """What was checked against which schema, and where findings go."""

    document: Document
    base: Path
    schema: Mapping[str, Any]
    sink: Sink
    what: str
    explain: Callable[[str], str | None]

    def report(self, error: Any) -> None:
        """Turn one error of cerberus into a finding."""
        from cerberus import errors as kinds

        inner: Path = tuple(error.document_path)
        rule = str(error.rule)
        if error.code == kinds.UNKNOWN_FIELD.code:
            self._unknown_key(inner, error)
        elif error.code == kinds.REQUIRED_FIELD.code:
            self._missing_key(inner)
        elif rule in ("type", "nullable"):
            self._wrong_type(inner, error)
        elif rule in ("min", "max", "minlength", "maxlength"):
            self._out_of_range(inner, rule, error)
        elif rule == "allowed":
            self._not_a_choice(inner, error)
        elif rule == "forbidden":
            span = self.document.key_span((*self.base, *inner))
            told = f"`{inner[-1]}` cannot be set {self._where(inner)}"
            self.sink.report(codes.BAD_VALUE, span, told, help=SENT_ANYWAY.get(str(inner[-1])))
        else:
            told = ", ".join(str(item) for item in error.info) or "the value makes no sense here"
            span = self.document.head_span((*self.base, *inner))
            self.sink.report(codes.BAD_VALUE, span, f"{_subject(inner)}: {told}")

    def _where(self, inner: Path) -> str:
        return self.what if len(inner) == 1 else f"in {_subject(inner[:-1])}"

    def _unknown_key(self, inner: Path, error: Any) -> None:
        name = str(inner[-1])
        known = _keys_at(self.schema, inner[:-1])
        help_ = self._indent(inner, error) or self.explain(name) or did_you_mean(name, known)
        self.sink.report(
            codes.UNKNOWN_KEY,
            self.document.key_span((*self.base, *inner)),
            f"unknown key `{name}` {self._where(inner)}",
            notes=[f"known keys are {_listed(known)}"] if known and not help_ else (),
            help=help_,
        )

    def misspelt(self, errors: Iterable[Any]) -> Iterable[Path]:
        """The required keys that are there, with a slip: that is told as an unknown key."""
        from cerberus import errors as kinds

        unknown = [tuple(error.document_path) for error in errors if error.code == kinds.UNKNOWN_FIELD.code]
        for error in errors:
            inner: Path = tuple(error.document_path)
            beside = [str(path[-1]) for path in unknown if path[:-1] == inner[:-1]]
            if error.code == kinds.REQUIRED_FIELD.code and near(str(inner[-1]), beside):
                yield inner

    def misplaced(self, error: Any) -> list[str]:
        """The keys of the mapping that an error finds in one of its values: those that it lacks itself."""
        from cerberus import errors as kinds

        inner: Path = tuple(error.document_path)
        listed = [*error.value] if isinstance(error.value, dict) and error.rule == "type" else []
        if error.code == kinds.UNKNOWN_FIELD.code and len(inner) > 1:
            listed = [inner[-1]]
        has = self.document.get(self.base)
        return listed if all(key in self.schema and key not in has for key in listed) else []

    def _indent(self, inner: Path, error: Any) -> str | None:
        keys = self.misplaced(error)
        it = "it" if len(keys) == 1 else "them"
        belong = "belongs" if len(keys) == 1 else "belong"
        return f"{_listed(keys)} {belong} {self.what}: indent {it} as `{inner[0]}` is" if keys else None

    def _missing_key(self, inner: Path) -> None:
        parent = (*self.base, *inner[:-1])
        rules = _rules_at(self.schema, inner)
        said = str(rules.get("meta", {}).get("help", ""))
        self.sink.report(
            codes.MISSING_KEY,
            self.document.key_span(parent) if parent else self.document.head_span(parent),
            f"`{inner[-1]}` is missing {self._where(inner)}",
            help=f"add `{inner[-1]}:`" + (f" ({said[0].lower()}{said[1:].rstrip('.')})" if said else ""),
        )

    def _wrong_type(self, inner: Path, error: Any) -> None:
        path = (*self.base, *inner)
        types = _rules_at(self.schema, inner).get("type", "any value") if error.rule == "nullable" else error.constraint
        wanted = types if isinstance(types, list) else [types]
        told = " or ".join(dict.fromkeys(_TYPES[type_] for type_ in wanted if type_ in _TYPES))
        self.sink.report(
            codes.WRONG_TYPE,
            self.document.head_span(path) if error.value is not None else self.document.key_span(path),
            f"{_subject(inner)} takes {told}, not {_described(error.value)}",
            help=self._indent(inner, error) or self._help_with_type(path, wanted, error.value),
            fix=self._mend_type(path, wanted, error.value),
        )

    def _help_with_type(self, path: Path, wanted: list[str], value: Any) -> str | None:
        if value is None:
            return "write a value after the colon, or remove the key"
        if "string" in wanted and isinstance(value, bool | int | float):
            return f'put quotes around it: "{self.document.written(path)}"'
        if isinstance(value, str) and "string" not in wanted and _is_number(value):
            return _as_number(value, self.document.written(path) == value, "number" in wanted or "float" in wanted)
        if isinstance(value, str) and "formula" in wanted and value in self.document.get(("params",), {}):
            return f"write `={value}` for the value of the parameter"
        return None

    def _mend_type(self, path: Path, wanted: list[str], value: Any) -> Fix | None:
        """Quotes to add or to drop, or the `=` before a parameter: what is written says what was meant."""
        written = self.document.written(path)
        span = self.document.span(path)
        if "string" in wanted and isinstance(value, bool | int | float) and not written.startswith("&"):
            return Fix(f'write "{written}"', (Edit(span, f'"{written}"'),))
        if not isinstance(value, str) or "string" in wanted:
            return None
        number = _INTEGER if "integer" in wanted else _NUMBER if {"number", "float"} & {*wanted} else None
        if number is not None and number.match(value) and written in (f'"{value}"', f"'{value}'"):
            return Fix(f"write {value}", (Edit(span, value),))
        if "formula" in wanted and value in self.document.get(("params",), {}) and not written.startswith("&"):
            return Fix(f"write `={value}`", (Edit(self.document.text(path).span(0, 0), "="),))
        return None

    def _out_of_range(self, inner: Path, rule: str, error: Any) -> None:
        match rule:
            case "min":
                told = f"must be at least {error.constraint}, not {error.value}"
            case "max":
                told = f"must be at most {error.constraint}, not {error.value}"
            case _ if error.constraint == 1:
                told = "must not be empty"
            case _:
                told = f"must have at {'least' if rule == 'minlength' else 'most'} {error.constraint} items"
        span = self.document.head_span((*self.base, *inner))
        self.sink.report(codes.OUT_OF_RANGE, span, f"{_subject(inner)} {told}")

    def _not_a_choice(self, inner: Path, error: Any) -> None:
        choices = [str(choice) for choice in error.constraint]
        help_ = did_you_mean(str(error.value), choices)
        self.sink.report(
            codes.NOT_A_CHOICE,
            self.document.span((*self.base, *inner)),
            f"{_subject(inner)} cannot be `{error.value}`",
            notes=[f"choices are {_listed(choices)}"] if not help_ else (),
            help=help_,
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _as_number(text: str, is_plain: bool, takes_fractions: bool) -> str | None:
    """How to write a number that YAML has read as text: for its quotes, its size, or an exponent without a point."""
    if _INTEGER.match(text) or (takes_fractions and _NUMBER.match(text)):
        return f"write {text} without quotes"
    number = float(text)
    if not math.isfinite(number):
        return "write a number that is finite"
    if not takes_fractions and not number.is_integer():
        return None
    if abs(number) >= 2**63 and not takes_fractions:
        return "write a smaller number: at most 9223372036854775807"
    if not takes_fractions:
        return f"write {int(text) if text.isdecimal() else int(number)}"
    written, e, exponent = repr(number).partition("e")
    return f"write {written if '.' in written else f'{written}.0'}{e}{exponent}" + (
        "" if is_plain else " without quotes"
    )


def _subject(inner: Path) -> str:
    """What a sentence is about: `` `attempts` ``, or an item of a list by its number from 1."""
    if not inner:
        return "this"
    if isinstance(inner[-1], int):
        return f"item {inner[-1] + 1}" + (f" of `{inner[-2]}`" if len(inner) > 1 else "")
    return f"`{inner[-1]}`"


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


def _rules_at(schema: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """The rules of a schema for the value at a path inside the data; empty when it has none."""
    rules: Any = {"schema": schema}
    for part in path:
        inner = rules.get("schema")
        if isinstance(inner, Mapping) and isinstance(part, str) and part in inner:
            rules = inner[part]
        elif isinstance(inner, Mapping) and isinstance(part, int):
            rules = inner
        else:
            rules = rules.get("valuesrules", {})
    found: Mapping[str, Any] = rules
    return found


def _keys_at(schema: Mapping[str, Any], path: Path) -> list[str]:
    """The keys that a schema knows at a path inside the data."""
    inner = _rules_at(schema, path).get("schema")
    return list(inner) if isinstance(inner, Mapping) else []


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

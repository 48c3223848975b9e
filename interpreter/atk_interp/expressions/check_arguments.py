"""Arguments of filters, tests and functions: do they fit the parameters, and what follows for the result."""

from __future__ import annotations

from atk_interp.diagnostics import did_you_mean
from atk_interp.expressions import ast
from atk_interp.expressions.binding import BindingError, Bound, bind
from atk_interp.expressions.check_base import Checking
from atk_interp.expressions.codes import BACKSPACE_IN_REGEX, INVALID_REGEX, MAYBE_MISSING, UNKNOWN_NAME, WRONG_ARGUMENTS
from atk_interp.expressions.constants import OPEN, written_out
from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions import Function, Parameter, Role, path_parts
from atk_interp.expressions.kinds import ALL_KINDS, Kind, in_words, kind_of, kinds_of, type_in_words
from atk_interp.expressions.literals import characters
from atk_interp.expressions.regex import RegexError, compile_regex
from atk_interp.expressions.types import ANY, RecordType, Type, type_of, without_null

__all__ = ["check_arguments", "field_type", "report_binding", "result_type"]


def result_type(function: Function, value: Type, parameters: tuple[Type, ...]) -> Type:
    return function.result if isinstance(function.result, Type) else function.result(value, parameters)


def check_arguments(
    checker: Checking,
    node: ast.Node,
    function: Function,
    args: tuple[ast.Node, ...],
    keywords: tuple[ast.Keyword, ...],
) -> tuple[Type, ...] | None:
    """The types of the parameters; None when the arguments do not fit them."""
    try:
        bound = bind(function, args, keywords)
    except BindingError as error:
        report_binding(checker, node, error)
        for argument in (*args, *(keyword.value for keyword in keywords)):
            checker.check(argument)
        return None
    types = tuple(_check_argument(checker, function, parameter, argument) for parameter, argument in bound)
    _check_together(checker, node, function, bound)
    return types


def report_binding(checker: Checking, node: ast.Node, error: BindingError) -> None:
    name_start = getattr(node, "name_start", node.start)
    place = error.place or (name_start, node.end)
    checker.report(WRONG_ARGUMENTS, place, error.message, error.help)


def _check_argument(checker: Checking, function: Function, parameter: Parameter, argument: ast.Node | None) -> Type:
    if argument is None:
        return type_of(parameter.default)
    type_ = checker.check(argument)
    kinds = kinds_of(type_)
    if kinds != ALL_KINDS and not kinds & parameter.kinds:
        wanted, given = in_words(parameter.kinds), type_in_words(type_)
        message = f"`{parameter.name}` of `{function.name}` is {wanted}, not {given}"
        checker.report(WRONG_ARGUMENTS, argument, message)
    elif Kind.NULL in kinds - parameter.kinds and kinds != ALL_KINDS:
        shown = checker.source(argument)
        message = f"`{shown}` may be none here, where `{function.name}` fails"
        checker.report(MAYBE_MISSING, argument, message, f"ask first: `{shown} is not none and …`")
    if parameter.role is Role.REGEX and isinstance(argument, ast.Literal) and isinstance(argument.value, str):
        _check_regex(checker, argument, argument.value)
    elif parameter.choices and isinstance(argument, ast.Literal) and isinstance(argument.value, str):
        _check_choice(checker, argument, argument.value, parameter)
    elif kinds & parameter.kinds and parameter.limit is not None:
        value = written_out(argument)
        refusal = None if value is OPEN else parameter.refusal(value)
        if refusal is not None:
            checker.report(WRONG_ARGUMENTS, argument, refusal)
    return type_


def _check_together(checker: Checking, node: ast.Node, function: Function, bound: Bound) -> None:
    """Report arguments that are written out, fit each on its own, and not each other."""
    if function.prepare is None or any(parameter.role is Role.ATTRIBUTE for parameter, _ in bound):
        return
    values = [parameter.default if argument is None else written_out(argument) for parameter, argument in bound]
    for (parameter, _), value in zip(bound, values, strict=True):
        if value is OPEN or kind_of(value) not in parameter.kinds or parameter.refusal(value) is not None:
            return
        if parameter.role is Role.REGEX and not _is_regex(value):
            return
    try:
        function.prepare(*values)
    except OperandError as refusal:
        checker.report(WRONG_ARGUMENTS, (getattr(node, "name_start", node.start), node.end), str(refusal))


def _is_regex(written: object) -> bool:
    try:
        compile_regex(str(written))
    except RegexError:
        return False
    return True


def _check_choice(checker: Checking, node: ast.Literal, chosen: str, parameter: Parameter) -> None:
    if chosen not in parameter.choices:
        help = did_you_mean(chosen, parameter.choices) or "there are " + ", ".join(
            f"`{each}`" for each in parameter.choices
        )
        checker.report(WRONG_ARGUMENTS, node, f"there is no {parameter.name} `{chosen}`", help)


def _check_regex(checker: Checking, node: ast.Literal, pattern: str) -> None:
    if "\b" in pattern:
        message = "`\\b` is a backspace character in a text"
        checker.report(BACKSPACE_IN_REGEX, node, message, "write `\\\\b` for a word boundary")
    try:
        compile_regex(pattern)
    except RegexError as error:
        place = _place_in_literal(checker.literal(node), node, error)
        checker.report(INVALID_REGEX, place, f"not a regular expression: {error.message}")


def _place_in_literal(written: str, node: ast.Literal, error: RegexError) -> tuple[int, int]:
    """Where the culprit stands, through quotes and escapes; all of the literal when that is not known."""
    if error.start is None or error.end is None:
        return node.start, node.end
    places: list[tuple[int, int]] = []
    for text, start, end in characters(written):
        places.extend((start, end) for _ in text)
    if error.end > len(places) or error.start >= error.end:
        return node.start, node.end
    return node.start + places[error.start][0], node.start + places[error.end - 1][1]


def field_type(checker: Checking, attribute: ast.Node, item: Type) -> Type:
    """The type of a field of each item; a step that a closed record does not have is reported."""
    if not isinstance(attribute, ast.Literal) or isinstance(attribute.value, bool | float | None):
        return ANY
    for part in path_parts(attribute.value):
        record = without_null(item)
        if not isinstance(record, RecordType) or not isinstance(part, str):
            return ANY
        if part not in record.fields:
            if not record.open:
                help = did_you_mean(part, record.fields)
                checker.report(UNKNOWN_NAME, attribute, f"the items have no field `{part}`", help)
            return ANY
        item = record.fields[part]
    return item

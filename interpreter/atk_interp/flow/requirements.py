"""What a spec requires of its parameters: the expressions under `requires`, read and checked."""

from __future__ import annotations

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.expressions import check_expression, parse_expression
from atk_interp.expressions.codes import UNKNOWN_NAME
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import ANY, FLOAT, INT, Type, without_null
from atk_interp.flow.checks import refuse_draws
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.written import misfit
from atk_interp.spec import BUILT_IN_NAMES, PipelineSpec, Requirement, Takes, item_type, param_type, taken_by
from atk_interp.spec.requirements import requirement_text

__all__ = ["check_requirements"]


def check_requirements(spec: PipelineSpec, sink: Sink) -> None:
    """Tell the sink what is wrong with any requirement: names that are no parameters, what is no truth value."""
    params = {name: param_type(param) for name, param in spec.params.items()}
    of_rows = {name: ANY for name in BUILT_IN_NAMES if name not in params}  # told here, and not again for their use
    for requirement in spec.requires:
        text = requirement_text(spec, requirement)
        items = _items(spec, requirement, sink) if requirement.each else {}
        expression = parse_expression(text, sink)
        if expression is None:
            continue
        refuse_draws(expression, sink, "a requirement is of the parameters alone")
        for node in (node for name in of_rows if name not in items for node in expression.names.get(name, ())):
            told = f"a requirement is of the parameters alone, so there is no `{node.name}`"
            sink.report(UNKNOWN_NAME, expression.span(node), told)
        type_ = check_expression(expression, {**of_rows, **params, **items}, sink, explain_unknown=_explain)
        if misfit(type_, Takes.BOOL) is not None:
            told = f"a requirement is true or false, and this is {type_in_words(without_null(type_))}"
            help_ = "compare it, as in `… > 0`" if type_ in (INT, FLOAT) else None
            sink.report(WRONG_VALUE_TYPE, text.span(), told, help=help_)


def _items(spec: PipelineSpec, requirement: Requirement, sink: Sink) -> dict[str, Type]:
    """The type of the items that a requirement is about, by the name that it has for them."""
    span = spec.document.span((*requirement.path[:-1], "each"))
    param = spec.params.get(requirement.each)
    if param is None:
        known = [name for name, param in spec.params.items() if param.type in ("list", "map")]
        help_ = did_you_mean(requirement.each, known)
        sink.report(UNKNOWN_NAME, span, f"there is no parameter `{requirement.each}`", help=help_)
    elif param.type not in ("list", "map", "any"):
        told = f"`each` takes a list or a map, and `{param.name}` takes {taken_by(param)}"
        sink.report(WRONG_VALUE_TYPE, span, told)
    elif requirement.item in spec.params:
        told = f"`{requirement.item}` is a parameter, so an item cannot be called so"
        sink.report(WRONG_VALUE_TYPE, span, told, help="choose another name")
    return {requirement.item: item_type(param) if param is not None else ANY}


def _explain(name: str) -> tuple[tuple[str, ...], str | None]:
    return ("a requirement knows the parameters of the pipeline",), None

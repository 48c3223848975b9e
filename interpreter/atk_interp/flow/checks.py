"""What must hold at the end of a run: the expressions under `checks`, read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from atk_interp.diagnostics import Sink, did_you_mean
from atk_interp.expressions import FILTERS, Expression, ast, check_expression, parse_expression
from atk_interp.expressions.codes import UNKNOWN_NAME, WRONG_ARGUMENTS
from atk_interp.expressions.counts import Counted, counted_name, with_counts
from atk_interp.expressions.functions import CALLS, Form
from atk_interp.expressions.functions.counts import COUNTS
from atk_interp.expressions.kinds import type_in_words
from atk_interp.expressions.types import ANY, FLOAT, INT, Type, without_null
from atk_interp.graph import UNKNOWN_STEP
from atk_interp.kinds.base import StepView
from atk_interp.kinds.base.codes import WRONG_VALUE_TYPE
from atk_interp.kinds.base.nested import NestedRows
from atk_interp.kinds.base.written import misfit
from atk_interp.records import dataclass
from atk_interp.spec import Check, PipelineSpec, Takes, param_type

__all__ = ["CheckView", "checks_of", "names_of_steps", "refuse_draws"]

_OF_A_ROW = ("row", "sample", "attempt")


@dataclass(frozen=True)
class CheckView:
    """A check that was read. In the expression a name stands for each count; `counts` says of what, by the name."""

    check: Check
    expression: Expression
    counts: Mapping[str, Counted]


def names_of_steps(views: Mapping[str, StepView]) -> Iterator[str]:
    """The steps that a check may name beside those of the spec: within loops, and within pipelines that are steps."""
    for name, view in views.items():
        yield name
        nested = view.nested
        if isinstance(nested, NestedRows) and not view.given("matrix") and not view.given("repeats"):
            yield from (f"{name}.{inner}" for inner in names_of_steps(nested.analysis.views))


def checks_of(spec: PipelineSpec, views: Mapping[str, StepView], sink: Sink) -> list[CheckView]:
    """The checks of a spec that can be read; the sink is told what is wrong with any."""
    written = spec.document.get(("outputs",))  # also those that are malformed, which is told
    outputs = {name for name in written if isinstance(name, str)} if isinstance(written, dict) else set()
    steps = dict.fromkeys([*spec.steps, *names_of_steps(views)])
    found = (_Reading(spec, check, steps, outputs, sink).read() for check in spec.checks)
    return [view for view in found if view is not None]


def refuse_draws(expression: Expression, sink: Sink, why: str, help: str | None = None) -> None:
    """Report functions and filters that draw for a row, where there is none."""
    for node in ast.walk(expression.root):
        table = FILTERS if isinstance(node, ast.Filter) else CALLS
        if isinstance(node, ast.Filter | ast.Call) and node.name in table and table[node.name].form is Form.SEEDED:
            span = expression.text.span(node.name_start, node.name_start + len(node.name))
            sink.report(WRONG_ARGUMENTS, span, f"`{node.name}` draws for a row, and {why}", help=help)


class _Reading:
    """The reading of one check."""

    def __init__(
        self, spec: PipelineSpec, check: Check, steps: Mapping[str, None], outputs: set[str], sink: Sink
    ) -> None:
        self.spec, self.check, self.steps, self.outputs, self.sink = spec, check, steps, outputs, sink
        self.text = spec.document.text(check.path)
        self.counts: dict[str, Counted] = {}

    def read(self) -> CheckView | None:
        text = self.text.slice(1) if self.text.value.startswith("=") else self.text
        self.text = text
        raw = parse_expression(text, self.sink, frozenset(COUNTS))
        if raw is None:
            return None
        refuse_draws(raw, self.sink, "a check is made once for a run", help="compare counts")
        expression = with_counts(raw, self._counted)
        params = {name: param_type(param) for name, param in self.spec.params.items()}
        # What counts nothing that is known is of any type, as is what belongs to a row: both are told.
        told = {name: ANY for name in (*expression.names, *_OF_A_ROW) if name.endswith(")") or name in _OF_A_ROW}
        counted: dict[str, Type] = {name: COUNTS[each.function].type for name, each in self.counts.items()}
        scope = {**told, **params, "seed": INT, **counted}
        self._refuse_rows(expression)
        type_ = check_expression(expression, scope, self.sink, explain_unknown=self._explain)
        self._check_type(type_)
        return CheckView(self.check, expression, self.counts)

    def _check_type(self, type_: Type) -> None:
        if misfit(type_, Takes.BOOL) is not None:
            told = f"a check is true or false, and this is {type_in_words(without_null(type_))}"
            help_ = "compare it, as in `… > 0`" if type_ in (INT, FLOAT) else None
            self.sink.report(WRONG_VALUE_TYPE, self.text.span(), told, help=help_)

    def _explain(self, name: str) -> tuple[tuple[str, ...], str | None]:
        notes = ("a check knows the parameters of the pipeline, and counts of its steps and outputs",)
        return notes, f'write `rows("{name}")` for the rows that left the step' if name in self.steps else None

    def _refuse_rows(self, expression: Expression) -> None:
        for name in _OF_A_ROW:
            for node in expression.names.get(name, ()) if name not in self.spec.params else ():
                told = f"a check is made once for a run, so there is no `{name}`"
                self.sink.report(UNKNOWN_NAME, expression.span(node), told)

    def _counted(self, node: ast.Call) -> Counted | None:
        count = COUNTS[node.name]
        if count.of_all and not node.args and not node.keywords:
            return self._kept(Counted(node.name, ""))
        if node.keywords or len(node.args) != 1 or not _is_text(node.args[0]):
            self._refuse_arguments(node)
            return None
        named, of = node.args[0], str(node.args[0].value)
        quote = int(named.end - named.start == len(of) + 2)  # else it is not written as it is read
        span = self.text.span(named.start + quote, named.end - quote)
        if of in self.steps or (of in self.outputs and count.of_outputs):
            return self._kept(Counted(node.name, of))
        if of in self.outputs:
            told = f"`{node.name}` is of a step, and `{of}` is an output"
            source = self.spec.outputs[of].source if of in self.spec.outputs else None
            help_ = f'write `{node.name}("{source}")`' if source else None
            self.sink.report(WRONG_ARGUMENTS, span, told, help=help_)
        elif self.spec.steps:
            what = "step or output" if count.of_outputs else "step"
            known = [*self.steps, *(sorted(self.outputs) if count.of_outputs else ())]
            near = did_you_mean(of, known)
            notes = [f"there are {', '.join(f'`{name}`' for name in known)}"] if not near else ()
            self.sink.report(UNKNOWN_STEP, span, f"there is no {what} `{of}`", notes=notes, help=near)
        return None

    def _refuse_arguments(self, node: ast.Call) -> None:
        name = node.args[0].name if len(node.args) == 1 and isinstance(node.args[0], ast.Name) else "…"
        what = "a step or an output" if COUNTS[node.name].of_outputs else "a step"
        told = f"`{node.name}` takes the name of {what}, in quotes"
        span = self.text.span(node.start, node.end)
        self.sink.report(WRONG_ARGUMENTS, span, told, help=f'write `{node.name}("{name}")`')

    def _kept(self, counted: Counted) -> Counted:
        self.counts[counted_name(counted)] = counted
        return counted


def _is_text(node: ast.Node) -> TypeGuard[ast.Literal]:
    return isinstance(node, ast.Literal) and isinstance(node.value, str)

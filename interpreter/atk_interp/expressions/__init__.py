"""The expression language: a strict, typed subset of Jinja's expressions, with Jinja's meaning.

`parse_expression` reads, `check_expression` finds what is wrong before there is a row, and
`compile_expression` gives a function of the names in scope. The language is described in `docs/expressions.md`.
"""

from atk_interp.expressions.check import BUILT_IN, check_expression
from atk_interp.expressions.codes import CODES
from atk_interp.expressions.compile import compile_expression
from atk_interp.expressions.errors import EvaluationError
from atk_interp.expressions.expression import Expression, parse_expression
from atk_interp.expressions.for_templates import template_filters, template_tests
from atk_interp.expressions.functions import CALLS, FILTERS, TESTS
from atk_interp.expressions.unparse import unparse

__all__ = [
    "BUILT_IN",
    "CALLS",
    "CODES",
    "FILTERS",
    "TESTS",
    "EvaluationError",
    "Expression",
    "check_expression",
    "compile_expression",
    "parse_expression",
    "template_filters",
    "template_tests",
    "unparse",
]

"""What all step kinds share: the contract of a kind, what it sees, what it gives back, and asking a model."""

from atk_interp.kinds.base.asking import ASKING_OPTIONS, Answer, Asker, check_asking
from atk_interp.kinds.base.bound import BoundStep, Closure, Names, draw_sites
from atk_interp.kinds.base.cardinality import Cardinality
from atk_interp.kinds.base.codes import CODES as _CODES_OF_STEPS
from atk_interp.kinds.base.context import Scratch, SetContext, StepContext
from atk_interp.kinds.base.examples import CODES as _CODES_OF_EXAMPLES
from atk_interp.kinds.base.examples import EXAMPLES, StepExample, check_examples, examples_of
from atk_interp.kinds.base.kind import Example, StepKind
from atk_interp.kinds.base.results import (
    AcceptedCall,
    Attempt,
    Beside,
    Dropped,
    Notice,
    RowFailed,
    StepStopped,
    Turn,
    UsedUp,
)
from atk_interp.kinds.base.runners import CallStep, PureStep, Runner, SetStep, SourceStep, rejecting
from atk_interp.kinds.base.sets import check_one_at_most, compared, in_place, key_of, keyed, place, rank
from atk_interp.kinds.base.stopping import REJECTING_OPTIONS, StopRule, check_stopping, stop_rule
from atk_interp.kinds.base.view import ROW_TYPE, StepView, expression_paths
from atk_interp.kinds.base.written import is_formula, one_line

__all__ = [
    "ASKING_OPTIONS",
    "CODES",
    "EXAMPLES",
    "REJECTING_OPTIONS",
    "ROW_TYPE",
    "AcceptedCall",
    "Answer",
    "Asker",
    "Attempt",
    "Beside",
    "BoundStep",
    "CallStep",
    "Cardinality",
    "Closure",
    "Dropped",
    "Example",
    "Names",
    "Notice",
    "PureStep",
    "RowFailed",
    "Runner",
    "Scratch",
    "SetContext",
    "SetStep",
    "SourceStep",
    "StepContext",
    "StepExample",
    "StepKind",
    "StepStopped",
    "StepView",
    "StopRule",
    "Turn",
    "UsedUp",
    "check_asking",
    "check_examples",
    "check_one_at_most",
    "check_stopping",
    "compared",
    "draw_sites",
    "examples_of",
    "expression_paths",
    "in_place",
    "is_formula",
    "key_of",
    "keyed",
    "one_line",
    "place",
    "rank",
    "rejecting",
    "stop_rule",
]

CODES = (*_CODES_OF_EXAMPLES, *_CODES_OF_STEPS)

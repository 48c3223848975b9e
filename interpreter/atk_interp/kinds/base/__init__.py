"""What all step kinds share: the contract of a kind, what it sees, what it gives back, and asking a model."""

from atk_interp.kinds.base.asking import ASKING_OPTIONS, Answer, Asker, check_asking
from atk_interp.kinds.base.bound import BoundStep, Closure, Names, draw_sites
from atk_interp.kinds.base.kind import Cardinality, Example, StepKind
from atk_interp.kinds.base.results import (
    Attempt,
    CallStep,
    Dropped,
    Notice,
    PureStep,
    RowFailed,
    Runner,
    SetStep,
    SourceStep,
    StepContext,
    StepStopped,
    rejecting,
)
from atk_interp.kinds.base.view import CODES, ROW_TYPE, StepView, is_formula

__all__ = [
    "ASKING_OPTIONS",
    "CODES",
    "ROW_TYPE",
    "Answer",
    "Asker",
    "Attempt",
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
    "SetStep",
    "SourceStep",
    "StepContext",
    "StepKind",
    "StepStopped",
    "StepView",
    "check_asking",
    "draw_sites",
    "is_formula",
    "rejecting",
]

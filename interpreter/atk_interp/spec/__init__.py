"""The shape of specs and configs: schemas, their checks, and the typed model they give."""

from atk_interp.spec.codes import CODES
from atk_interp.spec.config import Config, EndpointConfig, Given, is_config, load_config, of_another_program
from atk_interp.spec.load import LANGUAGE_VERSION, load_spec, load_steps
from atk_interp.spec.model import BUILT_IN_NAMES, Check, ModelSlot, Output, Param, PipelineSpec, Requirement, Step
from atk_interp.spec.options import Option, Takes
from atk_interp.spec.params import (
    check_value,
    describe_param,
    item_type,
    missing,
    param_type,
    taken_by,
    unknown_keys,
    unquoted,
    where_wrong,
)
from atk_interp.spec.requirements import Unmet, unmet
from atk_interp.spec.validate import validate

__all__ = [
    "BUILT_IN_NAMES",
    "CODES",
    "LANGUAGE_VERSION",
    "Check",
    "Config",
    "EndpointConfig",
    "Given",
    "ModelSlot",
    "Option",
    "Output",
    "Param",
    "PipelineSpec",
    "Requirement",
    "Step",
    "Takes",
    "Unmet",
    "check_value",
    "describe_param",
    "is_config",
    "item_type",
    "load_config",
    "load_spec",
    "load_steps",
    "missing",
    "of_another_program",
    "param_type",
    "taken_by",
    "unknown_keys",
    "unmet",
    "unquoted",
    "validate",
    "where_wrong",
]

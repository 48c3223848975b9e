"""The shape of specs and configs: schemas, their checks, and the typed model they give."""

from atk_interp.spec.codes import CODES
from atk_interp.spec.config import Config, EndpointConfig, Given, is_config, load_config
from atk_interp.spec.load import LANGUAGE_VERSION, load_spec, load_steps
from atk_interp.spec.model import BUILT_IN_NAMES, Check, ModelSlot, Output, Param, PipelineSpec, Step
from atk_interp.spec.options import Option, Takes
from atk_interp.spec.params import (
    check_value,
    describe_param,
    missing,
    param_type,
    taken_by,
    unquoted,
    where_wrong,
)
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
    "Step",
    "Takes",
    "check_value",
    "describe_param",
    "is_config",
    "load_config",
    "load_spec",
    "load_steps",
    "missing",
    "param_type",
    "taken_by",
    "unquoted",
    "validate",
    "where_wrong",
]

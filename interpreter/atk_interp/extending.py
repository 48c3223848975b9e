"""What a package needs to add to the language: step kinds, parsers, output formats, readers, filters, tests.

These names are kept: what they mean changes with a new major version, or before 1.0 with a minor one that says so in
the changelog. Whatever is imported from anywhere else inside `atk_interp` may move at any time.
"""

from __future__ import annotations

from atk_interp.expressions.errors import OperandError
from atk_interp.expressions.functions import Example as FunctionExample
from atk_interp.expressions.functions import Function, Parameter
from atk_interp.expressions.kinds import Kind
from atk_interp.expressions.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    NULL,
    TEXT,
    ListType,
    MaybeType,
    RecordType,
    TextType,
    Type,
)
from atk_interp.formats.outputs import OutputFormat
from atk_interp.formats.readers.base import Document, File, Problem, decoded_text, text_document
from atk_interp.formats.writers.base import Content, RecordError, Writer, line
from atk_interp.kinds.base import (
    BoundStep,
    CallStep,
    Cardinality,
    Dropped,
    Example,
    PureStep,
    RowFailed,
    SetContext,
    SetStep,
    SourceStep,
    StepContext,
    StepKind,
    StepStopped,
    StepView,
)
from atk_interp.replies import Fields, OptionsError, Reader, ReplyExample, ReplyKind, ReplyUnreadable
from atk_interp.spec import Option, Takes
from atk_interp.values import Row, Value, row_id

__all__ = [
    "ANY",
    "BOOL",
    "FLOAT",
    "INT",
    "NULL",
    "TEXT",
    "BoundStep",
    "CallStep",
    "Cardinality",
    "Content",
    "Document",
    "Dropped",
    "Example",
    "Fields",
    "File",
    "Function",
    "FunctionExample",
    "Kind",
    "ListType",
    "MaybeType",
    "OperandError",
    "Option",
    "OptionsError",
    "OutputFormat",
    "Parameter",
    "Problem",
    "PureStep",
    "Reader",
    "RecordError",
    "RecordType",
    "ReplyExample",
    "ReplyKind",
    "ReplyUnreadable",
    "Row",
    "RowFailed",
    "SetContext",
    "SetStep",
    "SourceStep",
    "StepContext",
    "StepKind",
    "StepStopped",
    "StepView",
    "Takes",
    "TextType",
    "Type",
    "Value",
    "Writer",
    "decoded_text",
    "line",
    "row_id",
    "text_document",
]

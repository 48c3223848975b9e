"""Lint rules: one file each, run in this order. Adding one means a file, a line here, and its cases."""

from atk_interp.lint.rules.absolute_path import AbsolutePath
from atk_interp.lint.rules.base import Rule
from atk_interp.lint.rules.case_only_name import CaseOnlyName
from atk_interp.lint.rules.conflict_marker import ConflictMarker
from atk_interp.lint.rules.constant_condition import ConstantCondition
from atk_interp.lint.rules.equal_samples import EqualSamples
from atk_interp.lint.rules.foreign_placeholder import ForeignPlaceholder
from atk_interp.lint.rules.forgotten_formula import ForgottenFormula
from atk_interp.lint.rules.futile_accept import FutileAccept
from atk_interp.lint.rules.idle_feedback import IdleFeedback
from atk_interp.lint.rules.idle_keep import IdleKeep
from atk_interp.lint.rules.idle_set import IdleSet
from atk_interp.lint.rules.idle_step import IdleStep
from atk_interp.lint.rules.include_cycle import IncludeCycle
from atk_interp.lint.rules.maybe_empty_message import MaybeEmptyMessage
from atk_interp.lint.rules.missing_config import MissingConfig
from atk_interp.lint.rules.missing_input import MissingInput
from atk_interp.lint.rules.mixed_choice import MixedChoice
from atk_interp.lint.rules.mixed_line_endings import MixedLineEndings
from atk_interp.lint.rules.needless_default import NeedlessDefault
from atk_interp.lint.rules.output_clash import OutputClash
from atk_interp.lint.rules.overlap_too_large import OverlapTooLarge
from atk_interp.lint.rules.overwritten_field import OverwrittenField
from atk_interp.lint.rules.placeholder_value import PlaceholderValue
from atk_interp.lint.rules.prompt_ignores_row import PromptIgnoresRow
from atk_interp.lint.rules.prompt_too_long import PromptTooLong
from atk_interp.lint.rules.reads_own_output import ReadsOwnOutput
from atk_interp.lint.rules.refused_conversation import RefusedConversation
from atk_interp.lint.rules.repeated_item import RepeatedItem
from atk_interp.lint.rules.secret_in_text import SecretInText
from atk_interp.lint.rules.slot_without_endpoint import SlotWithoutEndpoint
from atk_interp.lint.rules.smart_quotes import SmartQuotes
from atk_interp.lint.rules.stray_braces import StrayBraces
from atk_interp.lint.rules.uncountable_rows import UncountableRows
from atk_interp.lint.rules.undocumented import Undocumented
from atk_interp.lint.rules.uneven_inputs import UnevenInputs
from atk_interp.lint.rules.unfilled_group import UnfilledGroup
from atk_interp.lint.rules.unreachable_step import UnreachableStep
from atk_interp.lint.rules.unread_example import UnreadExample
from atk_interp.lint.rules.unsendable_roles import UnsendableRoles
from atk_interp.lint.rules.unstated_format import UnstatedFormat
from atk_interp.lint.rules.unstated_model_type import UnstatedModelType
from atk_interp.lint.rules.unusable_endpoint import UnusableEndpoint
from atk_interp.lint.rules.unused_field import UnusedField
from atk_interp.lint.rules.unused_param import UnusedParam
from atk_interp.lint.rules.unused_prompt import UnusedPrompt
from atk_interp.lint.rules.unused_slot import UnusedSlot
from atk_interp.lint.rules.unused_step import UnusedStep
from atk_interp.lint.rules.unused_template_name import UnusedTemplateName
from atk_interp.lint.rules.valueless_key import ValuelessKey
from atk_interp.lint.rules.vote_rule import VoteRule
from atk_interp.lint.rules.wordless_pattern import WordlessPattern
from atk_interp.lint.rules.yaml_surprise import YamlSurprise

__all__ = ["RULES", "Rule"]

RULES: tuple[Rule, ...] = (
    IncludeCycle(),
    UnreadExample(),
    UnstatedFormat(),
    WordlessPattern(),
    SmartQuotes(),
    UnfilledGroup(),
    PromptIgnoresRow(),
    ForeignPlaceholder(),
    UnsendableRoles(),
    MaybeEmptyMessage(),
    UnusedTemplateName(),
    UnusedPrompt(),
    PromptTooLong(),
    ForgottenFormula(),
    ConstantCondition(),
    UnreachableStep(),
    FutileAccept(),
    IdleKeep(),
    IdleFeedback(),
    VoteRule(),
    UnusedField(),
    IdleSet(),
    OverwrittenField(),
    RefusedConversation(),
    OutputClash(),
    ReadsOwnOutput(),
    IdleStep(),
    UncountableRows(),
    UnevenInputs(),
    OverlapTooLarge(),
    UnusedStep(),
    UnusedParam(),
    UnusedSlot(),
    AbsolutePath(),
    MissingInput(),
    PlaceholderValue(),
    SecretInText(),
    SlotWithoutEndpoint(),
    UnusableEndpoint(),
    YamlSurprise(),
    ValuelessKey(),
    MixedLineEndings(),
    ConflictMarker(),
    CaseOnlyName(),
    RepeatedItem(),
    MixedChoice(),
    StrayBraces(),
    EqualSamples(),
    UnstatedModelType(),
    Undocumented(),
    NeedlessDefault(),
    MissingConfig(),
)

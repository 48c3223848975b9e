"""A run without calls: the steps that are free work, those that ask a model get what the ledger has."""

from atk_interp.rehearsal.recall import AskedCall, Heard, Recall
from atk_interp.rehearsal.stage import Rehearsed, leading_to, rehearse

__all__ = ["AskedCall", "Heard", "Recall", "Rehearsed", "leading_to", "rehearse"]

"""A run as a page for people, made from what it has left in its folder."""

from atk_interp.report.page import report
from atk_interp.report.rejected import Rejection
from atk_interp.report.rows import PromptOf

__all__ = ["PromptOf", "Rejection", "report"]

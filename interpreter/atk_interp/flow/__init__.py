"""Which fields exist on each edge: a spec analysed from its text to the types of its rows, in one pass."""

from atk_interp.flow.analysis import Analysis, analyse, prompt_folders

__all__ = ["Analysis", "analyse", "prompt_folders"]

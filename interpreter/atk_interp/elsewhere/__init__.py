"""What becomes of the pipelines of Augmentoolkit and of the keys of their configs, as data: imported by, and read."""

from __future__ import annotations

from atk_interp.elsewhere.known import Composed, Goal, Key, Known, Values
from atk_interp.elsewhere.tables import NO_PIPELINE, PIPELINES, SHARED, SUPPLIED, known_pipeline

__all__ = [
    "NO_PIPELINE",
    "PIPELINES",
    "SHARED",
    "SUPPLIED",
    "Composed",
    "Goal",
    "Key",
    "Known",
    "Values",
    "known_pipeline",
]

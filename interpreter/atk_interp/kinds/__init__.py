"""Step kinds: one file each. Adding one means a file, a line here, and its cases."""

from __future__ import annotations

from atk_interp.kinds.base import CODES, StepKind
from atk_interp.kinds.chunk import Chunk
from atk_interp.kinds.explode import Explode
from atk_interp.kinds.filter import Filter
from atk_interp.kinds.generate import Generate
from atk_interp.kinds.group import Group
from atk_interp.kinds.map import Map
from atk_interp.kinds.read import Read
from atk_interp.kinds.rows import Input, Rows
from atk_interp.kinds.sample import Sample
from atk_interp.kinds.vote import Vote

__all__ = ["CODES", "KINDS", "StepKind"]

KINDS: dict[str, StepKind] = {
    kind.name: kind
    for kind in (
        Read(),
        Rows(),
        Input(),
        Chunk(),
        Map(),
        Filter(),
        Explode(),
        Group(),
        Sample(),
        Generate(),
        Vote(),
    )
}

"""The keys of configs as an earlier version of the original spelt them, by the names that they have had since.

That version wrote them in capitals, called its two models A and B, and named what is skipped by the heading alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from atk_interp.patterns import pattern

__all__ = ["is_old", "names_of"]

_SIZES = {"a": "small", "b": "large"}
_RENAMED = {
    "input": ("input_dir",),
    "output": ("output_dir",),
    "stop": ("use_stop",),
    "double_check_count": ("double_check_counter",),
    "logical_model": ("small_model",),
    "large_logical_model": ("large_model",),
    "api_key": ("small_api_key", "large_api_key"),
    "base_url": ("small_base_url", "large_base_url"),
    "mode": ("small_mode", "large_mode"),
}
"""What was one key for both models is two."""

_OF_MODEL = pattern(r"(?:logical_)?(?P<what>model|api_key|base_url|mode)_(?P<size>[ab])")
_PRICE = pattern(r"(?P<way>input|output)_(?P<size>[ab])")


def is_old(key: str) -> bool:
    """Whether a key is spelt as the earlier version spelt them."""
    return key.isupper()


def names_of(path: Sequence[str | int]) -> tuple[str, ...]:
    """The names that a key goes by since; itself where it is not spelt as before. `path` leads to it from the top."""
    key = str(path[-1])
    if not is_old(key):
        return (key,)
    name = key.lower()
    section = str(path[-2]).lower() if len(path) > 1 else ""
    if section == "skip" and not name.startswith("skip_"):
        return (f"skip_{name}",)
    if found := _OF_MODEL.fullmatch(name):
        return (f"{_SIZES[found['size']]}_{found['what']}",)
    if section.startswith("cost") and (found := _PRICE.fullmatch(name)):
        return (f"cost_per_million_{_SIZES[found['size']]}_{found['way']}",)
    return _RENAMED.get(name, (name,))

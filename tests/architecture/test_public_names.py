"""The package's public names are a promise: adding one is a decision, and losing one breaks users."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import atk_interp

PUBLIC = {"Diagnostic", "Pipeline", "compile_pipeline", "lint", "load_spec", "set_progress"}


def test_the_public_names_are_exactly_these() -> None:
    assert set(vars(atk_interp)["__all__"]) == PUBLIC


def test_nothing_else_looks_public() -> None:
    """Subpackages become attributes once imported; whatever else has no underscore was left there by accident."""
    found = {
        name
        for name, value in vars(atk_interp).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "annotations"
    }

    assert found <= PUBLIC


def test_every_public_name_is_documented() -> None:
    bare = [name for name in sorted(PUBLIC) if not getattr(atk_interp, name).__doc__]

    assert bare == []


def test_public_names_stay_what_they_are_when_the_folders_inside_are_loaded() -> None:
    for module in pkgutil.walk_packages(atk_interp.__path__, "atk_interp."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    assert [name for name in sorted(PUBLIC) if not callable(getattr(atk_interp, name))] == []

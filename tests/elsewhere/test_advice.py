"""What is said of keys of Augmentoolkit that stand in a config of ours."""

from __future__ import annotations

import pytest

from atk_interp.elsewhere import PIPELINES, Key, Known
from atk_interp.elsewhere.advice import advice
from atk_interp.importing.configs import stock_spec


@pytest.mark.parametrize("known", PIPELINES, ids=lambda known: known.ours)
def test_every_key_that_leads_to_a_parameter_is_told_with_one_that_there_is(known: Known) -> None:
    spec = stock_spec(known.ours)
    assert spec is not None
    for name, goal in known.keys.items():
        told = advice(known.ours, ("section", name), spec.params)
        if isinstance(goal, str):
            assert told == f"{goal} (docs/migrating.md)"
        elif name not in spec.params:
            keys = [goal] if isinstance(goal, Key) else goal
            assert told is not None, name
            assert all(f"`{key.to}`" in told for key in keys), name


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("API", "large_base_url"), "write it under `models`, as `large: {model: …}` (docs/migrating.md)"),
        (("cost_per_million_large_output",), "write it under `models`, as `large: {price: …}` (docs/migrating.md)"),
        (("SYSTEM", "SUBSET_SIZE"), "write `subset_size` (docs/migrating.md)"),
        (("subset_sise",), None),
    ],
)
def test_endpoints_and_old_spellings_are_known_and_slips_are_not(path: tuple[str, ...], told: str | None) -> None:
    spec = stock_spec("factual_qa")
    assert spec is not None
    assert advice("factual_qa", path, spec.params) == told


def test_of_a_pipeline_that_augmentoolkit_has_not_nothing_is_said() -> None:
    assert advice("mine", ("chunk_size",), ["chunk_tokens"]) is None

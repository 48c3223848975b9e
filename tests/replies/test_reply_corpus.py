"""Realistic replies, each with what must be understood: see `corpus.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from atk_interp.replies import ReplyUnreadable, build_reader

CORPUS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("corpus.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["about"])
def test_a_reply_is_understood_or_refused_as_written_down(case: dict[str, Any]) -> None:
    reader = build_reader(case["parse"])
    if case["expect"] is not None:
        assert reader.read(case["reply"]) == case["expect"]
        return
    with pytest.raises(ReplyUnreadable) as refused:
        reader.read(case["reply"])
    assert case["says"] in str(refused.value)


def test_every_case_is_told_apart_by_what_it_is_about() -> None:
    assert len({case["about"] for case in CORPUS}) == len(CORPUS) >= 150

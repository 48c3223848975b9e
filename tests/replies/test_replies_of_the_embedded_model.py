"""The engine of the embedded model takes every grammar, and what the model writes under it is read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from reply_options import CONSTRAINED

from atk_interp.llm.embedded import EMBEDDED_MODEL, EmbeddedClient
from atk_interp.llm.messages import EndpointRefused, Message, Request
from atk_interp.llm.model_file import model_path
from atk_interp.replies import FieldRule, build_reader, why_unusable

PASSAGE = "Penicillin was found by Alexander Fleming in 1928, when mould killed bacteria in a dish."


@pytest.fixture
def loadable() -> None:
    """Skips where the weights are not on this machine: tests fetch nothing."""
    pytest.importorskip("xllamacpp")
    try:
        model_path(fetch=False)
    except EndpointRefused as missing:
        pytest.skip(str(missing))


@pytest.mark.slow
@pytest.mark.xdist_group("embedded")
@pytest.mark.usefixtures("loadable")
@pytest.mark.parametrize("options", CONSTRAINED.values(), ids=CONSTRAINED)
def test_the_engine_holds_the_model_to_a_readable_reply(options: dict[str, Any]) -> None:
    reader = build_reader(options)
    grammar = reader.grammar(dict.fromkeys(reader.constrainable, FieldRule(30, PASSAGE)))
    message = Message("user", f"{PASSAGE}\n\nAsk about this passage and answer.")
    request = Request(EMBEDDED_MODEL, (message,), sampling={"max_tokens": 600, "temperature": 0, "grammar": grammar})
    reply = asyncio.run(EmbeddedClient().complete(request))
    assert why_unusable(reply.text, reply.finish) is None
    readings = reader.read(reply.text)
    held = [str(reading["answer"]) for reading in readings if "answer" in reader.constrainable and reading["answer"]]
    assert all(answer in PASSAGE for answer in held)

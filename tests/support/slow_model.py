"""A model that takes its time, at random: for tests that order of completion changes nothing."""

from __future__ import annotations

import asyncio
import random

from atk_interp.llm.messages import EndpointRefused, Reply, Request
from support.pipelines import said

__all__ = ["Slow"]


class Slow:
    """Gives `text(request)`, by default what it was told, in capitals. After so many calls it refuses all others."""

    def __init__(self, seed: int = 0, refuses_after: int | None = None) -> None:
        self.random = random.Random(seed)
        self.requests: list[Request] = []
        self.answered: list[Request] = []
        self._refuses_after = refuses_after

    def text(self, request: Request) -> str:
        return said(request).upper()

    async def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        if self._refuses_after is not None and len(self.requests) > self._refuses_after:
            raise EndpointRefused("no more", "here")
        for _ in range(self.random.randrange(6)):
            await asyncio.sleep(0)
        self.answered.append(request)
        return Reply(self.text(request))

    async def aclose(self) -> None:
        return None

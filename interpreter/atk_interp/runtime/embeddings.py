"""Texts that want vectors travel together: one request for many of them, one entry of the ledger for each.

A text is claimed and waits for its batch by itself, so a batch never holds a claim while it waits for another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from atk_interp.llm.embedded_vectors import PASSAGE, QUERY
from atk_interp.llm.messages import Client, ContextTooLong, EmbeddingClient, EndpointRefused, Reply, Request, Usage
from atk_interp.llm.retry import Send
from atk_interp.records import dataclass
from atk_interp.runtime.endpoints import Endpoint, Target
from atk_interp.runtime.refusals import refused_reply
from atk_interp.tokens import count_tokens

__all__ = ["MOST_TEXTS", "Batches", "Carrier", "embedding_request"]

MOST_TEXTS = 32
"""In one request: what the smallest default limit among usual servers allows, and enough to make requests cheap."""

MOST_TOKENS = 16_000
_CHARACTERS_A_TOKEN = 3

_TOO_MANY = (400, 413, 422)
"""How servers refuse a batch that is too large, or one text in it."""


class Carrier(Protocol):
    """What takes batches to an endpoint. `sending` has the keys of all calls that are on the wire."""

    sending: set[str]

    def check(self) -> None:
        """Raises what keeps a call from being sent."""
        ...

    async def post(
        self, endpoint: Endpoint, request: Request, send: Send, priority: tuple[int, ...], tokens: int
    ) -> Reply:
        """Have something sent that uses about so many tokens, when there is a place, and again when it fails."""
        ...

    async def keep(self, slot: str, key: str, request: Request, reply: Reply) -> Reply:
        """Put a reply into the ledger under its key; the one that stands there."""
        ...


def embedding_request(target: Target, text: str, query: bool) -> Request:
    """What is sent for one text, and so its key. Who asks and who answers may be told apart by what stands before."""
    config = target.config
    if config.provider == "embedded":
        before = QUERY if query else PASSAGE
    else:
        before = config.prefix.get("query" if query else "passage", "")
    extra = config.sampling.get("extra") or {}
    sampling = dict(extra) if isinstance(extra, dict) else {}
    if config.dimensions is not None:
        sampling["dimensions"] = config.dimensions
    return Request(target.model, sampling=sampling, identity=config.identity, embeds=before + text)


@dataclass(frozen=True, slots=True, eq=False)
class _Text:
    """One text on its way. `key` is that of its call and of its flight."""

    request: Request
    key: str
    priority: tuple[int, ...]
    reply: asyncio.Future[Reply]

    @property
    def tokens(self) -> int:
        return len(self.request.embeds or "") // _CHARACTERS_A_TOKEN + 4


class Batches:
    """The batches of one slot. As many are under way as the endpoint takes at a time; meanwhile the next ones fill.

    One event loop; many tasks.
    """

    def __init__(self, endpoint: Endpoint, carrier: Carrier) -> None:
        self._endpoint = endpoint
        self._carrier = carrier
        self._most = MOST_TEXTS
        self._waiting: list[_Text] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._at_once = endpoint.config.concurrency * max(1, len(endpoint.config.base_urls))
        self._called = False

    async def reply(self, request: Request, key: str, priority: tuple[int, ...]) -> Reply:
        """The reply to one text, which is in the ledger. Raises as a call does."""
        text = _Text(request, key, priority, asyncio.get_running_loop().create_future())
        self._waiting.append(text)
        if not self._called:  # others may come in the same moment
            self._called = True
            asyncio.get_running_loop().call_soon(self._fill)
        return await text.reply

    def _fill(self) -> None:
        """Send what waits, as far as there are places."""
        self._called = False
        self._waiting = [text for text in self._waiting if not text.reply.done()]
        while self._waiting and len(self._under_way) < self._at_once:
            batch = self._next()
            task = asyncio.create_task(self._go(batch))
            self._under_way.add(task)
            task.add_done_callback(self._over)
            for text in batch:
                text.reply.add_done_callback(partial(_cancel_if_unwanted, batch, task))

    def _over(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._fill()

    def _next(self) -> list[_Text]:
        count, tokens = 0, 0
        for text in self._waiting[: self._most]:
            tokens += text.tokens
            if count and tokens > MOST_TOKENS:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _go(self, batch: list[_Text]) -> None:
        try:
            await self._sent(batch)
        except Exception as error:  # noqa: BLE001 - not swallowed: everyone who waits gets it
            for text in batch:
                if not text.reply.done():
                    text.reply.set_exception(error)
        finally:
            for text in batch:
                text.reply.cancel()  # those that have no reply by now get none

    async def _sent(self, batch: Sequence[_Text]) -> None:
        """Send a batch; when it is refused, its halves, until the text is found that is to blame, or the right size."""
        try:
            await self._posted(batch)
        except EndpointRefused as refusal:
            if len(batch) == 1:
                if not isinstance(refusal, ContextTooLong):
                    raise
                await self._settle(batch, [refused_reply(batch[0].request, refusal)])
                return
            if refusal.status not in _TOO_MANY:
                raise
            middle = (len(batch) + 1) // 2
            before = self._most
            await self._sent(batch[:middle])
            await self._sent(batch[middle:])
            if all(not text.reply.cancelled() for text in batch) and self._most == before:
                self._most = min(self._most, max(1, middle))

    async def _posted(self, batch: Sequence[_Text]) -> None:
        async def send(client: Client, request: Request) -> Reply:
            self._carrier.check()
            if not isinstance(client, EmbeddingClient):
                raise EndpointRefused("what answers for this slot makes no vectors", self._endpoint.slot)
            with self._on_the_wire(batch):
                replies = await client.embed([text.request for text in batch])
                await self._settle(batch, replies)
            used = sum(reply.usage.input for reply in replies)
            return Reply("", usage=Usage(used), model=replies[0].model, seconds=sum(reply.seconds for reply in replies))

        tokens = 0
        if self._endpoint.config.tokens_per_minute:
            tokens = sum(count_tokens(text.request.embeds or "") for text in batch)
        await self._carrier.post(self._endpoint, batch[0].request, send, min(text.priority for text in batch), tokens)

    async def _settle(self, batch: Sequence[_Text], replies: Sequence[Reply]) -> None:
        """Keep the replies, then hand them out."""
        slot, keep = self._endpoint.slot, self._carrier.keep
        pairs = zip(batch, replies, strict=True)
        kept = await asyncio.gather(*(keep(slot, text.key, text.request, reply) for text, reply in pairs))
        for text, reply in zip(batch, kept, strict=True):
            if not text.reply.done():
                text.reply.set_result(reply)

    @contextmanager
    def _on_the_wire(self, batch: Sequence[_Text]) -> Iterator[None]:
        keys = {text.key for text in batch}
        self._carrier.sending |= keys
        try:
            yield
        finally:
            self._carrier.sending -= keys


def _cancel_if_unwanted(batch: Sequence[_Text], task: asyncio.Task[None], reply: asyncio.Future[Reply]) -> None:
    """When nobody waits for any of them any more, nothing needs to be sent."""
    if all(text.reply.cancelled() for text in batch):
        task.cancel()

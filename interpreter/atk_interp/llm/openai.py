"""Any endpoint that speaks the OpenAI protocol: what is asked, what is understood, and what is kept secret.

How the bytes travel is a `Transport`'s affair: the lean one where it can, the `openai` package for all else.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from atk_interp.diagnostics.suggest import did_you_mean
from atk_interp.llm.answer import body_value, embeddings_of, reply_of
from atk_interp.llm.deadline import Deadlines
from atk_interp.llm.direct import DirectTransport, can_reach
from atk_interp.llm.failure import failure_of_status
from atk_interp.llm.messages import EndpointDown, EndpointRefused, LlmError, Reply, Request
from atk_interp.llm.redaction import Redaction, secrets_in
from atk_interp.llm.transport import Answer, Broken, Transport
from atk_interp.llm.vectors import embedding_body
from atk_interp.values import encode

__all__ = ["OpenAIClient"]

_PLACEHOLDER_KEY = "no-key"
"""Sent when no key is configured. Never left empty: the package would then take `OPENAI_API_KEY` from the
environment and send it to whatever address this is."""

_REDIRECTS = (301, 302, 303, 307, 308)
_LIST_MODELS_S = 10.0
_MODELS_TOLD = 12


class OpenAIClient:
    """A `Client` for one address. Use it in one event loop; safe for many tasks.

    `timeout_s` limits a call from its first byte to its last. `connections` is a ceiling, no limiter: calls beyond
    it wait inside their time limit. Nothing is sent twice from here, except over a connection that the server had
    closed; retrying is `retry`'s.
    The key goes into the request header and nowhere else; in what comes back it is replaced by `…`.
    Raises `EndpointRefused` for a malformed address or key.
    """

    def __init__(
        self, base_url: str, api_key: str | None = None, *, timeout_s: float = 600.0, connections: int = 1000
    ) -> None:
        self._base_url = base_url
        self._key = (api_key or "").strip() or _PLACEHOLDER_KEY
        self._redacted = Redaction([self._key, *secrets_in(base_url)])
        self.endpoint = _address(base_url)
        self._timeout_s = timeout_s
        self._deadlines = Deadlines(timeout_s)
        self._connections = connections
        self._direct: DirectTransport | None = None
        self._reference: Transport | None = None
        self._offered: list[str] | None = None
        self._asking_models = asyncio.Lock()
        if not re.fullmatch(r"[!-~]+", self._key):
            raise EndpointRefused(
                f"the key for `{self.endpoint}` holds characters that no key has",
                self.endpoint,
                "copy it again, without quotes and line breaks",
            )

    async def complete(self, request: Request) -> Reply:
        """One call; its reply with the reasoning set apart. See `Client.complete` for what it raises."""
        path = "/chat/completions" if request.prompt is None else "/completions"
        if self._direct is None and self._reference is None:
            self._choose()  # before the clock starts
        started = time.perf_counter()
        answer = await self._ask("POST", path, request.sent(), self._deadlines)
        if isinstance(answer, LlmError):
            raise await self._explained(answer, request.model)
        return reply_of(answer, self.endpoint, time.perf_counter() - started)

    async def embed(self, requests: Sequence[Request]) -> list[Reply]:
        """The vectors of some texts, which have model and sampling in common. See `EmbeddingClient.embed`."""
        started = time.perf_counter()
        answer = await self._ask("POST", "/embeddings", encode(embedding_body(requests)), self._deadlines)
        if isinstance(answer, LlmError):
            raise await self._explained(answer, requests[0].model)
        return embeddings_of(answer, requests, self.endpoint, time.perf_counter() - started)

    async def models(self) -> list[str]:
        """The names of the models that the endpoint offers. Raises as `complete` does."""
        answer = await self._ask("GET", "/models", b"", Deadlines(min(self._timeout_s, _LIST_MODELS_S)))
        if isinstance(answer, LlmError):
            raise answer
        listed = body_value(answer, self.endpoint)
        models = listed.get("data") if isinstance(listed, dict) else None
        names = (
            [model.get("id") for model in models or [] if isinstance(model, dict)] if isinstance(models, list) else []
        )
        return sorted(name for name in names if isinstance(name, str))

    async def aclose(self) -> None:
        """Close the connections. The client must not be used afterwards."""
        self._deadlines.close()
        for transport in (self._direct, self._reference):
            if transport is not None:
                await transport.aclose()

    async def _ask(self, method: str, path: str, body: bytes, deadlines: Deadlines) -> bytes | LlmError:
        """The body of a good answer, or what went wrong.

        Errors are returned, so that none carries those of a transport along as its context.
        """
        told = ""
        try:
            with deadlines.begin():
                answer = await self._answer(method, path, body)
        except Broken as error:
            told = str(error)
        except TimeoutError:
            told = f"gave no answer within {deadlines.seconds:g} s"
        if told:
            return EndpointDown(self._redacted(f"`{self.endpoint}` {told}".encode()).decode(), self.endpoint)
        said = self._redacted(answer.body)
        if 200 <= answer.status < 300:
            return said
        return failure_of_status(answer.status, answer.headers, said, self.endpoint)

    async def _answer(self, method: str, path: str, body: bytes) -> Answer:
        if self._reference is None:
            direct = self._direct or self._choose()
            if direct is not None:
                answer = await direct.ask(method, path, body)
                if answer.status not in _REDIRECTS:
                    return answer
        return await self._through_package().ask(method, path, body)

    def _choose(self) -> DirectTransport | None:
        """The lean transport; None when the package has to do it."""
        if can_reach(self._base_url):
            self._direct = DirectTransport(self._base_url, self._key, self._connections)
        else:
            self._through_package()
        return self._direct

    def _through_package(self) -> Transport:
        """From now on all requests: an endpoint that redirects one redirects the others, too."""
        if self._reference is None:
            from atk_interp.llm.reference import ReferenceTransport  # takes 0.7 s to import

            self._reference = ReferenceTransport(
                self._base_url, self._key, self._connections, self._timeout_s, self._redacted
            )
        return self._reference

    async def _explained(self, error: LlmError, model: str) -> LlmError:
        """An unknown model told apart from a wrong address, with the models there are."""
        if not isinstance(error, EndpointRefused) or error.status != 404:
            return error
        names = await self._offered_models()
        if not names or model in names:
            return error
        near = did_you_mean(model, names)
        offered = ", ".join(f"`{name}`" for name in names[:_MODELS_TOLD]) + (", …" if len(names) > _MODELS_TOLD else "")
        return EndpointRefused(
            f"`{self.endpoint}` has no model `{model}`" + (f"; {near}" if near else ""),
            self.endpoint,
            f"use one of the models it offers: {offered}",
            error.status,
        )

    async def _offered_models(self) -> list[str]:
        """Asked once, even when many calls fail at the same time; empty when the endpoint does not tell."""
        async with self._asking_models:
            if self._offered is None:
                try:
                    self._offered = await self.models()
                except LlmError:
                    self._offered = []
            return self._offered


def _address(base_url: str) -> str:
    """The address as people are shown it: no user, password or query. Raises `EndpointRefused`."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host:
        raise EndpointRefused(
            "the address of the endpoint is not one", base_url, "write it like `http://localhost:8000/v1`"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"

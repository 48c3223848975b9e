"""Any endpoint that speaks the OpenAI protocol. The only door to the `openai` package.

Requests go through the client's own `post`, with the body as bytes: what is on the wire is what the call key was
made from, and the client's models of requests and answers, which cost more time than all the rest, are never
built. The package takes 0.7 s to import, so that happens with the first call.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from atk_interp.diagnostics.suggest import did_you_mean
from atk_interp.llm.answer import body_value, reply_of
from atk_interp.llm.failure import failure_of_status
from atk_interp.llm.messages import EndpointDown, EndpointRefused, LlmError, Reply, Request
from atk_interp.values import encode

if TYPE_CHECKING:
    import httpx2
    import openai

__all__ = ["OpenAIClient"]

_PLACEHOLDER_KEY = "no-key"
"""Sent when no key is configured. Never left empty: the package would then take `OPENAI_API_KEY` from the
environment and send it to whatever address this is."""

_NO_SECRETS = (_PLACEHOLDER_KEY, "not-needed", "no-key-required", "sk-no-key-required", "lm-studio", "token-abc123")
_SHORTEST_SECRET = 8
"""Keys below this length, and those above, are what people give to servers that ask for none (`EMPTY`): words that a
reply may well hold, and nothing to keep from anyone."""

_HIDDEN = "…".encode()

_KEEP_ALIVE_S = 4.0
"""Below the 5 s after which uvicorn, and with it most self-hosted servers, drops an idle connection."""

_LIST_MODELS_S = 10.0
_MODELS_TOLD = 12


class OpenAIClient:
    """A `Client` for one address. Use it in one event loop; safe for many tasks.

    `timeout_s` limits a call from its first byte to its last. `connections` is a ceiling, no limiter: calls beyond
    it wait inside their time limit. Nothing is ever sent twice from here; retrying is `retry`'s.
    The key goes into the request header and nowhere else; in what comes back it is replaced by `…`.
    Raises `EndpointRefused` for a malformed address or key.
    """

    def __init__(
        self, base_url: str, api_key: str | None = None, *, timeout_s: float = 600.0, connections: int = 1000
    ) -> None:
        self._base_url = base_url
        self._key = (api_key or "").strip() or _PLACEHOLDER_KEY
        is_secret = len(self._key) >= _SHORTEST_SECRET and self._key not in _NO_SECRETS
        self._secret = _spellings(self._key) if is_secret else None
        self.endpoint = _address(base_url)
        self._timeout_s = timeout_s
        self._connections = connections
        self._client: openai.AsyncOpenAI | None = None
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
        if self._client is None:
            self._client = self._connected()  # before the clock starts
        started = time.perf_counter()
        answer = await self._ask("POST", path, encode(request.body()), self._timeout_s)
        if isinstance(answer, LlmError):
            raise await self._explained(answer, request.model)
        return reply_of(answer, self.endpoint, time.perf_counter() - started)

    async def models(self) -> list[str]:
        """The names of the models that the endpoint offers. Raises as `complete` does."""
        answer = await self._ask("GET", "/models", None, min(self._timeout_s, _LIST_MODELS_S))
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
        if self._client is not None:
            await self._client.close()

    async def _ask(self, method: str, path: str, body: bytes | None, timeout_s: float) -> bytes | LlmError:
        """The body of a good answer, or what went wrong.

        Errors are returned, so that none carries the package's exceptions, and with them the request and its
        header, along as its context.
        """
        import aiohttp
        import httpx2
        import openai

        client = self._client = self._client or self._connected()
        try:
            async with asyncio.timeout(timeout_s):
                if body is None:
                    response = await client.get(path, cast_to=httpx2.Response)
                else:
                    response = await client.post(path, content=body, cast_to=httpx2.Response)
            return self._redacted(response.content)
        except openai.APIStatusError as error:
            return self._status_failure(error.response)
        except (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError, TimeoutError, OSError) as error:
            what = _what_happened(error, timeout_s)
            told = self._redacted(f"`{self.endpoint}` {what}".encode()).decode()
            return EndpointDown(told, self.endpoint)

    def _connected(self) -> openai.AsyncOpenAI:
        import httpx2
        import openai

        limits = httpx2.Limits(
            max_connections=self._connections,
            max_keepalive_connections=self._connections,
            keepalive_expiry=_KEEP_ALIVE_S,
        )
        # The transport of aiohttp takes a third of the processor time of the package's own.
        transport = openai.DefaultAioHttpClient(limits=limits, timeout=self._timeout_s)
        return openai.AsyncOpenAI(
            base_url=self._base_url,
            api_key=self._key,
            timeout=self._timeout_s,
            max_retries=0,
            http_client=transport,
        )

    def _status_failure(self, response: httpx2.Response) -> LlmError:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return failure_of_status(response.status_code, headers, self._redacted(response.content), self.endpoint)

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

    def _redacted(self, said: bytes) -> bytes:
        """What a server said without the key, which some repeat: before anything is read from it or cut."""
        if self._secret is None:
            return said
        if b"\\u00" in said or b"\\/" in said:
            return self._secret.sub(_HIDDEN, said)
        return said.replace(self._key.encode(), _HIDDEN)


def _spellings(key: str) -> re.Pattern[bytes]:
    """A key as JSON may write it: any character of it escaped."""
    parts = (rf"(?:\\?{re.escape(char)}|\\u00(?i:{ord(char):02x}))" for char in key)
    return re.compile("".join(parts).encode())


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


def _what_happened(error: BaseException, timeout_s: float) -> str:
    """The end of the sentence that begins with the endpoint's address."""
    import aiohttp

    chain = _causes(error)
    for cause in chain:
        if isinstance(cause, ConnectionRefusedError):
            return "refused the connection"
        if isinstance(cause, socket.gaierror):
            return "is unknown: its name cannot be resolved"
        if isinstance(cause, ssl.SSLError):
            return f"cannot be trusted: {cause.reason or cause}"
        if isinstance(cause, aiohttp.ClientResponseError | aiohttp.http_exceptions.HttpProcessingError):
            return "sent an answer that is no HTTP"  # its words are pieces of what was sent, cut anywhere
        if isinstance(cause, ConnectionResetError | BrokenPipeError | aiohttp.ServerDisconnectedError):
            return "dropped the connection"
    if any(isinstance(cause, TimeoutError) for cause in chain):
        return f"gave no answer within {timeout_s:g} s"
    return f"broke off: {str(chain[-1]) or type(chain[-1]).__name__}"


def _causes(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None and inner not in chain:
        chain.append(inner)
    return chain

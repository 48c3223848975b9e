"""The `openai` package as a transport: the reference for the hot path, and the way for all that is not on it.

The only door to the package and the libraries under it. Requests go through the client's own `post`, with the body
as bytes: its models of requests and answers, which cost more time than all the rest, are never built.
"""

from __future__ import annotations

import logging
import socket
import ssl

import aiohttp
import httpx2
import openai

from atk_interp.llm.redaction import Redaction
from atk_interp.llm.transport import Answer, Broken

__all__ = ["ReferenceTransport"]

_LOGGERS = ("httpx2", "openai._base_client", "openai._response", "openai._legacy_response", "aiohttp.client")
_KEEP_ALIVE_S = 4.0
"""Below the 5 s after which uvicorn, and with it most self-hosted servers, drops an idle connection."""


class ReferenceTransport:
    """A `Transport` that proxies, redirects and whatever else the package knows may stand in the way of."""

    def __init__(self, base_url: str, key: str, connections: int, timeout_s: float, redaction: Redaction) -> None:
        limits = httpx2.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=_KEEP_ALIVE_S
        )
        # The transport of aiohttp takes a third of the processor time of the package's own.
        transport = openai.DefaultAioHttpClient(limits=limits, timeout=timeout_s)
        self._timeout_s = timeout_s
        self._without_keys = _WithoutKeys(redaction)
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self._without_keys)
        self._client = openai.AsyncOpenAI(
            base_url=base_url, api_key=key, timeout=timeout_s, max_retries=0, http_client=transport
        )

    async def ask(self, method: str, path: str, body: bytes) -> Answer:
        """See `Transport.ask`."""
        told = ""
        try:
            if method == "GET":
                response = await self._client.get(path, cast_to=httpx2.Response)
            else:
                response = await self._client.post(path, content=body, cast_to=httpx2.Response)
        except openai.APIStatusError as error:
            response = error.response
        except (openai.OpenAIError, httpx2.HTTPError, aiohttp.ClientError, OSError, UnicodeError) as error:
            told = _what_happened(error, self._timeout_s)
        if told:  # raised out here: the package's exceptions hold the request, and with it the key
            raise Broken(told)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self._without_keys)


class _WithoutKeys(logging.Filter):
    """The package logs addresses and headers to whoever listens: the server's own, and what it redirects to."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redaction(record.getMessage().encode("utf-8", "replace")).decode(), None
        return True


def _what_happened(error: BaseException, timeout_s: float) -> str:
    """The end of the sentence that begins with the endpoint's address."""
    chain = _causes(error)
    for cause in chain:
        if isinstance(cause, ConnectionRefusedError):
            return "refused the connection"
        if isinstance(cause, socket.gaierror | UnicodeError):
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

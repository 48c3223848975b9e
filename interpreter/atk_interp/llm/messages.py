"""What is sent to a model and what comes back, whatever the endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Protocol, runtime_checkable

from atk_interp.records import dataclass
from atk_interp.values import Value, content_hash, encode

__all__ = [
    "Client",
    "ContextTooLong",
    "EmbeddingClient",
    "EndpointDown",
    "EndpointRefused",
    "EndpointUnavailable",
    "FormRefused",
    "LlmError",
    "Message",
    "RateLimited",
    "Reply",
    "Request",
    "SentPage",
    "Usage",
]


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message."""

    role: str
    content: str

    def as_json(self) -> dict[str, Value]:
        return {"role": self.role, "content": self.content}


@dataclass(frozen=True, slots=True)
class Request:
    """One call: everything that is sent, and the two numbers that tell equal calls apart.

    Chat requests have `messages`; completion requests have `prompt`; one for a vector has the text that it `embeds`,
    and travels with others of its kind. `sampling` holds every other parameter as
    it goes into the request body (temperature, max_tokens, stop, seed, response_format, extra ones).
    `identity` separates two servers that answer differently under one model name.
    `sample` is which of several wanted replies this is, `attempt` the try at an acceptable one; both from 0.
    """

    model: str
    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    sampling: Mapping[str, Value] = field(default_factory=dict)
    identity: str = ""
    sample: int = 0
    attempt: int = 0
    embeds: str | None = None
    _sent: bytes | None = field(default=None, init=False, repr=False, compare=False)

    def body(self) -> dict[str, Value]:
        """The request body, key order fixed, as the endpoint gets it."""
        sent: dict[str, Value] = {"model": self.model}
        if self.prompt is not None:
            sent["prompt"] = self.prompt
        elif self.embeds is not None:
            sent["input"] = self.embeds
        else:
            sent["messages"] = [message.as_json() for message in self.messages]
        sent.update(self.sampling)
        return sent

    def sent(self) -> bytes:
        """The request body as it goes over the wire. Made once: it is sent, and then kept in the ledger."""
        sent = self._sent
        if sent is None:
            sent = encode(self.body())
            object.__setattr__(self, "_sent", sent)
        return sent

    def key(self) -> str:
        """The call key: SHA-256 of all that is sent, the identity, and the sample and attempt numbers."""
        return content_hash("atk-call-v1", [self.body(), self.identity, self.sample, self.attempt])


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint counted them (0 when it did not say).

    `cached` are those of the input that it had in its cache, `reasoning` those of the output that were thought. They
    say something of the call that was paid, and nothing of the reply: a ledger does not keep them.
    """

    input: int = 0
    output: int = 0
    cached: int = field(default=0, compare=False)
    reasoning: int = field(default=0, compare=False)

    @property
    def counted(self) -> bool:
        """Whether the endpoint said anything: no request is without a token."""
        return self.input > 0 or self.output > 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered.

    `text` has no reasoning in it: `<think>…</think>` and `reasoning_content` are set aside in `reasoning`.
    `finish` is the endpoint's own word: `stop`, `length`, `content_filter`, …. `model` is the name that the
    endpoint returned. `seconds` is how long the call took.
    """

    text: str
    reasoning: str = ""
    finish: str = "stop"
    usage: Usage = Usage()
    model: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Value]:
        return {
            "text": self.text,
            "reasoning": self.reasoning,
            "finish": self.finish,
            "input_tokens": self.usage.input,
            "output_tokens": self.usage.output,
            "model": self.model,
            "seconds": round(self.seconds, 4),
        }


class LlmError(Exception):
    """A call that brought no reply. `endpoint` is the address or slot, for people."""

    def __init__(self, message: str, endpoint: str = "") -> None:
        super().__init__(message)
        self.endpoint = endpoint


class EndpointDown(LlmError):
    """The transport failed (refused, reset, timed out, 5xx, garbage): worth another try, never an attempt."""


class SentPage(EndpointDown):
    """A web page came in place of an answer: something stands before the endpoint, or it is none at all."""


class RateLimited(EndpointDown):
    """429 or 503 with a wish: try again after `retry_after` seconds (None: not said)."""

    def __init__(self, message: str, endpoint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, endpoint)
        self.retry_after = retry_after


class EndpointRefused(LlmError):
    """What cannot succeed however often it is sent: 400, 401, 403, 404, context too long. Stops the run.

    `help` says what to do. `status` is the HTTP status, 0 when there was none.
    """

    def __init__(self, message: str, endpoint: str = "", help: str = "", status: int = 0) -> None:
        super().__init__(message, endpoint)
        self.help = help
        self.status = status


class ContextTooLong(EndpointRefused):
    """The request has more tokens than the model can take. Other requests may well fit."""


class FormRefused(EndpointRefused):
    """The endpoint will not hold its reply to the `response_format` of the request. Without it, it may well answer."""


class EndpointUnavailable(LlmError):
    """The endpoint has failed for so long that waiting on makes no sense: the run stops, and can be resumed.

    `last` is the last thing that went wrong.
    """

    def __init__(self, message: str, endpoint: str = "", last: LlmError | None = None) -> None:
        super().__init__(message, endpoint)
        self.last = last


class Client(Protocol):
    """Something that answers requests. One instance per endpoint; safe for many concurrent calls."""

    async def complete(self, request: Request) -> Reply:
        """One call. Raises `EndpointDown`, `RateLimited` or `EndpointRefused`; cancellation passes through."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class EmbeddingClient(Protocol):
    """Something that makes vectors of texts."""

    async def embed(self, requests: Sequence[Request]) -> list[Reply]:
        """The vectors of some texts, in one request: see `vectors`. Raises as `Client.complete` does."""
        ...

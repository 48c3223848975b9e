"""From the body of an OpenAI-compatible answer to a `Reply`; tolerant to what servers leave out or add."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from atk_interp.llm.failure import failure_of_status
from atk_interp.llm.messages import EndpointDown, Reply, Request, SentPage, Usage
from atk_interp.llm.reasoning import split_reasoning
from atk_interp.llm.vectors import answered_vectors, replies_with
from atk_interp.values import Value, decode

__all__ = ["body_value", "embeddings_of", "reply_of"]

_EXCERPT = 120
_MOST_TOKENS = 2**53
_PAGE = re.compile(rb"\s*<(!doctype html|html)\b", re.IGNORECASE)


def reply_of(body: bytes, endpoint: str, seconds: float) -> Reply:
    """The reply in the body of a chat or text completion.

    Raises `EndpointDown` for a body that holds none (an error page under status 200, no choices), and what an
    error object stands for when the server sent one under status 200.
    """
    answer = body_value(body, endpoint)
    if not isinstance(answer, dict):
        raise EndpointDown(f"`{endpoint}` sent {_excerpt(body)} instead of a reply", endpoint)
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        _raise_error_in(answer, body, endpoint)
        raise EndpointDown(f"`{endpoint}` sent no choices: {_excerpt(body)}", endpoint)
    reasoning, text = _said(choice)
    model = answer.get("model")
    finish = choice.get("finish_reason")
    return Reply(
        text=text,
        reasoning=reasoning,
        finish=finish if isinstance(finish, str) and finish else "stop",
        usage=_usage(answer.get("usage")),
        model=model if isinstance(model, str) else "",
        seconds=seconds,
    )


def embeddings_of(body: bytes, requests: Sequence[Request], endpoint: str, seconds: float) -> list[Reply]:
    """The replies to several texts that were sent to be embedded. Raises as `reply_of` does."""
    answer = body_value(body, endpoint)
    if not isinstance(answer, dict) or "data" not in answer:
        if isinstance(answer, dict):
            _raise_error_in(answer, body, endpoint)
        raise EndpointDown(f"`{endpoint}` sent {_excerpt(body)} instead of vectors", endpoint)
    vectors = answered_vectors(answer, len(requests), endpoint)
    model, usage = answer.get("model"), answer.get("usage")
    tokens = _usage(usage).input or (_count(usage.get("total_tokens")) if isinstance(usage, dict) else 0)
    return replies_with(vectors, requests, tokens, model if isinstance(model, str) else "", seconds)


def _raise_error_in(answer: dict[str, Value], body: bytes, endpoint: str) -> None:
    """Some servers send errors under status 200."""
    error = answer.get("error")
    if error:
        code = error.get("code") if isinstance(error, dict) else None
        raise failure_of_status(code if isinstance(code, int) else 500, {}, body, endpoint)


def body_value(body: bytes, endpoint: str) -> Value:
    """The JSON value of a body. Raises `EndpointDown` when it is none, `SentPage` for a web page."""
    for read in (decode, _read_leniently):
        try:
            return read(body)
        except (ValueError, RecursionError):
            continue
    # Raised out here, so that the body, which may repeat the key, does not travel along as context.
    error = SentPage if _PAGE.match(body) else EndpointDown
    raise error(f"`{endpoint}` sent {_excerpt(body)} instead of JSON", endpoint)


def _read_leniently(body: bytes) -> Value:
    """JSON with bad UTF-8, half an emoji (`\\ud83d`, cut by a token limit) or NaN: no reason to lose a paid reply."""
    value = json.loads(body.decode("utf-8", "replace"), parse_constant=lambda _: None)
    text = json.dumps(value, ensure_ascii=False)
    return decode(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _said(choice: dict[str, Value]) -> tuple[str, str]:
    """`(reasoning, text)` of a choice, whichever of the usual fields they are in."""
    message = choice.get("message")
    if not isinstance(message, dict):
        return split_reasoning(_text(choice.get("text")))
    inline, text = split_reasoning(_text(message.get("content")))
    stated = _text(message.get("reasoning_content")) or _text(message.get("reasoning"))
    listed = _text(message.get("content"), kinds=("thinking", "reasoning"))
    parts = (stated, listed, inline)
    return "\n".join(part for part in parts if part), text


def _text(content: Value, kinds: Iterable[str] = ("text",)) -> str:
    """A content that is text, null, or a list of typed parts, of which those of some kinds are wanted."""
    if isinstance(content, str):
        return content if "text" in kinds else ""
    if not isinstance(content, list):
        return ""
    return "".join(_part(part, kind) for kind in kinds for part in content if isinstance(part, dict))


def _part(part: dict[str, Value], kind: str) -> str:
    if part.get("type", "text") != kind:
        return ""
    inner = part.get(kind) if kind in part else part.get("text")
    return inner if isinstance(inner, str) else _text(inner)


def _usage(usage: Value) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    return Usage(
        _count(usage.get("prompt_tokens", usage.get("input_tokens"))),
        _count(usage.get("completion_tokens", usage.get("output_tokens"))),
        _part_count(usage, ("prompt_tokens_details", "input_tokens_details"), "cached_tokens")
        or _count(usage.get("prompt_cache_hit_tokens")),
        _part_count(usage, ("completion_tokens_details", "output_tokens_details"), "reasoning_tokens"),
    )


def _part_count(usage: dict[str, Value], names: Iterable[str], part: str) -> int:
    """A part of a count, from the first of some details that are there; most servers send none."""
    for name in names:
        details = usage.get(name)
        if isinstance(details, dict):
            return _count(details.get(part))
    return 0


def _count(number: Value) -> int:
    return number if isinstance(number, int) and 0 < number < _MOST_TOKENS else 0


def _excerpt(body: bytes) -> str:
    text = " ".join(body.decode("utf-8", "replace").split())
    if not text:
        return "nothing"
    return f"`{text[:_EXCERPT]}…`" if len(text) > _EXCERPT else f"`{text}`"

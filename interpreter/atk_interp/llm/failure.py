"""What a status code and the words of a server mean for a run: wait, try again, or stop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from atk_interp.llm.messages import ContextTooLong, EndpointDown, EndpointRefused, FormRefused, LlmError, RateLimited
from atk_interp.values import Value, decode

__all__ = ["failure_of_status", "retry_after_s", "server_words"]

_WORDS = 400
_DEEPEST = 8
"""How far into an error object its words are looked for: those in use are three deep."""

_PASSING = {408, 409, 423, 425}
"""Client errors that say nothing about the request: time-outs and conflicts inside the server."""

_CONTEXT = re.compile(
    r"context_length_exceeded|context (?:length|window|size)|maximum (?:model )?(?:length|input)"
    r"|prompt is too long|too many (?:input )?tokens|exceeds? the (?:available )?context|max_model_len",
    re.IGNORECASE,
)
_NO_MONEY = re.compile(
    r"insufficient_quota|exceeded your current quota|insufficient (?:credits?|balance)", re.IGNORECASE
)

_FORM = re.compile(
    r"response[_ ]?format|json[_ ]?schema|structured[_ ]outputs?|guided[_ ]?(?:json|decoding)", re.IGNORECASE
)
_FORM_STATUS = (400, 404, 415, 422, 500, 501)
"""With 500, which some servers answer to a form that they do not know: to ask again would bring the same."""

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|h|m|s)")
_DURATION = re.compile(rf"(?:{_PART.pattern})*")
_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}

_HELP = {
    401: "check the key that the config's `api_key_env` names",
    402: "add credit to the account, then run the same command again",
    403: "check that the key may use this model",
    404: "check the address: most end in `/v1`",
    405: "check the address: most end in `/v1`",
    413: "make the passages or the prompt shorter",
}
_CONTEXT_HELP = "make the passages or the prompt shorter, or take a model with a longer context"
_FORM_HELP = "write `structured: never` for the model in the config, or take `response_format` out of its `sampling`"
_REQUEST_HELP = "check the `sampling` of the model and the prompt"


def failure_of_status(
    status: int, headers: Mapping[str, str], body: bytes, endpoint: str, *, now: datetime | None = None
) -> LlmError:
    """The error that an answer with this status stands for. Header names are in lower case."""
    said = server_words(body)
    told = f"`{endpoint}` answered {_named(status)}" + (f": {said}" if said else "")
    if _NO_MONEY.search(said) or status == 402:
        return EndpointRefused(told, endpoint, _HELP[402], status)
    wait = retry_after_s(headers, now or datetime.now(UTC))
    if status == 429 or (status == 503 and wait is not None):
        return RateLimited(told, endpoint, wait)
    if status in (400, 413, 422) and _CONTEXT.search(said):
        return ContextTooLong(told, endpoint, _CONTEXT_HELP, status)
    if status in _FORM_STATUS and _FORM.search(said):
        return FormRefused(told, endpoint, _FORM_HELP, status)
    if status in _PASSING or (status >= 500 and status != 501):  # what is not implemented will not be in a minute
        return EndpointDown(told, endpoint)
    return EndpointRefused(told, endpoint, _HELP.get(status, _REQUEST_HELP), status)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, None when not said: from `retry-after-ms`, `retry-after` (seconds or an HTTP date), or else
    `x-ratelimit-reset-…` of what has run out.

    A date is read by the clock of the server, where it tells its time in `date`: ours may be another.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    stated = headers.get("retry-after")
    if stated is None:
        return _reset_s(headers)
    seconds = _number(stated)
    if seconds is not None:
        return seconds
    date = _date(stated)
    return max(0.0, (date - (_date(headers.get("date", "")) or now)).total_seconds()) if date else None


def _reset_s(headers: Mapping[str, str]) -> float | None:
    """When there is more of what has run out, requests or tokens: durations such as `6m0s` or `20ms`."""
    waits = [
        _duration_s(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}") == "0"
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def _duration_s(text: str) -> float | None:
    if not _DURATION.fullmatch(text) or not text:
        return _number(text)
    return sum(float(count) * _UNITS_S[unit] for count, unit in _PART.findall(text))


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)


def server_words(body: bytes) -> str:
    """What the server says went wrong, on one line, with its code when the words lack it."""
    try:
        value = decode(body)
    except ValueError:
        value = body.decode("utf-8", "replace")
    words = " ".join(_message(value).split())
    return words if len(words) <= _WORDS else words[:_WORDS] + "…"


def _message(value: Value, depth: int = 0) -> str:
    """The message in the shapes in use: `{error: {message, code}}`, `{error: text}`, `{message}`, `{detail}`."""
    if isinstance(value, str):
        return re.sub(r"<[^>]*>", " ", value)  # the words of an HTML error page
    if depth == _DEEPEST:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_message(inner, depth + 1) for inner in value)))
    if not isinstance(value, dict):
        return ""
    for name in ("error", "message", "detail", "msg"):
        words = _message(value.get(name), depth + 1)
        if words:
            code = value.get("code")
            return f"{words} ({code})" if isinstance(code, str) and code and code not in words else words
    return ""


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase.lower()}"
    except ValueError:
        return str(status)


def _number(text: str | None) -> float | None:
    """A number of at least 0; None for anything else, infinity and NaN among it."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None

"""Vectors of texts: read from what endpoints send, brought to length 1, kept as text in the ledger.

A vector is an `array('f')`, so 4 bytes a number. All have length 1 (but for those of zeros alone), so the similarity of
two texts, the cosine of the angle between their vectors, is the sum of the products of their numbers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from atk_interp.llm.messages import EndpointDown, Reply, Request, Usage
from atk_interp.values import Value

__all__ = ["Vector", "answered_vectors", "embedding_body", "replies_with", "unit", "vector_in", "word_vector"]

Vector: TypeAlias = "array[float]"

_NEAR_ONE = 1e-6
_WORD_DIMENSIONS = 64


def unit(numbers: Iterable[float]) -> Vector:
    """The vector of length 1 in the same direction; zeros stay as they are. Raises `ValueError` for what is none."""
    vector = array("f", numbers)
    length = math.hypot(*vector)
    if not vector or not math.isfinite(length):
        raise ValueError("no vector")
    if length and abs(length - 1) > _NEAR_ONE:
        vector = array("f", [number / length for number in vector])
    return vector


def vector_in(reply: Reply) -> Vector:
    """The vector that a reply from the ledger holds."""
    return _from_bytes(base64.b64decode(reply.text))


def embedding_body(requests: Sequence[Request]) -> dict[str, Value]:
    """What is sent to embed several texts at once. They have model and sampling in common.

    The encoding is that which the `openai` package asks for: a third of the bytes of decimal numbers.
    """
    texts: list[Value] = [request.embeds for request in requests]
    return {"model": requests[0].model, "input": texts, "encoding_format": "base64", **requests[0].sampling}


def answered_vectors(answer: Value, count: int, endpoint: str) -> list[Vector]:
    """The vectors in an answer, in the order of the texts that were sent, whichever way they are written.

    Raises `EndpointDown` when there is not one for each text, or one is no vector.
    """
    data = answer.get("data") if isinstance(answer, dict) else None
    found: dict[int, Vector] = {}
    for place, item in enumerate(data if isinstance(data, list) else ()):
        index = item.get("index", place) if isinstance(item, dict) else None
        written = item.get("embedding") if isinstance(item, dict) else None
        if not isinstance(index, int) or index in found:
            break
        try:
            found[index] = unit(_numbers(written))
        except (ValueError, TypeError, OverflowError):
            raise EndpointDown(
                f"`{endpoint}` sent something for text {place + 1} that is no vector", endpoint
            ) from None
    lengths = {len(vector) for vector in found.values()}
    if found.keys() != set(range(count)) or len(lengths) != 1:
        raise EndpointDown(f"`{endpoint}` sent {len(found)} vectors for {count} texts", endpoint)
    return [found[index] for index in range(count)]


def replies_with(
    vectors: Sequence[Vector], requests: Sequence[Request], tokens: int, model: str, seconds: float
) -> list[Reply]:
    """What the ledger keeps of each text. The tokens and the time of the whole request are shared out by length."""
    weights = [len(request.embeds or "") + 4 for request in requests]
    whole, before, replies = sum(weights), 0, []
    for vector, weight in zip(vectors, weights, strict=True):
        share = tokens * (before + weight) // whole - tokens * before // whole
        before += weight
        text = base64.b64encode(_to_bytes(vector)).decode()
        replies.append(Reply(text, usage=Usage(share), model=model, seconds=seconds * weight / whole))
    return replies


def word_vector(text: str) -> Vector:
    """A vector that needs no model: of how often words with the same hash stand in a text. Texts with words in common
    are near each other."""
    counts = [0.0] * _WORD_DIMENSIONS
    for word in text.lower().split() or [""]:
        counts[hashlib.sha256(word.encode()).digest()[0] % _WORD_DIMENSIONS] += 1
    return unit(counts)


def _numbers(written: object) -> Iterable[float]:
    """Raises `ValueError` or `TypeError` for what is no vector."""
    if isinstance(written, list):
        return written
    if not isinstance(written, str):
        raise TypeError
    try:
        return _from_bytes(base64.b64decode(written, validate=True))
    except binascii.Error:
        raise ValueError from None


def _from_bytes(data: bytes) -> Vector:
    vector = array("f", data)
    if sys.byteorder == "big":
        vector.byteswap()
    return vector


def _to_bytes(vector: Vector) -> bytes:
    if sys.byteorder == "big":
        vector = vector[:]
        vector.byteswap()
    return vector.tobytes()

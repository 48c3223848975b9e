from __future__ import annotations

import gzip
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atk_interp.llm import http1
from atk_interp.llm.http1 import AnswerReader
from atk_interp.llm.transport import Answer, Broken

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3 \r\nllo\r\n00\r\nX: y\r\n\r\n"
HINTED = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + LENGTH
FEEDS = b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n"


def read(*pieces: bytes) -> tuple[Answer, AnswerReader]:
    """The answer in some pieces, all of which it takes."""
    reader = AnswerReader()
    for number, piece in enumerate(pieces):
        answer = reader.feed(piece)
        if answer is not None:
            assert number == len(pieces) - 1
            return answer, reader
    return reader.end(), reader


@given(st.sampled_from([LENGTH, CHUNKS, HINTED, FEEDS]), st.sets(st.integers(1, 120)))
def test_it_does_not_matter_where_an_answer_is_cut(whole: bytes, cuts: set[int]) -> None:
    ends = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    answer, reader = read(*(whole[start:end] for start, end in itertools.pairwise(ends)))
    assert (answer.status, answer.body, reader.reusable) == (200, b"hello", True)


@given(st.sampled_from([LENGTH, CHUNKS, HINTED]), st.data())
def test_an_answer_that_ends_too_early_is_none(whole: bytes, data: st.DataObject) -> None:
    reader = AnswerReader()
    assert reader.feed(whole[: data.draw(st.integers(1, len(whole) - 1))]) is None
    with pytest.raises(Broken, match="in the middle of its answer"):
        reader.end()


@given(st.binary())
def test_any_bytes_are_an_answer_or_broken(noise: bytes) -> None:
    for head in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        reader = AnswerReader()
        try:
            answer = reader.feed(head + noise) or reader.end()
        except Broken:
            continue
        assert answer.status == 200


@pytest.mark.parametrize(
    ("head", "body", "reusable"),
    [
        (b"HTTP/1.1 204 No Content", b"", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5", b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0", b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0, 0", b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\ncontent-length: 0", b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close", b"", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0", b"", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive", b"", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0", b"", False),
    ],
)
def test_a_connection_is_used_again_where_the_end_of_the_answer_is_sure(
    head: bytes, body: bytes, reusable: bool
) -> None:
    answer, reader = read(head + b"\r\n\r\n")
    assert (answer.body, reader.reusable) == (body, reusable)


@pytest.mark.parametrize("whole", [LENGTH, CHUNKS])
def test_a_connection_on_which_more_follows_is_not_used_again(whole: bytes) -> None:
    answer, reader = read(whole + b"H")
    assert (answer.body, reader.reusable) == (b"hello", False)


def test_names_of_headers_are_in_lower_case_and_repeated_ones_are_joined() -> None:
    answer, _ = read(b"HTTP/1.1 200 OK\r\nX-A: 1 \r\nx-a:2\r\nRetry-After:\t7\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n")
    assert answer.headers == {"x-a": "1, 2", "retry-after": "7", "x-empty": "", "content-length": "0"}


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/2 200",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000",
        b"HTTP/1.1 101 Switching Protocols",
        b"ICY 200 OK",
        b"HTTP/1.1 200 OK\r\nno colon",
        b"HTTP/1.1 200 OK\r\nbad name: 1",
        b"HTTP/1.1 200 OK\r\nx: \0",
        b"HTTP/1.1 200 OK\r\nx: 1\r\n folded",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2",
        b"HTTP/1.1 200 OK\r\nContent-Length:",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff",
    ],
)
def test_what_is_no_http_is_told_as_such(head: bytes) -> None:
    with pytest.raises(Broken, match="is no HTTP"):
        read(head + b"\r\n\r\n")


def test_a_head_without_end_is_no_http() -> None:
    with pytest.raises(Broken, match="is no HTTP"):
        read(b"HTTP/1.1 200 OK\r\n", *[b"x: " + b"y" * 1000 + b"\r\n"] * 400)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 100] * 11],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"64\r\n" + b"x" * 100 + b"\r\n"] * 11],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffff\r\n", *[b"x" * 100] * 11],
        [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(b"x" * 1001)],
        [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(b"x" * 600) * 2],
    ],
)
def test_an_answer_beyond_all_measure_is_broken_off(pieces: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1, "_MOST_BODY", 1000)
    with pytest.raises(Broken, match="sent more than"):
        read(*pieces)


def test_a_packed_body_may_have_several_parts() -> None:
    body = gzip.compress(b"he") + gzip.compress(b"llo")
    assert read(b"HTTP/1.1 200 OK\r\nContent-Encoding: x-gzip\r\n\r\n", body)[0].body == b"hello"


def test_a_coding_that_was_not_asked_for_is_left_as_it_is() -> None:
    assert read(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n", b"hello")[0].body == b"hello"

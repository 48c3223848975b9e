from __future__ import annotations

import pytest

from atk_interp.formats.decoding import Decoded, decode, is_binary


def no_guess(sample: bytes) -> str | None:
    raise AssertionError("nothing was to be guessed")


def latin(sample: bytes) -> str | None:
    return "cp1252"


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\0\0"),
        ("utf-32-be", b"\0\0\xfe\xff"),
    ],
)
def test_a_mark_decides_and_is_no_part_of_the_text(encoding: str, mark: bytes) -> None:
    data = mark + "Grüße 🧠".encode(encoding)
    assert not is_binary(data)
    assert decode(data, no_guess) == Decoded("Grüße 🧠", encoding)


def test_utf8_needs_no_mark() -> None:
    assert decode("Grüße".encode(), no_guess) == Decoded("Grüße", "utf-8")


def test_what_the_file_declares_counts_unless_the_bytes_contradict_it() -> None:
    assert decode("привет".encode("koi8-r"), no_guess, "koi8-r") == Decoded("привет", "koi8-r")
    assert decode("Grüße".encode(), no_guess, "ascii") == Decoded("Grüße", "utf-8")
    assert decode("Grüße".encode(), no_guess, "no-such-encoding") == Decoded("Grüße", "utf-8")


def test_damaged_utf8_is_still_utf8_and_the_damage_counted() -> None:
    data = "Grüße aus Köln, schöne Grüße ".encode() + b"\xff\xfe und mehr"
    assert decode(data, no_guess) == Decoded(
        "Grüße aus Köln, schöne Grüße \ufffd\ufffd und mehr", "utf-8", False, 2, 35
    )


def test_a_file_cut_within_a_letter_is_still_utf8() -> None:
    assert decode("né caf".encode() + b"\xc3", no_guess) == Decoded("né caf\ufffd", "utf-8", False, 1, 7)


def test_a_letter_that_stands_in_for_another_in_the_file_is_not_counted_as_damage() -> None:
    data = "\ufffd ä ö ü ß é ".encode() + b"\xff"
    decoded = decode(data, no_guess)
    assert decoded is not None
    assert decoded.undecodable == 1


def test_other_encodings_are_guessed_from_a_bounded_sample_round_the_first_odd_byte() -> None:
    samples = []

    def guess(sample: bytes) -> str | None:
        samples.append(sample)
        return "cp1252"

    data = b"a" * 500_000 + "Größe".encode("cp1252") + b"a" * 500_000
    decoded = decode(data, guess)
    assert decoded is not None
    assert (decoded.encoding, decoded.guessed, decoded.undecodable) == ("cp1252", True, 0)
    assert "Größe" in decoded.text
    assert len(samples[0]) <= 65536
    assert b"Gr\xf6\xdfe" in samples[0]


def test_bytes_that_the_guess_cannot_decode_are_counted() -> None:
    assert decode(b"\x81\xe4 \x8d", latin) == Decoded("\ufffdä \ufffd", "cp1252", True, 2, 0)


def test_half_a_letter_of_utf16_is_counted_with_its_place_in_the_file() -> None:
    assert decode(b"\xff\xfea\0b", no_guess) == Decoded("a\ufffd", "utf-16-le", False, 1, 4)


def test_no_guess_gives_no_text() -> None:
    assert decode(b"\xff\xff\xff", lambda sample: None) is None


@pytest.mark.parametrize("data", [b"a\0b", bytes(range(1, 32)) * 3, b"\x7fELF\x01\x02\x03"])
def test_nul_and_control_bytes_are_no_text(data: bytes) -> None:
    assert is_binary(data)


@pytest.mark.parametrize("data", [b"", b"text\r\n\ttext\f\x1b[0m", "日本".encode("shift-jis")])
def test_text_is_no_binary(data: bytes) -> None:
    assert not is_binary(data)

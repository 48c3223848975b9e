"""Personal data is found by its form, checked where there are check digits, and nothing else is touched."""

from __future__ import annotations

import pytest

from atk_interp.expressions.functions import FILTERS
from atk_interp.expressions.redaction import DATA, redacted

_SK = "sk-" + "a1B2" * 8


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write to jo.e+x@sub.example.co.uk.", "Write to [EMAIL]."),
        ("üser@bücher.example", "[EMAIL]"),
        ("IBAN DE89 3704 0044 0532 0130 00 AND MORE", "IBAN [IBAN] AND MORE"),
        ("GB82WEST12345698765432", "[IBAN]"),
        ("4111 1111 1111 1111, 4111-1111-1111-1111", "[CARD], [CARD]"),
        ("at 192.168.0.1, or 2001:db8::ff00:42:8329", "at [IP], or [IP]"),
        ("+49 (0)30 123456, 030/1234567, (555) 234-5678", "[PHONE], [PHONE], [PHONE]"),
        ("Tel. 01 23 45 67 89", "Tel. [PHONE]"),
        (f"key {_SK}, AKIAIOSFODNN7EXAMPLE", "key [KEY], [KEY]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nab\ncd==\n-----END RSA PRIVATE KEY----- x", "[KEY] x"),
    ],
)
def test_what_has_the_form_of_personal_data_becomes_a_label(text: str, left: str) -> None:
    assert redacted(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111 1111 1111 1112 fails the check of cards",
        "DE88 3704 0044 0532 0130 00 fails the check of accounts",
        "std::vector a::b 10:30:45 0.123 3.14159265358979",
        "03-11-2024, 03.11.2024 10:30, 2024-11-03, 1,234,567 people",
        "@name at example dot org",
        "300.1.1.1",
    ],
)
def test_what_only_resembles_it_is_left_alone(text: str) -> None:
    assert redacted(text) == text


def test_only_the_chosen_sorts_are_replaced() -> None:
    assert redacted("jo@example.org 10.0.0.1", ["ip"]) == "jo@example.org [IP]"
    assert redacted("jo@example.org", []) == "jo@example.org"


def test_the_page_of_the_filter_names_all_sorts() -> None:
    assert all(f"`{sort}`" in FILTERS["redacted"].doc for sort in DATA)

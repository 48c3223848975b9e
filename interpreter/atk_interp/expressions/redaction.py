"""Personal data in a text, replaced by labels. Found by its form alone, in linear time.

What has no form of its own is not found: names, postal addresses, dates of birth, numbers that people write
without a sign of what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address

from atk_interp.expressions.regex import Regex, compile_regex

__all__ = ["DATA", "redacted"]

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_HEX = "[0-9A-Fa-f]{1,4}"
_SECRETS = (
    r"sk-[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic and those who follow them
    r"[sprk]{2}_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"gh[pousr]_[A-Za-z0-9]{30,}",
    r"github_pat_[A-Za-z0-9_]{30,}",
    r"glpat-[A-Za-z0-9_-]{20,}",
    r"hf_[A-Za-z0-9]{30,}",
    r"xox[abeprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"A(?:KIA|SIA)[0-9A-Z]{16}",  # AWS
    r"AIza[0-9A-Za-z_-]{35}",  # Google
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",  # JSON web tokens
)
_DATE = r"^[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)[0-9]{2}"
_BLOCK = r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----"

_FORMS: Mapping[str, str] = {
    "key": rf"{_BLOCK}|\b(?:{'|'.join(_SECRETS)})",
    "email": r"[\pL\pN._%+-]+@(?:[\pL\pN-]+\.)+\pL{2,24}",
    "iban": r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
    "ip": rf"\b(?:{_BYTE}\.){{3}}{_BYTE}\b|(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}:){{1,7}}(?::{_HEX}){{1,6}}",
    "card": r"\b[0-9](?:[ -]?[0-9]){12,18}\b",
    "phone": r"\+[1-9](?:[ ./-]?\(?[0-9]\)?){6,14}|\(?\b0[0-9]{1,4}\)?(?:[ ./-]{1,2}[0-9]{2,8}){1,5}\b"
    r"|\(?\b[2-9][0-9]{2}\)?[ .-]{1,2}[2-9][0-9]{2}[ .-][0-9]{4}\b",
}
"""Where two forms fit at one place, the first holds."""

DATA = tuple(_FORMS)
"""What can be found; the label of `email` is `[EMAIL]`."""


def redacted(text: str, only: Sequence[object] | None = None) -> str:
    """The text with personal data replaced by labels; with `only`, of these sorts alone."""
    parts: list[str] = []
    at = 0
    for found in _pattern(_sorts(only)).findall(text):
        sort = next(name for name, part in found.named.items() if part is not None)
        length = _CHECKS.get(sort, len)(found.text)
        if length:
            parts += [text[at : found.start], f"[{sort.upper()}]"]
            at = found.start + length
    return "".join([*parts, text[at:]])


def _sorts(only: Sequence[object] | None) -> list[str]:
    return [sort for sort in DATA if only is None or sort in only]


def _pattern(sorts: Sequence[str]) -> Regex:
    return compile_regex("|".join(f"(?P<{sort}>{_FORMS[sort]})" for sort in sorts) or "$.")


def _card(text: str) -> int:
    """The length of a number that passes the check of credit cards (Luhn, ISO/IEC 7812-1), else 0."""
    digits = [int(digit) for digit in text if digit.isdigit()][::-1]
    doubled = [2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[1::2]]
    return len(text) if (sum(digits[::2]) + sum(doubled)) % 10 == 0 and any(digits) else 0


def _iban(text: str) -> int:
    """The length of the account number (ISO 13616: remainder 1 by 97), without capitals that follow it, else 0."""
    while text:
        moved = text[4:].replace(" ", "") + text[:4]
        if int("".join(str(int(character, 36)) for character in moved)) % 97 == 1:
            return len(text)
        text = text.rpartition(" ")[0]
    return 0


def _ip(text: str) -> int:
    """The length of an address, else 0: `a::b` is one by its form, and mostly something else."""
    if ":" in text and not any(map(str.isdigit, text)):
        return 0
    try:
        ip_address(text)
    except ValueError:
        return 0
    return len(text)


def _phone(text: str) -> int:
    """The length of what has digits enough for a number that can be called, and is no date, else 0."""
    digits = sum(map(str.isdigit, text))
    is_number = digits <= 15 and (digits > 8 or text.startswith("+"))
    return len(text) if is_number and not compile_regex(_DATE).matches(text) else 0


_CHECKS: Mapping[str, Callable[[str], int]] = {"card": _card, "iban": _iban, "ip": _ip, "phone": _phone}

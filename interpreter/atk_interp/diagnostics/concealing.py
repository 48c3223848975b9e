"""Keys and passwords in the text of files: what they look like, and lines without them.

A line that is shown to explain a finding ends up in terminals, in logs and in issues, whatever the finding is about.
"""

from __future__ import annotations

import re

from atk_interp.patterns import pattern

__all__ = ["SECRET", "SIGNS", "URL_LOGIN", "URL_QUERY", "concealed"]

SECRET = pattern(
    r"""\b(?:
        sk-(?:ant-|proj-|or-v1-)?[A-Za-z0-9_-]{20,}    # OpenAI, Anthropic, OpenRouter
      | (?:hf|gsk|ghp|gho|ghs|glpat|xai|nvapi|r8)[_-][A-Za-z0-9_-]{20,}
      | github_pat_[A-Za-z0-9_]{20,}
      | AKIA[0-9A-Z]{16}                               # Amazon
      | AIza[0-9A-Za-z_-]{35}                          # Google
      | xox[abpr]-[0-9A-Za-z-]{10,}                    # Slack
      | eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}   # a JSON web token
    )(?![A-Za-z0-9_-])
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----""",
    re.VERBOSE,
)
SIGNS = (
    *("sk-", "hf_", "hf-", "gsk", "ghp", "gho", "ghs", "glpat", "xai", "nvapi", "r8_", "r8-", "github_pat_"),
    *("AKIA", "AIza", "xox", "eyJ", "-----BEGIN"),
)
"""One of these is in every secret: looking for them takes a twentieth of the time."""

URL_LOGIN = pattern(r"\bhttps?://(?P<password>[^\s/@:'\"{}<>]+:[^\s/@'\"{}<>]+)@")
URL_QUERY = pattern(
    r"\bhttps?://[^\s'\"]*?[?&](?:api[_-]?key|access_token|token|key|sig)=(?P<password>[^\s&'\"{}<>]{8,})"
)

_URL_USER = pattern(r"\bhttps?://(?P<password>[^\s/@:'\"{}<>]+)@")
_OWN = pattern(r"(?i)\bapi_key[\"']?\s*[:=]\s*[\"']?(?P<password>[^\s,\"'}#&]+)")
_SHOWN = 4


def concealed(line: str) -> str:
    """A line of the same length, with `*` for each character of what looks like a credential, but for the first few
    of a key that is told by them."""
    for address in (URL_LOGIN, _URL_USER, URL_QUERY, _OWN):
        line = address.sub(_starred, line)
    if any(sign in line for sign in SIGNS):
        line = SECRET.sub(lambda found: found[0][:_SHOWN] + "*" * (len(found[0]) - _SHOWN), line)
    return line


def _starred(found: re.Match[str]) -> str:
    begin, end = (place - found.start() for place in found.span("password"))
    return found[0][:begin] + "*" * (end - begin) + found[0][end:]

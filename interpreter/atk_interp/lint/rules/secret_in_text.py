"""A key or password in the text of a spec, a config or a prompt."""

from __future__ import annotations

import re

from atk_interp.diagnostics import Code, Severity
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.source import SourceFile, Span

__all__ = ["SecretInText"]

_SECRET = pattern(
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
_SIGNS = (
    *("sk-", "hf_", "hf-", "gsk", "ghp", "gho", "ghs", "glpat", "xai", "nvapi", "r8_", "r8-", "github_pat_"),
    *("AKIA", "AIza", "xox", "eyJ", "-----BEGIN"),
)
"""One of these is in every secret: looking for them takes a twentieth of the time."""

_URL = pattern(r"\bhttps?://(?P<password>[^\s/@:'\"{}<>]+:[^\s/@'\"{}<>]+)@")
_QUERY = pattern(r"\bhttps?://[^\s'\"]*?[?&](?:api[_-]?key|access_token|token|key|sig)=(?P<password>[^\s&'\"{}<>]{8,})")
_EXAMPLE = pattern(r"(?i)your|example|xxxx|1234567890|placeholder|changeme")


class SecretInText(Rule):
    """Looks at the text of the files themselves, comments included: a key in a comment is committed all the same."""

    code = Code(
        "ATK802",
        "secret-in-text",
        Severity.ERROR,
        finds="What looks like a key, a token or a password in a spec, a config or a prompt.",
        why="These files are committed and shared, and prompts are sent to whoever answers.",
        bad='headers: "Bearer sk-proj-…"',
        good="api_key_env: OPENAI_API_KEY",
        hides=True,
    )
    url_code = Code(
        "ATK804",
        "credential-in-url",
        Severity.ERROR,
        finds="An address with a password or a key in it.",
        why="The address is written into logs and into the record of every run.",
        bad="base_url: https://me:password@models.example.org/v1",
        good="base_url: https://models.example.org/v1\napi_key_env: MODELS_KEY",
        hides=True,
    )
    more_codes = (url_code,)

    def check(self, context: LintContext) -> None:
        told = [found.span for found in context.before if found.code.name == "key-in-file" and found.span is not None]
        for file in context.files:
            for found in _SECRET.finditer(file.text) if any(sign in file.text for sign in _SIGNS) else ():
                if _is_made_up(found[0]):
                    continue
                if not any(_same_line(span, file, found.start()) for span in told):
                    context.sink.report(
                        self.code,
                        Span(file, found.start(), found.start() + min(4, len(found[0]))),
                        "this looks like a secret, and does not belong in a file",
                        help="take it back where it was issued, and put the new one into an environment variable",
                    )
            for address in (_URL, _QUERY) if "://" in file.text else ():
                for found in address.finditer(file.text):
                    context.sink.report(
                        self.url_code,
                        Span(file, found.start(), found.start("password")),
                        "this address holds a credential",
                        help="write the address without it, and name an environment variable in `api_key_env`",
                    )


def _is_made_up(secret: str) -> bool:
    """Whether it is an example: hardly any different characters, or words that say so."""
    return len(set(secret)) < 8 or _EXAMPLE.search(secret) is not None


def _same_line(span: Span, file: SourceFile, offset: int) -> bool:
    return span.file.path == file.path and span.begin.line == file.position(offset).line

"""A key or password in the text of a spec, a config or a prompt."""

from __future__ import annotations

from atk_interp.diagnostics import Code, Severity
from atk_interp.diagnostics.concealing import SECRET, SIGNS, URL_LOGIN, URL_QUERY
from atk_interp.lint.context import LintContext
from atk_interp.lint.rules.base import Rule
from atk_interp.patterns import pattern
from atk_interp.source import SourceFile, Span

__all__ = ["SecretInText"]

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
            for found in SECRET.finditer(file.text) if any(sign in file.text for sign in SIGNS) else ():
                if _is_made_up(found[0]):
                    continue
                if not any(_same_line(span, file, found.start()) for span in told):
                    context.sink.report(
                        self.code,
                        Span(file, found.start(), found.start() + min(4, len(found[0]))),
                        "this looks like a secret, and does not belong in a file",
                        help="take it back where it was issued, and put the new one into an environment variable",
                    )
            for address in (URL_LOGIN, URL_QUERY) if "://" in file.text else ():
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

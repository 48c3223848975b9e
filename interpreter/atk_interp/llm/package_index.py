"""One file out of a package index (the "simple" HTML form), where there is no pip to ask.

The index is the one configured for uv or pip; none is built in.
"""

from __future__ import annotations

import base64
import os
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

__all__ = ["PackageIndexError", "download_from_index", "index_url"]

_TIMEOUT_S = 60.0
_PAGE_LIMIT = 10_000_000


class PackageIndexError(Exception):
    """The index does not give the file. The message is for people and holds no password."""


def index_url() -> str | None:
    """The package index that the environment configures, without the slash at its end."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        value = os.environ.get(name, "").strip()
        if value:
            return value.rstrip("/")
    return None


def download_from_index(package: str, file: str, folder: Path, limit_mb: int) -> Path:
    """Download `file` of `package` into `folder`. The caller checks its hash.

    Raises `PackageIndexError` when no index is configured, it does not answer, lacks the file, or sends more than
    `limit_mb`.
    """
    index = index_url()
    if index is None:
        raise PackageIndexError("no package index is configured")
    page_url = f"{index}/{package}/"
    page = _get(page_url, _PAGE_LIMIT).decode("utf-8", "replace")
    links = _Links()
    links.feed(page)
    for link in links.found:
        address = urllib.parse.urldefrag(urllib.parse.urljoin(page_url, link)).url
        if urllib.parse.unquote(address.rsplit("/", 1)[-1]) == file:
            path = folder / file
            path.write_bytes(_get(address, limit_mb * 1_000_000))
            return path
    raise PackageIndexError(f"the package index has no `{file}`")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _get(url: str, limit: int) -> bytes:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise PackageIndexError(f"the package index is reached by `{parts.scheme}`, not by http or https")
    request = urllib.request.Request(_without_user(parts), headers={"Accept": "text/html, */*;q=0.1"})
    if parts.username:
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        # Unredirected: a redirect to another host must not carry the password along.
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            content: bytes = answer.read(limit + 1)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = str(error)
        if isinstance(error, urllib.error.HTTPError):
            error.close()
            reason = f"{error.code} {error.reason}"
        raise PackageIndexError(f"the package index at `{parts.hostname}` does not answer: {reason}") from None
    if len(content) > limit:
        raise PackageIndexError(f"the package index at `{parts.hostname}` sent more than expected")
    return content


def _without_user(parts: urllib.parse.SplitResult) -> str:
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

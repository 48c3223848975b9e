"""What every test runs under: no network beyond this machine, no files of the user's, the same examples each time."""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import platformdirs
import pytest

pytest_plugins = ["support.command"]
"""The fixture `cli`, for every test."""

ROOT = Path(__file__).resolve().parent.parent

# `HYPOTHESIS_PROFILE=explore` looks for new counter-examples; a find is then written down with `@example`.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", max_examples=2000, deadline=None, database=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


class BeyondLocalhost(RuntimeError):
    """A test tried to reach another machine. Not an `OSError`: code under test must not take it for a bad network."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-cases", action="store_true", help="write tests/cases/*.out anew from what lint prints")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The top folder of the project, where `pyproject.toml` is."""
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def _own_surroundings() -> Iterator[None]:
    """A home of the tests' own and no keys. Only the cache of the embedded model, 93 MB to fetch, is the user's.

    Holds for child processes too. `XDG_CONFIG_HOME` stays, since pip finds there which index to ask.
    """
    cache = platformdirs.user_cache_dir("atk-interp", appauthor=False)
    config = os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config"))
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="atk-tests-") as home:
        for name in set(os.environ) - {"ATK_CACHE_DIR", "ATK_EMBEDDED_MODEL"}:
            if name.endswith(("_API_KEY", "_TOKEN")) or name.startswith(("ATK_", "OPENAI_")):
                patch.delenv(name)
        if "ATK_CACHE_DIR" not in os.environ:
            patch.setenv("ATK_CACHE_DIR", cache)
        patch.setenv("HOME", home)
        patch.setenv("XDG_CONFIG_HOME", config)
        for name in ("CACHE", "DATA", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(Path(home) / name.lower()))
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse to look up or connect to anything but this machine. Unix sockets are free."""

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, address: Any, *rest: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                _refuse_elsewhere(address[0])
            return real(self, address, *rest)

        return call

    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, *rest: Any, **options: Any) -> Any:
        _refuse_elsewhere(host)
        return look_up(host, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


def _refuse_elsewhere(host: str | bytes | None) -> None:
    name = host.decode("ascii") if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return
    try:
        here = ipaddress.ip_address(name)
    except ValueError:
        raise BeyondLocalhost(f"tests do not look up `{name}`: they run without a network") from None
    if not (here.is_loopback or here.is_unspecified):
        raise BeyondLocalhost(f"tests do not connect to `{name}`: they run without a network")
